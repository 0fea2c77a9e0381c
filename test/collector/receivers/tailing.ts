// A folder with a log and a receiver that looks at it when it is told to.
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { decodeLogLine } from '../../../collector/formats/log-line/decode-log-line.ts';
import type { LogFileGroup } from '../../../collector/receivers/log-files/group.ts';
import { createLogFiles, type LogFilesOptions } from '../../../collector/receivers/log-files.ts';
import type { Batch } from '../../../collector/telemetry/batch.ts';
import { Recording } from './recording.ts';

export const RESOURCE = { 'service.name': 'shop' };

/** A folder with a log of `zap` lines numbered 1, 2, 3, ... and a receiver that looks when `poll` is called. */
export class Tailing {
  readonly folder = mkdtempSync(join(tmpdir(), 'tail-'));
  readonly log = join(this.folder, 'app.log');
  readonly recording = new Recording();
  #written = 0;
  #task: (() => void) | undefined;
  #waited = () => {};
  #onWait: (ms: number) => void = () => {};
  #receiver: ReturnType<typeof createLogFiles>;
  readonly #options: LogFilesOptions;

  constructor(t: TestContext, options: Partial<LogFilesOptions & LogFileGroup> & { path?: string } = {}) {
    const { path = 'app.log', format = 'auto', resource = RESOURCE, ...rest } = options;
    this.#options = { files: [{ include: [join(this.folder, path)], resource, format }], ...rest };
    this.#receiver = this.#create();
    t.after(async () => {
      await this.#receiver.stop();
      rmSync(this.folder, { recursive: true });
    });
  }

  #create() {
    const { recording } = this;
    return createLogFiles(this.#options, {
      ...recording.deps,
      schedule: (task, ms) => {
        this.#task = task;
        this.#onWait(ms);
        this.#waited();
        return () => {};
      },
      checkpoint: async (source) => recording.checkpoints.get(source),
    });
  }

  /** Appends `count` lines to a file. */
  write(count: number, path = this.log): void {
    for (let i = 0; i < count; i++) appendFileSync(path, this.line());
  }

  line(): string {
    this.#written++;
    return `{"level":"info","ts":${1_700_000_000 + this.#written},"msg":"${this.#written}"}\n`;
  }

  async poll(times = 1): Promise<void> {
    for (let i = 0; i < times; i++) await this.#receiver.poll();
  }

  /** Starts the receiver; tells the milliseconds of each wait it asks for. */
  async start(): Promise<{ waiting: number[] }> {
    const waiting: number[] = [];
    this.#onWait = (ms) => waiting.push(ms);
    await this.#receiver.start();
    await this.fire(false);
    return { waiting };
  }

  /** Ends the wait, and lets the look that follows end. */
  async fire(now = true): Promise<void> {
    const waited = new Promise<void>((resolve) => {
      this.#waited = resolve;
    });
    if (now) this.#task?.();
    await waited;
  }

  files() {
    return this.#receiver.files();
  }

  /** Stops the receiver and starts another, which knows only the checkpoints. */
  async restart(): Promise<void> {
    await this.#receiver.stop();
    this.#receiver = this.#create();
  }

  /** What was handed on, without the records of which files are known. */
  get batches(): Batch[] {
    return this.recording.batches.filter(
      ({ checkpoint }) => !/^log-(?:files|pattern):/.test(checkpoint?.source ?? ''),
    );
  }

  get written(): number {
    return this.#written;
  }

  /** The messages that were handed on, in order. */
  get got(): string[] {
    return this.batches.flatMap(textsOf);
  }

  /** Every line that was written arrived once and in order. */
  assertComplete(): void {
    assert.deepEqual(
      this.got,
      Array.from({ length: this.#written }, (_, i) => String(i + 1)),
    );
  }
}

/** The messages of a batch. */
export function textsOf({ body, offsets }: Batch): string[] {
  return Array.from(offsets.offset, (offset, i) => {
    const line = body.subarray(offset, offset + offsets.length[i]!);
    return String(decodeLogLine(line, RESOURCE).body);
  });
}

/** Numbers below n, the same for the same seed. */
export function numbers(seed: number): (n: number) => number {
  let state = Math.imul(seed, 2654435761);
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}
