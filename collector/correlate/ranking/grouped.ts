/** Values by a whole number below `size`, in the order in which they came; no object for a group. */
export function grouped(
  values: Int32Array | Uint32Array,
  keys: Int32Array | Uint32Array,
  size: number,
): { membersOf: (key: number) => Int32Array } {
  const ends = new Int32Array(size + 1);
  for (const key of keys) ends[key + 1]!++;
  for (let key = 0; key < size; key++) ends[key + 1]! += ends[key]!;
  const next = ends.slice();
  const members = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) members[next[keys[i]!]!++] = values[i]!;
  return { membersOf: (key) => members.subarray(ends[key]!, ends[key + 1]!) };
}
