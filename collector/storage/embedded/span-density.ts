/** About how many spans are stored, by slices of time: from the catalogue, as far as it tells. */

import { CollectorError } from '../../telemetry/errors.ts';
import { words64 } from '../../telemetry/words.ts';
import {
  DEFAULT_LIMITS,
  type DensityColumns,
  type DensityQuery,
  type Page,
  type QueryOptions,
} from '../store.ts';
import type { BlockMeta } from './block.ts';
import { Budget } from './budget.ts';
import type { QueryContext } from './context.ts';

export async function querySpanDensity(
  { catalog, reader, deps }: QueryContext,
  query: DensityQuery,
  options: QueryOptions = {},
): Promise<Page<DensityColumns>> {
  const budget = new Budget(options, deps);
  const counts = new Float64Array(slicesOf(query, options.limit ?? DEFAULT_LIMITS.spanDensity));
  for (const meta of catalog.select('traces', catalog.lastId, query)) {
    await budget.pause();
    if (isShort(meta, query)) {
      spread(meta, query, counts);
      continue;
    }
    budget.read(meta);
    const index = reader.spans(meta);
    if (index !== undefined) addStarts(index.startTimeUnixNano, query, counts);
  }
  const held = Array.from(counts.keys()).filter((slice) => counts[slice]! > 0);
  const buckets = held.map((slice) => query.fromUnixNano + BigInt(slice) * query.stepNano);
  return {
    columns: {
      bucketUnixNano: BigInt64Array.from(buckets),
      count: Float64Array.from(held, (slice) => counts[slice]!),
    },
    count: held.length,
    matched: held.length,
    examined: budget.examined,
  };
}

/** How many slices a range has. Throws `bad-request` when it has none, or too many. */
function slicesOf({ fromUnixNano, toUnixNano, stepNano }: DensityQuery, limit: number): number {
  if (stepNano <= 0n) throw new CollectorError('bad-request', `A step of ${stepNano} ns is not positive.`);
  const length = toUnixNano > fromUnixNano ? toUnixNano - fromUnixNano : 0n;
  const slices = (length + stepNano - 1n) / stepNano;
  if (slices > BigInt(limit)) {
    throw new CollectorError(
      'bad-request',
      `A step of ${stepNano} ns makes ${slices} slices of the range, the limit is ${limit}.`,
    );
  }
  return Number(slices);
}

/** True when all spans of a block lie in the range, in a slice or in two of which each has one for certain. */
function isShort(
  { minUnixNano, maxUnixNano }: BlockMeta,
  { fromUnixNano, toUnixNano, stepNano }: DensityQuery,
): boolean {
  return minUnixNano >= fromUnixNano && maxUnixNano < toUnixNano && maxUnixNano - minUnixNano <= stepNano;
}

/** Adds a short block's spans, as if they came evenly. */
function spread(
  { minUnixNano, maxUnixNano, count }: BlockMeta,
  query: DensityQuery,
  counts: Float64Array,
): void {
  const { fromUnixNano, stepNano } = query;
  const [first, last] = [(minUnixNano - fromUnixNano) / stepNano, (maxUnixNano - fromUnixNano) / stepNano];
  const border = fromUnixNano + last * stepNano;
  const share = first === last ? 1 : Number(border - minUnixNano) / Number(maxUnixNano - minUnixNano);
  const early = Math.min(Math.max(Math.round(count * share), 1), first === last ? count : count - 1);
  counts[Number(first)]! += early;
  counts[Number(last)]! += count - early;
}

/** Counts each start; times since the range's beginning are exact numbers for a hundred days, times since 1970 are not. */
function addStarts(starts: BigInt64Array, query: DensityQuery, counts: Float64Array): void {
  const { fromUnixNano, toUnixNano, stepNano } = query;
  const words = words64(starts);
  const [low, high] = words64(BigInt64Array.of(fromUnixNano));
  const [length, step] = [Number(toUnixNano - fromUnixNano), Number(stepNano)];
  for (let i = 0; i < starts.length; i++) {
    const since = ((words[i * 2 + 1]! | 0) - (high! | 0)) * 0x1_0000_0000 + words[i * 2]! - low!;
    if (since >= 0 && since < length) counts[Math.floor(since / step)]!++;
  }
}
