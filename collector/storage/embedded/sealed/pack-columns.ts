/** Columns as they were collected, in the form in which they are stored. */

import { packBits } from './bits.ts';
import { grown, type StringsColumn } from './byte-table.ts';
import type { PlainColumn } from './directory.ts';
import { hashWords } from './hashing.ts';
import { ENCODING, TYPE } from './layout.ts';
import { LENGTHS_BELOW, packLengths } from './lengths.ts';
import { packStrings, VARINT_BYTES, writeVarint } from './sections.ts';

/** Below this share of distinct values a dictionary and an index take less room than the values themselves. */
const MAX_DISTINCT_SHARE = 0.5;
/** Distinct numbers up to which a dictionary of them is kept. */
const MAX_WORDS = 256;
const TWO_32 = 0x1_0000_0000;

/** Byte strings as a dictionary, or plainly when too many are distinct. */
export function packStringColumn(
  type: number,
  bytes: Uint8Array,
  column: StringsColumn,
  key?: Uint8Array,
): PlainColumn {
  const { count, distinct, starts, lengths, values } = column;
  const base = { type, count, ...(key ? { key } : {}) };
  if (distinct <= MAX_WORDS || distinct <= count * MAX_DISTINCT_SHARE) {
    const first = packStrings(bytes, starts, lengths, distinct);
    return { ...base, encoding: ENCODING.dictionary, distinct, first, ...indexOf(values, count) };
  }
  const ownStarts = new Uint32Array(count);
  const ownLengths = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    ownStarts[i] = starts[values[i]!]!;
    ownLengths[i] = lengths[values[i]!]!;
  }
  return { ...base, encoding: ENCODING.plain, first: packStrings(bytes, ownStarts, ownLengths, count) };
}

/** Numbers as bits, beside a dictionary. */
function indexOf(values: Uint32Array, count: number): { main: Uint8Array; randomMain: boolean } {
  const { main, random } = packBits(values, count);
  return { main, randomMain: random };
}

/** Values of 64 bits, as pairs of words. */
export class WordsColumn {
  words = new Uint32Array(1024);
  count = 0;

  push(low: number, high: number): void {
    const at = this.count++ * 2;
    if (at === this.words.length) this.words = grown(this.words);
    this.words[at] = low;
    this.words[at + 1] = high;
  }

  forEach(tell: (low: number, high: number) => void): void {
    for (let i = 0; i < this.count; i++) tell(this.words[i * 2]!, this.words[i * 2 + 1]!);
  }
}

/** Copies pairs of words of the records behind one another, from pair `at` on. */
export function copyPairs(from: Uint32Array, records: Uint32Array, to: Uint32Array, at: number): void {
  for (let n = 0; n < records.length; n++) {
    const i = records[n]! * 2;
    to[(at + n) * 2] = from[i]!;
    to[(at + n) * 2 + 1] = from[i + 1]!;
  }
}

/** Numbers as a dictionary when few are distinct, else as what they are above the least, else as they are. */
export function packWordColumn(type: number, { words, count }: WordsColumn, key?: Uint8Array): PlainColumn {
  const base = { type, count, ...(key ? { key } : {}) };
  const dictionary = distinctWords(words, count);
  if (dictionary !== undefined) {
    const { distinct, first, values } = dictionary;
    return { ...base, encoding: ENCODING.dictionary64, distinct, first, ...indexOf(values, count) };
  }
  const { min, max } = bounds(words, count);
  const column = { ...base, min };
  const range = (max[1] - min[1]) * TWO_32 + max[0] - min[0];
  if (type !== TYPE.int || range >= TWO_32) {
    return { ...column, encoding: ENCODING.fixed64, main: new Uint8Array(words.slice(0, count * 2).buffer) };
  }
  const above = new Uint32Array(count);
  for (let i = 0; i < count; i++) above[i] = words[i * 2]! - min[0];
  return { ...column, encoding: ENCODING.above64, ...packBits(above, count) };
}

