import { gunzipSync } from 'node:zlib';
import { staysInside } from '../disk.ts';
import type { ArchivedFile } from './tar.ts';

/** Block size of tar, bytes (POSIX.1-1988 ustar). */
const block = 512;

/** What an archive of a service may hold at most; a service has some 60 files and less than 1 MB. */
const limits = { compressedBytes: 16_000_000, bytes: 64_000_000, files: 10_000 } as const;

/** What is wrong with an archive, as the end of a sentence that begins with its name. */
export class ArchiveError extends Error {}

/**
 * Reads what `encodeTarGz` writes, and nothing else: regular files with ustar headers, each path once, relative and
 * inside the folder, two empty blocks at the end. An archive from elsewhere (links, folders, extended headers) is
 * refused rather than guessed at, and so is one that unpacks to more than 64 MB.
 * @throws ArchiveError
 */
export function decodeTarGz(archive: Uint8Array): ArchivedFile[] {
  const tar = unzip(archive);
  const files = new Map<string, ArchivedFile>();
  let at = 0;
  while (at + block <= tar.length && !isEmpty(tar, at)) {
    if (files.size === limits.files) throw new ArchiveError(`holds more than ${limits.files} files`);
    const head = tar.subarray(at, at + block);
    const path = checkedHead(head, at);
    const size = octal(head, 124, 12, `the size of ${path}`);
    const end = at + block + size;
    if (end > tar.length) throw new ArchiveError(`ends within ${path}`);
    if (files.has(path)) throw new ArchiveError(`holds ${path} twice`);
    const mode = octal(head, 100, 8, `the mode of ${path}`) & 0o777;
    files.set(path, { path, bytes: Uint8Array.from(tar.subarray(at + block, end)), mode });
    at = end + ((block - (size % block)) % block);
  }
  if (at + 2 * block > tar.length || !tar.subarray(at).every((byte) => byte === 0)) {
    throw new ArchiveError('has no proper end');
  }
  return [...files.values()];
}

function unzip(archive: Uint8Array): Uint8Array {
  if (archive.length > limits.compressedBytes) {
    throw new ArchiveError(`has more than ${limits.compressedBytes / 1e6} MB`);
  }
  try {
    return gunzipSync(archive, { maxOutputLength: limits.bytes });
  } catch (error) {
    const large = error instanceof RangeError;
    throw new ArchiveError(large ? `unpacks to more than ${limits.bytes / 1e6} MB` : 'is damaged (gzip)');
  }
}

/** Checks everything about a header but its numbers, and gives its path. */
function checkedHead(head: Uint8Array, at: number): string {
  const told = octal(head, 148, 8, `the checksum at byte ${at}`);
  const sum = head.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  if (sum !== told) throw new ArchiveError(`is damaged at byte ${at} (checksum)`);
  if (text(head, 257, 6) !== 'ustar') throw new ArchiveError(`has a header that is not ustar at byte ${at}`);
  const prefix = text(head, 345, 155);
  const path = prefix === '' ? text(head, 0, 100) : `${prefix}/${text(head, 0, 100)}`;
  if (head[156] !== 0x30)
    throw new ArchiveError(`holds ${JSON.stringify(path)}, which is not a regular file`);
  if (!staysInside(path)) {
    throw new ArchiveError(`holds the path ${JSON.stringify(path)}, which leads out of the service`);
  }
  return path;
}

/** A field of text, up to its first zero byte. */
function text(head: Uint8Array, offset: number, width: number): string {
  const field = head.subarray(offset, offset + width);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** A field of octal digits, ended by a zero byte or a space. */
function octal(head: Uint8Array, offset: number, width: number, what: string): number {
  const digits = /^([0-7]+)[\0 ]+$/.exec(
    Buffer.from(head.subarray(offset, offset + width)).toString('latin1'),
  );
  if (digits === null) throw new ArchiveError(`is damaged: ${what} is no octal number`);
  return Number.parseInt(digits[1]!, 8);
}

function isEmpty(tar: Uint8Array, at: number): boolean {
  return tar.subarray(at, at + block).every((byte) => byte === 0);
}
