/** Walks one span's protobuf: attributes go to columns, and what no column holds is kept as it came. */
import type { AttributeCollector } from './attribute-collector.ts';
import type { Arena, ByteTable, StringsColumn } from './byte-table.ts';
import type { DirectoryWriter } from './directory.ts';
import { TYPE } from './layout.ts';
import { packStringColumn } from './pack-columns.ts';
import type { RecordWalk } from './seal-group.ts';

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
  readonly #arena: Arena;
  readonly #bytes: Uint8Array;
  readonly #table: ByteTable;
  readonly #attributes: AttributeCollector;
  /** Per record the fields that no other column holds. */
  readonly #residuals: StringsColumn;
  #next = 0;

  constructor(arena: Arena, table: ByteTable, attributes: AttributeCollector) {
    this.#arena = arena;
    this.#bytes = arena.bytes;
    this.#table = table;
    this.#attributes = attributes;
    this.#residuals = table.column();
  }

  /** Takes the span of `length` bytes at `from`; gives its shape. Throws a RangeError where it is not readable. */
  record(from: number, length: number): number {
    const bytes = this.#bytes;
    const arena = this.#arena;
    const to = from + length;
    const scratch = arena.used;
    let kept = 0;
    let keptFrom = 0;
    let isOdd = false;
    let [kind, start, end, status] = [-1, -1, -1, -1];
    this.#attributes.begin();
    let p = from;
    while (p < to) {
      const tag = bytes[p]!;
      if (tag === ATTRIBUTE) {
        const size = this.#length(p + 1, to);
        p = this.#next + size;
        this.#attributes.attribute(this.#next, p);
        continue;
      }
      if (tag === TRACE_ID || tag === SPAN_ID || tag === PARENT_SPAN_ID || tag === NAME) {
        p = this.#length(p + 1, to) + this.#next;
        continue;
      }
      if (tag === START || tag === END) {
        if ((tag === START ? start : end) !== -1 || p + 9 > to) isOdd = true;
        if (tag === START) start = p + 1;
        else end = p + 1;
        p += 9;
        continue;
      }
      if (tag === KIND && bytes[p + 1]! < KINDS && kind === -1) {
        kind = p;
        p += 2;
        continue;
      }
      if (tag === KIND) isOdd = true;
      if (tag === STATUS) {
        if (status !== -1) isOdd = true;
        status = p;
        const size = bytes[p + 1]!;
        if (size === 0 || (size === 2 && bytes[p + 2] === STATUS_CODE && bytes[p + 3]! < STATUSES)) {
          p += 2 + size;
          continue;
        }
      }
      const behind = this.#skip(p, to);
      if (kept === 0) keptFrom = p;
      else if (keptFrom + kept !== p || arena.used !== scratch) {
        if (arena.used === scratch) arena.copy(keptFrom, kept);
        arena.copy(p, behind - p);
      }
      kept += behind - p;
      p = behind;
    }
    if (p !== to) unreadable(p);
    if (isOdd || !this.#isTimely(start, end)) {
      arena.used = scratch;
      kept = this.#copyFields(from, to, start, end);
      keptFrom = scratch;
    } else if (arena.used !== scratch) keptFrom = scratch;
    const { distinct } = this.#residuals;
    this.#residuals.push(this.#table.position(this.#residuals, keptFrom, kept));
    // What was put together stays only where a dictionary points at it.
    if (this.#residuals.distinct === distinct) arena.used = scratch;
    return this.#attributes.end();
  }

  write(directory: DirectoryWriter): void {
    directory.add(packStringColumn(TYPE.residual, this.#bytes, this.#residuals));
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

  /** Copies every field but the attributes behind the arena's end, and zeros for absent times; gives their length. */
  #copyFields(from: number, to: number, start: number, end: number): number {
    const arena = this.#arena;
    const scratch = arena.used;
    for (let p = from; p < to; ) {
      const behind = this.#skip(p, to);
      if (this.#bytes[p] !== ATTRIBUTE) arena.copy(p, behind - p);
      p = behind;
    }
    for (const [at, tag] of [
      [start, START],
      [end, END],
    ] as const) {
      if (at !== -1) continue;
      arena.bytes.fill(0, arena.used, arena.used + 9);
      arena.bytes[arena.used] = tag;
      arena.used += 9;
    }
    return arena.used - scratch;
  }

  /** Reads a length; `#next` stands behind it, and what is that long lies inside the span. */
  #length(p: number, to: number): number {
    const bytes = this.#bytes;
    let length = bytes[p]!;
    let next = p + 1;
    if (length >= 0x80) {
      length &= 0x7f;
      for (let shift = 7; ; shift += 7) {
        const byte = bytes[next++]!;
        if (shift > 28) unreadable(p);
        length |= (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
    }
    if (length < 0 || next + length > to) unreadable(p);
    this.#next = next;
    return length;
  }

  /** Position behind the field at `p`. */
  #skip(p: number, to: number): number {
    const bytes = this.#bytes;
    let value = p;
    while (value < to && bytes[value]! >= 0x80) value++;
    value++;
    const wire = bytes[p]! & 7;
    let behind = value;
    if (wire === 0) {
      while (behind < to && bytes[behind]! >= 0x80) behind++;
      behind++;
    } else if (wire === 1) behind += 8;
    else if (wire === 2) behind = this.#length(value, to) + this.#next;
    else if (wire === 5) behind += 4;
    else if (wire === 3) behind = this.#skipGroup(p, value, to);
    else unreadable(p);
    if (behind > to) unreadable(p);
    return behind;
  }

  /** Position behind the end of the group whose tag stands from `from` to `p`. */
  #skipGroup(from: number, p: number, to: number, depth = 0): number {
    if (depth > MAX_GROUPS) unreadable(from);
    for (let at = p; at < to; ) {
      const wire = this.#bytes[at]! & 7;
      let behind = at;
      while (behind < to && this.#bytes[behind]! >= 0x80) behind++;
      behind++;
      if (wire === 4) return behind;
      at = wire === 3 ? this.#skipGroup(at, behind, to, depth + 1) : this.#skip(at, to);
    }
    return unreadable(from);
  }
}

/** Nesting that the scanner lets in. */
const MAX_GROUPS = 100;

function unreadable(at: number): never {
  throw new RangeError(`the body is not readable at byte ${at}`);
}
