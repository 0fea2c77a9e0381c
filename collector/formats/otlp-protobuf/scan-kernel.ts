import { unknownService } from '../../../slo/index.ts';
import type { LogIndex, RecordOffsets, SpanIndex } from '../../telemetry/batch.ts';
import type { StringColumn } from '../../telemetry/columns.ts';
import { kernelBodies } from '../kernel-bodies.ts';
import { addressOf, KERNEL_REGIONS, kernelMemory } from '../kernel-memory.ts';
import { compileKernel, startKernel } from '../wasm-kernel.ts';
import wasm from './scan-wasm.ts';

/** Larger bodies are read by the scanner in TypeScript: what the kernel wrote stays in memory. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Where `tell` of assembly/scan.ts writes what. */
const RESULT = {
  ...{ records: 0, groups: 1, scopeGroups: 2, columns: 3, columnBytes: 4 },
  ...{
    starts: 5,
    durations: 6,
    traceIds: 7,
    spanIds: 8,
    parentIds: 9,
    offsets: 10,
    lengths: 11,
    resourceOf: 12,
  },
  ...{
    scopeOf: 13,
    resources: 14,
    scopes: 15,
    names: 16,
    routes: 17,
    methods: 18,
    httpStatuses: 19,
    kinds: 20,
  },
  ...{ statuses: 21, services: 22, nameEntries: 23, nameCount: 24, routeEntries: 25, routeCount: 26 },
  ...{ methodEntries: 27, methodCount: 28, statesWeights: 29, hasTraceState: 30 },
} as const;
/** Bytes behind a body that may be read. */
const PADDING = 16;
/** Columns begin at multiples of it. */
const ALIGN = 16;
/** Places of `results` in all. */
const RESULTS = 40;

interface Kernel {
  scan(at: number, size: number, from: number, to: number, isLogs: number): number;
}

/** What one scan found. */
interface Scanned<I> {
  count: number;
  index: I;
  offsets: RecordOffsets;
}

/** One instance for all: its memory holds nothing from one call to the next. */
const kernel = startKernel<Kernel>(compileKernel(wasm), { memory: kernelMemory });

/** Spans of an ExportTraceServiceRequest; undefined when the kernel gives up, for it reads the usual only. */
export function scanSpansFast(body: Uint8Array): Scanned<SpanIndex> | undefined {
  const found = scan(body, false);
  if (found === undefined) return undefined;
  const { count } = found;
  return {
    count,
    offsets: found.offsets(),
    index: {
      traceId: found.bytes(RESULT.traceIds, count * 16),
      spanId: found.bytes(RESULT.spanIds, count * 8),
      parentSpanId: found.bytes(RESULT.parentIds, count * 8),
      startTimeUnixNano: found.bigints(RESULT.starts, count),
      durationNano: found.bigints(RESULT.durations, count),
      kind: found.bytes(RESULT.kinds, count),
      status: found.bytes(RESULT.statuses, count),
      name: found.strings(RESULT.names, RESULT.nameEntries, RESULT.nameCount),
      service: found.services(),
      route: found.strings(RESULT.routes, RESULT.routeEntries, RESULT.routeCount),
      method: found.strings(RESULT.methods, RESULT.methodEntries, RESULT.methodCount),
      httpStatus: found.shorts(RESULT.httpStatuses, count),
      statesWeights: found.isSet(RESULT.statesWeights),
      hasTraceState: found.isSet(RESULT.hasTraceState),
    },
  };
}

/** Records of an ExportLogsServiceRequest; undefined when the kernel gives up. */
export function scanLogsFast(body: Uint8Array): Scanned<LogIndex> | undefined {
  const found = scan(body, true);
  if (found === undefined) return undefined;
  const { count } = found;
  return {
    count,
    offsets: found.offsets(),
    index: {
      timeUnixNano: found.bigints(RESULT.starts, count),
      severityNumber: found.bytes(RESULT.kinds, count),
      service: found.services(),
      traceId: found.bytes(RESULT.traceIds, count * 16),
      spanId: found.bytes(RESULT.spanIds, count * 8),
    },
  };
}

/** Where columns fit behind the body in its own buffer: they are used as long as it is. */
function roomBehind(body: Uint8Array, bytes: number): number | undefined {
  const end = kernelBodies.endOf(addressOf(body) ?? -1);
  const at = (body.byteOffset + body.length + PADDING + ALIGN - 1) & ~(ALIGN - 1);
  return end !== undefined && at + bytes <= end ? at : undefined;
}

