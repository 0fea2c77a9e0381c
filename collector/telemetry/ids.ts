/** Bytes of a trace id (W3C Trace Context). */
export const TRACE_ID_BYTES = 16;
/** Bytes of a span id (W3C Trace Context). */
export const SPAN_ID_BYTES = 8;

/** Lower-case hex of `bytes`, or of the `length` bytes at `offset`. */
export function toHex(bytes: Uint8Array, offset = 0, length = bytes.length - offset): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('hex');
}

/** Bytes of a hex id in either case; undefined when it is not exactly `length` bytes of hex. */
export function fromHex(hex: string, length: number): Uint8Array | undefined {
  if (hex.length !== length * 2 || !/^[0-9a-fA-F]*$/.test(hex)) return undefined;
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

/** True when the `length` bytes at `offset` are all zero: the invalid id, read as "absent". */
export function isZeroId(bytes: Uint8Array, offset: number, length: number): boolean {
  for (let i = offset; i < offset + length; i++) if (bytes[i] !== 0) return false;
  return true;
}
