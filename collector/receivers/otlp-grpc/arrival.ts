import { CollectorError } from '../../telemetry/errors.ts';
import type { ByteBudget } from '../otlp-http/body.ts';

/** Seconds after which a sender that found no room tries again. */
const RETRY_AFTER_SECONDS = 1;

/** How many messages arrive at the same time, at the most. */
export class ArrivalSlots {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Throws `overloaded`, to be tried again. */
  take(): void {
    if (this.#used >= this.#limit) {
      throw new CollectorError(
        'overloaded',
        `${this.#limit} messages are arriving already: send again later`,
        {
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        },
      );
    }
    this.#used++;
  }

  give(): void {
    this.#used--;
  }
}

/** One message while it arrives: its bytes are in the budget from the first part until it is handed on or given up. */
export class Arrival {
  readonly #slots: ArrivalSlots;
  readonly #budget: ByteBudget;
  readonly #refuse: (error: CollectorError) => void;
  #state: 'waiting' | 'arriving' | 'over' = 'waiting';
  #bytes = 0;

  constructor(slots: ArrivalSlots, budget: ByteBudget, refuse: (error: CollectorError) => void) {
    this.#slots = slots;
    this.#budget = budget;
    this.#refuse = refuse;
  }

  /** False when it was refused, here and below. */
  begin(): boolean {
    return this.#isTaken(() => {
      this.#slots.take();
      this.#state = 'arriving';
    });
  }

  /** A part came. */
  readonly part = ({ length }: Uint8Array): boolean => this.#isTaken(() => this.#take(length));

  /** All of it came, and is as long as this by now. */
  inflated({ length }: Uint8Array): boolean {
    return this.#isTaken(() => {
      this.#give();
      this.#take(length);
    });
  }

  /** It is handed on, or will not come any more. May be told more than once. */
  end(): void {
    this.#give();
    if (this.#state === 'arriving') this.#slots.give();
    this.#state = 'over';
  }

  #take(bytes: number): void {
    if (this.#state === 'over') return;
    this.#budget.take(bytes);
    this.#bytes += bytes;
  }

  #give(): void {
    this.#budget.give(this.#bytes);
    this.#bytes = 0;
  }

  #isTaken(take: () => void): boolean {
    try {
      take();
      return true;
    } catch (error) {
      this.#refuse(error as CollectorError);
      return false;
    }
  }
}
