/**
 * Raw series -> events of an objective in equal steps. What a Prometheus would count of the same samples: resets are seen, the
 * first sample of a series is no event, and a missing series of failures is none.
 */
import type { RawSeries } from './matrix.ts';
import { readingOf } from './readings.ts';
import { matcherOf, type Selector } from './selectors.ts';
import { type Increases, increases, type Steps, worstValues } from './series-steps.ts';
import { type Service, type Sli, type Slo, sliceSeconds } from './slo.ts';
import type { StepCounts } from './step-counts.ts';

/** One budget of an objective: the values of the labels in `by` and its events. */
export interface CountedGroup {
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: StepCounts;
}

/**
 * Counts an objective's events, once per combination of values of its `by`, in the order of those values. `why` tells an
 * objective that raw series do not tell. An objective without any series has no group, but for one whose missing time is bad.
 * @throws RangeError when the steps are none
 */
export function countEvents(
  service: Service,
  slo: Slo,
  series: readonly RawSeries[],
  steps: Steps,
): { readonly groups: readonly CountedGroup[] } | { readonly why: string } {
  if (!(steps.stepSeconds > 0) || !Number.isSafeInteger(steps.steps) || steps.steps < 0)
    throw new RangeError(`${steps.steps} steps of ${steps.stepSeconds} s are none`);
  const reading = readingOf(service, slo);
  if ('why' in reading) return reading;
  if (reading.of === 'gauge') return { groups: countTime(slo, reading.gauge, series, steps) };
  const total = grouped(select(series, reading.total), slo.by);
  const part = grouped(select(series, reading.part), slo.by);
  return {
    groups: [...total].map(([key, { labels, members }]) => {
      const all = increases(members, steps);
      const some = increases(part.get(key)?.members ?? [], steps);
      return {
        labels,
        counts: reading.counts === 'bad' ? withBad(all, some, steps) : withGood(all, some, steps),
      };
    }),
  };
}

interface Group {
  readonly labels: Readonly<Record<string, string>>;
  readonly members: RawSeries[];
}

/** The series of any of the selectors. */
function select(series: readonly RawSeries[], selectors: readonly Selector[]): readonly RawSeries[] {
  const tests = selectors.map((selector) => ({ metric: selector.metric, matches: matcherOf(selector) }));
  return series.filter(({ labels }) =>
    tests.some(({ metric, matches }) => labels.__name__ === metric && matches(labels)),
  );
}

/** Series by the values of the labels in `by`. */
function grouped(series: readonly RawSeries[], by: readonly string[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const one of series) {
    const labels = Object.fromEntries(by.map((name) => [name, one.labels[name] ?? '']));
    const key = JSON.stringify(Object.values(labels));
    const known = groups.get(key);
    if (known) known.members.push(one);
    else groups.set(key, { labels, members: [one] });
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** No series of bad events means that there are none. */
function withBad(all: Increases, bad: Increases, { startUnixMs, stepSeconds }: Steps): StepCounts {
  return { startUnixMs, stepSeconds, bad: bad.events, total: all.events, observed: all.seen };
}

/** No series of good events means that nothing was measured. */
function withGood(all: Increases, good: Increases, { startUnixMs, stepSeconds }: Steps): StepCounts {
  const bad = all.events.map((total, step) => Math.max(total - good.events[step]!, 0));
  const observed = all.seen.map((seen, step) => seen & good.seen[step]!);
  return { startUnixMs, stepSeconds, bad, total: all.events, observed };
}

/** Slices of time by the gauge's value at the end of each step. */
function countTime(
  slo: Slo,
  gauge: Selector,
  series: readonly RawSeries[],
  steps: Steps,
): readonly CountedGroup[] {
  const groups = grouped(select(series, [gauge]), slo.by);
  const missingIsBad = 'missing' in slo.sli && slo.sli.missing === 'bad';
  if (groups.size === 0 && missingIsBad) return [{ labels: {}, counts: sliced(slo.sli, [], steps) }];
  return [...groups.values()].map(({ labels, members }) => ({
    labels,
    counts: sliced(slo.sli, members, steps),
  }));
}

function sliced(
  sli: Sli,
  series: readonly RawSeries[],
  { startUnixMs, stepSeconds, steps }: Steps,
): StepCounts {
  if (sli.kind !== 'saturation' && sli.kind !== 'freshness')
    throw new RangeError(`${sli.kind} counts no time`);
  const worst = worstValues(series, sli.kind === 'saturation' ? Math.max : Math.min, {
    startUnixMs,
    stepSeconds,
    steps,
  });
  const slices = stepSeconds / sliceSeconds;
  const [bad, total, observed] = [new Float64Array(steps), new Float64Array(steps), new Uint8Array(steps)];
  for (let step = 0; step < steps; step++) {
    const value = worst[step]!;
    const known = !Number.isNaN(value);
    if (!known && sli.missing === 'unknown') continue;
    const age = startUnixMs / 1_000 + (step + 1) * stepSeconds - value;
    const isBad = sli.kind === 'saturation' ? value > sli.limit : age > sli.thresholdSeconds;
    observed[step] = 1;
    total[step] = slices;
    if (!known || isBad) bad[step] = slices;
  }
  return { startUnixMs, stepSeconds, bad, total, observed };
}
