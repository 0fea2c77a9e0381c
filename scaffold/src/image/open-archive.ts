import { join } from 'node:path';
import {
  type Archive,
  chunksOf,
  compressionOf,
  defaultLimits,
  ImageError,
  type Source,
  tarArchive,
  unpacked,
} from '../../../images/index.ts';
import { type Disk, ifThere, staysInside } from '../disk.ts';
import { type FileSource, fileSource } from './file-source.ts';

export type OpenDeps = {
  disk: Disk;
  signal: AbortSignal;
  /** For what has to be unpacked first. */
  folder: string;
  /** Told every file that is opened, so that it can be closed. */
  opened: (file: FileSource) => void;
};

/** An OCI layout, or an unpacked `docker save`, in a folder. */
export function folderArchive(dir: string, { disk, signal, opened }: OpenDeps): Archive {
  return {
    get: async (path) => {
      if (!staysInside(path))
        throw new ImageError(`is refused: it names the path ${JSON.stringify(path)}, which leads out of it`);
      const full = join(dir, ...path.split('/'));
      const there = await ifThere(full, disk.stat(full));
      if (there === undefined || !there.isFile()) return undefined;
      const file = await fileSource(full, disk, signal);
      opened(file);
      return file;
    },
  };
}

/** Whether a file or folder could be an image at all: it has a list of images, or is packed or a tar archive. */
export async function holdsImage(path: string, isFolder: boolean, deps: OpenDeps): Promise<boolean> {
  if (isFolder) {
    const archive = folderArchive(path, deps);
    return ((await archive.get('index.json')) ?? (await archive.get('manifest.json'))) !== undefined;
  }
  const file = await fileSource(path, deps.disk, deps.signal);
  deps.opened(file);
  if ((await compressionOf(file)) !== 'none') return true;
  return Buffer.from(await file.read(257, 5)).toString('latin1') === 'ustar';
}

/**
 * An image in a tar archive, which may be packed as a whole.
 * @throws ImageError when it is damaged or too large
 */
export async function fileArchive(path: string, deps: OpenDeps): Promise<Archive> {
  const file = await fileSource(path, deps.disk, deps.signal);
  deps.opened(file);
  const compression = await compressionOf(file);
  const tar = compression === 'none' ? file : await unpackedFile(file, compression, deps);
  return tarArchive(tar, defaultLimits);
}

async function unpackedFile(file: Source, compression: 'gzip' | 'zstd', deps: OpenDeps): Promise<Source> {
  const path = join(deps.folder, 'archive.tar');
  const handle = await deps.disk.open(path, 'w');
  try {
    let bytes = 0;
    for await (const chunk of unpacked(chunksOf(file), compression, 'the archive')) {
      bytes += chunk.length;
      if (bytes > defaultLimits.unpackedBytes) {
        throw new ImageError(`is refused: it unpacks to more than ${defaultLimits.unpackedBytes} bytes`);
      }
      await handle.writeFile(chunk);
    }
  } finally {
    await handle.close();
  }
  const source = await fileSource(path, deps.disk, deps.signal);
  deps.opened(source);
  return source;
}
