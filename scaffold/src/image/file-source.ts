import type { Source } from '../../../images/index.ts';
import type { Disk } from '../disk.ts';
import { unreadable } from '../disk.ts';
import { cancelled } from '../errors.ts';

/** A file as the image reader reads it, and how to let go of it. */
export type FileSource = Source & { close: () => Promise<void> };

/**
 * Opens a file to be read at any place.
 * @throws CliError (exit code 1) when it cannot be read; a read throws `cancelled` once `signal` is aborted
 */
export async function fileSource(
  path: string,
  disk: Pick<Disk, 'open'>,
  signal: AbortSignal,
): Promise<FileSource> {
  try {
    const handle = await disk.open(path, 'r');
    const { size } = await handle.stat();
    return {
      size,
      read: async (offset, length) => {
        if (signal.aborted) throw cancelled();
        const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)));
        let done = 0;
        while (done < bytes.length) {
          const { bytesRead } = await handle.read(bytes, done, bytes.length - done, offset + done);
          if (bytesRead === 0) break; // cut off meanwhile
          done += bytesRead;
        }
        return bytes.subarray(0, done);
      },
      close: () => handle.close(),
    };
  } catch (error) {
    throw unreadable(error, path);
  }
}
