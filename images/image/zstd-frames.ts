import { ImageError } from './problem.ts';

// A look at the frames of a zstd stream before they are unpacked: what they ask for in memory and time.
// Source: https://www.rfc-editor.org/rfc/rfc8878#section-3.1

/** As much as compressors of images use at their highest levels; the RFC asks for 8 MiB at least. */
const maxWindowBytes = 64 * 1024 * 1024;

/**
 * Each block moves the whole window once in the library that unpacks. A stream of tiny blocks under a large window
 * would take hours; a usual one (8 MiB, blocks of 128 KiB) moves 64 bytes for each that comes out.
 */
const maxMoved = { always: 8 * 1024 ** 3, perByte: 1024 };

const blockBytes = 128 * 1024;

/** Watches a stream as its pieces are told; throws ImageError when it asks for too much, or is no zstd stream. */
export function frameWatcher(): (chunk: Uint8Array, unpackedBytes: number) => void {
  let held: Buffer = Buffer.alloc(0);
  let [skip, window, checksum, moved] = [0, -1, 0, 0];
  /** The next header or block in `held`; false when more bytes are needed. */
  const step = (): boolean => {
    if (window >= 0) {
      if (held.length < 3) return false;
      const block = held.readUIntLE(0, 3);
      const [last, type, size] = [block & 1, (block >> 1) & 3, block >> 3];
      held = held.subarray(3);
      skip = type === 1 ? 1 : size;
      if (type === 3 || (type !== 1 && size > blockBytes))
        throw new ImageError('is damaged: a zstd block is invalid');
      moved += window;
      if (last === 1) {
        skip += checksum;
        window = -1;
      }
      return true;
    }
    if (held.length < 18) return false;
    const magic = held.readUInt32LE(0);
    if (magic >>> 4 === 0x184d2a5) {
      skip = held.readUInt32LE(4) + 8;
      return true;
    }
    if (magic !== 0xfd2fb528) throw new ImageError('is damaged: a zstd frame does not begin as one');
    const header = frameHeader(held);
    if (header.window > maxWindowBytes) {
      throw new ImageError(
        `is refused: its zstd stream wants a window of ${header.window} bytes, more than ${maxWindowBytes}`,
      );
    }
    [window, checksum, skip] = [header.window, header.checksum, header.length];
    return true;
  };
  return (chunk, unpackedBytes) => {
    held =
      held.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([held, chunk]);
    do {
      const passed = Math.min(skip, held.length);
      held = held.subarray(passed);
      skip -= passed;
    } while (skip === 0 && step());
    if (moved > maxMoved.always + maxMoved.perByte * unpackedBytes) {
      throw new ImageError(
        'is refused: its zstd stream is cut into so many blocks that unpacking it takes too long',
      );
    }
    if (held.length < 18 && held.length > 0) held = Buffer.from(held); // lets go of the chunk
  };
}

function frameHeader(bytes: Buffer): { window: number; checksum: number; length: number } {
  const flags = bytes[4]!;
  const single = (flags >> 5) & 1;
  const dictionary = [0, 1, 2, 4][flags & 3]!;
  const sizeBytes = [single, 2, 4, 8][flags >> 6]!;
  const at = 6 - single + dictionary;
  const size =
    sizeBytes === 0
      ? 0
      : sizeBytes === 8
        ? Number(bytes.readBigUInt64LE(at))
        : bytes.readUIntLE(at, sizeBytes);
  const base = 2 ** (10 + (bytes[5]! >> 3));
  const window = single ? size + (sizeBytes === 2 ? 256 : 0) : base + (base / 8) * (bytes[5]! & 7);
  return { window, checksum: ((flags >> 2) & 1) * 4, length: at + sizeBytes };
}
