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
    const needle = Buffer.from(NOT_ONLY_STRINGS.test(value) ? key : value);
    left = left.filter(holder(records, needle));
  }
  return left;
}

function holder({ body, offsets }: Records, needle: Buffer): (i: number) => boolean {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const resources = new Map<number, boolean>();
  const inResource = (entry: number): boolean => {
    let holds = resources.get(entry);
    if (holds === undefined) {
      const from = offsets.resources[entry * 2] ?? 0;
      holds = bytes.subarray(from, from + (offsets.resources[entry * 2 + 1] ?? 0)).includes(needle);
      resources.set(entry, holds);
    }
    return holds;
  };
  // The next place of the needle serves all records up to it: one walk over the body for all of them.
  let searchedFrom = 0;
  let next = bytes.indexOf(needle);
  return (i) => {
    const from = offsets.offset[i]!;
    if (from < searchedFrom || (next !== -1 && next < from)) next = bytes.indexOf(needle, from);
    searchedFrom = from;
    if (next !== -1 && next + needle.length <= from + offsets.length[i]!) return true;
    return inResource(offsets.resource[i] ?? 0);
  };
}
