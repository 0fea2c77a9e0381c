import { join } from 'node:path';
import { generatedMark } from '../../../images/index.ts';
import { type Disk, readIfThere } from '../disk.ts';
import type { FileChange } from '../write-files.ts';

/** A Dockerfile that is there: its bytes, and the words it was written with where it was written by this command. */
export type Written = { bytes: Buffer | undefined; words: string | undefined };

/** Reads a Dockerfile that may be there; throws as `readIfThere` does. */
export async function readWritten(path: string, disk: Pick<Disk, 'readFile'>): Promise<Written> {
  const bytes = await readIfThere(path, disk);
  const lines = (bytes?.toString() ?? '').split(/\r?\n/, 5);
  const line = lines.find((one) => one === generatedMark || one.startsWith(`${generatedMark} `));
  return { bytes, words: line?.slice(generatedMark.length).trim() };
}

/** One of the two files, and how it stands to what is on the disk. */
export type OutputFile = FileChange & { state: 'new' | 'changed' | 'unchanged'; byHand: boolean };

/** Compares a text with the file that is there; line ends of Windows, which git may have made, are no difference. */
export async function compareWith(
  dir: string,
  path: string,
  text: string,
  isOurs: (before: string) => boolean,
  disk: Pick<Disk, 'readFile'>,
): Promise<OutputFile> {
  const before = await readIfThere(join(dir, path), disk);
  const old = before?.toString();
  const state = old === undefined ? 'new' : old.replaceAll('\r\n', '\n') === text ? 'unchanged' : 'changed';
  return { path, before, after: Buffer.from(text), state, byHand: old !== undefined && !isOurs(old) };
}

/** The ignore file that counts for a Dockerfile. Source: https://docs.docker.com/build/concepts/context/#filename-and-location */
export function ignoreFileOf(file: string): string {
  return file === 'Dockerfile' ? '.dockerignore' : `${file}.dockerignore`;
}
