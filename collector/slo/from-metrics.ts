/** Stored series -> counted events of objectives. */
import {
  type CountedGroup,
  countEvents,
  type Matcher,
  type RawSeries,
  readingOf,
  type Selector,
  type Service,
  type Slo,
} from '../../slo/index.ts';
import { readSeries, type SeriesData } from '../correlate/series.ts';
import type { LabelMatcher, Store } from '../storage/store.ts';
import { NANOS_PER_MS } from '../telemetry/clock.ts';
import { stepMs, stepSeconds } from './timeline.ts';

/** Steps of 30 s; both ends are whole multiples. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface CountDeps {
  readonly signal: AbortSignal;
  /** Resolves after pending I/O had its turn. */
  readonly breathe: () => Promise<void>;
}

/** How far around a span its samples are read: what `countEvents` still takes for one measurement. */
export const aroundMs = 300_000;

/**
 * Counts each objective of a service in the steps of a span; no group where the store has no series of it. Reads each metric
 * once for all of them. Nothing is said of steps that ended before the store's oldest sample, `sinceMs`: where missing time is bad,
 * nobody watched it then.
 * @throws CollectorError as Store.series
 */
export async function countSeries(
  store: Store,
  service: Service,
  slos: readonly Slo[],
  span: Span,
  deps: CountDeps & { readonly sinceMs: number | undefined },
): Promise<ReadonlyMap<Slo, readonly CountedGroup[]>> {
  const range = {
    fromUnixNano: BigInt(span.fromMs - aroundMs) * NANOS_PER_MS,
    toUnixNano: BigInt(span.toMs + aroundMs) * NANOS_PER_MS,
  };
  const series: RawSeries[] = [];
  for (const matchers of queriesOf(service, slos)) {
    for (const one of await readSeries(store, matchers, range, deps)) series.push(rawSeries(one));
  }
  const counted = new Map<Slo, readonly CountedGroup[]>();
  const steps = (span.toMs - span.fromMs) / stepMs;
  for (const slo of slos) {
    const found = countEvents(service, slo, series, { startUnixMs: span.fromMs, stepSeconds, steps });
    if ('groups' in found) {
      const unseen = Math.floor(((deps.sinceMs ?? span.toMs) - span.fromMs) / stepMs);
      counted.set(
        slo,
        found.groups.map((group) => withoutFirst(group, unseen)),
      );
    }
    await deps.breathe();
  }
  return counted;
}

/** The same counts, the first `steps` of them not observed. */
function withoutFirst({ labels, counts }: CountedGroup, steps: number): CountedGroup {
  if (steps <= 0) return { labels, counts };
  const [bad, total, observed] = [counts.bad.slice(), counts.total.slice(), counts.observed.slice()];
  for (const column of [bad, total, observed]) column.fill(0, 0, Math.min(steps, column.length));
  return { labels, counts: { ...counts, bad, total, observed } };
}

/** One query for each metric: wide enough for all of its selectors, and no wider than their labels allow. */
function queriesOf(service: Service, slos: readonly Slo[]): readonly LabelMatcher[][] {
  const selectors = slos.flatMap((slo): readonly Selector[] => {
    const reading = readingOf(service, slo);
    if ('why' in reading) return [];
    return reading.of === 'gauge' ? [reading.gauge] : [...reading.total, ...reading.part];
  });
  return [...Map.groupBy(selectors, ({ metric }) => metric)].map(([metric, all]) => [
    { label: '__name__', op: '=', value: metric },
    ...unionOf(all),
  ]);
}

/** Matchers of what any of the selectors matches: for the labels that all of them name, any of their values. */
function unionOf(selectors: readonly Selector[]): LabelMatcher[] {
  const [first, ...others] = selectors.map(({ matchers }) => matchers.filter(isPositive));
  return first!.flatMap(({ label }): LabelMatcher[] => {
    const all = [first!, ...others].map((matchers) => matchers.filter((one) => one.label === label));
    if (all.some((found) => found.length !== 1)) return [];
    const patterns = [...new Set(all.map(([one]) => patternOf(one!)))];
    return [{ label, op: '=~', value: patterns.join('|') }];
  });
}

function isPositive({ op }: Matcher): boolean {
  return op === '=' || op === '=~';
}

function patternOf({ op, value }: Matcher): string {
  return op === '=' ? value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&') : `(?:${value})`;
}

function rawSeries({ info, time, value }: SeriesData): RawSeries {
  const timesMs = Array.from(time, (at) => Math.round(Number(at) / 1e6));
  let sum = 0;
  const values =
    info.temporality === 'delta' ? Array.from(value, (rise) => (sum += rise)) : Array.from(value);
  return { labels: { ...info.labels, __name__: info.name }, timesMs, values };
}