/** Distinct pairs and an index; undefined when there are too many. */
function distinctWords(
  words: Uint32Array,
  count: number,
): { distinct: number; first: Uint8Array; values: Uint32Array } | undefined {
  const slots = new Int32Array(1024).fill(-1);
  const found = new Uint32Array(MAX_WORDS * 2);
  const values = new Uint32Array(count);
  let distinct = 0;
  for (let i = 0; i < count; i++) {
    const low = words[i * 2]!;
    const high = words[i * 2 + 1]!;
    if (i > 0 && low === words[i * 2 - 2] && high === words[i * 2 - 1]) {
      values[i] = values[i - 1]!;
      continue;
    }
    let slot = hashWords(low, high) & 1023;
    while (slots[slot] !== -1 && (found[slots[slot]! * 2] !== low || found[slots[slot]! * 2 + 1] !== high)) {
      slot = (slot + 1) & 1023;
    }
    if (slots[slot] === -1) {
      if (distinct === MAX_WORDS) return undefined;
      found[distinct * 2] = low;
      found[distinct * 2 + 1] = high;
      slots[slot] = distinct++;
    }
    values[i] = slots[slot]!;
  }
  return { distinct, first: new Uint8Array(found.slice(0, distinct * 2).buffer), values };
}

/** Least and largest as signed 64-bit numbers, in words with the high one unsigned again. */
function bounds(words: Uint32Array, count: number): { min: [number, number]; max: [number, number] } {
  let [minLow, minHigh] = [words[0]!, words[1]! | 0];
  let [maxLow, maxHigh] = [minLow, minHigh];
  for (let i = 1; i < count; i++) {
    const low = words[i * 2]!;
    const high = words[i * 2 + 1]! | 0;
    if (high < minHigh || (high === minHigh && low < minLow)) [minLow, minHigh] = [low, high];
    if (high > maxHigh || (high === maxHigh && low > maxLow)) [maxLow, maxHigh] = [low, high];
  }
  return { min: [minLow, minHigh >>> 0], max: [maxLow, maxHigh >>> 0] };
}

/** Points in time as differences; as they are when they lie too far apart. */
export function packTimes(type: number, words: Uint32Array, count: number): PlainColumn {
  const { min, max } = count === 0 ? { min: [0, 0] as const, max: [0, 0] as const } : bounds(words, count);
  const base = { type, count, min };
  const range = ((max[1] | 0) - (min[1] | 0)) * TWO_32 + max[0] - min[0];
  if (range >= LENGTHS_BELOW / 4)
    return { ...base, encoding: ENCODING.fixed64, main: bytesOfWords(words, count) };
  const deltas = new Float64Array(count);
  let before = 0;
  for (let i = 0; i < count; i++) {
    const above = ((words[i * 2 + 1]! | 0) - (min[1] | 0)) * TWO_32 + words[i * 2]! - min[0];
    const delta = above - before;
    deltas[i] = delta >= 0 ? delta * 2 : -delta * 2 - 1;
    before = above;
  }
  return { ...base, encoding: ENCODING.deltas, main: packLengths(deltas, count) };
}

/** Non-negative durations, which are as good as random; as they are when one is too long. */
export function packDurations(type: number, words: Uint32Array, count: number): PlainColumn {
  const { max } = count === 0 ? { max: [0, 0] as const } : bounds(words, count);
  const base = { type, count };
  if (max[1] >= LENGTHS_BELOW / TWO_32)
    return { ...base, encoding: ENCODING.fixed64, main: bytesOfWords(words, count) };
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = words[i * 2 + 1]! * TWO_32 + words[i * 2]!;
  const random = max[1] > 0 || max[0] > 0xffff;
  return { ...base, encoding: ENCODING.lengths, main: packLengths(values, count), random };
}

function bytesOfWords(words: Uint32Array, count: number): Uint8Array {
  return new Uint8Array(words.slice(0, count * 2).buffer);
}

/** One unsigned integer per record. */
export function packUintColumn(type: number, values: Uint32Array, count: number): PlainColumn {
  return { type, encoding: ENCODING.uints, count, ...packBits(values, count) };
}

/** A list of integers as varints. */
export function packVarintColumn(type: number, values: readonly number[], distinct = 0): PlainColumn {
  const out = new Uint8Array(values.length * VARINT_BYTES);
  let at = 0;
  for (const value of values) at = writeVarint(out, at, value);
  return { type, encoding: ENCODING.varints, count: values.length, distinct, main: out.slice(0, at) };
}
