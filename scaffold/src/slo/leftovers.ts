import { join } from 'node:path';
import { type Disk, readIfThere, staysInside } from '../disk.ts';
import { type Manifest, opsPrefix } from '../manifest.ts';
import { sha256 } from '../sha256.ts';

/** A file that was rendered once and no longer follows. `before`: what is there now. */
export type Leftover =
  | { path: string; before: Buffer; state: 'removed' | 'edited' }
  | { path: string; state: 'gone' };

/**
 * What the manifest knows as rendered and `rendered` does not hold any more: to be removed where it is as it was rendered,
 * the user's where somebody changed it, and only to be forgotten where it is gone already.
 */
export async function leftovers(
  dir: string,
  manifest: Manifest,
  rendered: ReadonlyMap<string, string>,
  disk: Pick<Disk, 'readFile'>,
): Promise<readonly Leftover[]> {
  const paths = Object.keys(manifest.files).filter(
    (path) => path.startsWith(opsPrefix) && staysInside(path) && !rendered.has(path),
  );
  return Promise.all(
    paths.sort().map(async (path): Promise<Leftover> => {
      const before = await readIfThere(join(dir, path), disk);
      if (before === undefined) return { path, state: 'gone' };
      return { path, before, state: sha256(before) === manifest.files[path] ? 'removed' : 'edited' };
    }),
  );
}
