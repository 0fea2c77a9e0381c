import { join } from 'node:path';
import { type Disk, readIfThere } from '../disk.ts';
import { failed } from '../errors.ts';
import { type Manifest, manifestPath, parseManifest, renderManifest, withRendered } from '../manifest.ts';
import type { FileChange } from '../write-files.ts';
import { readSpec, renderOps } from './ops.ts';

/** One file made from slo.json, and how it stands to what is on the disk. */
type RenderedFile = { path: string; bytes: number; state: 'new' | 'changed' | 'unchanged' };

/** What follows from slo.json, and what has to be written for it. */
export type Rendering = {
  files: readonly RenderedFile[];
  /** Those of the files that differ, as `writeFiles` takes them, and the manifest that records all of them. */
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
  const record = await readManifest(dir, disk);
  const rendered = [...renderOps(service, record?.manifest.answers.with ?? [])].map(
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
  const written = record === undefined ? all : [...all, recording(record, all)];
  return { files, changes: written.filter((change) => stateOf(change) !== 'unchanged'), warnings };
}

/** The manifest as it reads when all these files are written. */
function recording({ manifest, bytes }: Recorded, rendered: readonly FileChange[]): FileChange {
  const sums = new Map(rendered.map(({ path, after }) => [path, after]));
  const after = Buffer.from(renderManifest(withRendered(manifest, sums)));
  return { path: manifestPath, before: bytes, after };
}

function stateOf({ before, after }: FileChange): RenderedFile['state'] {
  if (before === undefined) return 'new';
  return Buffer.compare(before, after) === 0 ? 'unchanged' : 'changed';
}

type Recorded = { manifest: Manifest; bytes: Buffer };

/** The manifest of the service; without one no template option is on, and nothing is recorded. */
async function readManifest(dir: string, disk: Pick<Disk, 'readFile'>): Promise<Recorded | undefined> {
  const file = join(dir, manifestPath);
  const bytes = await readIfThere(file, disk);
  return bytes === undefined ? undefined : { manifest: parseManifest(bytes.toString(), file), bytes };
}
