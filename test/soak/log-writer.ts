// An application that writes numbered lines into a file, which is renamed now and then.
import { closeSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const KEPT = 6;

/** Writes lines 0, 1, 2 … as zap does; `rotate` renames the file and begins a new one. */
export class LogWriter {
  readonly #path: string;
  #file: number;
  #rotations = 0;
  lines = 0;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'a');
  }

  /** Writes so many lines, now and then one of them in two parts. */
  write(count: number): void {
    for (let i = 0; i < count; i++) {
      const line = `{"level":"info","ts":"${new Date().toISOString()}","msg":"line ${this.lines}","lane":${this.lines % 9}}\n`;
      const cut = this.lines % 13 === 0 ? line.length >> 1 : line.length;
      writeSync(this.#file, line.slice(0, cut));
      if (cut < line.length) writeSync(this.#file, line.slice(cut));
      this.lines++;
    }
  }

  get rotations(): number {
    return this.#rotations;
  }

  /** As logrotate does with `create`: the older content keeps its file under another name. */
  rotate(): void {
    renameSync(this.#path, `${this.#path}.${String(++this.#rotations).padStart(6, '0')}`);
    closeSync(this.#file);
    this.#file = openSync(this.#path, 'a');
    const name = basename(this.#path);
    const rotated = readdirSync(dirname(this.#path)).filter((other) => other.startsWith(`${name}.`));
    for (const old of rotated.sort().slice(0, -KEPT)) rmSync(join(dirname(this.#path), old));
  }

  close(): void {
    closeSync(this.#file);
  }
}
