import type { ReceiverStats } from '../receivers/receiver.ts';
import { type Clock, NANOS_PER_SECOND } from '../telemetry/clock.ts';
import type { Signal } from '../telemetry/model.ts';

export const SIGNALS: readonly Signal[] = ['traces', 'logs', 'metrics'];

/** Seconds over which the rate of arrival is taken. */
const RATE_SECONDS = 60;

/** One counter and what it counts; the key of each is stable. */
export interface IntakeCount {
  what: 'accepted' | 'refused' | 'dropped';
  /** Receiver for accepted and refused, processor or store for dropped. */
  where: string;
  signal: Signal;
  /** Why, for refused and dropped; '' otherwise. */
  reason: string;
  records: number;
}

/** Arrivals per second over the last minute, by one slot per second. */
class Rate {
  readonly #slots = new Float64Array(RATE_SECONDS);
  readonly #seconds = new Float64Array(RATE_SECONDS).fill(-1);
  readonly #started: number;

  constructor(second: number) {
    this.#started = second;
  }

  add(second: number, records: number): void {
    const slot = second % RATE_SECONDS;
    if (this.#seconds[slot] !== second) this.#slots[slot] = 0;
    this.#seconds[slot] = second;
    this.#slots[slot] = (this.#slots[slot] ?? 0) + records;
  }

  perSecond(second: number): number {
    const span = Math.min(RATE_SECONDS, Math.max(1, second - this.#started));
    let sum = 0;
    for (let i = 0; i < RATE_SECONDS; i++) {
      if (second - (this.#seconds[i] ?? -1) < RATE_SECONDS) sum += this.#slots[i] ?? 0;
    }
    return sum / span;
  }
}

/** Counts every record that arrived and what became of it: the one place that own metrics and the status API read. */
export class Intake implements ReceiverStats {
  readonly #counts = new Map<string, IntakeCount>();
  readonly #rates: Record<Signal, Rate>;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    const now = this.#second();
    this.#rates = { traces: new Rate(now), logs: new Rate(now), metrics: new Rate(now) };
  }

  accepted(receiver: string, signal: Signal, records: number): void {
    this.#add('accepted', receiver, signal, '', records);
    this.#rates[signal].add(this.#second(), records);
  }

  refused(receiver: string, signal: Signal, records: number, reason: string): void {
    this.#add('refused', receiver, signal, reason, records);
  }

  /** Records that a processor took out after they had been accepted. */
  dropped(processor: string, signal: Signal, records: number, reason: string): void {
    this.#add('dropped', processor, signal, reason, records);
  }

  counts(): IntakeCount[] {
    return [...this.#counts.values()];
  }

  /** What one signal looks like now: received and kept so far, the rate, and the losses by reason. */
  signal(signal: Signal): {
    received: number;
    kept: number;
    perSecond: number;
    dropped: { reason: string; records: number }[];
  } {
    const counts = this.counts().filter((c) => c.signal === signal);
    const sum = (what: IntakeCount['what']) =>
      counts.filter((c) => c.what === what).reduce((n, c) => n + c.records, 0);
    const lost = counts.filter((c) => c.what !== 'accepted' && c.records > 0);
    return {
      received: sum('accepted') + sum('refused'),
      kept: sum('accepted') - sum('dropped'),
      perSecond: this.#rates[signal].perSecond(this.#second()),
      dropped: lost.map((c) => ({ reason: c.reason, records: c.records })),
    };
  }

  #second(): number {
    return Number(this.#clock() / NANOS_PER_SECOND);
  }

  #add(what: IntakeCount['what'], where: string, signal: Signal, reason: string, records: number): void {
    const key = `${what}\n${where}\n${signal}\n${reason}`;
    const count = this.#counts.get(key);
    if (count) count.records += records;
    else this.#counts.set(key, { what, where, signal, reason, records });
  }
}
