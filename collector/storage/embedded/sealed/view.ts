/** Sealed spans for queries: index columns, attribute conditions and details, each decoded when it is asked for. */
import type { SpanIndex } from '../../../telemetry/batch.ts';
import type { StringColumn } from '../../../telemetry/columns.ts';
import type { Span } from '../../../telemetry/model.ts';
import type { SpanDetail } from '../records.ts';
import { BlockView, reading } from './block-view.ts';
import { readDurations, readParents, readSpanIds, readTimes, readTraceIds } from './id-columns.ts';
import { TYPE } from './layout.ts';
import { rebuiltSpan, residualDetail } from './rebuild.ts';
import { bytesOf, readPositions, readStrings, readValues } from './values.ts';

/**
 * View over one sealed block of spans. Records are numbered from 0 in order of arrival; `candidates` and answers are
 * such numbers, ascending. Every method may throw `store-damaged`. Keep a view for as long as its block is in use:
 * what was decoded stays with it.
 */
export class SealedSpans extends BlockView {
  #index: SpanIndex | undefined;

  /** The index columns; each is decoded when it is read first. */
  get index(): SpanIndex {
    this.#index ??= new LazyIndex((type) =>
      reading(this.meta, () => this.#read(type)),
    ) as unknown as SpanIndex;
    return this.#index;
  }

  /** Distinct trace ids (16 bytes each), and which of them each span has: cheaper than `index.traceId`. */
  traces(): { ids: Uint8Array; index: Uint32Array } {
    return reading(this.meta, () => readTraceIds(this.directory, this.column(TYPE.traceId)));
  }

  /** What of span `i` stands in no index column. */
  detail(i: number): SpanDetail {
    return reading(this.meta, () => {
      const residual = residualDetail(this.#residual(i));
      return { attributes: this.columns.attributes(i), resource: this.resource(i), ...residual };
    });
  }

  /** Span `i` whole. */
  span(i: number): Span {
    return reading(this.meta, () => ({
      ...rebuiltSpan(this.index, this.#residual(i), i),
      attributes: this.columns.attributes(i),
      resource: this.resource(i),
      scope: this.scope(i),
    }));
  }

  #residuals: { strings: ReturnType<typeof readStrings>; positions: Uint32Array } | undefined;

  #residual(i: number): Uint8Array {
    if (this.#residuals === undefined) {
      const entry = this.column(TYPE.residual);
      this.#residuals = {
        strings: readStrings(this.directory, entry),
        positions: readPositions(this.directory, entry),
      };
    }
    return bytesOf(this.#residuals.strings, this.#residuals.positions[i]!);
  }

  #read(type: number): unknown {
    const { directory } = this;
    const entry = this.column(type);
    if (type === TYPE.traceId) {
      const { ids, index } = readTraceIds(directory, entry);
      const all = new Uint8Array(index.length * 16);
      const [from, to] = [
        new Uint32Array(ids.buffer, ids.byteOffset, ids.length >>> 2),
        new Uint32Array(all.buffer),
      ];
      for (let i = 0; i < index.length; i++) {
        const at = index[i]! * 4;
        to[i * 4] = from[at]!;
        to[i * 4 + 1] = from[at + 1]!;
        to[i * 4 + 2] = from[at + 2]!;
        to[i * 4 + 3] = from[at + 3]!;
      }
      return all;
    }
    if (type === TYPE.spanId) return readSpanIds(directory, entry);
    if (type === TYPE.parentSpanId) return readParents(directory, entry, this.index.spanId);
    if (type === TYPE.start) return readTimes(directory, entry);
    if (type === TYPE.duration) return readDurations(directory, entry);
    if (type === TYPE.kindStatus) return Uint8Array.from(this.uints(type));
    if (type === TYPE.httpStatus) {
      const values = readValues(directory, entry);
      const distinct = Uint16Array.from({ length: values.size }, (_, p) => Number(values.value(p)));
      return Uint16Array.from(values.positions, (p) => distinct[p]!);
    }
    return this.strings(type);
  }
}

/** Getters that decode a column once. */
class LazyIndex {
  readonly #read: (type: number) => unknown;
  readonly #known = new Map<number | string, unknown>();

  constructor(read: (type: number) => unknown) {
    this.#read = read;
  }

  #column<T>(key: number | string, read: () => unknown): T {
    if (!this.#known.has(key)) this.#known.set(key, read());
    return this.#known.get(key) as T;
  }

  get #kindStatus(): Uint8Array {
    return this.#column(TYPE.kindStatus, () => this.#read(TYPE.kindStatus));
  }

  get traceId(): Uint8Array {
    return this.#column(TYPE.traceId, () => this.#read(TYPE.traceId));
  }
  get spanId(): Uint8Array {
    return this.#column(TYPE.spanId, () => this.#read(TYPE.spanId));
  }
  get parentSpanId(): Uint8Array {
    return this.#column(TYPE.parentSpanId, () => this.#read(TYPE.parentSpanId));
  }
  get startTimeUnixNano(): BigInt64Array {
    return this.#column(TYPE.start, () => this.#read(TYPE.start));
  }
  get durationNano(): BigInt64Array {
    return this.#column(TYPE.duration, () => this.#read(TYPE.duration));
  }
  get kind(): Uint8Array {
    return this.#column('kind', () => this.#kindStatus.map((both) => both & 15));
  }
  get status(): Uint8Array {
    return this.#column('status', () => this.#kindStatus.map((both) => both >>> 4));
  }
  get name(): StringColumn {
    return this.#column(TYPE.name, () => this.#read(TYPE.name));
  }
  get service(): StringColumn {
    return this.#column(TYPE.service, () => this.#read(TYPE.service));
  }
  get route(): StringColumn {
    return this.#column(TYPE.route, () => this.#read(TYPE.route));
  }
  get method(): StringColumn {
    return this.#column(TYPE.method, () => this.#read(TYPE.method));
  }
  get httpStatus(): Uint16Array {
    return this.#column(TYPE.httpStatus, () => this.#read(TYPE.httpStatus));
  }
}
