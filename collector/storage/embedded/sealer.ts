/** Decides which raw blocks are sealed, and when: in the background, behind ingest, one run at a time. */
import type { DatabaseSync } from 'node:sqlite';
import { type Clock, NANOS_PER_MS } from '../../telemetry/clock.ts';
import type { BlockMeta } from './block.ts';
import type { Catalog } from './catalog.ts';
import { isSealable, kindOf } from './sealed/seal-run.ts';
import type { SealBlocks } from './sealing-thread.ts';
import { swapBlocks } from './swap.ts';
import type { Schedule } from './writer.ts';

export interface SealerOptions {
  /** Milliseconds since arrival after which records are sealed although they do not fill a run. */
  afterMs: number;
  /** Records that wait to be sealed above which it is done however busy the collector is. */
  maxWaiting: number;
  /** How far apart the arrivals of one run lie at the most, so that retention by age stays fine-grained. */
  spreadMs: number;
}

export interface SealerDeps {
  clock: Clock;
  schedule: Schedule;
  warn(message: string, fields?: Record<string, unknown>): void;
  seal: SealBlocks;
  /** Share of the time, 0 to 1, that this thread was at work since it was asked last. */
  busy(): number;
}

/** Records of a run: enough for blocks that shrink well, little enough to hold in memory (some 30 MB of spans). */
const RUN_RECORDS = 16_384;
/** Bytes of a run as stored, compressed. */
const RUN_BYTES = 8 * 1024 * 1024;
/** Records, or blocks, that are worth a sealed block when they have waited long. */
const WORTH_RECORDS = 1024;
const WORTH_BLOCKS = 128;
const LOOK_EVERY_MS = 500;
/** Above this share of a busy thread sealing waits, unless too much is waiting. */
const BUSY = 0.6;
/** After a failure, a full disk for one, the next attempt waits. */
const FAILED_WAIT_MS = 30_000;

export class Sealer {
  readonly #db: DatabaseSync;
  readonly #catalog: Catalog;
  readonly #options: SealerOptions;
  readonly #deps: SealerDeps;
  /** Blocks that cannot be decoded: left as they are. */
  readonly #unreadable = new Set<number>();
  #callOff: (() => void) | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(db: DatabaseSync, catalog: Catalog, options: SealerOptions, deps: SealerDeps) {
    this.#db = db;
    this.#catalog = catalog;
    this.#options = options;
    this.#deps = deps;
  }

  /** Looks from now on every while whether there is something to seal. */
  start(): void {
    this.#next(LOOK_EVERY_MS);
  }

  /** Seals all there is to seal; gives the number of records. */
  sealAll(): Promise<number> {
    const all = this.#running.then(async () => {
      let records = 0;
      for (let run = this.#oldestRun(); run !== undefined && !this.#isClosed; run = this.#oldestRun()) {
        records += await this.#seal(run);
      }
      return records;
    });
    this.#running = all.catch(() => undefined);
    return all;
  }

  /** Starts nothing more; resolves when nothing is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#callOff?.();
    await this.#running;
  }

  #next(milliseconds: number): void {
    if (this.#isClosed) return;
    this.#callOff = this.#deps.schedule(() => {
      this.#running = this.#running.then(() => this.#look());
    }, milliseconds);
  }

  async #look(): Promise<void> {
    let waitMs = LOOK_EVERY_MS;
    try {
      const run = this.#dueRun();
      if (run !== undefined) {
        await this.#seal(run);
        waitMs = 0;
      }
    } catch (error) {
      if (!this.#isClosed) {
        this.#deps.warn(error instanceof Error ? error.message : String(error));
        waitMs = FAILED_WAIT_MS;
      }
    }
    this.#next(waitMs);
  }

  /** A run that should be sealed now. */
  #dueRun(): BlockMeta[] | undefined {
    const isBusy = this.#deps.busy() > BUSY;
    const waiting = this.#waiting();
    const records = waiting.reduce((sum, block) => sum + block.count, 0);
    if (isBusy && records <= this.#options.maxWaiting) return undefined;
    const due = this.#deps.clock() - BigInt(Math.round(this.#options.afterMs)) * NANOS_PER_MS;
    return runsOf(waiting, this.#options.spreadMs).find(
      ({ isFull, blocks, records: own }) =>
        isFull ||
        (blocks[0]!.arrivalUnixNano <= due && (own >= WORTH_RECORDS || blocks.length >= WORTH_BLOCKS)),
    )?.blocks;
  }

  #oldestRun(): BlockMeta[] | undefined {
    return runsOf(this.#waiting(), this.#options.spreadMs)[0]?.blocks;
  }

  /** Raw blocks that can be sealed, in order of arrival. */
  #waiting(): BlockMeta[] {
    return (['traces', 'logs'] as const)
      .flatMap((signal) => this.#catalog.select(signal, Number.POSITIVE_INFINITY))
      .filter((block) => isSealable(block) && !this.#unreadable.has(block.id))
      .sort((a, b) => a.id - b.id);
  }

  /** Gives the records that were sealed; 0 when blocks were evicted meanwhile, which the next look allows for. */
  async #seal(run: readonly BlockMeta[]): Promise<number> {
    const { members, blocks, unreadable } = await this.#deps.seal(run);
    for (const { id, why } of unreadable) {
      this.#unreadable.add(id);
      this.#deps.warn(`Block ${id} of the store cannot be decoded and stays unsealed: ${why}.`);
    }
    if (this.#isClosed || members.length === 0) return 0;
    if (!swapBlocks(this.#db, this.#catalog, members, blocks)) return 0;
    return blocks.reduce((sum, { meta }) => sum + meta.count, 0);
  }
}

interface Run {
  blocks: BlockMeta[];
  records: number;
  bytes: number;
  isFull: boolean;
}

/** Blocks of one kind that go together, oldest first; only the last run of a kind is not full. */
function runsOf(waiting: readonly BlockMeta[], spreadMs: number): Run[] {
  const runs: Run[] = [];
  const open = new Map<string, Run>();
  const spread = BigInt(Math.round(spreadMs)) * NANOS_PER_MS;
  for (const block of waiting) {
    const kind = kindOf(block);
    let run = open.get(kind);
    const isTooFar = run && block.arrivalUnixNano - run.blocks[0]!.arrivalUnixNano > spread;
    if (run === undefined || run.isFull || isTooFar) {
      run = { blocks: [], records: 0, bytes: 0, isFull: false };
      runs.push(run);
      open.set(kind, run);
    }
    run.blocks.push(block);
    run.records += block.count;
    run.bytes += block.bytes;
    run.isFull = run.records >= RUN_RECORDS || run.bytes >= RUN_BYTES;
  }
  return runs;
}

/** How busy this thread was since the last call, by its event loop. */
export function eventLoopBusy(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}
