import { join } from 'node:path';
import type { Spool } from '../../../images/index.ts';
import type { Disk } from '../disk.ts';
import { type FileSource, fileSource } from './file-source.ts';

/** A spool in a file of `folder`; `close` lets go of it. */
export function fileSpool(
  folder: string,
  disk: Pick<Disk, 'open'>,
  signal: AbortSignal,
): Spool & { close: () => Promise<void> } {
  const path = join(folder, 'spool');
  let writing: Awaited<ReturnType<Disk['open']>> | undefined;
  let reading: FileSource | undefined;
  const close = async () => {
    await writing?.close();
    await reading?.close();
    [writing, reading] = [undefined, undefined];
  };
  return {
    clear: async () => {
      await close();
      writing = await disk.open(path, 'w');
    },
    write: async (bytes) => {
      await writing!.writeFile(bytes);
    },
    source: async () => {
      await close();
      reading = await fileSource(path, disk, signal);
      return reading;
    },
    close,
  };
}
