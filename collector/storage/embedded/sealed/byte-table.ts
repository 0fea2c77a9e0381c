/** Dictionaries of byte strings, one per column, in one hash table over one buffer: no JavaScript string is made. */
import { hashRange } from './hashing.ts';
import { copyBytes } from './sections.ts';

/** Places for values of a column that were looked up lately. */
const RECENT = 16;

/** Byte strings of one column by first appearance, and the position of each of its values. */
export class StringsColumn {
  readonly id: number;
  starts = new Uint32Array(16);
  lengths = new Uint32Array(16);
  hashes = new Int32Array(16);
  distinct = 0;
  values = new Uint32Array(512);
  count = 0;
  /** The position looked up last: the next value is often the same. */
  last = -1;
  /** Plus 1: the positions looked up last, by length and last byte, which tell few values apart without a hash of all. */
  readonly recent = new Uint32Array(RECENT);

  constructor(id: number) {
    this.id = id;
  }

  push(position: number): void {
    if (this.count === this.values.length) this.values = grown(this.values);
    this.values[this.count++] = position;
  }

  add(start: number, length: number, hash: number): number {
    const position = this.distinct++;
    if (position === this.starts.length) {
      this.starts = grown(this.starts);
      this.lengths = grown(this.lengths);
      const hashes = new Int32Array(this.hashes.length * 2);
      hashes.set(this.hashes);
      this.hashes = hashes;
    }
    this.starts[position] = start;
    this.lengths[position] = length;
    this.hashes[position] = hash;
    return position;
  }
}

/** Bytes of all bodies one behind the other, with room behind them for what has to be put together. */
export class Arena {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  used = 0;

  constructor(capacity: number) {
    // Not cleared: all of it is written before it is read, and the system hands it over page by page.
    this.bytes = new Uint8Array(Buffer.allocUnsafeSlow(capacity).buffer);
    this.view = new DataView(this.bytes.buffer);
  }

  append(bytes: Uint8Array): number {
    const at = this.used;
    this.bytes.set(bytes, at);
    this.used += bytes.length;
    return at;
  }

  /** Copies bytes of the arena behind its end. */
  copy(start: number, length: number): void {
    copyBytes(this.bytes, start, this.bytes, this.used, length);
    this.used += length;
  }
}

/** Hands out one arena at a time, on the memory of the one before: tens of megabytes a run would keep the collector of garbage at work. */
export class ArenaKeeper {
  #kept = new Arena(0);

  take(capacity: number): Arena {
    if (this.#kept.bytes.length < capacity) this.#kept = new Arena(capacity);
    this.#kept.used = 0;
    return this.#kept;
  }
}

/** Finds byte strings of an arena by column and content. */
export class ByteTable {
  readonly #view: DataView;
  readonly #columns: StringsColumn[] = [];
  #slots = new Uint32Array(4096);
  /** Per entry, from 1: its column, and its position there. */
  #entryColumn = new Uint16Array(1024);
  #entryPosition = new Uint32Array(1024);
  #size = 1;

  constructor(arena: Arena) {
    this.#view = arena.view;
  }

  column(): StringsColumn {
    const column = new StringsColumn(this.#columns.length);
    this.#columns.push(column);
    return column;
  }

  /** Position of the string in the column, which is its next one when the string is new there. */
  position(column: StringsColumn, start: number, length: number): number {
    const { last } = column;
    if (last >= 0 && column.lengths[last] === length && this.#same(column.starts[last]!, start, length))
      return last;
    const place = length === 0 ? 0 : (this.#view.getUint8(start + length - 1) ^ length) & (RECENT - 1);
    const recent = column.recent[place]! - 1;
    if (
      recent >= 0 &&
      column.lengths[recent] === length &&
      this.#same(column.starts[recent]!, start, length)
    ) {
      column.last = recent;
      return recent;
    }
    const position = this.#lookUp(column, start, length);
    column.recent[place] = position + 1;
    column.last = position;
    return position;
  }

  #lookUp(column: StringsColumn, start: number, length: number): number {
    const hash = hashRange(this.#view, start, length);
    const mask = this.#slots.length - 1;
    let slot = slotOf(hash, column.id) & mask;
    for (let entry = this.#slots[slot]!; entry !== 0; entry = this.#slots[slot]!) {
      if (this.#entryColumn[entry] === column.id) {
        const position = this.#entryPosition[entry]!;
        if (
          column.hashes[position] === hash &&
          column.lengths[position] === length &&
          this.#same(column.starts[position]!, start, length)
        ) {
          return position;
        }
      }
      slot = (slot + 1) & mask;
    }
    const position = column.add(start, length, hash);
    this.#slots[slot] = this.#addEntry(column.id, position);
    if (this.#size * 2 > this.#slots.length) this.#grow();
    return position;
  }

  #addEntry(column: number, position: number): number {
    const entry = this.#size++;
    if (entry === this.#entryColumn.length) {
      const columns = new Uint16Array(entry * 2);
      columns.set(this.#entryColumn);
      this.#entryColumn = columns;
      this.#entryPosition = grown(this.#entryPosition);
    }
    this.#entryColumn[entry] = column;
    this.#entryPosition[entry] = position;
    return entry;
  }

  /** From the end: values of one key differ there more often than at their beginning. */
  #same(one: number, other: number, length: number): boolean {
    const view = this.#view;
    let left = length;
    for (; left >= 4; left -= 4) {
      if (view.getUint32(one + left - 4) !== view.getUint32(other + left - 4)) return false;
    }
    for (; left > 0; left--)
      if (view.getUint8(one + left - 1) !== view.getUint8(other + left - 1)) return false;
    return true;
  }

  #grow(): void {
    const slots = new Uint32Array(this.#slots.length * 4);
    const mask = slots.length - 1;
    for (let entry = 1; entry < this.#size; entry++) {
      const column = this.#columns[this.#entryColumn[entry]!]!;
      let slot = slotOf(column.hashes[this.#entryPosition[entry]!]!, column.id) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.#slots = slots;
  }
}

function slotOf(hash: number, column: number): number {
  const mixed = Math.imul(hash ^ Math.imul(column, 0x9e3779b1), 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

export function grown(values: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(values.length * 2);
  larger.set(values);
  return larger;
}
