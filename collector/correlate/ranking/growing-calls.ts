import { Growing } from './growing.ts';
import type { CallColumns } from './records.ts';

/** One call, as `CallColumns` has it. */
export interface Call {
  caller: number;
  callee: number;
  side: number;
  startMs: number;
  ms: number;
  trace: number;
}

/** Calls as columns that grow. */
export class GrowingCalls {
  readonly #caller = new Growing((n) => new Uint32Array(n));
  readonly #callee = new Growing((n) => new Uint32Array(n));
  readonly #side = new Growing((n) => new Int8Array(n));
  readonly #startMs = new Growing((n) => new Float64Array(n));
  readonly #ms = new Growing((n) => new Float64Array(n));
  readonly #trace = new Growing((n) => new Uint32Array(n));

  push(call: Call): void {
    this.#caller.room(1)[this.#caller.length++] = call.caller;
    this.#callee.room(1)[this.#callee.length++] = call.callee;
    this.#side.room(1)[this.#side.length++] = call.side;
    this.#startMs.room(1)[this.#startMs.length++] = call.startMs;
    this.#ms.room(1)[this.#ms.length++] = call.ms;
    this.#trace.room(1)[this.#trace.length++] = call.trace;
  }

  columns(): CallColumns {
    return {
      caller: this.#caller.view(),
      callee: this.#callee.view(),
      side: this.#side.view(),
      startMs: this.#startMs.view(),
      ms: this.#ms.view(),
      trace: this.#trace.view(),
    };
  }
}
