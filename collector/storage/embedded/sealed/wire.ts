/** Steps over protobuf fields of a record in an arena; positions are checked against the record's end. */

/** Nesting of groups that the scanners let in. */
const MAX_GROUPS = 100;

export class FieldSkipper {
  readonly #bytes: Uint8Array;
  /** Where the content of the length that was read last begins. */
  content = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Reads a length, after which `content` stands; what is that long lies before `to`. */
  length(p: number, to: number): number {
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
    this.content = next;
    return length;
  }

  /**
   * Position behind the field whose tag stands at `p`. A tag with more bytes than it needs is legal, but whoever looks for
   * a field by the one byte of its tag would pass it over: it counts as unreadable here.
   */
  skip(p: number, to: number): number {
    const bytes = this.#bytes;
    let value = p;
    while (value < to && bytes[value]! >= 0x80) value++;
    if (value > p && bytes[value] === 0) unreadable(p);
    value++;
    const wire = bytes[p]! & 7;
    let behind = value;
    if (wire === 0) {
      while (behind < to && bytes[behind]! >= 0x80) behind++;
      behind++;
    } else if (wire === 1) behind += 8;
    else if (wire === 2) behind = this.length(value, to) + this.content;
    else if (wire === 5) behind += 4;
    else if (wire === 3) behind = this.#skipGroup(p, value, to, 0);
    else unreadable(p);
    if (behind > to) unreadable(p);
    return behind;
  }

  /** Position behind the end of the group whose tag stands from `from` to `p`. */
  #skipGroup(from: number, p: number, to: number, depth: number): number {
    if (depth > MAX_GROUPS) unreadable(from);
    for (let at = p; at < to; ) {
      const wire = this.#bytes[at]! & 7;
      let behind = at;
      while (behind < to && this.#bytes[behind]! >= 0x80) behind++;
      behind++;
      if (wire === 4) return behind;
      at = wire === 3 ? this.#skipGroup(at, behind, to, depth + 1) : this.skip(at, to);
    }
    return unreadable(from);
  }
}

/** A varint of up to 64 bits as two words; one object for all that a walk reads. */
export class VarintWords {
  low = 0;
  high = 0;

  /** Reads the one at `from`, which ends before `to`; gives the position behind it. */
  read(bytes: Uint8Array, from: number, to: number): number {
    let p = from;
    let byte = p < to ? bytes[p++]! : unreadable(from);
    let low = byte & 0x7f;
    let high = 0;
    for (let n = 1; byte >= 0x80; n++) {
      if (n === 10) unreadable(from);
      byte = p < to ? bytes[p++]! : unreadable(from);
      const bits = byte & 0x7f;
      if (n < 4) low |= bits << (7 * n);
      else if (n === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (7 * n - 32);
    }
    this.low = low >>> 0;
    this.high = high >>> 0;
    return p;
  }
}

export function unreadable(at: number): never {
  throw new RangeError(`the body is not readable at byte ${at}`);
}
