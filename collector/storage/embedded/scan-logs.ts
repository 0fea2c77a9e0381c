/** All log records of a time range as caller and template: columns in, columns out, no object for a record. */
import type { LogIndex } from '../../telemetry/batch.ts';
import { type StringColumn, StringColumnBuilder } from '../../telemetry/columns.ts';
import { wordsOf } from '../../telemetry/id-table.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import { release } from '../../telemetry/release.ts';
import { codePlace, messageTemplate } from '../../telemetry/template.ts';
import { compare64, words64 } from '../../telemetry/words.ts';
import { attributeText } from '../attribute-text.ts';
import {
  DEFAULT_LIMITS,
  type LogTemplateColumns,
  type Page,
  type QueryOptions,
  type ScanQuery,
} from '../store.ts';
import type { BlockMeta } from './block.ts';
import { Budget } from './budget.ts';
import type { QueryContext } from './context.ts';
import { compareBigints, type PageRequest, pageRequest } from './page.ts';
import type { SealedLogs } from './sealed/logs-view.ts';
import { doubled } from './span-refs.ts';
import { checkPart, partOf } from './trace-part.ts';

/** Log records decoded between two looks at the clock. */
const DECODED_AT_ONCE = 256;

export async function queryScanLogs(
  context: QueryContext,
  query: ScanQuery,
  options: QueryOptions = {},
): Promise<Page<LogTemplateColumns>> {
  checkPart(query);
  const budget = new Budget(options, context.deps);
  const request = pageRequest('scanLogs', query, options, DEFAULT_LIMITS.scanLogs, context.catalog.lastId);
  const refs = await collectLogs(context, query, request.lastBlock, budget);
  const sorted = refs.sorted();
  const from = request.after === undefined ? 0 : refs.upTo(sorted, request.after);
  const page = sorted.subarray(from, from + request.limit);
  const answer = {
    columns: await columnsOf(context, refs, page, budget),
    count: page.length,
    matched: refs.length,
    examined: budget.examined,
    ...cursorOf(refs, page, from, request),
  };
  release(refs.block, refs.position, sorted);
  return answer;
}

function cursorOf(
  refs: LogRefs,
  page: Uint32Array,
  from: number,
  request: PageRequest,
): { nextCursor?: string } {
  const last = page.at(-1);
  if (last === undefined || from + page.length >= refs.length) return {};
  return { nextCursor: request.cursorAt(refs.keyOf(last)) };
}

async function collectLogs(
  { catalog, reader }: QueryContext,
  { fromUnixNano, toUnixNano, traces }: ScanQuery,
  lastMember: number,
  budget: Budget,
): Promise<LogRefs> {
  const refs = new LogRefs();
  for (const meta of catalog.select('logs', lastMember, { fromUnixNano, toUnixNano })) {
    await budget.pause();
    const index = reader.logs(meta);
    if (index === undefined) continue;
    budget.read(meta);
    const view = meta.stage === 'sealed' ? reader.sealedLogs(meta) : undefined;
    const block = refs.blocks.push({ meta, index, view }) - 1;
    const isPart = traces && partOf(traces, wordsOf(index.traceId));
    const times = words64(index.timeUnixNano);
    const bounds = words64(BigInt64Array.of(fromUnixNano, toUnixNano));
    const end = reader.recordsUpTo(meta, lastMember);
    for (let i = 0; i < end; i++) {
      if (compare64(times, i, bounds, 0) < 0 || compare64(times, i, bounds, 1) >= 0) continue;
      if (!isPart || isPart(i)) refs.push(block, i);
    }
  }
  return refs;
}

interface LogBlock {
  meta: BlockMeta;
  index: LogIndex;
  view: SealedLogs | undefined;
}

/** Log records by block and position, numbered from 0. */
class LogRefs {
  readonly blocks: LogBlock[] = [];
  block = new Uint32Array(64);
  position = new Uint32Array(64);
  length = 0;

  push(block: number, position: number): void {
    if (this.length === this.block.length) {
      this.block = doubled(this.block);
      this.position = doubled(this.position);
    }
    this.block[this.length] = block;
    this.position[this.length++] = position;
  }

