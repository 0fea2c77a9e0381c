import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { problemIn } from './problem.ts';
import type { Source } from './source.ts';
import { frameWatcher } from './zstd-frames.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

/** How a blob is packed, by its first bytes: media types are not always right. */
export async function compressionOf(source: Source): Promise<Compression> {
  const head = Buffer.from(await source.read(0, 4));
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  // A zstd frame, or one of those that decoders pass over.
  const magic = head.length < 4 ? 0 : head.readUInt32LE(0);
  return magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5 ? 'zstd' : 'none';
}

/**
 * Unpacks a stream as it comes.
 * @throws ImageError when it is damaged or ends too early
 */
export async function* unpacked(
  chunks: AsyncIterable<Uint8Array>,
  compression: Compression,
  what: string,
): AsyncGenerator<Uint8Array> {
  if (compression === 'none') return yield* chunks;
  try {
    yield* compression === 'gzip' ? gunzipped(chunks) : unzstd(chunks);
  } catch (error) {
    throw problemIn(`${what}, packed with ${compression},`, error);
  }
}

async function* gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 128 * 1024 });
  const fed = feed(chunks, gunzip).catch((error: Error) => void gunzip.destroy(error));
  yield* gunzip as AsyncIterable<Uint8Array>;
  await fed;
}

async function feed(chunks: AsyncIterable<Uint8Array>, into: ReturnType<typeof createGunzip>): Promise<void> {
  for await (const chunk of chunks) {
    if (into.destroyed) return;
    if (!into.write(chunk)) await drained(into);
  }
  into.end();
}

/** Until more may be written, or nothing more will be read. */
function drained(into: ReturnType<typeof createGunzip>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      into.off('drain', done);
      into.off('close', done);
      resolve();
    };
    into.on('drain', done);
    into.on('close', done);
  });
}

async function* unzstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let out: Uint8Array[] = [];
  let bytes = 0;
  const watch = frameWatcher();
  const decompress = new Decompress((piece) => {
    if (piece.length === 0) return;
    bytes += piece.length;
    out.push(piece.slice()); // the library writes over it
  });
  for await (const chunk of chunks) {
    // Small steps, so that what one chunk unpacks to stays small.
    for (let at = 0; at < chunk.length; at += zstdStep) {
      const piece = chunk.slice(at, at + zstdStep);
      watch(piece, bytes);
      decompress.push(piece);
      yield* out;
      out = [];
    }
  }
  decompress.push(new Uint8Array(0), true);
  yield* out;
}

const zstdStep = 2 * 1024;
