/** Spans of traces by id. */
import { StringColumnBuilder } from '../../telemetry/columns.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { IdTable, wordsOf } from '../../telemetry/id-table.ts';
import { TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import { DEFAULT_LIMITS, type Page, type QueryOptions, type SpanColumns, type TraceQuery } from '../store.ts';
import type { BlockMeta } from './block.ts';
import { hashId, type IdHash } from './bloom.ts';
import { Budget } from './budget.ts';
import type { QueryContext } from './context.ts';
import { type PageRequest, pageRequest } from './page.ts';
import type { BlockReader } from './reader.ts';
import type { SpanDetail } from './records.ts';
import { SpanRefs } from './span-refs.ts';

/** Ids of one trace query; more would be a scan in disguise. */
const MAX_TRACE_IDS = 10_000;
/** Spans decoded between two looks at the clock. */
const DECODED_AT_ONCE = 64;

export async function queryTrace(
  context: QueryContext,
  query: TraceQuery,
  options: QueryOptions = {},
): Promise<Page<SpanColumns>> {
  const { catalog, deps } = context;
  const budget = new Budget(options, deps);
  const request = pageRequest('trace', query, options, DEFAULT_LIMITS.trace, catalog.lastId);
  const refs = await collectTraces(context, wantedTraces(query.traceIds), request.lastBlock, budget);
  return spanPage(context, refs, request, query.detail, budget);
}

/** The page of an answer that holds these spans. */
export async function spanPage(
  context: QueryContext,
  refs: SpanRefs,
  request: PageRequest,
  detail: TraceQuery['detail'],
  budget: Budget,
): Promise<Page<SpanColumns>> {
  const sorted = refs.sorted();
  const from = request.after === undefined ? 0 : refs.upTo(sorted, request.after);
  const page = sorted.subarray(from, from + request.limit);
  const last = page.at(-1);
  return {
    columns: await spanColumns(context, refs, page, detail, budget),
    count: page.length,
    matched: refs.length,
    examined: budget.examined,
    ...(last !== undefined && from + page.length < refs.length
      ? { nextCursor: request.cursorAt(refs.keyOf(last)) }
      : {}),
  };
}

/** Trace ids of one query: numbered, and as hashes for the bloom filters. */
export interface WantedTraces {
  ids: IdTable;
  hashes: IdHash[];
}

/** The ids without the zero one, which stands for none. Throws `bad-request` for ids of a wrong length or too many. */
export function wantedTraces(traceIds: readonly Uint8Array[]): WantedTraces {
  if (traceIds.length > MAX_TRACE_IDS) {
    throw new CollectorError(
      'bad-request',
      `${traceIds.length} trace ids are more than ${MAX_TRACE_IDS}; ask in parts.`,
    );
  }
  const wanted: WantedTraces = { ids: new IdTable(), hashes: [] };
  for (const traceId of traceIds) {
    if (traceId.length !== TRACE_ID_BYTES) {
      throw new CollectorError(
        'bad-request',
        `A trace id has ${TRACE_ID_BYTES} bytes, not ${traceId.length}.`,
      );
    }
    if (traceId.every((byte) => byte === 0)) continue;
    const words = wordsOf(traceId);
    wanted.ids.add(words[0]!, words[1]!, words[2]!, words[3]!);
    wanted.hashes.push(hashId(words, 0));
  }
  return wanted;
}

/** All stored spans of the traces, duplicates once (the one stored first), with the number of their trace. */
export async function collectTraces(
  { catalog, reader }: QueryContext,
  wanted: WantedTraces,
  lastMember: number,
  budget: Budget,
): Promise<SpanRefs> {
  const found = new SpanRefs(wanted.ids);
  const seen = new IdTable();
  for (const meta of catalog.select('traces', lastMember)) {
    if (!reader.mayHoldTraces(meta, wanted.hashes)) continue;
    await budget.pause();
    if (collectFromBlock(reader, meta, wanted.ids, lastMember, seen, found)) budget.read(meta);
  }
  return found;
}

/** Takes the block's spans of the wanted traces; false when the block is gone. */
function collectFromBlock(
  reader: BlockReader,
  meta: BlockMeta,
  wanted: IdTable,
  lastMember: number,
  seen: IdTable,
  found: SpanRefs,
): boolean {
  const traces = reader.traces(meta);
  if (traces === undefined) return false;
  const words = wordsOf(traces.ids);
  const numbers = new Int32Array(words.length >>> 2);
  let isThere = false;
  for (let n = 0, at = 0; n < numbers.length; n++, at += 4) {
    const number = wanted.find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    numbers[n] = number;
    if (number !== -1) isThere = true;
  }
  if (!isThere) return true;
  const index = reader.spans(meta);
  if (index === undefined) return false;
  const block = found.blocks.push({ meta, index }) - 1;
  const span = wordsOf(index.spanId);
  const end = reader.recordsUpTo(meta, lastMember);
  for (let i = 0; i < end; i++) {
    const number = numbers[traces.index === undefined ? i : traces.index[i]!]!;
    if (number === -1) continue;
    const before = seen.size;
    seen.add(number, 0, 0, 0, span[i * 2]!, span[i * 2 + 1]!);
    if (seen.size > before) found.push(block, i, number);
  }
  return true;
}

async function spanColumns(
  context: QueryContext,
  refs: SpanRefs,
  spans: Uint32Array,
  detail: TraceQuery['detail'],
  budget: Budget,
): Promise<SpanColumns> {
  const { length } = spans;
  return {
    traceId: refs.traceIds(spans),
    spanId: refs.ids(spans, 'spanId'),
    parentSpanId: refs.ids(spans, 'parentSpanId'),
    startTimeUnixNano: refs.fill(new BigInt64Array(length), spans, (index) => index.startTimeUnixNano),
    durationNano: refs.fill(new BigInt64Array(length), spans, (index) => index.durationNano),
    kind: refs.fill(new Uint8Array(length), spans, (index) => index.kind),
    status: refs.fill(new Uint8Array(length), spans, (index) => index.status),
    name: refs.strings(spans, 'name'),
    service: refs.strings(spans, 'service'),
    route: refs.strings(spans, 'route'),
    method: refs.strings(spans, 'method'),
    httpStatus: refs.fill(new Uint16Array(length), spans, (index) => index.httpStatus),
    ...(detail === 'index' ? {} : await detailColumns(context, refs, spans, detail, budget)),
  };
}

async function detailColumns(
  { reader }: QueryContext,
  refs: SpanRefs,
  spans: Uint32Array,
  detail: 'attributes' | 'full',
  budget: Budget,
): Promise<Pick<SpanColumns, 'attributes' | 'resource' | 'events' | 'statusMessage' | 'traceState'>> {
  const details: SpanDetail[] = [];
  for (const ref of spans) {
    if (details.length % DECODED_AT_ONCE === DECODED_AT_ONCE - 1) await budget.pause();
    details.push(reader.spanDetail(refs.blocks[refs.block[ref]!]!.meta, refs.position[ref]!));
  }
  const attributes = details.map((one) => one.attributes);
  if (detail === 'attributes') return { attributes };
  const statusMessage = new StringColumnBuilder();
  const traceState = new StringColumnBuilder();
  for (const one of details) {
    statusMessage.push(one.statusMessage);
    traceState.push(one.traceState);
  }
  return {
    attributes,
    resource: details.map((one) => one.resource),
    events: details.map((one) => one.events),
    statusMessage: statusMessage.build(),
    traceState: traceState.build(),
  };
}

/** The ids of many records behind one another. */
export function packIds<T>(
  records: readonly T[],
  bytes: number,
  idOf: (record: T) => Uint8Array,
): Uint8Array {
  const packed = new Uint8Array(records.length * bytes);
  for (const [n, record] of records.entries()) packed.set(idOf(record), n * bytes);
  return packed;
}
