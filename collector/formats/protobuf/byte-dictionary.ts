import type { WireReader } from './reader.ts';

/**
 * A dictionary of the strings of one body, looked up by their bytes: a string that was seen before costs a hash
 * and a comparison, and no JavaScript string is made for it. Position 0 is the empty string.
 */
export class ByteDictionary {
  readonly strings: string[] = [''];
  readonly #reader: WireReader;
  readonly #starts: number[] = [0];
  readonly #lengths: number[] = [0];
  readonly #hashes: number[] = [0];
  #slots = new Uint32Array(64);

  constructor(reader: WireReader) {
    this.#reader = reader;
  }

  /** Position of the string of `length` checked bytes at `start`. */
  position(start: number, length: number): number {
    if (length === 0) return 0;
    const { bytes } = this.#reader;
    let hash = length;
    for (let p = start; p < start + length; p++) hash = Math.imul(hash ^ bytes[p]!, 0x01000193);
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    for (let entry = this.#slots[slot]!; entry !== 0; entry = this.#slots[slot]!) {
      if (this.#hashes[entry] === hash && this.#same(entry, start, length)) return entry;
      slot = (slot + 1) & mask;
    }
    return this.#add(slot, hash, start, length);
  }

  #same(entry: number, start: number, length: number): boolean {
    if (this.#lengths[entry] !== length) return false;
    const { bytes } = this.#reader;
    const other = this.#starts[entry]!;
    for (let i = 0; i < length; i++) if (bytes[other + i] !== bytes[start + i]) return false;
    return true;
  }

  #add(slot: number, hash: number, start: number, length: number): number {
    const entry = this.strings.push(this.#reader.text(start, length)) - 1;
    this.#starts.push(start);
    this.#lengths.push(length);
    this.#hashes.push(hash);
    this.#slots[slot] = entry;
    if (entry * 2 > this.#slots.length) this.#grow();
    return entry;
  }

  #grow(): void {
    const slots = new Uint32Array(this.#slots.length * 4);
    const mask = slots.length - 1;
    for (let entry = 1; entry < this.strings.length; entry++) {
      const hash = this.#hashes[entry]!;
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.#slots = slots;
  }
}
