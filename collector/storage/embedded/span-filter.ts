import { spanAttribute } from '../../../slo/index.ts';
import type { SpanIndex } from '../../telemetry/batch.ts';
import type { StringColumn } from '../../telemetry/columns.ts';
import { compare64, words64 } from '../../telemetry/words.ts';
import type { SpanFilter } from '../store.ts';
import type { BlockMeta } from './block.ts';
import { mayHoldAttributes } from './body-search.ts';
import type { Budget } from './budget.ts';
import type { BlockReader } from './reader.ts';
import { hasAttributes, mentions, spanDetail } from './records.ts';

/** Spans decoded between two looks at the clock. */
const DECODED_AT_ONCE = 64;
const MIN_64 = -(2n ** 63n);
const MAX_64 = 2n ** 63n - 1n;

/** True when the block surely holds no span of the filter's service; time is the catalogue's concern. */
export function isOtherService(meta: BlockMeta, service: string | undefined): boolean {
  return service !== undefined && !meta.services.includes(service);
}

/** A block's spans that meet a filter: ascending positions in its index. */
export interface Matches {
  index: SpanIndex;
  positions: ArrayLike<number>;
}

/**
 * The block's spans up to `lastMember` that meet the filter; undefined when there are none. Reads as little as the
 * filter allows: of a sealed block the columns it names, of a raw one the body only when the index columns let pass.
 */
export async function matchSpans(
  reader: BlockReader,
  meta: BlockMeta,
  filter: SpanFilter,
  lastMember: number,
  budget: Budget,
): Promise<Matches | undefined> {
  if (isOtherService(meta, filter.service)) return undefined;
  if (!reader.mayHoldAttributes(meta, filter.attributes ?? [])) return undefined;
  budget.read(meta);
  if (lacksWeights(reader, meta, filter)) return undefined;
  if (!asksIndex(filter) && !reader.mayBodyHoldAttributes(meta, filter.attributes ?? [])) return undefined;
  const index = reader.spans(meta);
  if (index === undefined) return undefined;
  const end = reader.recordsUpTo(meta, lastMember);
  const positions =
    meta.stage === 'sealed'
      ? matchSealed(reader, meta, index, filter, end)
      : await matchRaw(reader, meta, index, filter, end, budget);
  return positions.length === 0 ? undefined : { index, positions };
}

/** True when the index of an unsealed block tells that none of its spans states the weight that is asked for. */
function lacksWeights(reader: BlockReader, meta: BlockMeta, { attributes = [] }: SpanFilter): boolean {
  if (meta.stage === 'sealed' || !attributes.some(({ key }) => key === spanAttribute.adjustedCount))
    return false;
  return reader.spans(meta)?.statesWeights === false && Object.keys(meta.resource).length === 0;
}

/** True when index columns may let few spans pass, so that they are looked at before the body. */
function asksIndex({
  route,
  method,
  name,
  kind,
  status,
  minDurationNano,
  maxDurationNano,
}: SpanFilter): boolean {
  return [route, method, name, kind, status, minDurationNano, maxDurationNano].some(
    (one) => one !== undefined,
  );
}

/** Attributes first: they let fewer pass than the index columns do. */
function matchSealed(
  reader: BlockReader,
  meta: BlockMeta,
  index: SpanIndex,
  filter: SpanFilter,
  end: number,
): ArrayLike<number> {
  const view = reader.sealedSpans(meta);
  if (view === undefined) return [];
  let left: ArrayLike<number> | undefined;
  for (const { key, value } of filter.attributes ?? []) {
    left = view.matchAttribute(key, value, left);
    if (left.length === 0) return left;
  }
  if (left !== undefined && end < meta.count) left = Array.from(left).filter((i) => i < end);
  left = matchIndex(meta, index, filter, left ?? upTo(end));
  const text = filter.text?.toLowerCase() ?? '';
  if (text === '' || left.length === 0) return left;
  const named = maskOf(index.name, (name) => name.toLowerCase().includes(text));
  const byName = Array.from(left).filter((i) => named[index.name.index[i]!] === 1);
  if (byName.length === left.length) return left;
  const others = Array.from(left).filter((i) => named[index.name.index[i]!] !== 1);
  return [...byName, ...view.matchText(text, others)].sort((a, b) => a - b);
}

