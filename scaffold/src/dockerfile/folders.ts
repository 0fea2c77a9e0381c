import { join } from 'node:path';
import { type Folder, joined, parentOf } from '../../../images/index.ts';
import { type Disk, ifThere } from '../disk.ts';

/** Folders of the context that are read at most; a build with more is told to be too large by the caller. */
const maxFolders = 50_000;

/** Reads the folders of these files and those above them, up to the context. */
export async function readFolders(
  context: string,
  files: Iterable<string>,
  disk: Pick<Disk, 'readdir'>,
): Promise<Map<string, Folder>> {
  const dirs = new Set<string>(['.']);
  for (const file of files) {
    for (let at = parentOf(file); !dirs.has(at) && dirs.size < maxFolders; at = parentOf(at)) dirs.add(at);
  }
  const found = new Map<string, Folder>();
  for (const dir of dirs) found.set(dir, await readFolder(join(context, dir), disk));
  return found;
}

async function readFolder(path: string, disk: Pick<Disk, 'readdir'>): Promise<Folder> {
  const entries = (await ifThere(path, disk.readdir(path, { withFileTypes: true }))) ?? [];
  const names = (wanted: boolean) =>
    entries
      .filter((entry) => entry.isDirectory() === wanted)
      .map(({ name }) => name)
      .sort();
  return { files: names(false), folders: names(true) };
}

/** What C code is made of: sources, headers, pieces that are included, libraries. */
const ofC =
  /\.(?:[chmsSao]|cc|cpp|cxx|c\+\+|hh|hpp|hxx|h\+\+|inc|inl|ipp|tcc|tpp|mm|def|lds?|so(?:\.\d+)*|lib)$/;

/** Files of C below a folder, relative to it, but those of other modules; for packages whose C side includes what it likes. */
export async function filesOfC(path: string, disk: Pick<Disk, 'readdir'>, limit = 5_000): Promise<string[]> {
  const found: string[] = [];
  const left = ['.'];
  for (let dir = left.pop(); dir !== undefined && found.length < limit; dir = left.pop()) {
    const at = dir;
    const { files, folders } = await readFolder(join(path, at), disk);
    if (at !== '.' && files.includes('go.mod')) continue;
    found.push(...files.filter((name) => ofC.test(name)).map((name) => joined(at, name)));
    const next = folders.filter(
      (name) => !['testdata', 'node_modules'].includes(name) && !name.startsWith('.'),
    );
    left.push(...next.map((name) => joined(at, name)));
  }
  return found.slice(0, limit).sort();
}
