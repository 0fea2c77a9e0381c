import type { BigIntStats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { GzipContent } from './gzip-content.ts';

/** What the lines of a log are read from: an open file, or the text inside a compressed one. */
export interface Content {
  read(buffer: Buffer, at: number, length: number, position: number): Promise<{ bytesRead: number }>;
  stat(): Promise<{ size: number; mtimeMs: number }>;
  close(): Promise<void>;
  /** It never changes, and nothing is ever written behind its end. */
  readonly fixed?: boolean;
}

/** One file as a folder shows it. */
export interface FileFacts {
  /** Device and inode: what stays when a file is renamed. */
  identity: string;
  size: number;
  mtimeMs: number;
}

/** What `stat` says of a regular file; undefined for anything else. */
export function factsOf(stats: BigIntStats): FileFacts | undefined {
  if (!stats.isFile()) return undefined;
  return {
    identity: `log:${stats.dev}:${stats.ino}`,
    size: Number(stats.size),
    mtimeMs: Number(stats.mtimeNs / 1000n) / 1000,
  };
}

/** An open file and what it is; undefined when it is no regular file. Rejects as `open` does. */
export async function openContent(path: string): Promise<{ content: Content; facts: FileFacts } | undefined> {
  let file: FileHandle | undefined = await open(path, 'r');
  try {
    const facts = factsOf(await file.stat({ bigint: true }));
    if (!facts) return undefined;
    const content = isCompressed(path) ? new GzipContent(file) : file;
    file = undefined;
    return { content, facts };
  } finally {
    await file?.close();
  }
}

/** True for the name of a file that holds a log compressed. */
export function isCompressed(path: string): boolean {
  return path.endsWith('.gz');
}

/** Reads `length` bytes at `offset`, fewer at the end of the content. */
export async function readAt(content: Content, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await content.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
