import { Growing } from './growing.ts';
import type { EntryColumns } from './records.ts';

/** One entry, as `EntryColumns` has it. */
export interface Entry {
  service: number;
  operation: number;
  trace: number;
  side: number;
  startMs: number;
  durationMs: number;
  selfMs: number;
}

/** Entries as columns that grow. */
export class GrowingEntries {
  readonly #service = new Growing((n) => new Uint32Array(n));
  readonly #operation = new Growing((n) => new Uint32Array(n));
  readonly #trace = new Growing((n) => new Uint32Array(n));
  readonly #side = new Growing((n) => new Int8Array(n));
  readonly #startMs = new Growing((n) => new Float64Array(n));
  readonly #durationMs = new Growing((n) => new Float64Array(n));
  readonly #selfMs = new Growing((n) => new Float64Array(n));

  get length(): number {
    return this.#service.length;
  }

  push(entry: Entry): void {
    this.#service.room(1)[this.#service.length++] = entry.service;
    this.#operation.room(1)[this.#operation.length++] = entry.operation;
    this.#trace.room(1)[this.#trace.length++] = entry.trace;
    this.#side.room(1)[this.#side.length++] = entry.side;
    this.#startMs.room(1)[this.#startMs.length++] = entry.startMs;
    this.#durationMs.room(1)[this.#durationMs.length++] = entry.durationMs;
    this.#selfMs.room(1)[this.#selfMs.length++] = entry.selfMs;
  }

  columns(): EntryColumns {
    return {
      service: this.#service.view(),
      operation: this.#operation.view(),
      trace: this.#trace.view(),
      side: this.#side.view(),
      startMs: this.#startMs.view(),
      durationMs: this.#durationMs.view(),
      selfMs: this.#selfMs.view(),
    };
  }
}
