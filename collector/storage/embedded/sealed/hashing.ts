/** Hashes of values, the same when a block is sealed and when it is asked. */

/** A 32-bit hash of `length` bytes at `start`. */
export function hashRange(view: DataView, start: number, length: number): number {
  const end = start + length;
  let hash = length ^ 0x9747b28c;
  let p = start;
  for (; p + 4 <= end; p += 4) {
    hash = Math.imul(hash ^ view.getUint32(p, true), 0x5bd1e995);
    hash ^= hash >>> 15;
  }
  for (; p < end; p++) hash = Math.imul(hash ^ view.getUint8(p), 0x01000193);
  return hash ^ (hash >>> 13);
}

/** The same of all the bytes. */
export function hashBytes(bytes: Uint8Array): number {
  return hashRange(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength);
}

/** A 32-bit hash of a value of 64 bits. */
export function hashWords(low: number, high: number): number {
  let hash = Math.imul(low ^ 0x9747b28c, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13) ^ high, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** 10 bits a value and 6 probes let one in a hundred absent values pass (Bloom 1970; m/n = 10, k = 6 gives 0.0084). */
const BITS_PER_VALUE = 10;
const PROBES = 6;

/** A bloom filter over hashes of values. */
export function valueBloom(hashes: Int32Array | Uint32Array, count: number): Uint32Array {
  const filter = new Uint32Array(Math.max(1, Math.ceil((count * BITS_PER_VALUE) / 32)));
  const bits = filter.length * 32;
  for (let i = 0; i < count; i++) {
    let probe = hashes[i]! >>> 0;
    const step = stepOf(probe);
    for (let n = 0; n < PROBES; n++) {
      const bit = probe % bits;
      filter[bit >>> 5]! |= 1 << (bit & 31);
      probe = (probe + step) >>> 0;
    }
  }
  return filter;
}

/** False only when no value of this hash went into the filter. */
export function mayHoldHash(filter: Uint32Array, hash: number): boolean {
  const bits = filter.length * 32;
  let probe = hash >>> 0;
  const step = stepOf(probe);
  for (let n = 0; n < PROBES; n++) {
    const bit = probe % bits;
    if ((filter[bit >>> 5]! & (1 << (bit & 31))) === 0) return false;
    probe = (probe + step) >>> 0;
  }
  return true;
}

function stepOf(hash: number): number {
  return (Math.imul(hash ^ (hash >>> 16), 0x7feb352d) | 1) >>> 0;
}
