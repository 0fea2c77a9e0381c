import { sourceReader } from './byte-reader.ts';
import type { Limits } from './limits.ts';
import { ImageError } from './problem.ts';
import { part, type Source } from './source.ts';
import { readTar } from './tar.ts';

/** The files that an image is made of, in a folder or an archive: manifests, configurations, layers. */
export type Archive = {
  /** A file by its path, forward slashes; undefined where there is none. */
  get: (path: string) => Promise<Source | undefined>;
};

type Place = { at: number; size: number } | { link: string };

const maxLinks = 16;

/**
 * The files of a tar archive, found by its headers alone; their contents are read when they are asked for. Links are
 * followed: older engines write a layer that occurs twice as a link to the first.
 * @throws ImageError when the archive is damaged or holds too much
 */
export async function tarArchive(source: Source, limits: Limits): Promise<Archive> {
  const places = new Map<string, Place>();
  await readTar(sourceReader(source), (entry) => {
    if (places.size === limits.archiveEntries) {
      throw new ImageError(`is refused: it holds more than ${limits.archiveEntries} files`);
    }
    if (entry.kind === 'file') places.set(entry.path, { at: entry.at, size: entry.stored });
    if (entry.kind === 'hardlink') places.set(entry.path, { link: entry.link });
    if (entry.kind === 'symlink') places.set(entry.path, { link: beside(entry.path, entry.link) });
    return undefined;
  });
  return {
    get: async (path) => {
      let place = places.get(path);
      for (let links = 0; place !== undefined && 'link' in place; links++) {
        if (links === maxLinks)
          throw new ImageError(`is damaged: its links lead in a circle at ${JSON.stringify(path)}`);
        place = places.get(place.link);
      }
      return place && part(source, place.at, place.size);
    },
  };
}

/** Where a link leads, seen from the root of the archive. */
function beside(path: string, link: string): string {
  const steps = link.startsWith('/') ? [] : path.split('/').slice(0, -1);
  for (const step of link.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  return steps.join('/');
}
