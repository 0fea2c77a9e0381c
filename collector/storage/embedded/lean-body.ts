import { addressOf, KERNEL_REGIONS, kernelMemory } from '../../formats/kernel-memory.ts';
import { compileKernel, startKernel } from '../../formats/wasm-kernel.ts';
import type { LogBatch, RecordOffsets, SpanBatch } from '../../telemetry/batch.ts';
import type { Span } from '../../telemetry/model.ts';
import wasm from './lean-wasm.ts';

/** Bodies above this together are kept as they came: what the kernel wrote stays in memory. */
const MAX_BYTES = 8 * 1024 * 1024;

interface Kernel {
  begin(from: number, bytes: number, records: number, resources: number, scopes: number): number;
  add(body: number, records: number, resources: number, scopes: number, isLogs: number): void;
  outBytes(): number;
  placesAt(): number;
}

/** One instance for all: what it holds is used up before the next call. */
const kernel = startKernel<Kernel>(compileKernel(wasm), { memory: kernelMemory });

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
  const { from, to } = KERNEL_REGIONS.lean;
  const most = Math.max(bytes, told);
  if (aligned(most) + records * 16 + (resources + scopes) * 8 + largest + MARGIN > to - from)
    return undefined;
  const given = kernel.begin(from, most, records, resources, scopes);
  for (const batch of run) add(batch, given);
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

/** What aligning adds at the most. */
const MARGIN = 64;

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

function result(records: number, resources: number, scopes: number): LeanBody {
  const { buffer } = kernelMemory;
  const from = kernel.placesAt();
  const places = new Uint32Array(buffer.slice(from, from + records * 16 + resources * 8 + scopes * 8));
  let at = 0;
  const next = (count: number) => {
    at += count;
    return places.subarray(at - count, at);
  };
  return {
    body: new Uint8Array(buffer, KERNEL_REGIONS.lean.from, kernel.outBytes()),
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
