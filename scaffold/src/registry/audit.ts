import { createWriteStream, type WriteStream } from 'node:fs';
import type { Writable } from 'node:stream';

/** One judged image, or one request that was refused as a whole, as a line of JSON. */
type AuditLine = {
  source: 'kubernetes' | 'harbor';
  uid: string;
  operation: string;
  kind: string;
  namespace: string;
  name: string;
  user: string;
  image: string;
  /** The field of the object that names the image. */
  path: string;
  digest: string;
  verdict: 'admitted' | 'refused';
  reason: string;
  detail: string;
  cached: boolean;
  durationMs: number;
};

/** Where verdicts are written down. */
export type Audit = {
  write(line: AuditLine): void;
  /** Opens the file anew, after it was moved away. */
  reopen(): void;
  /** Resolves when everything is written. */
  close(): Promise<void>;
};

/** What an audit needs from outside. */
export type AuditDeps = { stdout: Writable; now: () => number; failed: (message: string) => void };

/** Writes to a file that is appended to, or to standard output for `-`. */
export function openAudit(target: string, { stdout, now, failed }: AuditDeps): Audit {
  const open = (): WriteStream => {
    const stream = createWriteStream(target, { flags: 'a', mode: 0o600 });
    stream.on('error', (error) => failed(`The audit log ${target} cannot be written: ${error.message}.`));
    return stream;
  };
  let file = target === '-' ? undefined : open();
  return {
    write(line) {
      const text = `${JSON.stringify({ time: new Date(now()).toISOString(), ...line })}\n`;
      // What failed once, a full disk, may work again.
      if (file?.destroyed) file = open();
      (file ?? stdout).write(text);
    },
    reopen() {
      if (file === undefined) return;
      const before = file;
      file = open();
      before.end();
    },
    close: () =>
      new Promise((resolve) => (file === undefined || file.destroyed ? resolve() : file.end(resolve))),
  };
}