async function matchRaw(
  reader: BlockReader,
  meta: BlockMeta,
  index: SpanIndex,
  filter: SpanFilter,
  end: number,
  budget: Budget,
): Promise<ArrayLike<number>> {
  const candidates = matchIndex(meta, index, filter, upTo(end));
  const text = filter.text?.toLowerCase() ?? '';
  const wanted = filter.attributes ?? [];
  if (candidates.length === 0 || (text === '' && wanted.length === 0)) return candidates;
  const named = maskOf(index.name, (name) => name.toLowerCase().includes(text));
  const records = reader.recordsOnce(meta);
  const readable = records !== undefined && Object.keys(meta.resource).length === 0;
  const likely = readable ? mayHoldAttributes(records, candidates, wanted) : Array.from(candidates);
  const matched: number[] = [];
  for (const [n, i] of likely.entries()) {
    if (n % DECODED_AT_ONCE === DECODED_AT_ONCE - 1) await budget.pause();
    const isNamed = named[index.name.index[i]!] === 1;
    if (wanted.length === 0 && isNamed) {
      matched.push(i);
      continue;
    }
    const detail = spanDetail(meta, records, i);
    if (!hasAttributes(detail, wanted)) continue;
    if (isNamed || mentions(detail.attributes, text) || mentions(detail.resource, text)) matched.push(i);
  }
  return matched;
}

/** Those of the candidates that meet the conditions which the index columns answer. */
function matchIndex(
  meta: BlockMeta,
  index: SpanIndex,
  filter: SpanFilter,
  candidates: ArrayLike<number>,
): ArrayLike<number> {
  const conditions = conditionsOf(meta, index, filter);
  if (conditions === undefined) return [];
  if (conditions.length === 0) return candidates;
  const positions: number[] = [];
  next: for (let n = 0; n < candidates.length; n++) {
    const i = candidates[n]!;
    for (const meets of conditions) if (!meets(i)) continue next;
    positions.push(i);
  }
  return positions;
}

type Condition = (i: number) => boolean;

/** One test per asked column; undefined when a dictionary lacks the value altogether. Columns not asked for are not decoded. */
function conditionsOf(meta: BlockMeta, index: SpanIndex, filter: SpanFilter): Condition[] | undefined {
  const conditions: Condition[] = [];
  for (const key of ['service', 'route', 'method', 'name'] as const) {
    const value = filter[key];
    if (value === undefined) continue;
    const { index: positions, dictionary } = index[key];
    const mask = Uint8Array.from(dictionary, (entry) => (entry === value ? 1 : 0));
    if (!mask.includes(1)) return undefined;
    if (mask.includes(0)) conditions.push((i) => mask[positions[i]!] === 1);
  }
  for (const key of ['kind', 'status'] as const) {
    const value = filter[key];
    if (value === undefined) continue;
    const column = index[key];
    conditions.push((i) => column[i] === value);
  }
  const { fromUnixNano, toUnixNano, minDurationNano, maxDurationNano } = filter;
  if (meta.minUnixNano < fromUnixNano) conditions.push(notBelow(index.startTimeUnixNano, fromUnixNano));
  if (meta.maxUnixNano >= toUnixNano) conditions.push(notAbove(index.startTimeUnixNano, toUnixNano - 1n));
  if (minDurationNano !== undefined) conditions.push(notBelow(index.durationNano, minDurationNano));
  if (maxDurationNano !== undefined) conditions.push(notAbove(index.durationNano, maxDurationNano));
  return conditions;
}

function notBelow(column: BigInt64Array, least: bigint): Condition {
  if (least < MIN_64) return () => true;
  if (least > MAX_64) return () => false;
  const [words, bound] = [words64(column), words64(BigInt64Array.of(least))];
  return (i) => compare64(words, i, bound, 0) >= 0;
}

function notAbove(column: BigInt64Array, most: bigint): Condition {
  if (most > MAX_64) return () => true;
  if (most < MIN_64) return () => false;
  const [words, bound] = [words64(column), words64(BigInt64Array.of(most))];
  return (i) => compare64(words, i, bound, 0) <= 0;
}

/** Positions 0 to `end`. */
export function upTo(end: number): Uint32Array {
  const all = new Uint32Array(end);
  for (let i = 0; i < end; i++) all[i] = i;
  return all;
}

/** 1 at the positions of the dictionary whose string passes. */
export function maskOf(column: StringColumn, passes: (value: string) => boolean): Uint8Array {
  return Uint8Array.from(column.dictionary, (value) => (passes(value) ? 1 : 0));
}
