import { ImageError } from './problem.ts';

/** Bytes at rest that may be read at any place. */
export type Source = {
  size: number;
  /** Exactly `length` bytes from `offset` on, fewer only where they end. */
  read: (offset: number, length: number) => Promise<Uint8Array>;
};

/** Bytes in memory as a source. */
export function memorySource(bytes: Uint8Array): Source {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** A stretch of a source as a source of its own; never more than what is there. */
export function part(source: Source, offset: number, size: number): Source {
  const there = Math.max(0, Math.min(size, source.size - offset));
  return {
    size: there,
    read: (from, length) => source.read(offset + from, Math.max(0, Math.min(length, there - from))),
  };
}

const chunkBytes = 256 * 1024;

/** A source from begin to end, in pieces. */
export async function* chunksOf(source: Source): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < source.size; at += chunkBytes) {
    const chunk = await source.read(at, Math.min(chunkBytes, source.size - at));
    yield chunk;
    if (chunk.length < Math.min(chunkBytes, source.size - at)) return;
  }
}

/**
 * All of a small source.
 * @throws ImageError when it has more than `most` bytes
 */
export async function wholeOf(source: Source, most: number, what: string): Promise<Uint8Array> {
  if (source.size > most) {
    throw new ImageError(`is refused: ${what} has ${source.size} bytes, more than ${most}`);
  }
  const bytes = await source.read(0, source.size);
  if (bytes.length < source.size) throw new ImageError(`ends within ${what}`);
  return bytes;
}
