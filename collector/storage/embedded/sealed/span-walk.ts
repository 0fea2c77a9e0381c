/** Walks one span's protobuf: attributes go to columns, and what no column holds is kept as it came. */
import type { AttributeCollector } from './attribute-collector.ts';
import type { Arena, ByteTable } from './byte-table.ts';
import type { DirectoryWriter } from './directory.ts';
import { Residuals } from './residuals.ts';
import type { RecordWalk } from './seal-group.ts';
import { FieldSkipper, unreadable } from './wire.ts';

/** Tags of Span (opentelemetry/proto/trace/v1/trace.proto). */
const TRACE_ID = 0x0a;
const SPAN_ID = 0x12;
const PARENT_SPAN_ID = 0x22;
const NAME = 0x2a;
const KIND = 0x30;
const START = 0x39;
const END = 0x41;
const ATTRIBUTE = 0x4a;
const STATUS = 0x7a;
const STATUS_CODE = 0x18;
/** Kinds and status codes that the index columns can tell. */
const KINDS = 6;
const STATUSES = 3;

/**
 * The index columns tell ids, name, kind, times and status code; a span in which they say another thing than its
 * fields (an end before the start, a kind that nobody knows, a field given twice) keeps these fields too.
 */
export class SpanWalk implements RecordWalk {
  readonly #bytes: Uint8Array;
  readonly #attributes: AttributeCollector;
  readonly #residuals: Residuals;
  readonly #fields: FieldSkipper;

  constructor(arena: Arena, table: ByteTable, attributes: AttributeCollector) {
    this.#bytes = arena.bytes;
    this.#attributes = attributes;
    this.#residuals = new Residuals(arena, table);
    this.#fields = new FieldSkipper(arena.bytes);
  }

  record(from: number, length: number): number {
    const bytes = this.#bytes;
    const fields = this.#fields;
    const to = from + length;
    let isOdd = false;
    let [kind, start, end, status] = [-1, -1, -1, -1];
    this.#attributes.begin();
    this.#residuals.begin();
    let p = from;
    while (p < to) {
      const tag = bytes[p]!;
      if (tag === ATTRIBUTE) {
        const size = fields.length(p + 1, to);
        p = fields.content + size;
        this.#attributes.attribute(fields.content, p);
        continue;
      }
      if (tag === TRACE_ID || tag === SPAN_ID || tag === PARENT_SPAN_ID || tag === NAME) {
        p = fields.length(p + 1, to) + fields.content;
        continue;
      }
      if (tag === START || tag === END) {
        if ((tag === START ? start : end) !== -1) isOdd = true;
        if (tag === START) start = p + 1;
        else end = p + 1;
        p += 9;
        continue;
      }
      if (tag === KIND) {
        if (kind !== -1 || bytes[p + 1]! >= KINDS) isOdd = true;
        kind = p;
        p = fields.skip(p, to);
        continue;
      }
      if (tag === STATUS) {
        if (status !== -1) isOdd = true;
        status = p;
        const size = bytes[p + 1]!;
        if (size === 0 || (size === 2 && bytes[p + 2] === STATUS_CODE && bytes[p + 3]! < STATUSES)) {
          p += 2 + size;
          continue;
        }
      }
      const behind = fields.skip(p, to);
      this.#residuals.keep(p, behind);
      p = behind;
    }
    if (p !== to) unreadable(p);
    if (isOdd || !this.#isTimely(start, end)) this.#keepAll(from, to, start, end);
    this.#residuals.end();
    return this.#attributes.end();
  }

  write(directory: DirectoryWriter): void {
    this.#residuals.write(directory);
  }

  /** True when start and duration tell both times: the end is not before the start, and neither exceeds 2^63. */
  #isTimely(start: number, end: number): boolean {
    if (start === -1 || end === -1) return start === end;
    for (let n = 7; n >= 0; n--) {
      const [first, last] = [this.#bytes[start + n]!, this.#bytes[end + n]!];
      if (n === 7 && (first >= 0x80 || last >= 0x80)) return false;
      if (first !== last) return first < last;
    }
    return true;
  }

  /** Keeps every field but the attributes, and zeros for absent times. */
  #keepAll(from: number, to: number, start: number, end: number): void {
    const residuals = this.#residuals;
    residuals.restart();
    for (let p = from; p < to; ) {
      const behind = this.#fields.skip(p, to);
      if (this.#bytes[p] !== ATTRIBUTE) residuals.keep(p, behind);
      p = behind;
    }
    if (start === -1) residuals.keepZero(START);
    if (end === -1) residuals.keepZero(END);
  }
}
