import type { SpanColumns } from '../../storage/store.ts';
import { type IdTable, wordsOf } from '../../telemetry/id-table.ts';
import { SPAN_KINDS, SPAN_STATUSES } from '../../telemetry/model.ts';
import { number64, words64 } from '../../telemetry/words.ts';
import { Growing, type Names } from './growing.ts';

const CLIENT = SPAN_KINDS.indexOf('client');
const PRODUCER = SPAN_KINDS.indexOf('producer');
const ERROR = SPAN_STATUSES.indexOf('error');
/** In `entries`: not looked at yet, and on the way up from the span that is looked at. */
const NOT_YET = -1;
const ON_THE_WAY = -2;

/** Spans of whole traces as columns, and how they hang together. */
export class SpanTree {
  readonly #ids: IdTable;
  readonly #columns: { clear(): void; release(): void; length: number }[];
  readonly #parentA = new Growing((n) => new Uint32Array(n));
  readonly #parentB = new Growing((n) => new Uint32Array(n));
  readonly trace = new Growing((n) => new Uint32Array(n));
  readonly service = new Growing((n) => new Uint32Array(n));
  readonly operation = new Growing((n) => new Uint32Array(n));
  readonly isCall = new Growing((n) => new Uint8Array(n));
  readonly failed = new Growing((n) => new Uint8Array(n));
  readonly startMs = new Growing((n) => new Float64Array(n));
  readonly durationMs = new Growing((n) => new Float64Array(n));

  /** `ids` numbers (trace, span) pairs; it must be empty. */
  constructor(ids: IdTable) {
    this.#ids = ids;
    const { trace, service, operation, isCall, failed, startMs, durationMs } = this;
    this.#columns = [trace, service, operation, isCall, failed, startMs, durationMs];
    this.#columns.push(this.#parentA, this.#parentB);
  }

  /** Forgets all spans; the room stays. */
  clear(): void {
    this.#ids.clear();
    for (const column of this.#columns) column.clear();
  }

  /** Gives the room back; nothing may be asked of it any more. */
  release(): void {
    for (const one of [this.#ids, ...this.#columns]) one.release();
  }

  get length(): number {
    return this.trace.length;
  }

  /** Takes the spans of a page; one that came before is passed over. */
  add(page: SpanColumns, traces: IdTable, services: Names, operations: Names): void {
    const [trace, span, parent] = [page.traceId, page.spanId, page.parentSpanId].map(wordsOf);
    const service = services.addAll(page.service.dictionary);
    const operationOf = operationsOf(page, operations);
    const [starts, durations] = [words64(page.startTimeUnixNano), words64(page.durationNano)];
    const count = page.startTimeUnixNano.length;
    const [traceOf, parentA, parentB] = [this.trace, this.#parentA, this.#parentB].map((c) => c.room(count));
    const [serviceOf, operation] = [this.service.room(count), this.operation.room(count)];
    const [isCall, failed] = [this.isCall.room(count), this.failed.room(count)];
    const [startMs, durationMs] = [this.startMs.room(count), this.durationMs.room(count)];
    let at = this.length;
    for (let i = 0; i < count; i++) {
      const t = i * 4;
      const number = traces.add(trace![t]!, trace![t + 1]!, trace![t + 2]!, trace![t + 3]!);
      const before = this.#ids.size;
      this.#ids.add(number, 0, 0, 0, span![i * 2]!, span![i * 2 + 1]!);
      if (this.#ids.size === before) continue;
      traceOf![at] = number;
      parentA![at] = parent![i * 2]!;
      parentB![at] = parent![i * 2 + 1]!;
      serviceOf[at] = service[page.service.index[i]!]!;
      operation[at] = operationOf(i);
      isCall[at] = page.kind[i] === CLIENT || page.kind[i] === PRODUCER ? 1 : 0;
      failed[at] = page.status[i] === ERROR ? 1 : 0;
      startMs[at] = number64(starts, i) / 1e6;
      durationMs[at] = number64(durations, i) / 1e6;
      at++;
    }
    for (const column of this.#columns) column.length = at;
  }

  /** Number of a span, or -1. */
  find(trace: number, a: number, b: number): number {
    return this.#ids.find(trace, 0, 0, 0, a, b);
  }

  /** Per span: its parent, or -1 where that is not stored. */
  parents(): Int32Array {
    const [trace, a, b] = [this.trace.view(), this.#parentA.view(), this.#parentB.view()];
    const parents = new Int32Array(this.length);
    for (let i = 0; i < parents.length; i++)
      parents[i] = a[i] === 0 && b[i] === 0 ? -1 : this.find(trace[i]!, a[i]!, b[i]!);
    return parents;
  }

  /** Per span: the span by which its request entered its service; of parents in a ring one of them. */
  entries(parents: Int32Array): Int32Array {
    const service = this.service.view();
    const entry = new Int32Array(this.length).fill(NOT_YET);
    const path: number[] = [];
    for (let i = 0; i < entry.length; i++) {
      let at = i;
      path.length = 0;
      while (entry[at] === NOT_YET) {
        path.push(at);
        entry[at] = ON_THE_WAY;
        const parent = parents[at]!;
        if (parent >= 0 && service[parent] === service[at]) at = parent;
      }
      // A path ends at a known span, at an entry, or where it met itself: in a ring.
      if (entry[at] === ON_THE_WAY) entry[at] = at;
      for (const one of path) entry[one] = entry[at]!;
    }
    return entry;
  }
}

/** Operation numbers of a page's spans: `GET /orders/{id}` where there is a route, else the name. */
function operationsOf({ name, route, method }: SpanColumns, operations: Names): (i: number) => number {
  const names = operations.addAll(name.dictionary);
  const known = new Map<number, number>();
  return (i) => {
    const at = route.index[i]!;
    if (route.dictionary[at] === '') return names[name.index[i]!]!;
    const key = at * method.dictionary.length + method.index[i]!;
    let number = known.get(key);
    if (number === undefined) {
      number = operations.add(`${method.dictionary[method.index[i]!]} ${route.dictionary[at]}`.trim());
      known.set(key, number);
    }
    return number;
  };
}
