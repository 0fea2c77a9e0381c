import type { Clock } from '../telemetry/clock.ts';

/** How far the detector is, and what it took. */
export interface LooksTaken {
  looks: number;
  /** Of all looks together, waiting for the store included. */
  seconds: number;
  /** The time of telemetry at which the newest finished look began; undefined before the first. */
  lookedUnixNano: bigint | undefined;
}

export interface LooksDeps {
  /** The time of telemetry. */
  clock: Clock;
  /** Milliseconds of a clock that never goes back. */
  monotonicMs: () => number;
}

/** Counts what the detector does; a look that failed has not looked. */
export class Looks {
  readonly #deps: LooksDeps;
  #taken: LooksTaken = { looks: 0, seconds: 0, lookedUnixNano: undefined };

  constructor(deps: LooksDeps) {
    this.#deps = deps;
  }

  taken(): LooksTaken {
    return this.#taken;
  }

  /** Runs one look; rejects as it does. */
  async timed<T>(look: () => Promise<T>): Promise<T> {
    const { clock, monotonicMs } = this.#deps;
    const lookedUnixNano = clock();
    const began = monotonicMs();
    const result = await look();
    const { looks, seconds } = this.#taken;
    this.#taken = { looks: looks + 1, seconds: seconds + (monotonicMs() - began) / 1000, lookedUnixNano };
    return result;
  }
}
