import { scanLogLines } from '../formats/log-line/scan-log-lines.ts';
import { type Checkpoint, checkpointOnly, type LogBatch } from '../telemetry/batch.ts';
import { NANOS_PER_MS } from '../telemetry/clock.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { renderState } from './log-files/file-state.ts';
import type { LogFileGroup } from './log-files/group.ts';
import type { Tail, TailLines, TailRead } from './log-files/tail.ts';
import { TailSet } from './log-files/tail-set.ts';
import { messageOf, type Receiver, type ReceiverDeps, type Schedule, systemSchedule } from './receiver.ts';

export interface LogFilesOptions {
  files: readonly LogFileGroup[];
  pollIntervalMs?: number;
  /** Longer lines are left out and counted. */
  maxLineBytes?: number;
  /** Bytes read at once; one batch. */
  chunkBytes?: number;
  /** Files that are open at the same time, at the most. */
  maxFiles?: number;
}

export interface LogFilesDeps extends ReceiverDeps {
  /** The position stored with the newest batch of a source. */
  checkpoint(source: string): Promise<string | undefined>;
  schedule?: Schedule;
}

/** One file that is read, for the status. */
export interface LogFileStatus {
  path: string;
  /** Bytes that were read and are durable. */
  offset: number;
}

const NAME = 'log-files';
/** Each poll with news makes one block in the store: oftener would fill it with tiny ones. */
const POLL_INTERVAL_MS = 1000;
const MAX_LINE_BYTES = 256 * 1024;
const CHUNK_BYTES = 1024 * 1024;
const MAX_FILES = 256;
/** Chunks of one file per poll, so that a long backlog does not keep the other files waiting. */
const CHUNKS_PER_POLL = 32;
/** Polls without news after which a file that was rotated away is closed: its writer may still hold it for a while. */
const IDLE_POLLS = 20;
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 30_000;

/**
 * Tails log files, one zap JSON object per line, wrapped by a container's runtime or not. It polls, because file events are lost on some file systems. Every
 * batch carries its position as checkpoint, which is stored with it: no line is lost and none is read twice, over
 * renaming and copying rotation, restarts and a store that refuses for a while. `poll` looks once at all files.
 */
export function createLogFiles(
  options: LogFilesOptions,
  deps: LogFilesDeps,
): Receiver & { poll(): Promise<void>; files(): LogFileStatus[] } {
  const receiver = new LogFiles(options, deps);
  return {
    name: NAME,
    start: async () => receiver.start(),
    stop: () => receiver.stop(),
    poll: () => receiver.poll(),
    files: () => receiver.files(),
  };
}

class LogFiles {
  readonly #deps: LogFilesDeps;
  readonly #tails: TailSet;
  readonly #intervalMs: number;
  readonly #warned = new Map<string, string>();
  #cancel: (() => void) | undefined;
  #polling: Promise<void> | undefined;
  #stopped = false;
  /** The last look left something to be read at once. */
  #backlog = false;
  #backoffMs = 0;
  #retryAtUnixNano = 0n;

