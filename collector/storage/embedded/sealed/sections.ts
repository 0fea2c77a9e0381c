/** Sections of columns: compressed where that pays, and the few forms their numbers take. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** What is left to compress is mostly strings, and small: level 3 takes longer, and no less room (spans 0.3 % less, logs 0.6 % more). */
const LEVEL = 1;
/** Below this a frame's header eats what it saves. */
const MIN_BYTES = 48;

/** The section compressed, or as it is when that is hardly larger. */
export function compressSection(raw: Uint8Array): Uint8Array {
  if (raw.length < MIN_BYTES) return raw;
  const packed = zstdCompressSync(raw, {
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL },
    pledgedSrcSize: raw.length,
    chunkSize: Math.max(64, raw.length + (raw.length >>> 7) + 64),
  });
  return packed.length < raw.length * 0.95 ? packed : raw;
}

/** A section of `rawLength` bytes; throws a RangeError when it is not of that length. */
export function decompressSection(stored: Uint8Array, rawLength: number): Uint8Array {
  if (stored.length === rawLength) return stored;
  const raw = zstdDecompressSync(stored, {
    maxOutputLength: Math.max(1, rawLength),
    chunkSize: Math.max(64, rawLength),
  });
  if (raw.length !== rawLength) throw new RangeError(`a section has ${raw.length} bytes, not ${rawLength}`);
  return raw;
}

/** The first `count` values in the least width that holds all of them: 0 (all zero), 1, 2 or 4 bytes. */
function packUints(values: Uint32Array, count: number): Uint8Array {
  let all = 0;
  for (let i = 0; i < count; i++) all |= values[i]!;
  if (all === 0) return new Uint8Array(0);
  const used = values.subarray(0, count);
  if (all >>> 8 === 0) return Uint8Array.from(used);
  if (all >>> 16 === 0) return new Uint8Array(Uint16Array.from(used).buffer);
  return new Uint8Array(Uint32Array.from(used).buffer);
}

/** What `packUints` packed, for `count` values. */
function unpackUints(raw: Uint8Array, count: number): Uint32Array {
  if (raw.length === 0) return new Uint32Array(count);
  if (raw.length === count) return new Uint32Array(raw);
  if (raw.length === count * 2) return new Uint32Array(new Uint16Array(aligned(raw, 2)));
  if (raw.length === count * 4) return new Uint32Array(aligned(raw, 4));
  throw new RangeError(`${count} numbers do not stand in ${raw.length} bytes`);
}

/** The bytes as a buffer of their own that begins at a multiple of any width. */
function aligned(raw: Uint8Array, width: number): ArrayBuffer {
  const copy = new Uint8Array(Math.ceil(raw.length / width) * width);
  copy.set(raw);
  return copy.buffer;
}

/** Little-endian 64-bit values as pairs of words. */
export function wordPairs(raw: Uint8Array, count: number): Uint32Array {
  if (raw.length !== count * 8) throw new RangeError(`${count} values do not stand in ${raw.length} bytes`);
  return new Uint32Array(aligned(raw, 8));
}

/** Distinct byte strings: their lengths (uints behind one byte that tells the width), then their bytes. */
export function packStrings(
  source: Uint8Array,
  starts: Uint32Array,
  lengths: Uint32Array,
  count: number,
): Uint8Array {
  let total = 0;
  for (let i = 0; i < count; i++) total += lengths[i]!;
  const packed = packUints(lengths, count);
  const out = new Uint8Array(1 + packed.length + total);
  out[0] = count === 0 ? 0 : packed.length / count;
  out.set(packed, 1);
  let at = 1 + packed.length;
  for (let i = 0; i < count; i++) {
    copyBytes(source, starts[i]!, out, at, lengths[i]!);
    at += lengths[i]!;
  }
  return out;
}

/** Byte strings one behind the other: string i stands at `ends[i - 1]` (0 for the first) to `ends[i]`. */
export interface PackedStrings {
  bytes: Uint8Array;
  ends: Uint32Array;
}

export function unpackStrings(raw: Uint8Array, count: number): PackedStrings {
  const width = raw[0] ?? 0;
  const from = 1 + width * count;
  return stringsOf(unpackUints(raw.subarray(1, from), count), raw.subarray(from));
}

/** Strings of these lengths; throws a RangeError when they are not exactly the bytes. */
function stringsOf(lengths: Uint32Array, bytes: Uint8Array): PackedStrings {
  let end = 0;
  for (let i = 0; i < lengths.length; i++) {
    end += lengths[i]!;
    lengths[i] = end;
  }
  if (end !== bytes.length) throw new RangeError(`strings of ${end} bytes stand in ${bytes.length}`);
  return { bytes, ends: lengths };
}

/** Copies a few bytes; a call into the engine pays for many only. */
export function copyBytes(from: Uint8Array, start: number, to: Uint8Array, at: number, length: number): void {
  if (length > 64) to.set(from.subarray(start, start + length), at);
  else for (let i = 0; i < length; i++) to[at + i] = from[start + i]!;
}

/** Writes a non-negative integer below 2^53 as a varint; gives the position behind it. */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  let p = at;
  let rest = value;
  while (rest >= 0x8000_0000) {
    out[p++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  let small = rest | 0;
  while (small >= 0x80) {
    out[p++] = (small & 0x7f) | 0x80;
    small >>>= 7;
  }
  out[p++] = small;
  return p;
}

/** Bytes that a varint of a value below 2^53 takes at the most. */
export const VARINT_BYTES = 8;

/** `count` varints, or as many as there are; throws a RangeError when they end too early or exceed 2^53. */
export function readVarints(raw: Uint8Array, count = countVarints(raw)): Float64Array {
  const values = new Float64Array(count);
  let p = 0;
  for (let i = 0; i < count; i++) {
    let byte = raw[p++]!;
    let value = byte & 0x7f;
    // The first four bytes by integers, which is far faster than the rest by doubles.
    for (let shift = 7; byte >= 0x80 && shift < 28; shift += 7) {
      byte = raw[p++]!;
      value |= (byte & 0x7f) << shift;
    }
    for (let scale = 2 ** 28; byte >= 0x80; scale *= 128) {
      if (scale > 2 ** 49) throw new RangeError('a varint exceeds 53 bits');
      byte = raw[p++]!;
      value += (byte & 0x7f) * scale;
    }
    values[i] = value;
  }
  if (p !== raw.length) throw new RangeError(`${count} varints do not stand in ${raw.length} bytes`);
  return values;
}

function countVarints(raw: Uint8Array): number {
  let count = 0;
  for (const byte of raw) if (byte < 0x80) count++;
  return count;
}
