/**
 * Columns of unsigned integers in as few bits as the largest needs, read in place: what is compressed takes its decoder's
 * start for every column, which costs more than reading thousands of numbers. Empty when all are zero; else a byte that
 * tells the form, and the numbers.
 */
import { readVarints, VARINT_BYTES, writeVarint } from './sections.ts';

/** Forms from 1 to 25 and 32: so many bits a number, the lowest first, and bytes behind them that reads may touch. */
const SPARE_BYTES = 3;
const MAX_BITS = 25;
const WHOLE = 32;
/** Pairs of how often and which number, varints. */
const RUNS = 64;
/** A byte, or two, a number: for compression. */
const BYTES = 128;

/** Runs pay when they are at least so long on average. */
const MIN_RUN = 16;
/** Compression pays when it is likely to leave less than this part, and to spare so many bytes. */
const WORTH_SHARE = 0.45;
const WORTH_BYTES = 1024;
/** Numbers below this are counted to tell what compression would leave. */
const MAX_COUNTED = 4096;

/** The first `count` values; `random` tells that compressing the bytes is not worth an attempt. */
export function packBits(values: Uint32Array, count: number): { main: Uint8Array; random: boolean } {
  let all = 0;
  let runs = 1;
  for (let i = 0; i < count; i++) {
    all |= values[i]!;
    if (i > 0 && values[i] !== values[i - 1]) runs++;
  }
  if (all === 0) return { main: new Uint8Array(0), random: true };
  if (runs * MIN_RUN <= count) return { main: packRuns(values, count, runs), random: true };
  const needed = 32 - Math.clz32(all);
  if (isSkewed(values, count, needed)) return { main: packBytes(values, count, needed), random: false };
  return { main: packWidth(values, count, needed > MAX_BITS ? WHOLE : needed), random: true };
}

function packRuns(values: Uint32Array, count: number, runs: number): Uint8Array {
  const out = new Uint8Array(1 + runs * 2 * VARINT_BYTES);
  out[0] = RUNS;
  let at = 1;
  for (let from = 0; from < count; ) {
    let to = from + 1;
    while (to < count && values[to] === values[from]) to++;
    at = writeVarint(out, writeVarint(out, at, to - from), values[from]!);
    from = to;
  }
  return out.slice(0, at);
}

function packBytes(values: Uint32Array, count: number, needed: number): Uint8Array {
  const width = needed <= 8 ? 1 : 2;
  const out = new Uint8Array(1 + count * width);
  out[0] = BYTES | width;
  for (let i = 0; i < count; i++) {
    out[1 + i * width] = values[i]!;
    if (width === 2) out[2 + i * width] = values[i]! >>> 8;
  }
  return out;
}

function packWidth(values: Uint32Array, count: number, bits: number): Uint8Array {
  const out = new Uint8Array(1 + Math.ceil((count * bits) / 8) + SPARE_BYTES);
  out[0] = bits;
  let at = 1;
  let held = 0;
  let free = 0;
  for (let i = 0; i < count; i++) {
    held |= values[i]! << free;
    if (bits === WHOLE) {
      out[at] = held;
      out[at + 1] = held >>> 8;
      out[at + 2] = held >>> 16;
      out[at + 3] = held >>> 24;
      at += 4;
      held = 0;
      continue;
    }
    for (free += bits; free >= 8; free -= 8) {
      out[at++] = held;
      held >>>= 8;
    }
  }
  if (free > 0) out[at] = held;
  return out;
}

/** True where few of the numbers make up most of the column, so that they take far fewer bits than the largest one. */
function isSkewed(values: Uint32Array, count: number, needed: number): boolean {
  const packedBytes = (count * needed) / 8;
  if (needed < 3 || 2 ** needed > MAX_COUNTED || packedBytes < WORTH_BYTES) return false;
  const times = new Uint32Array(2 ** needed);
  for (let i = 0; i < count; i++) times[values[i]!]!++;
  let bits = 0;
  for (let value = 0; value < times.length; value++) {
    if (times[value]! > 0) bits += times[value]! * Math.log2(count / times[value]!);
  }
  const least = bits / 8;
  return least < packedBytes * WORTH_SHARE && packedBytes - least > WORTH_BYTES;
}

/** What `packBits` packed, `count` numbers: all of them, or one at a time. Throws a RangeError where they are not there. */
export class Bits {
  readonly #raw: DataView;
  readonly #bits: number;
  readonly #mask: number;
  readonly length: number;
  #all: Uint32Array | undefined;

  constructor(raw: Uint8Array, count: number) {
    this.#raw = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    this.length = count;
    const form = raw[0] ?? 0;
    this.#bits = form <= WHOLE ? form : 0;
    this.#mask = form === WHOLE ? -1 : 2 ** this.#bits - 1;
    if (raw.length === 0) return;
    if (form > WHOLE) this.#all = unpackOther(raw, count);
    else if (form === 0 || raw.length !== 1 + Math.ceil((count * form) / 8) + SPARE_BYTES)
      throw new RangeError(`${count} numbers do not stand in ${raw.length} bytes`);
  }

  at(i: number): number {
    if (this.#all !== undefined) return this.#all[i]!;
    if (this.#bits === 0) return 0;
    const bit = i * this.#bits;
    return ((this.#raw.getUint32(1 + (bit >>> 3), true) >>> (bit & 7)) & this.#mask) >>> 0;
  }

  /** Places of the numbers that are 1 in the mask; undefined when there are more than `most`. */
  among(mask: Uint8Array, most: number): number[] | undefined {
    const found: number[] = [];
    const all = this.#all;
    const raw = this.#raw;
    const [bits, ones] = [this.#bits, this.#mask];
    for (let i = 0, bit = 0; i < this.length; i++, bit += bits) {
      const number =
        all !== undefined
          ? all[i]!
          : bits === 0
            ? 0
            : (raw.getUint32(1 + (bit >>> 3), true) >>> (bit & 7)) & ones;
      if (mask[number] === 1 && found.push(i) > most) return undefined;
    }
    return found;
  }

  /** All of them; kept. */
  get all(): Uint32Array {
    if (this.#all !== undefined) return this.#all;
    const all = new Uint32Array(this.length);
    const raw = this.#raw;
    const bits = this.#bits;
    const mask = this.#mask;
    if (bits > 0) {
      for (let i = 0, bit = 0; i < all.length; i++, bit += bits) {
        all[i] = (raw.getUint32(1 + (bit >>> 3), true) >>> (bit & 7)) & mask;
      }
    }
    this.#all = all;
    return all;
  }
}

/** All numbers of a column; the caller may change them. */
export function unpackBits(raw: Uint8Array, count: number): Uint32Array {
  return new Bits(raw, count).all;
}

function unpackOther(raw: Uint8Array, count: number): Uint32Array {
  const form = raw[0]!;
  const all = new Uint32Array(count);
  if (form === RUNS) {
    let end = 0;
    const pairs = readVarints(raw.subarray(1));
    for (let n = 0; n + 1 < pairs.length; n += 2) {
      all.fill(pairs[n + 1]!, end, end + pairs[n]!);
      end += pairs[n]!;
    }
    if (end !== count) throw new RangeError(`runs of ${end} numbers stand for ${count}`);
    return all;
  }
  const width = form & ~BYTES;
  if ((width !== 1 && width !== 2) || raw.length !== 1 + count * width)
    throw new RangeError(`${count} numbers do not stand in ${raw.length} bytes`);
  for (let i = 0; i < count; i++) {
    all[i] = width === 1 ? raw[1 + i]! : raw[1 + i * 2]! | (raw[2 + i * 2]! << 8);
  }
  return all;
}
