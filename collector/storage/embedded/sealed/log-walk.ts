/** Walks one OTLP log record: attributes and body go to columns, and what no column holds is kept as it came. */
import { logRecordCodec } from '../../../formats/otlp-protobuf/messages.ts';
import type { AttributeCollector } from './attribute-collector.ts';
import type { Arena, ByteTable } from './byte-table.ts';
import type { DirectoryWriter } from './directory.ts';
import { TYPE } from './layout.ts';
import { Residuals } from './residuals.ts';
import type { RecordWalk } from './seal-group.ts';
import { FieldSkipper, unreadable } from './wire.ts';

/** Tags of LogRecord (opentelemetry/proto/logs/v1/logs.proto). */
const TIME = 0x09;
const SEVERITY = 0x10;
const SEVERITY_TEXT = 0x1a;
const BODY = 0x2a;
const ATTRIBUTE = 0x32;
const TRACE_ID = 0x4a;
const SPAN_ID = 0x52;
const OBSERVED = 0x59;
const EVENT_NAME = 0x62;
const STRING_VALUE = 0x0a;
/** Severity numbers that the index column can tell. */
const SEVERITIES = 25;
/** The attribute that an event's name becomes when a record is decoded. */
const EVENT_KEY = Buffer.from('event.name');
const TWO_32 = 0x1_0000_0000;

/**
 * The index columns tell ids, severity number and time. A record in which they say another thing than its fields, or
 * one of whose fields is given twice, keeps all of its fields but the attributes.
 */
export class LogWalk implements RecordWalk {
  readonly #bytes: Uint8Array;
  readonly #attributes: AttributeCollector;
  readonly #residuals: Residuals;
  readonly #fields: FieldSkipper;
  readonly #columns: Record<
    'severityText' | 'bodyText' | 'bodyOther' | 'observedAfter' | 'observedOnly',
    number
  >;
  readonly #eventName: number;

  constructor(arena: Arena, table: ByteTable, attributes: AttributeCollector) {
    this.#bytes = arena.bytes;
    this.#attributes = attributes;
    this.#residuals = new Residuals(arena, table);
    this.#fields = new FieldSkipper(arena.bytes);
    this.#columns = {
      severityText: attributes.field(TYPE.severityText, false),
      bodyText: attributes.field(TYPE.bodyText, false),
      bodyOther: attributes.field(TYPE.bodyOther, false),
      observedAfter: attributes.field(TYPE.observedAfter, true),
      observedOnly: attributes.field(TYPE.observedOnly, true),
    };
    this.#eventName = attributes.reserve(TYPE.text, arena.append(EVENT_KEY), EVENT_KEY.length);
  }

  record(from: number, length: number): number {
    const bytes = this.#bytes;
    const fields = this.#fields;
    const to = from + length;
    let isOdd = false;
    let [time, observed, text, body, event, severity] = [-1, -1, -1, -1, -1, -1];
    this.#attributes.begin();
    this.#residuals.begin();
    let p = from;
    while (p < to) {
      const tag = bytes[p]!;
      const behind = fields.skip(p, to);
      if (tag === ATTRIBUTE) {
        fields.length(p + 1, to);
        this.#attributes.attribute(fields.content, behind);
      } else if (tag === TIME) {
        isOdd ||= time !== -1;
        time = p;
      } else if (tag === OBSERVED) {
        isOdd ||= observed !== -1;
        observed = p;
      } else if (tag === SEVERITY) {
        isOdd ||= severity !== -1 || bytes[p + 1]! >= SEVERITIES;
        severity = p;
      } else if (tag === SEVERITY_TEXT) {
        isOdd ||= text !== -1;
        text = p;
      } else if (tag === BODY) {
        isOdd ||= body !== -1;
        body = p;
      } else if (tag === EVENT_NAME) {
        isOdd ||= event !== -1;
        event = p;
      } else if (tag !== TRACE_ID && tag !== SPAN_ID) this.#residuals.keep(p, behind);
      p = behind;
    }
    if (p !== to) unreadable(p);
    if (event !== -1 && !this.#hasEventName(from, to, event)) this.#push(this.#eventName, event, to);
    const observing = isOdd ? undefined : this.#observing(time, observed);
    if (observing === undefined) this.#keepAll(from, to);
    else {
      if (text !== -1) this.#push(this.#columns.severityText, text, to);
      if (body !== -1) this.#body(body, to);
      if (observing === 'only') this.#attributes.mark(this.#columns.observedOnly);
      else if (observing >= 0) {
        const high = Math.floor(observing / TWO_32);
        this.#attributes.pushWords(this.#columns.observedAfter, observing - high * TWO_32, high);
      }
    }
    this.#residuals.end();
    return this.#attributes.end();
  }

  write(directory: DirectoryWriter): void {
    this.#residuals.write(directory);
  }

  /**
   * How the two times stand to each other: nanoseconds from the record's time to its observation, 'only' when it has
   * but the latter, -1 when it has no observation; undefined when the index column does not tell the record's time.
   */
  #observing(time: number, observed: number): number | 'only' | undefined {
    const [timeLow, timeHigh] = this.#time(time);
    const [low, high] = this.#time(observed);
    if (timeHigh >= 0x8000_0000 || high >= 0x8000_0000) return undefined;
    const hasTime = timeLow !== 0 || timeHigh !== 0;
    const isObserved = low !== 0 || high !== 0;
    if (!hasTime) return isObserved ? 'only' : -1;
    if (!isObserved) return -1;
    const after = (high - timeHigh) * TWO_32 + low - timeLow;
    return after >= 0 && after < 2 ** 53 ? after : undefined;
  }

  #time(field: number): [low: number, high: number] {
    if (field === -1) return [0, 0];
    const bytes = this.#bytes;
    const word = (p: number) =>
      (bytes[p]! | (bytes[p + 1]! << 8) | (bytes[p + 2]! << 16) | (bytes[p + 3]! << 24)) >>> 0;
    return [word(field + 1), word(field + 5)];
  }

  #push(column: number, field: number, to: number): void {
    const length = this.#fields.length(field + 1, to);
    this.#attributes.pushField(column, this.#fields.content, length);
  }

  #body(field: number, to: number): void {
    const length = this.#fields.length(field + 1, to);
    const from = this.#fields.content;
    const end = from + length;
    if (length > 1 && this.#bytes[from] === STRING_VALUE) {
      const size = this.#fields.length(from + 1, end);
      if (this.#fields.content + size === end) {
        this.#attributes.pushField(this.#columns.bodyText, this.#fields.content, size);
        return;
      }
    }
    this.#attributes.pushField(this.#columns.bodyOther, from, length);
  }

  /** True when an attribute of its own takes the place of the event's name, as decoding has it, or the name is empty. */
  #hasEventName(from: number, to: number, event: number): boolean {
    const isEmpty = this.#fields.length(event + 1, to) === 0;
    const bytes = Buffer.from(this.#bytes.buffer, from, to - from);
    if (!bytes.includes(EVENT_KEY)) return isEmpty;
    const { attributes, eventName } = logRecordCodec.decode(bytes);
    const own = attributes?.findLast(({ key }) => key === 'event.name')?.value;
    return !eventName || (own !== undefined && Object.keys(own).length > 0);
  }

  /** Keeps every field but the attributes. */
  #keepAll(from: number, to: number): void {
    this.#residuals.restart();
    for (let p = from; p < to; ) {
      const behind = this.#fields.skip(p, to);
      if (this.#bytes[p] !== ATTRIBUTE) this.#residuals.keep(p, behind);
      p = behind;
    }
  }
}
