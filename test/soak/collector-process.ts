// A collector in a process of its own, that is killed at a moment of its life.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ending } from './random-life.ts';

/** A sign that does not come within this is not waited for any longer. */
const SIGN_MS = 3000;
const READY_MS = 60_000;
/** What of its stderr is told when it fails. */
const SHOWN_LINES = 40;

/** What the collector says when it begins to evict. */
const EVICTION = 'eviction begins';
const LOOK_EVERY_MS = 10;

export class CollectorProcess {
  readonly #child: ChildProcess;
  readonly #storePath: string;
  readonly #lines: string[] = [];
  readonly #signs = new Map<string, () => void>();
  readonly #exited: Promise<unknown[]>;
  readonly ready: Promise<void>;

  /** `main` is the collector's entry, from source or as it was built. */
  constructor(main: string, configPath: string, storePath: string, env: NodeJS.ProcessEnv) {
    this.#storePath = storePath;
    this.#child = spawn(process.execPath, [main, '--config', configPath], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#exited = once(this.#child, 'exit');
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    this.ready = new Promise((resolve) => this.#child.stdout!.once('data', () => resolve()));
  }

  #hear(text: string): void {
    this.#lines.push(...text.split('\n').filter((line) => line !== ''));
    this.#lines.splice(0, this.#lines.length - SHOWN_LINES);
    for (const [sign, seen] of this.#signs) if (text.includes(sign)) seen();
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get said(): string {
    return this.#lines.join('\n');
  }

  /** Resolves when it is ready; throws when it ends before, or never gets there. */
  async begun(): Promise<void> {
    const ended = this.#exited.then(() => 'ended' as const);
    const late = sleep(READY_MS, 'late' as const, { ref: false });
    const became = await Promise.race([this.ready.then(() => 'ready' as const), ended, late]);
    if (became !== 'ready') throw new Error(`the collector did not become ready (${became}):\n${this.said}`);
  }

  /** Lives until the moment that `ending` says, then is killed. Tells whether the sign of the phase was seen. */
  async live(ending: Ending): Promise<boolean> {
    let seen = true;
    if (ending.phase !== 'startUp') await this.begun();
    await sleep(ending.afterMs);
    if (ending.phase === 'commit') seen = await this.#logWritten();
    else if (ending.phase === 'eviction') seen = await this.#said(EVICTION);
    else if (ending.phase === 'sealing') seen = await this.#sealed();
    if (ending.thenMs > 0) await sleep(ending.thenMs);
    if (!this.alive) throw new Error(`the collector ended by itself:\n${this.said}`);
    this.#child.kill('SIGKILL');
    await this.#exited;
    return seen;
  }

  /** Resolves when a stopped collector has ended; throws when that was not well. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const [code] = await this.#exited;
    if (code !== 0) throw new Error(`the collector stopped with ${code}:\n${this.said}`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #said(sign: string): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#signs.set(sign, () => resolve(true));
    return Promise.race([promise, sleep(SIGN_MS, false)]);
  }

  /** Resolves when blocks were sealed: the next run comes a known while later. */
  async #sealed(): Promise<boolean> {
    const db = new DatabaseSync(this.#storePath, { readOnly: true, timeout: 100 });
    try {
      const newest = db.prepare('SELECT max(id) AS id FROM sealed_columns');
      const before = newest.get()?.['id'];
      for (let waited = 0; waited < SIGN_MS; waited += LOOK_EVERY_MS) {
        await sleep(LOOK_EVERY_MS);
        if (newest.get()?.['id'] !== before) return true;
      }
      return false;
    } finally {
      db.close();
    }
  }

  async #logWritten(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const watcher = watch(`${this.#storePath}-wal`, () => resolve(true));
    try {
      return await Promise.race([promise, sleep(SIGN_MS, false)]);
    } finally {
      watcher.close();
    }
  }
}
