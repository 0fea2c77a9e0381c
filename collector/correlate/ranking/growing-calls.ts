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
    this.#caller.push(call.caller);
    this.#callee.push(call.callee);
    this.#side.push(call.side);
    this.#startMs.push(call.startMs);
    this.#ms.push(call.ms);
    this.#trace.push(call.trace);
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
