/** Sealed log records for queries: index columns, conditions and details, each decoded when it is asked for. */
import { decodeLogLine } from '../../../formats/log-line/decode-log-line.ts';
import { SPELLINGS } from '../../../formats/log-line/fields.ts';
import { toValue } from '../../../formats/otlp-protobuf/attributes.ts';
import { logRecordCodec, type OtlpMessage } from '../../../formats/otlp-protobuf/messages.ts';
import type { LogIndex } from '../../../telemetry/batch.ts';
import { isZeroId, SPAN_ID_BYTES, TRACE_ID_BYTES, toHex } from '../../../telemetry/ids.ts';
import type { Attributes, AttributeValue, LogRecord } from '../../../telemetry/model.ts';
import { CODE_PLACE_KEYS, codePlace } from '../../../telemetry/template.ts';
import { attributeText } from '../../attribute-text.ts';
import type { LogDetail } from '../records.ts';
import { BlockView, reading } from './block-view.ts';
import { readSpanIds, readTimes } from './id-columns.ts';
import { TYPE } from './layout.ts';
import { isMadeOfLines } from './pair-filter.ts';
import { rebuiltLine } from './rebuild-line.ts';

/** View over one sealed block of log records, as `SealedSpans` is one over spans. */
export class SealedLogs extends BlockView {
  #index: LogIndex | undefined;
  #messages: ((i: number) => string | undefined)[] | undefined;
  #places: (readonly [key: string, read: (i: number) => string | undefined])[] | undefined;

  get #isLines(): boolean {
    return this.meta.encoding === 'log-lines';
  }

  get index(): LogIndex {
    this.#index ??= this.#lazyIndex();
    return this.#index;
  }

  /** Attributes, resource, body and scope of record `i`. */
  detail(i: number): LogDetail {
    const { attributes, resource, body, scope } = this.record(i);
    return { attributes, resource, body, scope };
  }

  /** Record `i` whole. */
  record(i: number): LogRecord {
    return reading(this.meta, () => {
      if (!this.#isLines) return this.#otlpRecord(i);
      const record = decodeLogLine(this.#line(i), {}, this.index.timeUnixNano[i]!);
      return { ...record, resource: { ...this.meta.resource, ...record.resource } };
    });
  }

  /** Text of the body of record `i`. */
  bodyText(i: number): string {
    return reading(this.meta, () => (this.#isLines ? this.#message(i) : attributeText(this.#body(i))));
  }

  /** Where in the code record `i` was written, as it says itself, and the text of its body. */
  placeAndText(i: number): { place: string; text: string } {
    return reading(this.meta, () => {
      const text = this.#isLines ? this.#message(i) : attributeText(this.#body(i));
      this.#places ??= CODE_PLACE_KEYS.map((key) => [key, this.columns.textReader(key)] as const);
      const attributes: Attributes = {};
      for (const [key, read] of this.#places) {
        const value = read(i);
        if (value !== undefined) attributes[key] = value;
      }
      return { place: codePlace(attributes, text), text };
    });
  }

  /** Those of the candidates whose body contains the lower-case text, in either case. */
  matchBody(text: string, candidates: ArrayLike<number>): number[] {
    return Array.from(candidates).filter((i) => this.bodyText(i).toLowerCase().includes(text));
  }

  override matchAttribute(key: string, value: string, candidates: ArrayLike<number>): number[] {
    if (!isMadeOfLines(this.meta, key)) return super.matchAttribute(key, value, candidates);
    return Array.from(candidates).filter((i) => {
      const { attributes, resource } = this.detail(i);
      return [attributes, resource].some(
        (one) => Object.hasOwn(one, key) && attributeText(one[key]) === value,
      );
    });
  }

  protected override decodeAttributes(i: number): Attributes {
    return this.#isLines ? decodeLogLine(this.#line(i), {}).attributes : this.columns.attributes(i);
  }

  #line(i: number): Uint8Array {
    return rebuiltLine(this.columns, i);
  }

  /** The text of a line's message: a field, the whole line where it has none. */
  #message(i: number): string {
    this.#messages ??= SPELLINGS.message.map(({ key }) => this.columns.textReader(key));
    const whole = this.columns.field(i, TYPE.plainLine);
    if (typeof whole === 'string') return whole;
    if (this.columns.field(i, TYPE.line) !== undefined) return attributeText(this.record(i).body);
    for (const message of this.#messages) {
      const text = message(i);
      if (text !== undefined) return text;
    }
    return Buffer.from(this.#line(i)).toString();
  }

  #otlpRecord(i: number): LogRecord {
    const { index } = this;
    const others = this.#others(i);
    const text = this.columns.field(i, TYPE.severityText);
    return {
      timeUnixNano: others.timeUnixNano || others.observedTimeUnixNano || index.timeUnixNano[i]!,
      severityNumber: index.severityNumber[i]!,
      severityText: typeof text === 'string' ? text : (others.severityText ?? ''),
      body: this.#body(i),
      traceId: hexAt(index.traceId, i, TRACE_ID_BYTES),
      spanId: hexAt(index.spanId, i, SPAN_ID_BYTES),
      attributes: this.columns.attributes(i),
      resource: this.resource(i),
      scope: this.scope(i),
    };
  }

  #body(i: number): AttributeValue {
    const text = this.columns.field(i, TYPE.bodyText) ?? this.columns.field(i, TYPE.bodyOther);
    return text === undefined ? toValue(this.#others(i).body) : text;
  }

  #others(i: number): OtlpMessage<'LogRecord'> {
    const residual = this.residual(i);
    return residual.length === 0 ? {} : logRecordCodec.decode(residual);
  }

  #lazyIndex(): LogIndex {
    const read = <T>(decode: () => T): (() => T) => {
      let known: T | undefined;
      return () => {
        known ??= reading(this.meta, decode);
        return known;
      };
    };
    const traceId = read(() => this.traceIdColumn());
    const spanId = read(() => readSpanIds(this.directory, this.column(TYPE.spanId)));
    const times = read(() => readTimes(this.directory, this.column(TYPE.start)));
    const severities = read(() => Uint8Array.from(this.uints(TYPE.severity)));
    const services = read(() => this.strings(TYPE.service));
    return {
      get traceId() {
        return traceId();
      },
      get spanId() {
        return spanId();
      },
      get timeUnixNano() {
        return times();
      },
      get severityNumber() {
        return severities();
      },
      get service() {
        return services();
      },
    };
  }
}

function hexAt(ids: Uint8Array, i: number, size: number): string {
  return isZeroId(ids, i * size, size) ? '' : toHex(ids, i * size, size);
}
