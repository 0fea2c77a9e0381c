/** Stored spans counted for what they stand for: those kept for what happened for themselves, sampled ones for more. */
import { spanAttribute } from '../../slo/index.ts';
import type { GroupKey, SpanFilter, Store } from '../storage/store.ts';
import { NANOS_PER_SECOND } from '../telemetry/clock.ts';
import { toHex } from '../telemetry/ids.ts';
import { SPAN_STATUSES } from '../telemetry/model.ts';
import { bounds } from './series.ts';
import { loadRequests, plain } from './spans.ts';

const STATED_WEIGHT: GroupKey = `attribute:${spanAttribute.adjustedCount}`;
/** What a span says that was kept for what happened in it. */
const ITSELF = { key: spanAttribute.adjustedCount, value: '1' };
/** Quantiles to ask of each group, from which those of all together are told; close where p95 and p99 lie. */
export const QUANTILES: readonly number[] = [
  0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.96, 0.97, 0.98, 0.99, 0.995, 1,
];
/** Spans whose tracestate is read: few, as one sampler wrote them all, of several moments, as it may be set anew. */
const SLICES = 10n;
const SPANS_PER_SLICE = 5;
const UNSET = SPAN_STATUSES.indexOf('unset');
/** Halvings of the range of durations: to a millionth of it. */
const HALVINGS = 20;

/** Durations of one group: how many requests it stands for, and its `QUANTILES` in milliseconds. */
export interface WeighedDurations {
  requests: number;
  quantilesMs: readonly number[];
}

/**
 * What to group spans by, besides, so that those of one group weigh the same. Nothing when no span that meets the
 * filter stands for itself alone: looking for one costs a fifth of reading the attribute of all of them.
 */
export async function weightKeys(
  store: Store,
  filter: SpanFilter,
  deps: { signal: AbortSignal },
): Promise<GroupKey[]> {
  const kept = { ...filter, attributes: [ITSELF] };
  const { count } = await store.aggregate({ filter: kept, groupBy: [], quantiles: [] }, bounds(deps));
  return count > 0 ? [STATED_WEIGHT] : [];
}

/** Weight of a group's spans by its value of that key, '' without one; `sampled` is that of spans that state none. */
export function groupWeight(stated: string, sampled: number): number {
  return Number(stated) >= 1 ? Number(stated) : sampled;
}

/**
 * Mean weight of the spans that meet a filter and do not stand for themselves alone; 1 when there are none. Those that
 * did not fail are asked first: where failed ones are kept, nearly all of the others are sampled.
 */
export async function sampledWeight(
  store: Store,
  filter: SpanFilter,
  deps: { signal: AbortSignal },
): Promise<number> {
  for (const drawn of [{ ...filter, status: UNSET }, filter]) {
    const requests = await loadRequests(store, await drawEntries(store, drawn, deps), bounds(deps));
    const sampled = requests.filter(({ entry }) => plain(entry.attributes[ITSELF.key]) !== ITSELF.value);
    if (sampled.length > 0) return sampled.reduce((sum, { weight }) => sum + weight, 0) / sampled.length;
  }
  return 1;
}

/** How long a service's sampler is taken to be as it was found: it is seldom set anew, and asking reads traces. */
const REMEMBERED_NANO = 60n * NANOS_PER_SECOND;
const MAX_REMEMBERED = 1000;

/** What sampled spans of services stand for, asked once and remembered for the minute around the spans it was found in. */
export class WeightMemory {
  readonly #known = new Map<string, { atUnixNano: bigint; weight: Promise<number> }>();

  /** As sampledWeight, for the service of the filter. */
  sampled(
    store: Store,
    filter: SpanFilter & { service?: string },
    deps: { signal: AbortSignal },
  ): Promise<number> {
    const name = filter.service ?? '';
    const known = this.#known.get(name);
    const distance = known === undefined ? undefined : filter.toUnixNano - known.atUnixNano;
    if (known && distance! < REMEMBERED_NANO && distance! > -REMEMBERED_NANO) return known.weight;
    const weight = sampledWeight(store, filter, deps);
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
    this.#known.set(name, { atUnixNano: filter.toUnixNano, weight });
    weight.catch(() => this.#known.delete(name));
    return weight;
  }
}

async function drawEntries(
  store: Store,
  filter: SpanFilter,
  deps: { signal: AbortSignal },
): Promise<Map<string, string>> {
  const entries = new Map<string, string>();
  const width = (filter.toUnixNano - filter.fromUnixNano) / SLICES + 1n;
  for (let fromUnixNano = filter.fromUnixNano; fromUnixNano < filter.toUnixNano; fromUnixNano += width) {
    const end = fromUnixNano + width;
    const toUnixNano = end < filter.toUnixNano ? end : filter.toUnixNano;
    const { columns, count } = await store.findTraces(
      { filter: { ...filter, fromUnixNano, toUnixNano }, order: 'newest' },
      { ...bounds(deps), limit: SPANS_PER_SLICE },
    );
    for (let i = 0; i < count; i++)
      entries.set(toHex(columns.traceId, i * 16, 16), toHex(columns.hitSpanId, i * 8, 8));
  }
  return entries;
}

/** A quantile (one of `QUANTILES`) of several groups' durations together, in milliseconds; NaN of none. */
export function quantileOfAll(groups: readonly WeighedDurations[], quantile: number): number {
  const [only, ...others] = groups;
  if (!only) return Number.NaN;
  if (others.length === 0) return only.quantilesMs[QUANTILES.indexOf(quantile)] ?? Number.NaN;
  const wanted = quantile * groups.reduce((sum, { requests }) => sum + requests, 0);
  let low = Math.min(...groups.map(({ quantilesMs }) => quantilesMs[0]!));
  let high = Math.max(...groups.map(({ quantilesMs }) => quantilesMs.at(-1)!));
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    const below = groups.reduce((sum, group) => sum + group.requests * shareUpTo(group, middle), 0);
    if (below < wanted) low = middle;
    else high = middle;
  }
  return high;
}

/** Share of a group's durations up to `ms`, between two of its `QUANTILES` by proportion. */
export function shareUpTo({ quantilesMs }: Pick<WeighedDurations, 'quantilesMs'>, ms: number): number {
  const next = quantilesMs.findIndex((value) => value > ms);
  if (next < 0) return 1;
  if (next === 0) return 0;
  const [low, high] = [quantilesMs[next - 1]!, quantilesMs[next]!];
  const part = (ms - low) / (high - low);
  return QUANTILES[next - 1]! + part * (QUANTILES[next]! - QUANTILES[next - 1]!);
}
