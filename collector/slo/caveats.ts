import { promDuration } from '../../slo/index.ts';
import type { Standing } from './evaluate.ts';

/** From this coverage on a window is as good as whole: a restart of the service is no news. */
const wholeFrom = 0.98;

/** What a reader has to know of an objective's numbers, in sentences: where they come from, and what is missing in them. */
export function caveatsOf(
  { budget, spent }: Pick<Standing, 'budget' | 'spent'>,
  retentionSeconds: number,
): string[] {
  const { why, problem, source, counts, read } = budget;
  if (why !== undefined)
    return [`Not counted here: ${why}. A Prometheus with the generated rules counts it.`];
  return [
    ...(problem === undefined ? [] : [`The store could not be read to its end: ${problem}`]),
    ...(source === undefined && read ? ['The store has no series of it, nor spans that tell it.'] : []),
    ...(source === 'spans' ? [fromSpans(counts?.weight ?? 1)] : []),
    ...(read && !read.isWhole ? ['Older hours are still being read.'] : []),
    ...(source !== undefined && spent.coverage < wholeFrom
      ? [measured(spent.measuredSeconds, spent.window.seconds, retentionSeconds)]
      : []),
  ];
}

function fromSpans(weight: number): string {
  const each = weight > 1 ? `, each for at least ${Number(weight.toPrecision(3))} requests` : '';
  return `Counted from stored spans${each}, because no metrics of it are stored.`;
}

function measured(seconds: number, windowSeconds: number, retentionSeconds: number): string {
  const whole = seconds < 86_400 ? 60 : 3_600;
  const some =
    seconds < whole ? 'Less than a minute is' : `${promDuration(Math.floor(seconds / whole) * whole)} are`;
  const short =
    retentionSeconds < windowSeconds
      ? `; the store keeps ${promDuration(Math.round(retentionSeconds))}, less than the window`
      : '';
  return `${some} measured of ${promDuration(windowSeconds)}${short}: the budget is of that time only.`;
}
