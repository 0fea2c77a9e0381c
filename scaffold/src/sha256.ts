import { createHash } from 'node:crypto';

/** SHA-256 of a file's content, lower-case hex. Apart from the disk, since node:crypto takes long to load and few commands need it. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
