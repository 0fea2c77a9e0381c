import type * as fsPromises from 'node:fs/promises';

/** The part of node:fs/promises that the commands of `go-sre` use. */
export type Disk = Pick<
  typeof fsPromises,
  'chmod' | 'lstat' | 'mkdir' | 'readdir' | 'readFile' | 'rename' | 'rm' | 'rmdir' | 'writeFile'
>;

/** A file as it lies on the disk, or is to: content and permission bits. */
export type File = { bytes: Uint8Array; mode: number };

/** Files by path, forward slashes. */
export type Files = ReadonlyMap<string, File>;

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
