/** Passing over records by their bytes: decoding a span costs a hundred times more than looking for a few bytes. */
import type { Records } from './records.ts';

/** Texts that a number, a boolean, bytes (as base64) or a list or map (as JSON) could have as well as a string. */
const NOT_ONLY_STRINGS = /^(-?[\d.]+(e[+-]?\d+)?|-Infinity|[A-Za-z0-9+/]*={0,2}|[[{].*)$/s;

/**
 * Those of the candidates (ascending) whose bytes, or whose resource's, may hold all wanted attributes; what is left
 * out surely lacks one. A value stands in the bytes as it is when nothing but a string reads so; else its key does, and
 * what follows the key is looked at.
 */
export function mayHoldAttributes(
  records: Records,
  candidates: ArrayLike<number>,
  wanted: readonly { key: string; value: string }[],
): number[] {
  let left = Array.from(candidates);
  for (const pair of wanted) {
    if (left.length === 0) break;
    left = left.filter(holder(records, searchFor(pair)));
  }
  return left;
}

function searchFor({ key, value }: { key: string; value: string }): Search {
  return NOT_ONLY_STRINGS.test(value) ? keySearch(key, value) : { needle: Buffer.from(value) };
}

/** What is looked for: a string, and what may have to follow it. */
interface Search {
  needle: Buffer;
  mayFollow?: (bytes: Buffer, at: number) => boolean;
}

/** The key of an attribute whose value may read as the text. */
function keySearch(name: string, value: string): Search {
  const key = Buffer.from(name);
  const text = Buffer.from(value);
  const integer = varintOf(value);
  return {
    needle: key,
    mayFollow: (bytes, at) => {
      const behind = at + key.length;
      // A KeyValue is written as its length, the key, the value; other forms are left to the decoder.
      const isUsual = bytes[at - 3] === key.length + 4 + bytes[behind + 1]!;
      return !isUsual || mayBeValue(bytes, behind, value, text, integer);
    },
  };
}

/** Tag of a string in an AnyValue or of a key in a KeyValue: field 1 of wire type 2. */
const STRING_TAG = 0x0a;
/** Tags of a KeyValue's value, and of a bool, an integer and a double in an AnyValue. */
const VALUE_TAG = 0x12;
const BOOL_TAG = 0x10;
const INT_TAG = 0x18;
const DOUBLE_TAG = 0x21;
/** Lengths that are a varint of one byte. */
const ONE_BYTE = 0x80;

/**
 * Where the needle stands as a whole string, not as part of a longer one: tag and length before it tell. A zero byte
 * may be the end of a tag or a length that was written longer than need be.
 */
function nextString(bytes: Buffer, { needle, mayFollow }: Search, from: number): number {
  let at = bytes.indexOf(needle, from);
  if (needle.length >= ONE_BYTE || needle.length === 0) return at;
  while (at !== -1) {
    const length = bytes[at - 1];
    if (length === 0 || bytes[at - 2] === 0) return at;
    const isWhole = length === needle.length && bytes[at - 2] === STRING_TAG;
    if (isWhole && (mayFollow === undefined || mayFollow(bytes, at))) return at;
    at = bytes.indexOf(needle, at + 1);
  }
  return -1;
}

/** False only when the value that stands at `at`, behind its key, is written in the usual way and reads differently. */
function mayBeValue(
  bytes: Buffer,
  at: number,
  value: string,
  text: Buffer,
  integer: Buffer | undefined,
): boolean {
  const length = bytes[at + 1];
  if (bytes[at] !== VALUE_TAG || length === undefined || length < 2 || length >= ONE_BYTE) return true;
  const from = at + 3;
  const end = at + 2 + length;
  const tag = bytes[at + 2];
  if (tag === STRING_TAG && bytes[from] === length - 2) return bytes.subarray(from + 1, end).equals(text);
  if (tag === INT_TAG && isVarint(bytes, from, end))
    return integer !== undefined && bytes.subarray(from, end).equals(integer);
  if (tag === DOUBLE_TAG && length === 9) return String(bytes.readDoubleLE(from)) === value;
  if (tag === BOOL_TAG && length === 2 && bytes[from]! < 2)
    return value === (bytes[from] === 1 ? 'true' : 'false');
  return true;
}

/** True when one varint stands there that is no longer than need be (a single zero is left out, too). */
function isVarint(bytes: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end - 1; at++) if (bytes[at]! < ONE_BYTE) return false;
  return bytes[end - 1]! < ONE_BYTE && bytes[end - 1] !== 0;
}

/** The varint of the integer that reads so; undefined when there is none. */
function varintOf(text: string): Buffer | undefined {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return undefined;
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(text));
  for (; rest >= 0x80n; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80);
  out.push(Number(rest));
  return Buffer.from(out);
}

function holder({ body, offsets }: Records, search: Search): (i: number) => boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const resources = new Map<number, boolean>();
  const inResource = (entry: number): boolean => {
    let holds = resources.get(entry);
    if (holds === undefined) {
      const from = offsets.resources[entry * 2] ?? 0;
      const end = from + (offsets.resources[entry * 2 + 1] ?? 0);
      holds = nextString(bytes.subarray(from, end), search, 0) !== -1;
      resources.set(entry, holds);
    }
    return holds;
  };
  // The next place of the needle serves all records up to it: one walk over the body for all of them.
  let searchedFrom = 0;
  let next = nextString(bytes, search, 0);
  return (i) => {
    const from = offsets.offset[i]!;
    if (from < searchedFrom || (next !== -1 && next < from)) next = nextString(bytes, search, from);
    searchedFrom = from;
    if (next !== -1 && next + search.needle.length <= from + offsets.length[i]!) return true;
    return inResource(offsets.resource[i] ?? 0);
  };
}
