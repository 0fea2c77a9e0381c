/** Sealed spans for queries: index columns, attribute conditions and details, each decoded when it is asked for. */
import type { SpanIndex } from '../../../telemetry/batch.ts';
import type { StringColumn } from '../../../telemetry/columns.ts';
import type { Attributes, Span } from '../../../telemetry/model.ts';
import { attributeText } from '../../attribute-text.ts';
import type { SpanDetail } from '../records.ts';
import { BlockView, reading, textIn } from './block-view.ts';
import { readDurations, readParents, readSpanIds, readTimes, readTraceIds } from './id-columns.ts';
import { TYPE } from './layout.ts';
import { rebuiltSpan, residualDetail } from './rebuild.ts';
import { readValues } from './values.ts';

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
  traces(): { ids: Uint8Array; index: Uint32Array; areDistinct: boolean } {
    return reading(this.meta, () => ({
      ...readTraceIds(this.directory, this.column(TYPE.traceId)),
      areDistinct: this.hasDistinctIds,
    }));
  }

  /** What of span `i` stands in no index column. */
  detail(i: number): SpanDetail {
    return reading(this.meta, () => {
      const residual = residualDetail(this.residual(i));
      return { attributes: this.columns.attributes(i), resource: this.resource(i), ...residual };
    });
  }

  /** Span `i` whole. */
  span(i: number): Span {
    return reading(this.meta, () => ({
      ...rebuiltSpan(this.index, this.residual(i), i),
      attributes: this.columns.attributes(i),
      resource: this.resource(i),
      scope: this.scope(i),
    }));
  }

  /** Those of the candidates with an attribute (own or of the resource) whose key or value contains the lower-case text. */
  matchText(text: string, candidates: ArrayLike<number>): number[] {
    return reading(this.meta, () => {
      const own = this.columns.mentioner(text);
      const resources = this.resourceMask((resource) => mentionsText(resource, text));
      return Array.from(candidates).filter((i) => resources?.(i) === true || own(i));
    });
  }

  /** Text of the attribute of every record, its own before its resource's; '' where there is none. */
  attributeTexts(key: string): StringColumn {
    return reading(this.meta, () => {
      const dictionary = [''];
      const known = new Map([['', 0]]);
      const numberOf = (text: string): number => {
        let number = known.get(text);
        if (number === undefined) {
          number = dictionary.push(text) - 1;
          known.set(text, number);
        }
        return number;
      };
      const index = this.resourceNumbers((resource) => numberOf(textIn(resource, key) ?? ''));
      this.columns.numberTexts(key, numberOf, index);
      return { dictionary, index };
    });
  }

  #read(type: number): unknown {
    const { directory } = this;
    const entry = this.column(type);
    if (type === TYPE.traceId) return this.traceIdColumn();
    if (type === TYPE.spanId) return readSpanIds(directory, entry);
    if (type === TYPE.parentSpanId) return readParents(directory, entry, this.index.spanId);
    if (type === TYPE.start) return readTimes(directory, entry);
    if (type === TYPE.duration) return readDurations(directory, entry);
    if (type === TYPE.kindStatus) return Uint8Array.from(this.uints(type));
    if (type === TYPE.httpStatus) {
      const values = readValues(directory, entry);
      const distinct = Uint16Array.from({ length: values.size }, (_, p) => Number(values.value(p)));
      const positions = values.positions.all;
      const all = new Uint16Array(positions.length);
      for (let i = 0; i < all.length; i++) all[i] = distinct[positions[i]!]!;
      return all;
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
    return this.#column('kind', () => {
      const kinds = this.#kindStatus.slice();
      for (let i = 0; i < kinds.length; i++) kinds[i]! &= 15;
      return kinds;
    });
  }
  get status(): Uint8Array {
    return this.#column('status', () => {
      const statuses = this.#kindStatus.slice();
      for (let i = 0; i < statuses.length; i++) statuses[i]! >>>= 4;
      return statuses;
    });
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

function mentionsText(attributes: Attributes, text: string): boolean {
  return Object.entries(attributes).some(
    ([key, value]) => key.toLowerCase().includes(text) || attributeText(value).toLowerCase().includes(text),
  );
}
