import { randomBytes } from 'node:crypto';
import type * as fsPromises from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failed, systemCode } from '../errors.ts';
import { manifestPath } from '../manifest.ts';
import { readSpec, renderOps } from './ops.ts';

/** The part of node:fs/promises that rendering uses. */
export type RenderDisk = Pick<typeof fsPromises, 'mkdir' | 'readFile' | 'rename' | 'rm' | 'writeFile'>;

/** One file made from slo.json, and how it stands to what is on the disk. */
type RenderedFile = { path: string; bytes: number; state: 'new' | 'changed' | 'unchanged' };

/** What `go-sre slo render` would write, or wrote. */
export type Rendering = {
  files: readonly RenderedFile[];
  texts: ReadonlyMap<string, string>;
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
  disk: Pick<RenderDisk, 'readFile'>,
  planned?: string,
): Promise<Rendering> {
  const file = join(dir, 'slo.json');
  const text = planned ?? (await readIfThere(file, disk));
  if (text === undefined) {
    throw failed(`There is no ${file}. Run this in the folder of a service, or name it with --dir.`);
  }
  const service = readSpec(text, file);
  const texts = renderOps(service, await recordedOptions(dir, disk));
  const files = [...texts].map(async ([path, rendered]): Promise<RenderedFile> => {
    const there = await readIfThere(join(dir, path), disk);
    const state = there === undefined ? 'new' : there === rendered ? 'unchanged' : 'changed';
    return { path, bytes: Buffer.byteLength(rendered), state };
  });
  const warnings =
    service.slos.length > 0
      ? []
      : [
          `${file} holds no objective, so no rule ever fires. Write objectives into routes.go and print it anew.`,
        ];
  return { files: await Promise.all(files), texts, warnings };
}

/**
 * Writes the files that differ: all of them under temporary names first, then by renaming, so that each is old or
 * new and never half of both.
 * @throws CliError (exit code 1); the temporary files are removed by then
 */
export async function writeRendering(dir: string, rendering: Rendering, disk: RenderDisk): Promise<void> {
  const suffix = `.${randomBytes(4).toString('hex')}.tmp`;
  const stale = rendering.files
    .filter(({ state }) => state !== 'unchanged')
    .map(({ path }) => join(dir, path));
  try {
    for (const { path, state } of rendering.files) {
      if (state === 'unchanged') continue;
      await disk.mkdir(dirname(join(dir, path)), { recursive: true });
      await disk.writeFile(join(dir, path) + suffix, rendering.texts.get(path)!);
    }
    for (const path of stale) await disk.rename(path + suffix, path);
  } catch (error) {
    for (const path of stale) await disk.rm(path + suffix, { force: true }).catch(() => undefined);
    throw failed(
      `Writing below ${join(dir, 'ops')} failed: ${error instanceof Error ? error.message : error}. Each file there is whole, old or new; make room or set the permissions, and run it again.`,
    );
  }
}

/** The options of the service as its manifest records them; none when it has no manifest. */
async function recordedOptions(dir: string, disk: Pick<RenderDisk, 'readFile'>): Promise<string[]> {
  const file = join(dir, manifestPath);
  const text = await readIfThere(file, disk);
  if (text === undefined) return [];
  try {
    const { answers } = JSON.parse(text) as { answers: { with: unknown[] } };
    return answers.with.map(String);
  } catch {
    throw failed(`${file} is damaged: it does not list the options of the service. Restore it from git.`);
  }
}

async function readIfThere(path: string, disk: Pick<RenderDisk, 'readFile'>): Promise<string | undefined> {
  try {
    return await disk.readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw failed(`${path} cannot be read: ${error instanceof Error ? error.message : error}.`);
  }
}
