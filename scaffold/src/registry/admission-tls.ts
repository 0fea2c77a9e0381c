import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { failed } from '../errors.ts';

/** PEM files of a certificate with its chain, and of its key. */
export type TlsFiles = { cert: string; key: string };

/** The two files' content. */
export type TlsPair = { cert: Buffer; key: Buffer };

/** Kubernetes swaps mounted secrets under the same path, which only looking tells. */
const lookEveryMs = 5000;

/**
 * Reads certificate and key, and checks that they belong together.
 * @throws CliError (exit code 1)
 */
export function readTls({ cert, key }: TlsFiles): TlsPair {
  try {
    const pair = { cert: readFileSync(cert), key: readFileSync(key) };
    createSecureContext(pair);
    return pair;
  } catch (error) {
    throw failed(
      `The certificate ${cert} and its key ${key} cannot be used: ${String((error as Error).message)}.`,
    );
  }
}

/** Takes a renewed certificate; a bad one is told and the one before it goes on. */
export function renewTls(server: Server, files: TlsFiles, tell: (message: string) => void): void {
  try {
    server.setSecureContext(readTls(files));
    tell(`The certificate ${files.cert} was read anew.`);
  } catch (error) {
    tell(`${error instanceof Error ? error.message : String(error)} The one before it goes on.`);
  }
}

/** Calls `changed` when one of the files changes; answers what ends that. */
export function watchTls({ cert, key }: TlsFiles, changed: () => void): () => void {
  const look = (now: { mtimeMs: number }, before: { mtimeMs: number }) => {
    if (now.mtimeMs !== before.mtimeMs && now.mtimeMs !== 0) changed();
  };
  for (const file of [cert, key]) watchFile(file, { interval: lookEveryMs, persistent: false }, look);
  return () => {
    for (const file of [cert, key]) unwatchFile(file, look);
  };
}
