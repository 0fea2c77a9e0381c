/** 64-bit columns as pairs of 32-bit words: a bigint per value would cost more than all the rest of a scan. */

/** Low and high word of every value, in place. */
export function words64(column: BigInt64Array): Uint32Array {
  return new Uint32Array(column.buffer, column.byteOffset, column.length * 2);
}

/** Negative when value `i` of `a` is the less, positive when value `j` of `b` is; all 64 bits, signed. */
export function compare64(a: Uint32Array, i: number, b: Uint32Array, j: number): number {
  return (a[i * 2 + 1]! | 0) - (b[j * 2 + 1]! | 0) || a[i * 2]! - b[j * 2]!;
}

/** The value as a number, as `Number(value)` would round it. */
export function number64(words: Uint32Array, i: number): number {
  return (words[i * 2 + 1]! | 0) * 0x1_0000_0000 + words[i * 2]!;
}