  /** By time; of one time in order of arrival: by the raw block a record came in and its place there. */
  sorted(): Uint32Array {
    const times = this.blocks.map(({ index }) => words64(index.timeUnixNano));
    const order = new Uint32Array(this.length);
    for (let n = 0; n < order.length; n++) order[n] = n;
    return order.sort(
      (a, b) =>
        compare64(times[this.block[a]!]!, this.position[a]!, times[this.block[b]!]!, this.position[b]!) ||
        this.#member(a) - this.#member(b) ||
        this.#place(a) - this.#place(b),
    );
  }

  keyOf(n: number): string[] {
    return [String(this.#time(n)), String(this.#member(n)), String(this.#place(n))];
  }

  /** How many of the sorted records stand at or before the key. */
  upTo(sorted: Uint32Array, key: readonly string[]): number {
    const [time, member, place] = [BigInt(key[0] ?? 0), Number(key[1]), Number(key[2])];
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const n = sorted[middle]!;
      const order = compareBigints(this.#time(n), time) || this.#member(n) - member || this.#place(n) - place;
      if (order <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #time(n: number): bigint {
    return this.#of(n).index.timeUnixNano[this.position[n]!]!;
  }

  #member(n: number): number {
    const { view, meta } = this.#of(n);
    return view ? view.member(this.position[n]!) : meta.id;
  }

  #place(n: number): number {
    const { view } = this.#of(n);
    return view ? view.position(this.position[n]!) : this.position[n]!;
  }

  #of(n: number): LogBlock {
    return this.blocks[this.block[n]!]!;
  }
}

async function columnsOf(
  context: QueryContext,
  refs: LogRefs,
  page: Uint32Array,
  budget: Budget,
): Promise<LogTemplateColumns> {
  const { length } = page;
  const [time, severity] = [new BigInt64Array(length), new Uint8Array(length)];
  const [traceId, spanId] = [new Uint8Array(length * TRACE_ID_BYTES), new Uint8Array(length * SPAN_ID_BYTES)];
  const [service, caller, template] = [
    new StringColumnBuilder(),
    new StringColumnBuilder(),
    new StringColumnBuilder(),
  ];
  const readers = refs.blocks.map((block) => blockReader(context, block));
  const templates = new Map<string, string>();
  for (let n = 0; n < length; n++) {
    if (n % DECODED_AT_ONCE === DECODED_AT_ONCE - 1) await budget.pause();
    const [block, i] = [refs.block[page[n]!]!, refs.position[page[n]!]!];
    const { index } = refs.blocks[block]!;
    time[n] = index.timeUnixNano[i]!;
    severity[n] = index.severityNumber[i]!;
    traceId.set(index.traceId.subarray(i * TRACE_ID_BYTES, (i + 1) * TRACE_ID_BYTES), n * TRACE_ID_BYTES);
    spanId.set(index.spanId.subarray(i * SPAN_ID_BYTES, (i + 1) * SPAN_ID_BYTES), n * SPAN_ID_BYTES);
    service.push(readAt(index.service, i));
    const { place, text } = readers[block]!(i);
    caller.push(place);
    template.push(templateOf(templates, place, text));
  }
  return {
    timeUnixNano: time,
    severityNumber: severity,
    service: service.build(),
    traceId,
    spanId,
    caller: caller.build(),
    template: template.build(),
  };
}

function readAt(column: StringColumn, i: number): string {
  return column.dictionary[column.index[i]!] ?? '';
}

/** Place and message of a block's records; of a sealed block only the columns that tell them are read. */
function blockReader(
  { reader }: QueryContext,
  { meta, view }: LogBlock,
): (i: number) => { place: string; text: string } {
  if (view) return (i) => view.placeAndText(i);
  return (i) => {
    const { attributes, body } = reader.logDetail(meta, i);
    const text = attributeText(body);
    return { place: codePlace(attributes, text), text };
  };
}

/** The template of a message: found once for each caller, and for each text where there is none. */
function templateOf(known: Map<string, string>, place: string, text: string): string {
  const key = place === '' ? `\u0000${text}` : place;
  let template = known.get(key);
  if (template === undefined) {
    template = messageTemplate(text);
    known.set(key, template);
  }
  return template;
}
