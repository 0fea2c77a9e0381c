import { addressOf, KERNEL_REGIONS, kernelMemory } from '../../formats/kernel-memory.ts';
import { compileKernel, startKernel } from '../../formats/wasm-kernel.ts';
import type { LogBatch, RecordOffsets, SpanBatch } from '../../telemetry/batch.ts';
import type { Span } from '../../telemetry/model.ts';
import wasm from './lean-wasm.ts';

/** Bodies above this together are kept as they came: what the kernel wrote stays in memory. */
const MAX_BYTES = 6 * 1024 * 1024;

interface Kernel {
  needed(bytes: number): number;
  begin(from: number, bytes: number, records: number, resources: number, scopes: number): number;
  add(body: number, records: number, resources: number, scopes: number, isLogs: number): void;
  finish(): number;
  placesAt(): number;
  expand(at: number, size: number, table: number, out: number, room: number): number;
}

/** One instance for all: what it holds is used up before the next call. */
const kernel = startKernel<Kernel>(compileKernel(wasm), { memory: kernelMemory });

/** A body of many batches, and where its records stand in it. */
export interface LeanBody {
  /** A stream that `expandBody` makes the body of; a view that the next call overwrites. */
  stream: Uint8Array;
  offsets: RecordOffsets;
}

/**
 * The records of uncompressed OTLP bodies behind one another, without the fields that the index columns tell: ids, name,
 * kind, start and end of spans, ids and severity number of logs. A record in which columns and fields may say different
 * things (a field given twice, an end before the start) keeps all of them. Resources and scopes stand among the records,
 * not around them. In the stream an attribute that came before is a number. Undefined when the bodies are too large to
 * be copied. All of the run are of one signal.
 */
export function leanBody(run: readonly (SpanBatch | LogBatch)[]): LeanBody | undefined {
  const sum = (of: (batch: SpanBatch | LogBatch) => number) =>
    run.reduce((total, batch) => total + of(batch), 0);
  const bytes = sum(({ body }) => body.length);
  if (bytes > MAX_BYTES) return undefined;
  const records = sum(({ count }) => count);
  const resources = sum(({ offsets }) => offsets.resources.length) / 2;
  const scopes = sum(({ offsets }) => offsets.scopes.length) / 2;
  // A message may be told by several places; what is copied is what the places tell, not what the body holds.
  const told = sum(({ offsets }) => bytesOf(offsets));
  const largest = run.reduce((most, batch) => Math.max(most, inputBytes(batch)), 0);
  const { from, to } = KERNEL_REGIONS.lean;
  const most = Math.max(bytes, told);
  const places = records * 16 + (resources + scopes) * 8;
  if (kernel.needed(most) + places + largest + MARGIN > to - from) return undefined;
  const given = kernel.begin(from, most, records, resources, scopes);
  for (const batch of run) add(batch, given);
  const offsets = placesOf(records, resources, scopes);
  return { stream: new Uint8Array(kernelMemory.buffer, from, kernel.finish()), offsets };
}

/** Bytes of a stream's header that tell how long its body is: the second number. */
const LENGTH_AT = 4;

/** The body of a stream. Throws a RangeError for bytes that are none, or damaged. */
export function expandBody(stream: Uint8Array): Uint8Array {
  const { from, to } = KERNEL_REGIONS.lean;
  const bytes =
    stream.length < 32 ? 0 : Buffer.from(stream.buffer, stream.byteOffset).readUInt32LE(LENGTH_AT);
  const table = aligned(from + stream.length + MARGIN);
  const out = table + MAX_ENTRIES * 4;
  if (out + bytes + MARGIN > to) throw new RangeError('a stored body is too long to be one of ours');
  new Uint8Array(kernelMemory.buffer, from, stream.length).set(stream);
  if (kernel.expand(from, stream.length, table, out, bytes) === 0)
    throw new RangeError('a stored body is damaged');
  return new Uint8Array(kernelMemory.buffer, out, bytes).slice();
}

/** Bytes of all messages that places point at. */
function bytesOf({ length, resources, scopes }: RecordOffsets): number {
  let bytes = 0;
  for (let i = 0; i < length.length; i++) bytes += length[i]!;
  for (let i = 1; i < resources.length; i += 2) bytes += resources[i]!;
  for (let i = 1; i < scopes.length; i += 2) bytes += scopes[i]!;
  return bytes;
}

/** What aligning adds at the most. */
const MARGIN = 64;
/** Entries of a dictionary: references have 16 bits. */
const MAX_ENTRIES = 65_536;

const aligned = (bytes: number) => (bytes + 15) & ~15;

/** Bytes of a batch as `add` writes it. */
function inputBytes({ body, count, offsets }: SpanBatch | LogBatch): number {
  return body.length + count * 16 + (offsets.resources.length + offsets.scopes.length) * 4;
}

function add({ signal, body, count, offsets }: SpanBatch | LogBatch, given: number): void {
  const { buffer } = kernelMemory;
  const { offset, length, resource, scope, resources, scopes } = offsets;
  const places = new Uint32Array(buffer, given, count * 4 + resources.length + scopes.length);
  let at = 0;
  for (const column of [offset, length, resource, scope, resources, scopes]) {
    places.set(column, at);
    at += column.length;
  }
  const behind = aligned(given + places.byteLength);
  const inPlace = addressOf(body);
  if (inPlace === undefined) new Uint8Array(buffer, behind, body.length).set(body);
  const isLogs = signal === 'logs' ? 1 : 0;
  kernel.add(inPlace ?? behind, count, resources.length / 2, scopes.length / 2, isLogs);
}

function placesOf(records: number, resources: number, scopes: number): RecordOffsets {
  const from = kernel.placesAt();
  const bytes = records * 16 + resources * 8 + scopes * 8;
  const places = new Uint32Array(kernelMemory.buffer.slice(from, from + bytes));
  let at = 0;
  const next = (count: number) => {
    at += count;
    return places.subarray(at - count, at);
  };
  return {
    offset: next(records),
    length: next(records),
    resource: next(records),
    scope: next(records),
    resources: next(resources * 2),
    scopes: next(scopes * 2),
  };
}

/** A span whole again: what its columns tell, and what is in the lean body. */
export function wholeSpan(told: Span, lean: Span): Span {
  const isTimed = lean.startTimeUnixNano !== 0n || lean.endTimeUnixNano !== 0n;
  return {
    ...lean,
    traceId: lean.traceId || told.traceId,
    spanId: lean.spanId || told.spanId,
    parentSpanId: lean.parentSpanId || told.parentSpanId,
    name: lean.name || told.name,
    kind: lean.kind === 'unspecified' ? told.kind : lean.kind,
    startTimeUnixNano: isTimed ? lean.startTimeUnixNano : told.startTimeUnixNano,
    endTimeUnixNano: isTimed ? lean.endTimeUnixNano : told.endTimeUnixNano,
    resource: { ...told.resource, ...lean.resource },
  };
}
