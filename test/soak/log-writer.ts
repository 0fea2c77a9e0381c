// An application that writes numbered lines into a file, which rotation takes away again and again.
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Rotated files that are kept: more than are made in the longest time in which the collector does not look. */
const KEPT = 600;
const LINES_PER_TURN = 40;
/** How often a turn rotates, and at the most how often in a row. */
const ROTATE = 0.05;
const MOST_IN_A_ROW = 4;
const COMPRESS = 0.1;

/**
 * How the content is taken away. `renamed`: the file gets another name, numbered upwards, and a new one is begun.
 * `copied`: the file is copied, older copies move on (`app.log.1`, `app.log.2`), and it is truncated; whoever copies also
 * writes here, so that no line falls between the two.
 */
export type Rotation = 'renamed' | 'copied';

/** Writes lines 0, 1, 2 … as zap does. */
export class LogWriter {
  readonly #path: string;
  readonly #rotation: Rotation;
  readonly #random: () => number;
  #file: number;
  /** What a compressed file still lacks, and what it is made of. */
  #half: { original: string; rest: Buffer } | undefined;
  lines = 0;
  rotations = 0;
  compressed = 0;

  constructor(path: string, rotation: Rotation, random: () => number) {
    this.#path = path;
    this.#rotation = rotation;
    this.#random = random;
    this.#file = openSync(path, 'a');
  }

  /** Writes some lines, and now and then rotates, more than once at a time, or compresses an older file. */
  turn(): void {
    this.write();
    if (this.#half) this.#endCompressing(this.#half);
    else if (this.#random() < ROTATE) {
      for (let left = 1 + Math.floor(this.#random() * MOST_IN_A_ROW); left > 0; left--) {
        this.#rotate();
        this.write(Math.floor(this.#random() * LINES_PER_TURN));
      }
    } else if (this.#random() < COMPRESS) this.#beginCompressing();
  }

  /** Writes lines, now and then one of them in two parts. */
  write(count = LINES_PER_TURN): void {
    for (let i = 0; i < count; i++) {
      const line = `{"level":"info","ts":"${new Date().toISOString()}","msg":"line ${this.lines}","lane":${this.lines % 9}}\n`;
      const cut = this.lines % 13 === 0 ? line.length >> 1 : line.length;
      writeSync(this.#file, line.slice(0, cut));
      if (cut < line.length) writeSync(this.#file, line.slice(cut));
      this.lines++;
    }
  }

  #rotate(): void {
    this.rotations++;
    if (this.#rotation === 'renamed') {
      renameSync(this.#path, `${this.#path}.${String(this.rotations).padStart(6, '0')}`);
      closeSync(this.#file);
      this.#file = openSync(this.#path, 'a');
    } else {
      for (const { path, n, ending } of this.#rotated()) renameSync(path, `${this.#path}.${n + 1}${ending}`);
      copyFileSync(this.#path, `${this.#path}.1`);
      truncateSync(this.#path, 0);
    }
    const oldest =
      this.#rotation === 'renamed' ? this.#rotated().slice(KEPT) : this.#rotated().slice(0, -KEPT);
    for (const { path } of oldest) rmSync(path);
  }

  /** Rotated files, the highest number first. */
  #rotated(): { path: string; n: number; ending: '' | '.gz' }[] {
    const name = basename(this.#path);
    const files = readdirSync(dirname(this.#path)).flatMap((other) => {
      const match = /^\.(\d+)(\.gz)?$/.exec(other.startsWith(name) ? other.slice(name.length) : '');
      const ending = match?.[2] === '.gz' ? ('.gz' as const) : ('' as const);
      return match ? [{ path: `${this.#path}${match[0]}`, n: Number(match[1]), ending }] : [];
    });
    return files.sort((a, b) => b.n - a.n);
  }

  /** As gzip does: beside the original, which goes when all is written. It is half written until the next turn. */
  #beginCompressing(): void {
    const plain = this.#rotated().filter(({ ending }) => ending === '');
    const original = plain[Math.floor(this.#random() * plain.length)]?.path;
    if (original === undefined) return;
    const whole = gzipSync(readFileSync(original));
    writeFileSync(`${original}.gz`, whole.subarray(0, whole.length >> 1));
    this.#half = { original, rest: whole.subarray(whole.length >> 1) };
  }

  #endCompressing({ original, rest }: { original: string; rest: Buffer }): void {
    const { atime, mtime } = statSync(original);
    appendFileSync(`${original}.gz`, rest);
    utimesSync(`${original}.gz`, atime, mtime);
    rmSync(original);
    this.#half = undefined;
    this.compressed++;
  }

  close(): void {
    closeSync(this.#file);
  }
}