  constructor(options: LogFilesOptions, deps: LogFilesDeps) {
    const maxLineBytes = options.maxLineBytes ?? MAX_LINE_BYTES;
    const limits = {
      maxLineBytes,
      chunkBytes: Math.max(options.chunkBytes ?? CHUNK_BYTES, maxLineBytes + 1),
      maxFiles: options.maxFiles ?? MAX_FILES,
    };
    this.#deps = deps;
    this.#intervalMs = options.pollIntervalMs ?? POLL_INTERVAL_MS;
    this.#tails = new TailSet(options.files, limits, {
      checkpoint: (source) => deps.checkpoint(source),
      save: (records) => this.#save(records),
      nowMs: () => Number(deps.clock() / NANOS_PER_MS),
      warnOnce: (path, message) => this.#warnOnce(path, message),
      unreadable: (path, reason) => {
        deps.stats.refused(NAME, 'logs', 1, 'rotated-file-unreadable');
        deps.warn(`a rotated log file cannot be read, its lines are lost: ${reason}`, {
          receiver: NAME,
          path,
        });
      },
    });
  }

  start(): void {
    const next = () => {
      if (this.#stopped) return;
      const waitMs = this.#backlog ? 0 : this.#intervalMs;
      this.#cancel = (this.#deps.schedule ?? systemSchedule)(turn, waitMs);
    };
    const turn = () => void this.poll().finally(next);
    turn();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#polling;
    await this.#tails.close();
  }

  files(): LogFileStatus[] {
    return this.#tails.readable.map((tail) => ({ path: tail.path, offset: tail.state?.offset ?? 0 }));
  }

  /** Never two at once; never rejects. */
  poll(): Promise<void> {
    this.#polling ??= this.#pollOnce().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  async #pollOnce(): Promise<void> {
    this.#backlog = false;
    if (this.#deps.clock() < this.#retryAtUnixNano) return;
    try {
      await this.#tails.discover();
      const waiting = new Set<string>();
      for (const tail of this.#tails.readable) {
        // What followed a file that is not at its end yet has to wait for it.
        if (waiting.has(tail.log) || (await this.#drain(tail)) === 'end') continue;
        waiting.add(tail.log);
        this.#backlog = true;
      }
      this.#backoffMs = 0;
    } catch (error) {
      this.#backOff(error);
    }
  }

  /** What could not be handed on is read again later, from where it stands. */
  #backOff(error: unknown): void {
    // A limit tells when there is room. A store tells senders far away to keep away; it may be well again in a moment.
    const isTold = error instanceof CollectorError && !error.code.startsWith('store-');
    const asked = isTold ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    this.#backoffMs = Math.min(MAX_BACKOFF_MS, Math.max(FIRST_BACKOFF_MS, this.#backoffMs * 2));
    this.#retryAtUnixNano = this.#deps.clock() + BigInt(Math.max(asked, this.#backoffMs)) * NANOS_PER_MS;
    this.#deps.warn('log files wait and are read on later: lines could not be handed on', {
      receiver: NAME,
      error: messageOf(error),
    });
  }

  /** Reads on in one file, as far as it goes in one look. */
  async #drain(tail: Tail): Promise<'end' | 'more'> {
    for (let chunks = 0; !this.#stopped; chunks++) {
      // It may have been closed or found to be a copy since the list was made.
      if (!this.#tails.has(tail) || tail.shadow) return 'end';
      if (chunks === CHUNKS_PER_POLL) return 'more';
      const read = await tail.read();
      if (read === 'replaced') {
        if (!tail.matched) await this.#tails.drop(tail);
        else if ((await this.#readCopyOf(tail)) === 'more') return 'more';
      } else if (read !== 'none') {
        await this.#deliver(tail, read);
      } else if (!(await tail.searching())) break;
    }
    if (!tail.matched && !this.#stopped) await this.#closeWhenIdle(tail);
    return 'end';
  }

  /** The file was truncated: what a copy of it holds beyond the position comes before its new content. */
  async #readCopyOf(tail: Tail): Promise<'end' | 'more'> {
    const before = new Set(this.#tails.readable);
    await this.#tails.replaced(tail);
    for (const copy of this.#tails.readable) {
      if (!before.has(copy) && (await this.#drain(copy)) === 'more') return 'more';
    }
    return 'end';
  }

  async #closeWhenIdle(tail: Tail): Promise<void> {
    if (++tail.idleReads <= IDLE_POLLS && !tail.content.fixed) return;
    const rest = await tail.rest();
    if (rest) await this.#deliver(tail, rest);
    await this.#tails.drop(tail);
  }

  /** Stores what is known of rotated files before they are read. Throws when that is to be tried again later. */
  async #save(records: readonly Checkpoint[]): Promise<void> {
    try {
      await this.#deps.consume(records.map((record) => checkpointOnly(record)));
    } catch (error) {
      if (!(error instanceof CollectorError) || error.retryable) throw error;
      this.#deps.warn('which log files are known is not stored', { receiver: NAME, error: error.message });
    }
  }

  /** Hands lines on with their position. Throws when they are to be read again later. */
  async #deliver(tail: Tail, read: TailRead): Promise<void> {
    const { stats } = this.#deps;
    const batches = read.lines.map((lines) => this.#scan(tail, lines)).filter(({ count }) => count > 0);
    const count = batches.reduce((sum, batch) => sum + batch.count, 0);
    const checkpoint = { source: tail.identity, position: renderState(read.next) };
    const last = batches.pop();
    const unit = last ? [...batches, { ...last, checkpoint }] : [checkpointOnly(checkpoint)];
    try {
      await this.#deps.consume(unit);
      if (count > 0) stats.accepted(NAME, 'logs', count);
    } catch (error) {
      if (!(error instanceof CollectorError) || error.retryable) throw error;
      stats.refused(NAME, 'logs', count, error.code);
      this.#deps.warn('log lines were refused for good', { path: tail.path, error: error.message });
    }
    if (read.tooLong > 0) stats.refused(NAME, 'logs', read.tooLong, 'line-too-long');
    tail.advance(read);
  }

  #scan(tail: Tail, lines: TailLines): LogBatch {
    const given = 'offset' in lines ? lines : undefined;
    return scanLogLines(lines.body, tail.resourceOf(lines.stream), this.#deps.clock(), given).batch;
  }

  #warnOnce(path: string, message: string): void {
    if (this.#warned.get(path) === message) return;
    this.#warned.set(path, message);
    this.#deps.warn(message, { receiver: NAME, path });
  }
}
