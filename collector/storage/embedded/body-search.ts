/** Passing over records by their bytes: decoding a span costs a hundred times more than looking for a few bytes. */
import type { Records } from './records.ts';

/** Texts that a number, a boolean, bytes (as base64) or a list or map (as JSON) could have as well as a string. */
const NOT_ONLY_STRINGS = /^(-?[\d.]+(e[+-]?\d+)?|-Infinity|[A-Za-z0-9+/]*={0,2}|[[{].*)$/s;

/**
 * Those of the candidates (ascending) whose bytes, or whose resource's, may hold all wanted attributes; what is left
 * out surely lacks one. A key always stands in the bytes as it is, a value only when nothing but a string reads so.
 */
export function mayHoldAttributes(
  records: Records,
  candidates: ArrayLike<number>,
  wanted: readonly { key: string; value: string }[],
): number[] {
  let left = Array.from(candidates);
  for (const { key, value } of wanted) {
    if (left.length === 0) break;
    const needle = Buffer.from(NOT_ONLY_STRINGS.test(value) ? key : value);
    left = left.filter(holder(records, needle));
  }
  return left;
}

/** Tag of a string in an AnyValue or of a key in a KeyValue: field 1 of wire type 2. */
const STRING_TAG = 0x0a;
/** Lengths that are a varint of one byte. */
const ONE_BYTE = 0x80;

/**
 * Where the needle stands as a whole string, not as part of a longer one: tag and length before it tell. A zero byte
 * may be the end of a length that was written longer than need be.
 */
function nextString(bytes: Buffer, needle: Buffer, from: number): number {
  let at = bytes.indexOf(needle, from);
  if (needle.length >= ONE_BYTE || needle.length === 0) return at;
  while (at !== -1) {
    const length = bytes[at - 1];
    if (length === 0 || (length === needle.length && bytes[at - 2] === STRING_TAG)) return at;
    at = bytes.indexOf(needle, at + 1);
  }
  return -1;
}

function holder({ body, offsets }: Records, needle: Buffer): (i: number) => boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const resources = new Map<number, boolean>();
  const inResource = (entry: number): boolean => {
    let holds = resources.get(entry);
    if (holds === undefined) {
      const from = offsets.resources[entry * 2] ?? 0;
      const end = from + (offsets.resources[entry * 2 + 1] ?? 0);
      holds = nextString(bytes.subarray(from, end), needle, 0) !== -1;
      resources.set(entry, holds);
    }
    return holds;
  };
  // The next place of the needle serves all records up to it: one walk over the body for all of them.
  let searchedFrom = 0;
  let next = nextString(bytes, needle, 0);
  if (next === -1) return () => false;
  return (i) => {
    const from = offsets.offset[i]!;
    if (from < searchedFrom || (next !== -1 && next < from)) next = nextString(bytes, needle, from);
    searchedFrom = from;
    if (next !== -1 && next + needle.length <= from + offsets.length[i]!) return true;
    return inResource(offsets.resource[i] ?? 0);
  };
}
