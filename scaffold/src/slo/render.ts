import { join } from 'node:path';
import { type Disk, readIfThere } from '../disk.ts';
import { failed } from '../errors.ts';
import { manifestPath, parseManifest } from '../manifest.ts';
import type { FileChange } from '../write-files.ts';
import { readSpec, renderOps } from './ops.ts';

/** One file made from slo.json, and how it stands to what is on the disk. */
type RenderedFile = { path: string; bytes: number; state: 'new' | 'changed' | 'unchanged' };

/** What follows from slo.json, and what has to be written for it. */
export type Rendering = {
  files: readonly RenderedFile[];
  /** Those of the files that differ, as `writeFiles` takes them. */
  changes: readonly FileChange[];
  /** Sentences for the user about what is allowed and seldom meant. */
  warnings: readonly string[];
};

/**
 * Renders slo.json of the service in `dir` and compares it with the files there; writes nothing.
 * @param planned what slo.json will be, when it is not yet on the disk
 * @throws CliError (exit code 1) when slo.json is missing, unreadable or wrong: every problem with its path
 */
export async function planRendering(
  dir: string,
  disk: Pick<Disk, 'readFile'>,
  planned?: string,
): Promise<Rendering> {
  const file = join(dir, 'slo.json');
  const text = planned ?? (await readIfThere(file, disk))?.toString();
  if (text === undefined) {
    throw failed(`There is no ${file}. Run this in the folder of a service, or name it with --dir.`);
  }
  const service = readSpec(text, file);
  const rendered = [...renderOps(service, await recordedOptions(dir, disk))].map(
    async ([path, after]): Promise<FileChange> => ({
      path,
      before: await readIfThere(join(dir, path), disk),
      after: Buffer.from(after),
    }),
  );
  const all = await Promise.all(rendered);
  const warnings =
    service.slos.length > 0
      ? []
      : [
          `${file} holds no objective, so no rule ever fires. Write objectives into routes.go and print it anew.`,
        ];
  const files = all.map((change) => ({
    path: change.path,
    bytes: change.after.length,
    state: stateOf(change),
  }));
  return { files, changes: all.filter((change) => stateOf(change) !== 'unchanged'), warnings };
}

function stateOf({ before, after }: FileChange): RenderedFile['state'] {
  if (before === undefined) return 'new';
  return Buffer.compare(before, after) === 0 ? 'unchanged' : 'changed';
}

/** The options of the service as its manifest records them; none when it has no manifest. */
async function recordedOptions(dir: string, disk: Pick<Disk, 'readFile'>): Promise<readonly string[]> {
  const file = join(dir, manifestPath);
  const text = await readIfThere(file, disk);
  return text === undefined ? [] : parseManifest(text.toString(), file).answers.with;
}
