import { decimal } from '../../slo/index.ts';
import { type Scenario, type Stretch, step } from './scenario.ts';

/** Samples of one stretch in promtool's notation: `a+bxn` holds n + 1 samples, `axn` too, and `_xn` n missing ones. */
type Notation = (stretch: Stretch, samples: number, startSeconds: number) => string;

/** A series from time 0: its first sample, then those of the stretches; none where no scrape succeeds. */
function samplesOf({ stretches }: Scenario, first: string, of: Notation): string {
  let start = 0;
  const texts = stretches.map((stretch) => {
    const samples = stretch.seconds / step;
    const text = of(stretch, samples, start);
    start += stretch.seconds;
    return stretch.unseen ? `_x${samples}` : text;
  });
  return [first, ...texts].join(' ');
}

/** A counter from 0 that grows by so many events per sample; a late one is not there before the first of them. */
export function counter(scenario: Scenario, perSample: (stretch: Stretch) => number, late = false): string {
  let value = 0;
  let there = !late;
  return samplesOf(scenario, late ? '_' : '0', (stretch, samples) => {
    const increase = perSample(stretch);
    if (stretch.restart) value = 0;
    there ||= increase > 0;
    const first = value + increase;
    value += increase * samples;
    return there ? `${decimal(first)}+${decimal(increase)}x${samples - 1}` : `_x${samples}`;
  });
}

/**
 * Native histograms from 0: good events fall into the bucket below the one of the threshold, bad ones into the one above it.
 * Bucket i of schema 0 ends at 2^i seconds.
 */
export function histogram(
  scenario: Scenario,
  thresholdSeconds: number,
  perSample: (stretch: Stretch) => readonly [good: number, bad: number],
): string {
  const offset = Math.floor(Math.log2(thresholdSeconds)) - 1;
  const text = (good: number, bad: number) =>
    `{{schema:0 count:${decimal(good + bad)} sum:1 offset:${offset} buckets:[${decimal(good)} 0 0 ${decimal(bad)}]}}`;
  let [allGood, allBad] = [0, 0];
  return samplesOf(scenario, text(0, 0), (stretch, samples) => {
    const [good, bad] = perSample(stretch);
    if (stretch.restart) [allGood, allBad] = [0, 0];
    const first = text(allGood + good, allBad + bad);
    allGood += good * samples;
    allBad += bad * samples;
    return `${first}+${text(good, bad)}x${samples - 1}`;
  });
}

/** A gauge that has one value in good stretches, the limit itself, and another in bad ones. */
export function gauge(scenario: Scenario, limit: number): string {
  const beyond = limit + (Math.abs(limit) || 1);
  return samplesOf(
    scenario,
    decimal(limit),
    ({ bad }, samples) => `${decimal(bad > 0 ? beyond : limit)}x${samples - 1}`,
  );
}

/** A gauge of Unix seconds that is renewed with every sample, or was renewed too long ago. */
export function timestamp(scenario: Scenario, thresholdSeconds: number): string {
  return samplesOf(scenario, '0', ({ bad }, samples, start) =>
    bad > 0
      ? `${decimal(start - thresholdSeconds - step)}x${samples - 1}`
      : `${start + step}+${step}x${samples - 1}`,
  );
}
