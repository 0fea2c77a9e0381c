import { stat } from 'node:fs/promises';
import { type Content, type FileFacts, factsOf, openContent } from './content.ts';
import type { LogFileGroup } from './group.ts';
import { Tail, type TailLimits } from './tail.ts';

/** What an operator is told of a file, once for each text. */
export type WarnOnce = (path: string, message: string) => void;

/** The files that are open, by what identifies them; no more than the limit. */
export class OpenTails {
  readonly #tails = new Map<string, Tail>();
  readonly #limits: TailLimits & { maxFiles: number };
  readonly #warnOnce: WarnOnce;

  constructor(limits: TailLimits & { maxFiles: number }, warnOnce: WarnOnce) {
    this.#limits = limits;
    this.#warnOnce = warnOnce;
  }

  get all(): Tail[] {
    return [...this.#tails.values()];
  }

  get(identity: string | undefined): Tail | undefined {
    return identity === undefined ? undefined : this.#tails.get(identity);
  }

  /** The tail of a path, opened if it is new; undefined when it is no readable file, which is told, or there are too many. */
  async open(path: string, group: LogFileGroup): Promise<Tail | undefined> {
    const stats = await stat(path, { bigint: true }).catch(() => undefined);
    const known = this.get(stats && factsOf(stats)?.identity);
    if (known) return known;
    try {
      const opened = await openContent(path);
      return opened && (await this.add(opened, { path, log: path, group }));
    } catch (error) {
      if (!isGone(error)) this.#warnOnce(path, `a log file cannot be opened: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Reads an open file from now on; one above the limit is closed. */
  async add(
    opened: { content: Content; facts: FileFacts },
    of: { path: string; log: string; group: LogFileGroup },
  ): Promise<Tail | undefined> {
    const known = this.#tails.get(opened.facts.identity);
    if (!known && this.#tails.size < this.#limits.maxFiles) {
      const tail = new Tail(opened, of, this.#limits);
      this.#tails.set(tail.identity, tail);
      return tail;
    }
    await opened.content.close();
    if (!known) {
      const message = `more than ${this.#limits.maxFiles} log files: narrow the include patterns`;
      this.#warnOnce(of.path, message);
    }
    return known;
  }

  async drop(tail: Tail): Promise<void> {
    this.#tails.delete(tail.identity);
    await tail.close();
  }
}

/** True when there is no such file any more. */
export function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
