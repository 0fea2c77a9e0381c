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

  /** Position behind the field whose tag stands at `p`. */
  skip(p: number, to: number): number {
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

export function unreadable(at: number): never {
  throw new RangeError(`the body is not readable at byte ${at}`);
}