function scan(body: Uint8Array, isLogs: boolean): Found | undefined {
  if (body.length > MAX_BYTES) return undefined;
  const { buffer } = kernelMemory;
  const { from, to } = KERNEL_REGIONS.scan;
  const inPlace = addressOf(body);
  if (inPlace === undefined) new Uint8Array(buffer, from, body.length).set(body);
  const behind = inPlace === undefined ? from + body.length + PADDING : from;
  const results = kernel.scan(inPlace ?? from, body.length, behind, to, isLogs ? 1 : 0);
  if (results === 0) return undefined;
  return new Found(body, buffer, new Uint32Array(buffer, results, RESULTS));
}

/**
 * The columns of one scan, copied at once: behind the body where a receiver has left room for them, or out of the kernels'
 * memory. The results must be read before the next scan.
 */
class Found {
  readonly count: number;
  readonly #body: Buffer;
  readonly #memory: ArrayBuffer;
  readonly #results: Uint32Array;
  readonly #columns: ArrayBuffer;
  readonly #from: number;
  /** Where the copy begins in `#columns`. */
  readonly #to: number;

  constructor(body: Uint8Array, memory: ArrayBuffer, results: Uint32Array) {
    this.#body = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    this.#memory = memory;
    this.#results = results;
    this.count = results[RESULT.records]!;
    this.#from = results[RESULT.columns]!;
    const bytes = results[RESULT.columnBytes]!;
    const behind = roomBehind(body, bytes);
    if (behind === undefined) {
      this.#columns = memory.slice(this.#from, this.#from + bytes);
      this.#to = 0;
    } else {
      new Uint8Array(memory).copyWithin(behind, this.#from, this.#from + bytes);
      this.#columns = memory;
      this.#to = behind;
    }
  }

  #at(column: number): number {
    return this.#results[column]! - this.#from + this.#to;
  }

  isSet(place: number): boolean {
    return this.#results[place] !== 0;
  }

  bytes(column: number, length: number): Uint8Array {
    return new Uint8Array(this.#columns, this.#at(column), length);
  }

  shorts(column: number, length: number): Uint16Array {
    return new Uint16Array(this.#columns, this.#at(column), length);
  }

  numbers(column: number, length: number): Uint32Array {
    return new Uint32Array(this.#columns, this.#at(column), length);
  }

  bigints(column: number, length: number): BigInt64Array {
    return new BigInt64Array(this.#columns, this.#at(column), length);
  }

  strings(column: number, entries: number, count: number): StringColumn {
    const texts = this.#texts(this.#results[entries]!, this.#results[count]!);
    texts[0] = '';
    return { dictionary: texts, index: this.numbers(column, this.count) };
  }

  /** Texts of the body by their (start, length) pairs. */
  #texts(pairs: number, count: number): string[] {
    const places = new Uint32Array(this.#memory, pairs, count * 2);
    const texts: string[] = [];
    for (let i = 0; i < places.length; i += 2) {
      const start = places[i]!;
      texts.push(this.#body.toString('utf8', start, start + places[i + 1]!));
    }
    return texts;
  }

  /** The service of every record, by the group that it stands in. */
  services(): StringColumn {
    const names = this.#texts(this.#results[RESULT.services]!, this.#results[RESULT.groups]!);
    const dictionary = [...new Set(['', ...names.map((name) => name || unknownService)])];
    const resource = this.numbers(RESULT.resourceOf, this.count);
    if (dictionary.length === 2) return { dictionary, index: new Uint32Array(this.count).fill(1) };
    const byGroup = names.map((name) => dictionary.indexOf(name || unknownService));
    return { dictionary, index: resource.map((group) => byGroup[group]!) };
  }

  offsets(): RecordOffsets {
    return {
      offset: this.numbers(RESULT.offsets, this.count),
      length: this.numbers(RESULT.lengths, this.count),
      resource: this.numbers(RESULT.resourceOf, this.count),
      scope: this.numbers(RESULT.scopeOf, this.count),
      resources: this.numbers(RESULT.resources, this.#results[RESULT.groups]! * 2),
      scopes: this.numbers(RESULT.scopes, this.#results[RESULT.scopeGroups]! * 2),
    };
  }
}
