import { count, percent } from '../format.ts';
import type { SystemRecords } from './records.ts';
import { exampleOf, lineText } from './shares.ts';
import type { Suspicion } from './suspicion.ts';
import { SLICE_NANO, type Windows } from './windows.ts';

/** One-sided 95 % quantile of the normal distribution: what is surely left of a ratio. */
const Z95 = 1.64;
/** Seconds with such a line that one side must have, or be expected to have. */
const LEAST_SECONDS = 5;
/** Quiet minutes that tell how even a rate is. */
const LEAST_SLICES = 3;
/** Doublings that count at most: lines that are joined by time alone name no service surely. */
const MOST = 6;

/** Seconds with a line of one template of one service: during the incident, and in each quiet slice. */
interface Counted {
  service: number;
  feature: number;
  now: number;
  quiet: Float64Array;
}

/** A stretch of quiet time, milliseconds since the epoch. */
/** Lines come seconds late: of a younger incident it cannot be told yet who fell silent. */
const LEAST_LOOKED = 30;

interface Slice {
  from: number;
  to: number;
}

/**
 * Log lines that belong to no stored request, per service and template: in how many seconds they come, during the
 * incident against quiet minutes. Strength is in doublings, as far as they are sure: the log ratio of two Poisson rates
 * (a half added to each count), its variance widened by how uneven the quiet minutes are (Pearson's dispersion).
 * Source: McCullagh and Nelder, Generalized Linear Models (1989), 6.2.
 */
export function logRates(records: SystemRecords, windows: Windows): Suspicion[] {
  const slices = slicesOf(windows);
  if (slices.length < LEAST_SLICES) return [];
  const counted = countedOf(records, slices);
  // A service that wrote nothing before is not louder than usual: it is new.
  const known = new Set(counted.filter(({ quiet }) => sum(quiet) > 0).map(({ service }) => service));
  const { fromUnixNano, toUnixNano } = windows.incident;
  const { seenUntilUnixNano = toUnixNano } = windows;
  const until = seenUntilUnixNano < toUnixNano ? seenUntilUnixNano : toUnixNano;
  const seconds = Number(until - fromUnixNano) / 1e9;
  if (seconds < LEAST_LOOKED) return [];
  return counted
    .filter(({ service }) => known.has(service))
    .flatMap((one) => suspicionOf(records, one, slices, seconds) ?? []);
}

/** Quiet time in stretches of a minute at most. */
function slicesOf({ quiet }: Windows): Slice[] {
  const length = Number(SLICE_NANO) / 1e6;
  return quiet.flatMap(({ fromUnixNano, toUnixNano }) => {
    const [from, to] = [Number(fromUnixNano) / 1e6, Number(toUnixNano) / 1e6];
    return Array.from({ length: Math.ceil((to - from) / length) }, (_, i) => ({
      from: from + i * length,
      to: Math.min(to, from + (i + 1) * length),
    }));
  });
}

function countedOf({ loose, services }: SystemRecords, slices: readonly Slice[]): Counted[] {
  const counted = new Map<number, Counted>();
  for (let i = 0; i < loose.side.length; i++) {
    const [service, feature, at] = [loose.service[i]!, loose.feature[i]!, loose.startMs[i]!];
    const key = feature * services.length + service;
    let one = counted.get(key);
    if (!one) {
      one = { service, feature, now: 0, quiet: new Float64Array(slices.length) };
      counted.set(key, one);
    }
    if (loose.side[i] === 1) one.now++;
    else if (loose.side[i] === 0) {
      const slice = slices.findIndex(({ from, to }) => at >= from && at < to);
      if (slice >= 0) one.quiet[slice]!++;
    }
  }
  return [...counted.values()];
}

function suspicionOf(
  records: SystemRecords,
  { service, feature: number, now, quiet }: Counted,
  slices: readonly Slice[],
  seconds: number,
): Suspicion | undefined {
  const feature = records.features[number]!;
  const before = sum(quiet);
  const secondsBefore = slices.reduce((all, { from, to }) => all + (to - from) / 1000, 0);
  if (Math.max(now, (before / secondsBefore) * seconds) < LEAST_SECONDS) return undefined;
  const ratio = Math.log((now + 0.5) / seconds / ((before + 0.5) / secondsBefore));
  const variance = 1 / (now + 0.5) + 1 / (before + 0.5);
  const sure = Math.abs(ratio) - Z95 * Math.sqrt(dispersionOf(quiet, slices) * variance);
  if (sure <= 0) return undefined;
  const name = records.services[service]!;
  return {
    service: name,
    family: 'log-rate',
    strength: Math.min(MOST, sure / Math.LN2),
    about: feature.name,
    statement: `${name} writes ${lineText(feature)} in ${count(now)} of ${count(seconds)} seconds (${percent(now / seconds)}), before in ${count(before)} of ${count(secondsBefore)} (${percent(before / secondsBefore)}); joined by service and time.`,
    baseline: { value: before / secondsBefore, n: Math.round(secondsBefore) },
    incident: { value: now / seconds, n: Math.round(seconds) },
    references: exampleOf(records, service, number),
  };
}

/** How much less even counts are than chance makes them: 1 at least. */
function dispersionOf(quiet: Float64Array, slices: readonly Slice[]): number {
  const total = slices.reduce((all, { from, to }) => all + to - from, 0);
  const squares = slices.reduce((all, { from, to }, i) => {
    const expected = (sum(quiet) * (to - from)) / total;
    return expected > 0 ? all + (quiet[i]! - expected) ** 2 / expected : all;
  }, 0);
  return Math.max(1, squares / (slices.length - 1));
}

function sum(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0);
}
