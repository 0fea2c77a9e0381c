import { createHash } from 'node:crypto';
import { createGzip } from 'node:zlib';
import { streamReader } from './byte-reader.ts';
import type { LayerBlob } from './choose.ts';
import { type FileFacts, fileFacts, type Spool } from './file-facts.ts';
import type { FileSystem, ImageFile } from './file-system.ts';
import type { Limits } from './limits.ts';
import { ImageError, problemIn } from './problem.ts';
import { chunksOf } from './source.ts';
import { readTar, type TarEntry } from './tar.ts';
import { type Compression, compressionOf, unpacked } from './unpack.ts';

/** One layer, and what it added. */
export type LayerFacts = {
  /** From 0, the lowest. */
  index: number;
  /** Of the blob, where the archive tells it; of the layer unpacked. */
  digest: string | undefined;
  diffId: string;
  compression: Compression;
  /** As it lies in the archive. */
  blobBytes: number;
  /** As a registry would have it: the blob where it is packed, what gzip makes of it where that was measured. */
  compressedBytes: number | undefined;
  /** Contents of its files, as `docker image inspect` counts them. */
  size: number;
  files: number;
  folders: number;
  links: number;
  removed: number;
};

/** What all layers of an image share while they are read. */
export type LayerReading = {
  files: FileSystem;
  spool: Spool;
  limits: Limits;
  /** What may still come. */
  left: { entries: number; bytes: number };
  /** Whether unpacked layers are packed once to learn their size in a registry. */
  measure: boolean;
};

/**
 * Reads a layer once from begin to end and puts it on top of the file system.
 * @throws ImageError when it is damaged, too large, or not what its digests say
 */
export async function readLayer(
  blob: LayerBlob,
  index: number,
  diffId: string,
  reading: LayerReading,
): Promise<LayerFacts> {
  const what = `layer ${index + 1}`;
  const compression = await compressionOf(blob.source);
  const layer: LayerFacts = {
    ...{ index, digest: blob.digest, diffId, compression, blobBytes: blob.source.size },
    compressedBytes: compression === 'none' ? undefined : blob.source.size,
    ...{ size: 0, files: 0, folders: 0, links: 0, removed: 0 },
  };
  const [packedHash, hash] = [createHash('sha256'), createHash('sha256')];
  const meter = reading.measure && compression === 'none' ? gzipMeter() : undefined;
  const watched = watch(chunksOf(blob.source), (chunk) => void (blob.digest && packedHash.update(chunk)));
  const chunks = watch(unpacked(watched, compression, what), (chunk) => {
    hash.update(chunk);
    reading.left.bytes -= chunk.length;
    if (reading.left.bytes < 0) {
      throw new ImageError(
        `is refused: its layers unpack to more than ${reading.limits.unpackedBytes} bytes`,
      );
    }
    return meter?.write(chunk);
  });
  const reader = streamReader(chunks);
  try {
    await readTar(reader, (entry) => visit(entry, layer, reading));
    await reader.pass(Number.POSITIVE_INFINITY, undefined);
  } catch (error) {
    if (error instanceof ImageError) throw new ImageError(`${error.message} (${what})`);
    throw problemIn(what, error);
  }
  verify(`${what}, unpacked,`, `sha256:${hash.digest('hex')}`, diffId);
  if (blob.digest !== undefined) verify(what, `sha256:${packedHash.digest('hex')}`, blob.digest);
  if (meter !== undefined) layer.compressedBytes = await meter.end();
  return layer;
}

function verify(what: string, found: string, told: string): void {
  if (found !== told) throw new ImageError(`is damaged: ${what} has the digest ${found}, not ${told}`);
}

async function* watch(
  chunks: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void | Promise<void> | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    const busy = see(chunk);
    if (busy !== undefined) await busy;
    yield chunk;
  }
}

const whiteout = '.wh.';

async function visit(entry: TarEntry, layer: LayerFacts, reading: LayerReading) {
  if (--reading.left.entries < 0) {
    throw new ImageError(`is refused: it holds more than ${reading.limits.entries} files`);
  }
  const { files } = reading;
  const slash = entry.path.lastIndexOf('/') + 1;
  const [folder, name] = [entry.path.slice(0, Math.max(0, slash - 1)), entry.path.slice(slash)];
  if (name.startsWith(whiteout)) {
    layer.removed++;
    if (name === '.wh..wh..opq') files.empty(folder, layer.index);
    // Others that begin so are the book-keeping of aufs.
    else if (!name.startsWith('.wh..wh.'))
      files.remove(entry.path.slice(0, slash) + name.slice(4), layer.index);
    return undefined;
  }
  const before = files.at(entry.path);
  if (before?.layer === layer.index) layer.size -= before.size; // twice in one layer: the later one stays
  if (entry.kind === 'file') return fileSink(entry, layer, reading);
  if (entry.kind === 'folder') layer.folders++;
  else layer.links++;
  const target = entry.kind === 'hardlink' ? files.at(entry.link) : undefined;
  put(entry, layer, reading, target?.facts, entry.kind === 'symlink' ? Buffer.byteLength(entry.link) : 0);
  return undefined;
}

/** A file's content goes by; what is learnt of it is kept when its last byte has come. */
async function fileSink(entry: TarEntry, layer: LayerFacts, reading: LayerReading) {
  const facts = fileFacts(entry.path, reading.spool);
  layer.files++;
  const end = async () => put(entry, layer, reading, await facts.end(), entry.size);
  if (entry.stored === 0) {
    await end();
    return undefined;
  }
  let left = entry.stored;
  return {
    write: (chunk: Uint8Array) => {
      left -= chunk.length;
      const busy = facts.write(chunk);
      if (left > 0) return busy;
      return busy === undefined ? end() : busy.then(end);
    },
  };
}

function put(
  entry: TarEntry,
  layer: LayerFacts,
  { files }: LayerReading,
  facts: FileFacts | undefined,
  size: number,
): void {
  layer.size += size;
  const { path, kind, mode, uid, gid, link } = entry;
  // A text cut from the tar header would hold on to more than itself.
  const file: ImageFile = {
    path,
    kind,
    mode,
    uid,
    gid,
    size,
    link: kind === 'symlink' ? link : '',
    layer: layer.index,
    facts,
  };
  if (path !== '') files.put(file);
}

/** Level 6 of gzip, which engines use when they push. Source: https://github.com/moby/moby/blob/v28.2.2/pkg/archive/archive.go (CompressStream) */
function gzipMeter() {
  const gzip = createGzip({ level: 6 });
  let bytes = 0;
  gzip.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
  });
  const ended = new Promise<void>((resolve) => gzip.on('end', resolve));
  return {
    write: (chunk: Uint8Array): void | Promise<void> => {
      if (!gzip.write(chunk)) return new Promise<void>((resolve) => gzip.once('drain', resolve));
    },
    end: async (): Promise<number> => {
      gzip.end();
      await ended;
      return bytes;
    },
  };
}
