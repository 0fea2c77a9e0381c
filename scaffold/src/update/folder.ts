import { join } from 'node:path';
import { type Disk, type File, type Files, ifThere, readIfThere, unreadable } from '../disk.ts';
import { ArchiveError, decodeTarGz } from '../emit/untar.ts';
import { failed, systemCode } from '../errors.ts';
import { compareVersions } from '../go/version.ts';
import { basePath, type Manifest, manifestPath, opsPrefix, parseManifest } from '../manifest.ts';
import { sha256 } from '../sha256.ts';
import type { Folder } from './plan.ts';

/** The files that record the state of the service; an update writes them last. */
export const recordPaths: readonly string[] = [basePath, manifestPath];

/** Folders that hold nothing emitted: other people's code, and git's. */
const skipped = new Set(['.git', '.go-sre', 'node_modules', 'vendor']);

/** Moved files are looked for among so many files of so many bytes; an emitted file has some 10 kB. */
const searchLimits = { files: 20_000, bytes: 1_000_000 } as const;

const restore = 'Take .go-sre back from version control: git checkout -- .go-sre';

/** What `.go-sre/` says about the service in `dir`: who made it from which answers, and the files as they were. */
export type Recorded = { manifest: Manifest; generated: string; base: Files; files: Files };

/**
 * Reads and checks `.go-sre/`.
 * @param version of this generator; a service that a later one made is refused
 * @throws CliError (exit code 1) that says what is wrong and what to do
 */
export async function readRecord(dir: string, version: string, disk: Disk): Promise<Recorded> {
  const files = new Map<string, File>();
  for (const path of recordPaths) files.set(path, await readRecorded(dir, path, disk));
  const manifestFile = join(dir, manifestPath);
  const manifest = parseManifest(Buffer.from(files.get(manifestPath)!.bytes).toString(), manifestFile);
  const generated = /^create-go-sre-service@(.+)$/.exec(manifest.generator)?.[1];
  if (generated === undefined) {
    throw failed(`${manifestFile} names ${JSON.stringify(manifest.generator)} as the generator. ${restore}`);
  }
  if (compareVersions(`v${generated}`, `v${version}`) > 0) {
    throw failed(
      `${dir} was made by create-go-sre-service ${generated}, and this is ${version}: it would be set back. Run npx -y -p create-go-sre-service@latest go-sre update`,
    );
  }
  return { manifest, generated, base: readBase(dir, files.get(basePath)!.bytes, manifest), files };
}

function readBase(dir: string, archive: Uint8Array, manifest: Manifest): Files {
  const file = join(dir, basePath);
  let base: Files;
  try {
    base = new Map(decodeTarGz(archive).map(({ path, ...rest }) => [path, rest]));
  } catch (error) {
    if (error instanceof ArchiveError) throw failed(`${file} ${error.message}. ${restore}`);
    throw error;
  }
  const sums = new Map([...base].map(([path, { bytes }]) => [path, sha256(bytes)]));
  const paths = [...new Set([...sums.keys(), ...Object.keys(manifest.files)])].sort();
  // The manifest's sums of ops/ are of the last rendering, not of the emitted files.
  const emitted = paths.filter((path) => !path.startsWith(opsPrefix));
  const wrong = emitted.find((path) => sums.get(path) !== manifest.files[path]);
  if (wrong === undefined) return base;
  throw failed(`${file} and manifest.json do not belong together: they differ in ${wrong}. ${restore}`);
}

async function readRecorded(dir: string, path: string, disk: Disk): Promise<File> {
  const file = join(dir, path);
  const stat = await ifThere(file, disk.lstat(file));
  if (stat !== undefined && !stat.isFile()) throw failed(`${file} is not a regular file. ${restore}`);
  const bytes = await readIfThere(file, disk);
  if (stat !== undefined && bytes !== undefined) return { bytes, mode: stat.mode & 0o777 };
  throw failed(
    `There is no ${file}, and without it no update knows what you changed. Run this in the folder of a service, or name it with --dir; where the file was deleted, take it back from version control.`,
  );
}

/**
 * Reads the user's folder: the files at the paths in `emitted` and, when one of `base` is not at its place, every
 * other file that it may have become.
 * @throws CliError (exit code 1) when a folder cannot be read
 */
export async function readFolder(
  dir: string,
  emitted: ReadonlySet<string>,
  base: Files,
  disk: Disk,
): Promise<Folder> {
  const found: Found = { paths: [], obstacles: new Map() };
  await list(dir, '', found, emitted, disk);
  const there = new Set(found.paths);
  const anyMissing = [...base.keys()].some((path) => !there.has(path) && !found.obstacles.has(path));
  const search = anyMissing && found.paths.length <= searchLimits.files;
  const files = new Map<string, File>();
  for (const path of found.paths) {
    const read = emitted.has(path)
      ? await readFile(dir, path, disk)
      : search
        ? await readSmall(dir, path, disk)
        : undefined;
    if (typeof read === 'object') files.set(path, read);
    else found.obstacles.set(path, read ?? 'is a file of yours, and the template has one there');
  }
  const unsearched = anyMissing && !search;
  const note = `Moved files were not looked for: ${dir} has more than ${searchLimits.files} files.`;
  return { files, obstacles: found.obstacles, notes: unsearched ? [note] : [] };
}

type Found = { paths: string[]; obstacles: Map<string, string> };

async function list(
  dir: string,
  folder: string,
  found: Found,
  emitted: ReadonlySet<string>,
  disk: Disk,
): Promise<void> {
  const entries = await disk.readdir(join(dir, folder), { withFileTypes: true }).catch((error: unknown) => {
    if (folder !== '' && systemCode(error) === 'EACCES') return undefined;
    throw unreadable(error, join(dir, folder));
  });
  if (entries === undefined)
    found.obstacles.set(folder, 'is a folder that may not be read: change its permissions');
  for (const entry of entries ?? []) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isFile()) found.paths.push(path);
    else if (entry.isSymbolicLink()) {
      found.obstacles.set(
        path,
        'is a symbolic link, and an update writes through none: put the file in its place',
      );
    } else if (!entry.isDirectory())
      found.obstacles.set(path, 'is neither a file nor a folder: move it away');
    else if (emitted.has(path)) found.obstacles.set(path, 'is a folder, and the template has a file there');
    else if (!skipped.has(entry.name)) await list(dir, path, found, emitted, disk);
  }
}

async function readFile(dir: string, path: string, disk: Disk): Promise<File | string> {
  const file = join(dir, path);
  try {
    return { bytes: await disk.readFile(file), mode: (await disk.lstat(file)).mode & 0o777 };
  } catch (error) {
    return `cannot be read (${systemCode(error) || error}): change its permissions`;
  }
}

async function readSmall(dir: string, path: string, disk: Disk): Promise<File | string | undefined> {
  const { size } = await disk.lstat(join(dir, path));
  return size > searchLimits.bytes ? undefined : readFile(dir, path, disk);
}
