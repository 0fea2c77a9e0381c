import { type Content, isCompressed } from './content.ts';
import { beginAlike, type FileState, furthestHeld } from './file-state.ts';
import type { RotatedFile } from './names.ts';

/** What was read of a file. */
export interface ReadFile {
  identity: string;
  state: FileState;
}

/** What is known of the log that a rotated file belongs to. */
export interface Surroundings {
  /** What was read of all its files, this one too. */
  read: readonly ReadFile[];
  /** It is named among the files of the log, though nothing of it was read. */
  known: boolean;
  /** One that is not known was there before the collector. */
  old: boolean;
  /** True when that file is still there and holds what was read of it. */
  stillHolds(file: ReadFile): Promise<boolean>;
  /** What has the log's name now, and open files of which nothing was read. */
  open: readonly Content[];
}

export type Verdict =
  /** It is read on from there, or from its beginning; `whole` when there is nothing more to read. */
  | { is: 'ours'; from: FileState | undefined; whole: boolean }
  /** What it holds is read where it was copied from. */
  | { is: 'copy' }
  | { is: 'history' };

/**
 * What to do with a file that rotation made of a log. Only content tells: names go from file to file, an inode is used
 * again, and a copy or a compressed file is another file. Rejects when the file cannot be read.
 */
export async function judge(file: RotatedFile, content: Content, of: Surroundings): Promise<Verdict> {
  const from = await readOf(file, content, of);
  if (from === 'copy') return { is: 'copy' };
  if (!from && !of.known && of.old) return { is: 'history' };
  if (!from && (await isBeginningOfAny(content, of.open))) return { is: 'copy' };
  // One that is damaged, or is still being written, is noticed before a line of it is handed on.
  const end = from || isCompressed(file.path) ? (await content.stat()).size : undefined;
  return { is: 'ours', from, whole: from !== undefined && from.offset === end };
}

/** How far it was read, under its own identity or that of a file that is gone or holds something else by now. */
async function readOf(
  { identity }: RotatedFile,
  content: Content,
  { read, stillHolds }: Surroundings,
): Promise<FileState | 'copy' | undefined> {
  const isOwn = (file: ReadFile) => file.identity === identity;
  const [own] = await furthestHeld(content, read.filter(isOwn));
  const others = await furthestHeld(
    content,
    read.filter((file) => !isOwn(file)),
  );
  const furthest = others[0]?.state;
  if (!furthest || (own && own.state.offset >= furthest.offset)) return own?.state;
  for (const other of others) if (await stillHolds(other)) return own?.state ?? 'copy';
  return furthest;
}

/** True for a copy of an open file that is being made, or was. */
async function isBeginningOfAny(content: Content, open: readonly Content[]): Promise<boolean> {
  for (const other of open) {
    if (other === content) continue;
    const { size } = await content.stat();
    if (size === 0 || (await other.stat()).size < size) continue;
    if (await beginAlike(content, other, size)) return true;
  }
  return false;
}
