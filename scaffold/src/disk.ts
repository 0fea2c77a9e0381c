import type * as fsPromises from 'node:fs/promises';
import { failed, systemCode } from './errors.ts';

/** The part of node:fs/promises that the commands of `go-sre` use. */
export type Disk = Pick<
  typeof fsPromises,
  | 'chmod'
  | 'lstat'
  | 'mkdir'
  | 'mkdtemp'
  | 'open'
  | 'readdir'
  | 'readFile'
  | 'rename'
  | 'rm'
  | 'rmdir'
  | 'stat'
  | 'writeFile'
>;

/** A file as it lies on the disk, or is to: content and permission bits. */
export type File = { bytes: Uint8Array; mode: number };

/** Files by path, forward slashes. */
export type Files = ReadonlyMap<string, File>;

/**
 * What a look at `path` gave, or undefined where nothing is.
 * @throws CliError (exit code 1) when the disk refuses the look
 */
export async function ifThere<T>(path: string, look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return undefined;
    throw unreadable(error, path);
  }
}

/** The content of a file, or undefined where none is; throws as `ifThere` does. */
export function readIfThere(path: string, disk: Pick<Disk, 'readFile'>): Promise<Buffer | undefined> {
  return ifThere(path, disk.readFile(path));
}

/** A system error about `path` as the user is told it; anything else as it is. */
export function unreadable(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || systemCode(error) === '') return error;
  return failed(`${path} cannot be read: ${error.message}.`);
}

/**
 * Whether a path of forward slashes names a file in the folder that it is relative to: one that leads nowhere else,
 * under no drive letter, and not into `.git`, whose hooks and config are run.
 */
export function staysInside(path: string): boolean {
  if (/[\\:\0\ufffd]/.test(path)) return false;
  return path.split('/').every((part) => !['', '.', '..'].includes(part) && !isDotGit(part));
}

/** What HFS+ leaves out when it compares names (git's utf8.c, next_hfs_char). */
const ignored = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/**
 * `.git` in any spelling under which a file system may find it: in any case, with ignored characters (macOS), with dots
 * and blanks at its end or as its short name (Windows). Source: git's path.c, is_ntfs_dotgit, and utf8.c, is_hfs_dotgit.
 */
function isDotGit(part: string): boolean {
  const seen = part
    .replace(ignored, '')
    .replace(/[. ]+$/, '')
    .toLowerCase();
  return seen === '.git' || seen === 'git~1';
}
