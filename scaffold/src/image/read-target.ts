import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Archive, type Image, ImageError, readImage, type Wish } from '../../../images/index.ts';
import type { GoSreDeps } from '../command.ts';
import { ifThere } from '../disk.ts';
import { failed, usage } from '../errors.ts';
import { saveFromEngine } from './engine.ts';
import type { FileSource } from './file-source.ts';
import { fileArchive, folderArchive, holdsImage, type OpenDeps } from './open-archive.ts';
import { fileSpool } from './spool.ts';

/** Where an image was read from. */
export type Origin = 'engine' | 'tar' | 'folder';

export type ReadTarget = { image: Image; origin: Origin };

/** As `ReadingDeps` has it: packing takes some 30 s for each GB. */
const measuredBytes = 256 * 1024 * 1024;

/**
 * Reads the image that REF|TAR|OCI-DIR names: a file or folder that is there, or else an image of the engine.
 * @param measureUpToBytes layers that lie unpacked are packed once to learn their size in a registry, where they have no
 * more than this in all
 * @throws CliError: exit code 1 when it cannot be read or is damaged, 2 when it cannot be told which is meant
 */
export async function readTarget(
  target: string,
  wish: Wish,
  deps: GoSreDeps,
  measureUpToBytes = measuredBytes,
): Promise<ReadTarget> {
  const { disk, env, signal } = deps;
  const folder = await disk.mkdtemp(join(env['TMPDIR'] || tmpdir(), 'go-sre-image-'));
  const files: FileSource[] = [];
  const spool = fileSpool(folder, disk, signal);
  try {
    const opening: OpenDeps = { disk, signal, folder, opened: (file) => void files.push(file) };
    const { archive, origin } = await openTarget(target, opening, deps);
    // The engine saves what was asked for, and nothing else; a digest that it knows may not be in its archive.
    const inside = origin === 'engine' ? { ...wish, name: undefined } : wish;
    return { image: await readImage(archive, inside, { spool, measureUpToBytes }), origin };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    const said = `${target} ${error.message}.`;
    throw /--image|--platform/.test(error.message) ? usage(said) : failed(said);
  } finally {
    await spool.close();
    for (const file of files) await file.close();
    await disk.rm(folder, { recursive: true, force: true });
  }
}

async function openTarget(
  target: string,
  opening: OpenDeps,
  deps: GoSreDeps,
): Promise<{ archive: Archive; origin: Origin }> {
  const path = resolve(deps.cwd, target);
  const there = await ifThere(path, deps.disk.stat(path));
  const isPath = /^\.{0,2}\/|\.(?:tar|tgz|tar\.gz)$|\\/.test(target);
  if (there === undefined && isPath) throw usage(`There is no file ${path}.`);
  // A folder or a binary of the image's own name often lies beside its Dockerfile: then the image is meant.
  const meant = there !== undefined && (isPath || (await holdsImage(path, there.isDirectory(), opening)));
  if (meant && there.isDirectory()) return { archive: folderArchive(path, opening), origin: 'folder' };
  if (meant) return { archive: await fileArchive(path, opening), origin: 'tar' };
  const file = await saveFromEngine(target, there !== undefined, opening.folder, deps);
  return { archive: await fileArchive(file, opening), origin: 'engine' };
}
