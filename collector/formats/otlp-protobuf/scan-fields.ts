import type { WireReader } from '../protobuf/reader.ts';

/** Copies an id into its packed column; an empty one, as proto3 writes "absent", leaves zeros. */
export function copyId(reader: WireReader, column: Uint8Array, i: number, size: number, field: string): void {
  const length = reader.length();
  const { bytes, pos } = reader;
  const target = i * size;
  if (length === size) for (let b = 0; b < size; b++) column[target + b] = bytes[pos + b]!;
  else if (length === 0) column.fill(0, target, target + size);
  else reader.fail(`${field} has ${length} bytes, not ${size} or none`);
  reader.pos = pos + length;
}

const MAX_INT64 = 2n ** 63n - 1n;

/** A fixed64 time read as signed: what reads negative lies beyond the year 2262 and is cut to the largest time. */
export function saturated(time: bigint): bigint {
  return time < 0n ? MAX_INT64 : time;
}
