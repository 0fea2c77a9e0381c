import { compileKernel, startKernel } from '../../formats/wasm-kernel.ts';
import type { LogBatch, RecordOffsets, SpanBatch } from '../../telemetry/batch.ts';
import type { Span } from '../../telemetry/model.ts';
import wasm from './lean-wasm.ts';

/** Bodies above this together are kept as they came: the kernel's memory never shrinks. */
const MAX_BYTES = 8 * 1024 * 1024;

interface Kernel {
  memory: { readonly buffer: ArrayBuffer };
  begin(bytes: number, records: number, resources: number, scopes: number, largest: number): number;
  add(size: number, records: number, resources: number, scopes: number, isLogs: number): void;
  outAt(): number;
  outBytes(): number;
  placesAt(): number;
}

/** One instance for all: what it holds is used up before the next call. */
const kernel = startKernel<Kernel>(compileKernel(wasm));

/** A body of many batches, and where its records stand in it. */
export interface LeanBody {
  /** A view that the next call overwrites. */
  body: Uint8Array;
  offsets: RecordOffsets;
}

/**
 * The records of uncompressed OTLP bodies behind one another, without the fields that the index columns tell: ids, name,
 * kind, start and end of spans, ids and severity number of logs. A record in which columns and fields may say different
 * things (a field given twice, an end before the start) keeps all of them. Resources and scopes stand among the records,
 * not around them. Undefined when the bodies are too large to be copied. All of the run are of one signal.
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
  const input = kernel.begin(Math.max(bytes, told), records, resources, scopes, largest);
  if (input === 0) return undefined;
  for (const batch of run) add(batch, input);
  return result(records, resources, scopes);
}

/** Bytes of all messages that places point at. */
function bytesOf({ length, resources, scopes }: RecordOffsets): number {
  let bytes = 0;
  for (let i = 0; i < length.length; i++) bytes += length[i]!;
  for (let i = 1; i < resources.length; i += 2) bytes += resources[i]!;
  for (let i = 1; i < scopes.length; i += 2) bytes += scopes[i]!;
  return bytes;
}

const aligned = (bytes: number) => (bytes + 15) & ~15;

function inputBytes({ body, count, offsets }: SpanBatch | LogBatch): number {
  return aligned(body.length) + count * 16 + (offsets.resources.length + offsets.scopes.length) * 4;
}

function add({ signal, body, count, offsets }: SpanBatch | LogBatch, input: number): void {
  const { buffer } = kernel.memory;
  new Uint8Array(buffer, input, body.length).set(body);
  const { offset, length, resource, scope, resources, scopes } = offsets;
  const places = new Uint32Array(
    buffer,
    input + aligned(body.length),
    count * 4 + resources.length + scopes.length,
  );
  let at = 0;
  for (const column of [offset, length, resource, scope, resources, scopes]) {
    places.set(column, at);
    at += column.length;
  }
  kernel.add(body.length, count, resources.length / 2, scopes.length / 2, signal === 'logs' ? 1 : 0);
}

function result(records: number, resources: number, scopes: number): LeanBody {
  const { buffer } = kernel.memory;
  const from = kernel.placesAt();
  const places = new Uint32Array(buffer.slice(from, from + records * 16 + resources * 8 + scopes * 8));
  let at = 0;
  const next = (count: number) => {
    at += count;
    return places.subarray(at - count, at);
  };
  return {
    body: new Uint8Array(buffer, kernel.outAt(), kernel.outBytes()),
    offsets: {
      offset: next(records),
      length: next(records),
      resource: next(records),
      scope: next(records),
      resources: next(resources * 2),
      scopes: next(scopes * 2),
    },
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
