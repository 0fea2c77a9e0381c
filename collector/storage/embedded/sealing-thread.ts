/** The thread in which runs are sealed: started for the first one, ended when none has come for a while. */
import { Worker } from 'node:worker_threads';
import { CollectorError } from '../../telemetry/errors.ts';
import type { BlockMeta } from './block.ts';
import type { FromSealWorker, SealWorkerData, ToSealWorker } from './seal-messages.ts';
import type { SealedRun } from './sealed/seal-run.ts';

/** Long, because a new thread takes twice as long for its first runs, until its code is compiled. */
const IDLE_MS = 300_000;
/** Bodies and columns lie outside of the heap; what is in it is small, and should be given back soon. */
const LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 };

/** Beside this file in the sources, beside the bundle in the package. */
const WORKER_FILE = import.meta.url.endsWith('.ts') ? './seal-worker.ts' : './seal-worker.js';

/** Seals the blocks of a run, which are of one kind; rejects when that failed as a whole. */
export type SealBlocks = (metas: readonly BlockMeta[]) => Promise<SealedRun>;

export class SealingThread {
  readonly #path: string;
  readonly #idleMs: number;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #waiting: { resolve(run: SealedRun): void; reject(error: Error): void } | undefined;

  constructor(path: string, idleMs = IDLE_MS) {
    this.#path = path;
    this.#idleMs = idleMs;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** One run at a time. */
  seal(metas: readonly BlockMeta[]): Promise<SealedRun> {
    clearTimeout(this.#idle);
    this.#worker ??= this.#start();
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      worker.ref();
      worker.postMessage({ metas: [...metas] } satisfies ToSealWorker);
    });
  }

  /** Ends the thread; a run that is under way is given up. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#lose(worker, 'it was stopped');
    await worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL(WORKER_FILE, import.meta.url), {
      workerData: { path: this.#path } satisfies SealWorkerData,
      resourceLimits: LIMITS,
    });
    worker.on('message', (message: FromSealWorker) => this.#settle(worker, message));
    worker.on('error', (error: unknown) => this.#lose(worker, String(error)));
    worker.on('exit', () => this.#lose(worker, 'it ended'));
    return worker;
  }

  #settle(worker: Worker, message: FromSealWorker): void {
    worker.unref();
    this.#idle = setTimeout(() => void this.close(), this.#idleMs).unref();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if ('run' in message) waiting?.resolve(message.run);
    else waiting?.reject(failed(message.failure));
  }

  #lose(worker: Worker | undefined, why: string): void {
    if (this.#worker !== worker) return;
    clearTimeout(this.#idle);
    this.#worker = undefined;
    this.#waiting?.reject(failed(why));
    this.#waiting = undefined;
  }
}

function failed(why: string): CollectorError {
  return new CollectorError('internal', `Blocks of the store could not be sealed: ${why}.`);
}
