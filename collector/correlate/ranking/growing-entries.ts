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
    this.#service.push(entry.service);
    this.#operation.push(entry.operation);
    this.#trace.push(entry.trace);
    this.#side.push(entry.side);
    this.#startMs.push(entry.startMs);
    this.#durationMs.push(entry.durationMs);
    this.#selfMs.push(entry.selfMs);
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
