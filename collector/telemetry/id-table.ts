import { release } from './release.ts';

/** Words of a key: four of a trace id and two of a span id (zeros when only traces are told apart). */
const WORDS = 6;

/**
 * A set of ids that numbers them by first appearance. Ids are compared word for word, all 192 bits; nothing of
 * them is ever held as one JS number. Open addressing over typed arrays: about 40 bytes an id.
 */
export class IdTable {
  #keys = new Uint32Array(64 * WORDS);
  #slots = new Int32Array(256).fill(-1);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Number of the id, or -1. */
  find(a: number, b: number, c: number, d: number, e = 0, f = 0): number {
    return this.#slots[this.#slotOf(a, b, c, d, e, f)]!;
  }

  /** Number of the id, which is `size` before the call when it is new. */
  add(a: number, b: number, c: number, d: number, e = 0, f = 0): number {
    const slot = this.#slotOf(a, b, c, d, e, f);
    const found = this.#slots[slot]!;
    if (found !== -1) return found;
    const id = this.#size++;
    if (this.#keys.length < this.#size * WORDS) {
      const grown = new Uint32Array(this.#keys.length * 2);
      grown.set(this.#keys);
      this.#keys = grown;
    }
    const at = id * WORDS;
    this.#keys[at] = a;
    this.#keys[at + 1] = b;
    this.#keys[at + 2] = c;
    this.#keys[at + 3] = d;
    this.#keys[at + 4] = e;
    this.#keys[at + 5] = f;
    this.#slots[slot] = id;
    if (this.#size * 2 > this.#slots.length) this.#grow();
    return id;
  }

  /** Gives the room back; nothing may be asked of the table any more. */
  release(): void {
    release(this.#keys, this.#slots);
  }

  /** Forgets all ids; the room stays. */
  clear(): void {
    this.#slots.fill(-1);
    this.#size = 0;
  }

  /** The trace id of entry `id`: its 16 bytes. */
  traceId(id: number): Uint8Array {
    return new Uint8Array(this.#keys.buffer, id * WORDS * 4, 16);
  }

  #slotOf(a: number, b: number, c: number, d: number, e: number, f: number): number {
    const mask = this.#slots.length - 1;
    const keys = this.#keys;
    let slot = mixWords(a, b, c, d, e, f) & mask;
    for (;;) {
      const id = this.#slots[slot]!;
      if (id === -1) return slot;
      const at = id * WORDS;
      if (
        keys[at] === a &&
        keys[at + 1] === b &&
        keys[at + 2] === c &&
        keys[at + 3] === d &&
        keys[at + 4] === e &&
        keys[at + 5] === f
      ) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const size = this.#slots.length * 2;
    release(this.#slots);
    this.#slots = new Int32Array(size).fill(-1);
    const mask = this.#slots.length - 1;
    for (let id = 0; id < this.#size; id++) {
      const k = this.#keys.subarray(id * WORDS, id * WORDS + WORDS);
      let slot = mixWords(k[0]!, k[1]!, k[2]!, k[3]!, k[4]!, k[5]!) & mask;
      while (this.#slots[slot] !== -1) slot = (slot + 1) & mask;
      this.#slots[slot] = id;
    }
  }
}

/** A 32-bit hash of six words (the mixing steps of MurmurHash3, public domain by Austin Appleby). */
export function mixWords(a: number, b: number, c: number, d: number, e: number, f: number): number {
  let h = step(0x9747b28c, a);
  h = step(h, b);
  h = step(h, c);
  h = step(h, d);
  h = step(h, e);
  h = step(h, f);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function step(h: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  h ^= k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** Packed ids as 32-bit words in memory order; copies when the bytes do not begin at a multiple of four. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >>> 2);
}
