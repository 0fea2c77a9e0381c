import { createHash } from 'node:crypto';
import type { Archive } from './archive.ts';
import { type Fields, fieldsOf, parseDocument } from './fields.ts';
import type { Limits } from './limits.ts';
import { ImageError } from './problem.ts';
import { type Source, wholeOf } from './source.ts';

/** Where a layout has the blob of a digest. @throws ImageError when it is no digest */
export function blobPath(digest: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) {
    throw new ImageError(`is damaged: ${JSON.stringify(digest.slice(0, 100))} is no SHA-256 digest`);
  }
  return `blobs/sha256/${digest.slice(7)}`;
}

/** @throws ImageError when it is missing */
export async function blobOf(archive: Archive, digest: string, what: string): Promise<Source> {
  const source = await archive.get(blobPath(digest));
  if (source === undefined) throw new ImageError(`is incomplete: ${what} (${digest}) is missing`);
  return source;
}

/** The document of a digest, read. @throws ImageError when it is missing, too large, damaged, or not of that digest */
export async function blobDocument(
  archive: Archive,
  digest: string,
  what: string,
  limits: Limits,
): Promise<Fields> {
  const bytes = await wholeOf(await blobOf(archive, digest, what), limits.documentBytes, what);
  const found = digestOf(bytes);
  if (found !== digest) throw new ImageError(`is damaged: ${what} has the digest ${found}, not ${digest}`);
  return fieldsOf(parseDocument(bytes, what));
}

/** SHA-256 as documents write it. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
