import type { SpanIndex } from '../../telemetry/batch.ts';
import type { StringColumn } from '../../telemetry/columns.ts';
import type { SpanFilter } from '../store.ts';
import type { BlockMeta } from './block.ts';
import { mayHoldAttributes } from './body-search.ts';
import type { Budget } from './budget.ts';
import type { BlockReader } from './reader.ts';
import { hasAttributes, mentions, spanDetail } from './records.ts';

/** Spans decoded between two looks at the clock. */
const DECODED_AT_ONCE = 64;

/** True when the block surely holds no span of the filter's service; time is the catalogue's concern. */
export function isOtherService(meta: BlockMeta, service: string | undefined): boolean {
  return service !== undefined && !meta.services.includes(service);
}

/** Positions of the block's spans that meet the filter, ascending. Decodes only what the index columns let pass. */
export async function matchSpans(
  meta: BlockMeta,
  index: SpanIndex,
  filter: SpanFilter,
  reader: BlockReader,
  budget: Budget,
): Promise<number[]> {
  const candidates = matchIndex(meta, index, filter);
  const text = filter.text?.toLowerCase() ?? '';
  const wanted = filter.attributes ?? [];
  if (candidates.length === 0 || (text === '' && wanted.length === 0)) return candidates;
  const named = maskOf(index.name, (name) => name.toLowerCase().includes(text));
  const records = reader.records(meta);
  const readable = records !== undefined && Object.keys(meta.resource).length === 0;
  const likely = readable ? mayHoldAttributes(records, candidates, wanted) : candidates;
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

/** The conditions that the index columns answer. */
function matchIndex(meta: BlockMeta, index: SpanIndex, filter: SpanFilter): number[] {
  const strings = stringConditions(index, filter);
  if (strings === undefined) return [];
  const { fromUnixNano, toUnixNano, kind, status, minDurationNano, maxDurationNano } = filter;
  const inside = meta.minUnixNano >= fromUnixNano && meta.maxUnixNano < toUnixNano;
  const positions: number[] = [];
  next: for (let i = 0; i < meta.count; i++) {
    if (kind !== undefined && index.kind[i] !== kind) continue;
    if (status !== undefined && index.status[i] !== status) continue;
    for (const { positions: column, mask } of strings) if (mask[column[i]!] !== 1) continue next;
    if (!inside) {
      const start = index.startTimeUnixNano[i]!;
      if (start < fromUnixNano || start >= toUnixNano) continue;
    }
    if (minDurationNano !== undefined && index.durationNano[i]! < minDurationNano) continue;
    if (maxDurationNano !== undefined && index.durationNano[i]! > maxDurationNano) continue;
    positions.push(i);
  }
  return positions;
}

/** One mask over the dictionary per asked column; undefined when a dictionary lacks the value altogether. */
function stringConditions(
  index: SpanIndex,
  filter: SpanFilter,
): { positions: Uint32Array; mask: Uint8Array }[] | undefined {
  const conditions = [];
  for (const key of ['service', 'route', 'method', 'name'] as const) {
    const value = filter[key];
    if (value === undefined) continue;
    const mask = maskOf(index[key], (entry) => entry === value);
    if (!mask.includes(1)) return undefined;
    conditions.push({ positions: index[key].index, mask });
  }
  return conditions;
}

/** 1 at the positions of the dictionary whose string passes. */
export function maskOf(column: StringColumn, passes: (value: string) => boolean): Uint8Array {
  return Uint8Array.from(column.dictionary, (value) => (passes(value) ? 1 : 0));
}
