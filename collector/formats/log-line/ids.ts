/** Value of a hex digit in either case; 255 for other bytes. */
const HEX_VALUE = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? 255 : value;
});

/**
 * Reads an id of `size` bytes from the text in bytes[start, end) into `into` at `at`: hex in either case, or the
 * decimal 64-bit number that Datadog's tracers write. False, with zeros written, when it is neither, or the invalid
 * all-zero id.
 */
export function readId(
  bytes: Buffer,
  start: number,
  end: number,
  size: number,
  into: Uint8Array,
  at: number,
): boolean {
  if (end - start !== size * 2) return readDecimalId(bytes, start, end, size, into, at);
  let bad = 0;
  let any = 0;
  for (let i = 0; i < size; i++) {
    const high = HEX_VALUE[bytes[start + 2 * i]!]!;
    const low = HEX_VALUE[bytes[start + 2 * i + 1]!]!;
    const byte = (high << 4) | low;
    bad |= high | low;
    any |= byte;
    into[at + i] = byte;
  }
  if (bad <= 15) return any !== 0;
  into.fill(0, at, at + size);
  return false;
}

function readDecimalId(
  bytes: Buffer,
  start: number,
  end: number,
  size: number,
  into: Uint8Array,
  at: number,
): boolean {
  if (start === end || end - start > 20) return false;
  for (let i = start; i < end; i++) if (bytes[i]! < 0x30 || bytes[i]! > 0x39) return false;
  const value = BigInt(bytes.toString('latin1', start, end));
  if (value === 0n || value >= 2n ** 64n) return false;
  const id = Buffer.alloc(size);
  id.writeBigUInt64BE(value, size - 8);
  into.set(id, at);
  return true;
}
