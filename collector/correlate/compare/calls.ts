import type { RequestTree } from '../spans.ts';
import { callLabels, timeIn } from '../traits.ts';
import type { Compared } from './comparison.ts';
import { type DrawnPair, hitsOf, tracesWith } from './drawn.ts';
import { fewOf } from './errors.ts';
import { meanOf, meanRatio, shareDifference, shareOf } from './estimates.ts';
import { subjectOf } from './pairs.ts';
import type { Comparison } from './sides.ts';

/** Smaller changes are not told: some come with any other traffic. */
const SHARE_MARGIN = 0.01;
const RATIO_MARGIN = 0.1;
/** Calls of a route that are compared, those of the most requests first; more are counted in a note. */
const MAX_LABELS = 40;

/**
 * Calls below the requests of each route: the share of requests that make one, and how many and how long in those that do.
 * They say where a release differs; whether that is harm, latency and errors tell.
 */
export const calls: Comparison = async (_question, sides) => {
  const { drawn, notes } = await sides.drawn();
  const compared: Compared[] = [];
  let left = 0;
  for (const pair of drawn) {
    const labels = byUse(pair);
    left += Math.max(0, labels.length - MAX_LABELS);
    for (const label of labels.slice(0, MAX_LABELS)) compared.push(...comparedCall(pair, label));
  }
  const more = left > 0 ? [`${left} rarer calls were not compared.`] : [];
  return { compared, notes: [...notes, ...more] };
};

function makes(label: string): (request: RequestTree) => boolean {
  return ({ spans, entry }) => spans.some((node) => node.label === label && node !== entry);
}

function byUse({ a, b }: DrawnPair): string[] {
  const requests = [...a, ...b].map(({ request }) => request);
  const uses = new Map<string, number>();
  for (const request of requests)
    for (const label of callLabels([request])) uses.set(label, (uses.get(label) ?? 0) + 1);
  return [...uses].sort(([x, n], [y, m]) => m - n || (x < y ? -1 : 1)).map(([label]) => label);
}

function comparedCall(drawn: DrawnPair, label: string): Compared[] {
  const test = makes(label);
  const common = {
    ...({ kind: 'calls', source: 'spans', gates: false, required: false } as const),
    subject: { ...subjectOf(drawn.pair), span: label },
    references: tracesWith(drawn, test),
  };
  const [a, b] = [drawn.a, drawn.b].map((side) => shareOf(hitsOf(side, test)));
  const share: Compared = {
    ...common,
    ...{ measure: `${label}: share of the requests`, unit: 'share', margin: SHARE_MARGIN, missing: '' },
    a: { value: a!.share, n: a!.n },
    b: { value: b!.share, n: b!.n },
    change: shareDifference(a!, b!),
  };
  const ratios = [
    { measure: `${label}: calls per request`, unit: 'per-request', of: callsOf(label) },
    {
      measure: `${label}: time per request`,
      unit: 'ms',
      of: (request: RequestTree) => timeIn(request, label),
    },
  ] as const;
  return [share, ...ratios.map((ratio) => ({ ...common, ...comparedMean(drawn, test, ratio) }))];
}

function callsOf(label: string): (request: RequestTree) => number {
  return ({ spans, entry }) => spans.filter((node) => node.label === label && node !== entry).length;
}

function comparedMean(
  drawn: DrawnPair,
  test: (request: RequestTree) => boolean,
  {
    measure,
    unit,
    of,
  }: { measure: string; unit: 'ms' | 'per-request'; of: (request: RequestTree) => number },
): Pick<Compared, 'measure' | 'unit' | 'margin' | 'a' | 'b' | 'change' | 'missing'> {
  const [a, b] = [drawn.a, drawn.b].map((side) =>
    side
      .filter(({ request }) => test(request))
      .map(({ request, slice }) => ({ weight: request.weight, value: of(request), slice })),
  );
  const few = fewOf(a!.length, b!.length);
  const change = few === '' ? meanRatio(a!, b!) : undefined;
  return {
    ...{ measure, unit, margin: RATIO_MARGIN },
    a: { value: meanOf(a!).value, n: a!.length },
    b: { value: meanOf(b!).value, n: b!.length },
    change,
    missing: few || (change ? '' : 'a mean is 0'),
  };
}
