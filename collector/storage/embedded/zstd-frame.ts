/** Bodies inflated into a piece of just their size, which their frame tells (RFC 8878, 3.1.1.1). */
import { zstdDecompressSync } from 'node:zlib';
import { checkedStream, decompressBody, type StoredCompression } from './block.ts';
import { expandBody } from './lean-body.ts';

const MAGIC = 0xfd2f_b528;
const DICTIONARY_BYTES = [0, 1, 2, 4];
const SIZE_BYTES = [0, 2, 4, 8];
/** Two bytes tell the size less this. */
const LEAST_OF_TWO_BYTES = 256;

/** What a frame may claim before it is read. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Room behind the end, without which the decoder asks for another piece. */
const SPARE_BYTES = 64;

/** The body of a block as it was before compression. Throws what the decoder throws. */
export function inflatedBody(stored: Uint8Array, compression: StoredCompression): Uint8Array {
  if (compression === 'interned') return expandBody(checkedStream(stored));
  if (compression === 'interned-zstd') return expandBody(inflatedBody(stored, 'zstd'));
  const bytes = compression === 'zstd' ? inflatedBytes(stored) : undefined;
  if (bytes === undefined || bytes > MOST_BYTES) return decompressBody(stored, compression);
  return zstdDecompressSync(stored, { chunkSize: bytes + SPARE_BYTES, maxOutputLength: Math.max(1, bytes) });
}

/** Bytes that the frame inflates to; undefined when it does not tell, or is none. */
function inflatedBytes(frame: Uint8Array): number | undefined {
  if (frame.length < 18) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== MAGIC) return undefined;
  const descriptor = frame[4]!;
  const isSingle = (descriptor & 0x20) !== 0;
  const at = 5 + (isSingle ? 0 : 1) + DICTIONARY_BYTES[descriptor & 3]!;
  const bytes = SIZE_BYTES[descriptor >>> 6]! || (isSingle ? 1 : 0);
  if (bytes === 1) return frame[at];
  if (bytes === 2) return view.getUint16(at, true) + LEAST_OF_TWO_BYTES;
  if (bytes === 4) return view.getUint32(at, true);
  return undefined;
}
