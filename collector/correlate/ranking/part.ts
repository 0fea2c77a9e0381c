import { IdTable } from '../../telemetry/id-table.ts';
import { Growing } from './growing.ts';
import { type Requests, requestsOf } from './requests.ts';
import { SpanTree } from './span-tree.ts';
import { Sums } from './sums.ts';

/** Above any number of services, and of features. */
const MANY = 1 << 20;

/** Spans of some traces until their logs are read: who wrote a line, and what each entry had. */
export class Part {
  readonly tree = new SpanTree(new IdTable());
  /** Pairs of an entry, numbered among those of all parts, and a feature that it has, each once. */
  readonly hadEntry = new Growing((n) => new Uint32Array(n));
  readonly hadFeature = new Growing((n) => new Uint32Array(n));
  readonly #had = new Sums();
  #requests: Requests | undefined;
  #numberOfRow = new Int32Array(0);
  /** By trace and service: how many entries there are, and the sum of their numbers, which of one is its own. */
  readonly #entries = new Sums();
  readonly #numbers = new Sums();

  /** Forgets everything, for the next part. */
  clear(): void {
    for (const one of this.#room()) one.clear();
    this.#requests = undefined;
    this.#numberOfRow = new Int32Array(0);
  }

  /** Gives the room back; nothing may be asked of it any more. */
  release(): void {
    for (const one of this.#room()) one.release();
  }

  #room() {
    return [this.tree, this.hadEntry, this.hadFeature, this.#had, this.#entries, this.#numbers];
  }

  get isResolved(): boolean {
    return this.#requests !== undefined;
  }

  /** Makes requests of the spans, which are all there now; numbers their entries from `first` on. */
  resolve(first: number): Requests {
    const requests = requestsOf(this.tree);
    this.#requests = requests;
    this.#numberOfRow = new Int32Array(this.tree.length).fill(-1);
    const [trace, service] = [this.tree.trace.view(), this.tree.service.view()];
    for (const [n, row] of requests.entries.entries()) {
      this.#numberOfRow[row] = first + n;
      const key = trace[row]! * MANY + service[row]!;
      this.#entries.add(key, 1);
      this.#numbers.add(key, first + n);
    }
    return requests;
  }

  /** Number of the entry that a span belongs to. */
  entryOfRow(row: number): number {
    return this.#numberOfRow[this.#requests!.entryOf[row]!]!;
  }

  /** The entry that wrote a line: that of its span; else the only one of its trace in the service; else -1. */
  entryOf(trace: number, spanA: number, spanB: number, service: number): number {
    if (trace < 0) return -1;
    const row = this.tree.find(trace, spanA, spanB);
    if (row >= 0 && this.tree.service.view()[row] === service) return this.entryOfRow(row);
    const key = trace * MANY + service;
    return this.#entries.get(key) === 1 ? this.#numbers.get(key) : -1;
  }

  have(entry: number, feature: number): void {
    if (this.#had.add(entry * MANY + feature, 1) > 0) return;
    this.hadEntry.room(1)[this.hadEntry.length++] = entry;
    this.hadFeature.room(1)[this.hadFeature.length++] = feature;
  }
}
