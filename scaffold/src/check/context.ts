import { dirname, join, relative, sep } from 'node:path';
import type { BuildContext } from '../../../images/index.ts';
import { type Disk, ifThere, readIfThere } from '../disk.ts';

/** Files beyond this are not looked at; what is cut is told. */
const maxFiles = 50_000;
/** Larger texts are left out: no go.mod or ignore file is that long. */
const maxTextBytes = 1 << 20;

/** So many files that a Dockerfile copies by name are read, each up to so many bytes: configurations are short. */
const maxCopied = 50;
const maxCopiedBytes = 1 << 16;
/** So many Go files are searched for what they embed. */
const maxEmbedding = 500;

/** The part of a context that needs no other program. */
export type ReadContext = Omit<BuildContext, 'tidy' | 'cgo'>;

/**
 * Reads what the gate asks of the folder that is sent to a build; `.git` is named but not entered.
 * @param dir the context
 * @param dockerfile path of the Dockerfile
 * @param copied words of the Dockerfile that may name files in the context
 * @throws CliError (exit code 1) when the disk refuses
 */
export async function readContext(
  dir: string,
  dockerfile: string,
  copied: readonly string[],
  disk: Pick<Disk, 'readdir' | 'readFile' | 'lstat'>,
): Promise<ReadContext> {
  const { files, truncated } = await listFiles(dir, disk);
  const name = relative(dir, dockerfile).split(sep).join('/');
  const dockerignore = await ignoreFile(dir, dockerfile, disk);
  const wanted = files.filter((path) =>
    /(?:^|\/)(?:go\.(?:mod|sum|work|work\.sum)|vendor\/modules\.txt)$/.test(path),
  );
  const texts = new Map<string, string>();
  const keep = async (paths: Iterable<string>, maxBytes: number, wants = (_: string) => true) => {
    for (const path of paths) {
      const stat = await ifThere(join(dir, path), disk.lstat(join(dir, path)));
      if (stat === undefined || !stat.isFile() || stat.size > maxBytes || texts.has(path)) continue;
      const bytes = await readIfThere(join(dir, path), disk);
      const text = bytes?.toString();
      if (text !== undefined && wants(text)) texts.set(path, text);
    }
  };
  await keep([...wanted, ...(dockerignore === undefined ? [] : [dockerignore])], maxTextBytes);
  const known = new Set(files);
  const named = new Set(
    copied.map((word) => word.replace(/^(?:\.?\/)+/, '')).filter((path) => known.has(path)),
  );
  await keep([...named].slice(0, maxCopied), maxCopiedBytes);
  await keep(mayEmbedNotes(files), maxCopiedBytes, (text) => text.includes('//go:embed'));
  return { dockerfile: name, files, truncated, texts, dockerignore };
}

/** Go files with notes in their folder or below it, which they could embed and so need in the build. */
function mayEmbedNotes(files: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of files.filter((one) => one.endsWith('.md'))) {
    for (let at = path.lastIndexOf('/'); at >= 0; at = path.lastIndexOf('/', at - 1))
      folders.add(path.slice(0, at + 1));
    folders.add('');
  }
  const sources = files.filter(
    (path) => path.endsWith('.go') && !/_test\.go$|(?:^|\/)(?:vendor|testdata)\//.test(path),
  );
  return sources
    .filter((path) => folders.has(path.slice(0, path.lastIndexOf('/') + 1)))
    .slice(0, maxEmbedding);
}

/** `NAME.dockerignore` beside the Dockerfile counts before `.dockerignore`. Source: https://docs.docker.com/build/concepts/context/#filename-and-location */
async function ignoreFile(
  dir: string,
  dockerfile: string,
  disk: Pick<Disk, 'lstat'>,
): Promise<string | undefined> {
  for (const path of [`${dockerfile}.dockerignore`, join(dir, '.dockerignore')]) {
    const stat = await ifThere(path, disk.lstat(path));
    if (stat?.isFile()) return relative(dir, path).split(sep).join('/');
  }
  return undefined;
}

async function listFiles(
  dir: string,
  disk: Pick<Disk, 'readdir'>,
): Promise<{ files: string[]; truncated: boolean }> {
  const files: string[] = [];
  const folders = [''];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const entries = await ifThere(
      join(dir, folder),
      disk.readdir(join(dir, folder), { withFileTypes: true }),
    );
    for (const entry of (entries ?? []).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (files.length >= maxFiles) return { files, truncated: true };
      if (entry.isDirectory() && entry.name !== '.git') folders.push(path);
      else files.push(path);
    }
  }
  return { files, truncated: false };
}

/** Whether a name is that of a Dockerfile. */
function isDockerfile(name: string): boolean {
  return (
    /^(?:(?:docker|container)file(?:\..+)?|.+\.(?:docker|container)file)$/i.test(name) &&
    !name.endsWith('.dockerignore')
  );
}

/**
 * The Dockerfiles that a path means: itself, or those in the folder, and below it when asked.
 * @returns paths; none where a folder has no Dockerfile; undefined where nothing is there
 */
export async function dockerfilesAt(
  path: string,
  below: boolean,
  disk: Pick<Disk, 'lstat' | 'readdir'>,
): Promise<{ folder: string; files: string[]; named: boolean } | undefined> {
  const stat = await ifThere(path, disk.lstat(path));
  if (stat === undefined) return undefined;
  if (!stat.isDirectory()) return { folder: dirname(path), files: [path], named: true };
  const found: string[] = [];
  const folders = [path];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const entries = (await ifThere(folder, disk.readdir(folder, { withFileTypes: true }))) ?? [];
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.isFile() && isDockerfile(entry.name)) found.push(join(folder, entry.name));
      const enter = below && entry.isDirectory() && !['.git', 'node_modules', 'vendor'].includes(entry.name);
      if (enter) folders.push(join(folder, entry.name));
    }
  }
  return { folder: path, files: found, named: false };
}
