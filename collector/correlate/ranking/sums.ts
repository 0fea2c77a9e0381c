import { release } from '../../telemetry/release.ts';

const FIRST_SLOTS = 1024;

/** Sums by a number that is 0 or more and below 2^53: millions of them in two columns, without an object each. */
export class Sums {
  #keys = new Float64Array(FIRST_SLOTS).fill(-1);
  #sums = new Float64Array(FIRST_SLOTS);
  #size = 0;

  /** Adds to a sum, which begins at 0; answers what it was before. */
  add(key: number, value: number): number {
    const slot = this.#slotOf(key);
    const before = this.#sums[slot]!;
    this.#sums[slot] = before + value;
    if (this.#keys[slot] === -1) {
      this.#keys[slot] = key;
      if (++this.#size * 2 > this.#keys.length) this.#grow();
    }
    return before;
  }

  /** A sum; 0 when nothing was added to it. */
  get(key: number): number {
    return this.#sums[this.#slotOf(key)]!;
  }

  /** Gives the room back; nothing may be asked of it any more. */
  release(): void {
    release(this.#keys, this.#sums);
  }

  /** Forgets all sums; the room stays. */
  clear(): void {
    this.#keys.fill(-1);
    this.#sums.fill(0);
    this.#size = 0;
  }

  #slotOf(key: number): number {
    const mask = this.#keys.length - 1;
    let slot = hashOf(key) & mask;
    while (this.#keys[slot] !== key && this.#keys[slot] !== -1) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, sums] = [this.#keys, this.#sums];
    this.#keys = new Float64Array(keys.length * 2).fill(-1);
    this.#sums = new Float64Array(keys.length * 2);
    for (const [i, key] of keys.entries()) {
      if (key === -1) continue;
      const slot = this.#slotOf(key);
      this.#keys[slot] = key;
      this.#sums[slot] = sums[i]!;
    }
    release(keys, sums);
  }
}

/** Mixes both halves of a number (the finaliser of MurmurHash3, public domain by Austin Appleby). */
function hashOf(key: number): number {
  let h = Math.imul((key / 0x1_0000_0000) | 0, 0x9e3779b1) ^ (key | 0);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
