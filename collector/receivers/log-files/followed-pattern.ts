import type { LogFileGroup } from './group.ts';
import { isLiteral } from './names.ts';

/**
 * A path or glob of the configuration. Which logs it led to is stored: one whose name is not there just now, because it was
 * rotated and not yet written anew, is still looked at after a restart.
 */
export class FollowedPattern {
  readonly include: string;
  readonly group: LogFileGroup;
  /** When it was looked at first; what is older, and was rotated by then, is history. */
  sinceMs: number;
  /** It was never looked at before. */
  isNew = true;
  #paths: readonly string[] = [];
  #saved: string | undefined;

  constructor(include: string, group: LogFileGroup, nowMs: number) {
    this.include = include;
    this.group = group;
    this.sinceMs = nowMs;
  }

  /** Under which its record is stored. */
  get source(): string {
    return `log-pattern:${this.include}`;
  }

  /** The logs that it led to. */
  get paths(): readonly string[] {
    return isLiteral(this.include) ? [this.include] : this.#paths;
  }

  set paths(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** The record to be stored; undefined when it is. */
  unsaved(): string | undefined {
    const text = this.#render();
    return text === this.#saved ? undefined : text;
  }

  saved(): void {
    this.#saved = this.#render();
    this.isNew = false;
  }

  #render(): string {
    const paths = isLiteral(this.include) ? [] : this.#paths;
    return JSON.stringify({ sinceMs: this.sinceMs, paths });
  }

  /** Takes over a stored record, if the text is one. */
  restore(text: string): void {
    const record = parseRecord(text);
    if (!record) return;
    this.sinceMs = record.sinceMs;
    this.#paths = record.paths;
    this.saved();
  }
}

function parseRecord(text: string): { sinceMs: number; paths: string[] } | undefined {
  try {
    const { sinceMs, paths } = JSON.parse(text) as { sinceMs?: unknown; paths?: unknown };
    if (typeof sinceMs !== 'number' || !Array.isArray(paths)) return undefined;
    return { sinceMs, paths: paths.filter((path) => typeof path === 'string') };
  } catch {
    return undefined;
  }
}
