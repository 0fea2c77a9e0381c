import { gzipSync } from 'node:zlib';
import type { File } from '../disk.ts';

/** Block size of tar, bytes (POSIX.1-1988 ustar). */
const block = 512;

/** A file in an archive under its path, forward slashes. */
export type ArchivedFile = File & { path: string };

/** The ustar name fields: up to 100 bytes of name and, before a slash, up to 155 bytes of prefix. */
function splitName(path: string): { prefix: string; name: string } {
  if (Buffer.byteLength(path) <= 100) return { prefix: '', name: path };
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= 155 && Buffer.byteLength(name) <= 100) return { prefix, name };
  }
  throw new RangeError(`the path ${path} is too long for a tar archive`);
}

function header(file: ArchivedFile): Buffer {
  const { prefix, name } = splitName(file.path);
  const head = Buffer.alloc(block);
  const octal = (value: number, offset: number, width: number) =>
    head.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset, 'latin1');
  head.write(name, 0);
  octal(file.mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(file.bytes.length, 124, 12);
  octal(0, 136, 12);
  head.write('        0', 148, 'latin1');
  head.write('ustar\x0000', 257, 'latin1');
  head.write(prefix, 345);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return head;
}

/**
 * A gzipped ustar archive of the files in the order of their paths. The same files give the same archive
 * anywhere: no owner, no time, no operating system in it.
 */
export function encodeTarGz(files: readonly ArchivedFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const file of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    parts.push(header(file), file.bytes, Buffer.alloc((block - (file.bytes.length % block)) % block));
  }
  parts.push(Buffer.alloc(2 * block));
  const gz = gzipSync(Buffer.concat(parts), { level: 9 });
  gz[9] = 255; // RFC 1952, OS "unknown": zlib writes the one it was built for
  return gz;
}
