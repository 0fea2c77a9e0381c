import type { Batch, SpanBatch } from '../telemetry/batch.ts';
import { NANOS_PER_SECOND } from '../telemetry/clock.ts';
import { stringAt } from '../telemetry/columns.ts';
import { SPAN_KINDS, SPAN_STATUSES } from '../telemetry/model.ts';
import type { RecentGroup, RecentQuery, RecentSpans } from '../telemetry/recent-spans.ts';
import type { Observer } from './processor.ts';
import { LogHistogram } from './recent-requests/log-histogram.ts';

/** Told of batches, and asked what the routes did lately. */
export interface RecentRequests extends RecentSpans {
  observe: Observer;
}

/** The step in which golden signals are watched; longer steps are made of several. */
const SLOT_NANO = 10n * NANOS_PER_SECOND;
const SLOT_NUMBER = Number(SLOT_NANO);
/** Slots remembered: two minutes. */
const SLOTS = 12;
/** Routes of all slots together: 7 MB at the most. */
const GROUPS = 2048;
const SERVER = SPAN_KINDS.indexOf('server');
const ERROR = SPAN_STATUSES.indexOf('error');

interface RecentDeps {
  /** Start of the newest span that was stored before; undefined when none was. */
  newestUnixNano: bigint | undefined;
}

interface Group {
  service: string;
  method: string;
  route: string;
  errors: number;
  mayBeSampled: boolean;
  durations: LogHistogram;
}

interface Slot {
  groups: Map<string, Group>;
  /** False once something of it could not be noted. */
  isWhole: boolean;
}

/**
 * Requests of the last two minutes by route and time, counted as their spans become durable; quantiles are within 1.6 %. A
 * range is not covered that is too old, of which some was stored before this process, that is not cut at whole slots, that had
 * too many routes, or in which spans state weights. A span that was sent twice counts twice.
 */
export function createRecentRequests(deps: RecentDeps): RecentRequests {
  const slots = new Slots(deps);
  return {
    observe: (batch) => observe(batch, slots),
    get sinceUnixNano() {
      return slots.sinceUnixNano;
    },
    read: (query) => slots.read(query),
  };
}

/** Finds the group of a span once for each combination of dictionary entries and slot; then it is a number. */
function observe(batch: Batch, slots: Slots): void {
  if (batch.signal !== 'traces') return;
  const { index, count } = batch;
  const [routes, methods] = [index.route.dictionary.length, index.method.dictionary.length];
  const combinations = index.service.dictionary.length * routes * methods;
  // Halves of 64 bits: reading a bigint would make an object of every time.
  const starts = halves(index.startTimeUnixNano);
  const durations = halves(index.durationNano);
  const found = new Map<number, Group | undefined>();
  let lastKey = -1;
  let group: Group | undefined;
  for (let i = 0; i < count; i++) {
    if (index.kind[i] !== SERVER) continue;
    const slot = Math.floor((starts[i * 2 + 1]! * 2 ** 32 + starts[i * 2]!) / SLOT_NUMBER);
    const position =
      (index.service.index[i]! * routes + index.route.index[i]!) * methods + index.method.index[i]!;
    const key = slot * combinations + position;
    if (key !== lastKey) {
      group = found.get(key);
      if (group === undefined && !found.has(key)) {
        group = slots.groupOf(batch, i, slot);
        found.set(key, group);
      }
      lastKey = key;
    }
    if (group === undefined) continue;
    if (index.status[i] === ERROR) group.errors++;
    group.durations.add(durations[i * 2 + 1]! * 2 ** 32 + durations[i * 2]!);
  }
}

function halves(column: BigInt64Array): Uint32Array {
  return new Uint32Array(column.buffer, column.byteOffset, column.length * 2);
}

class Slots {
  readonly #slots = new Map<number, Slot>();
  #groups = 0;
  /** Slots below are not whole: some of them was stored before, or they were forgotten. */
  #first: number;

  /** Whatever is stored later is seen, however long ago it started. */
  constructor({ newestUnixNano }: RecentDeps) {
    this.#first = newestUnixNano === undefined ? 0 : Number(newestUnixNano / SLOT_NANO) + 1;
  }

  get sinceUnixNano(): bigint {
    return BigInt(this.#first) * SLOT_NANO;
  }

  /** The group of span `i`; undefined when there is none to be had. */
  groupOf({ index }: SpanBatch, i: number, number: number): Group | undefined {
    const slot = this.#slotOf(number);
    if (slot === undefined) return undefined;
    if (index.statesWeights !== false) slot.isWhole = false;
    const service = stringAt(index.service, i);
    const method = stringAt(index.method, i);
    const route = stringAt(index.route, i);
    const key = `${service}\0${method}\0${route}`;
    const mayBeSampled = index.hasTraceState !== false;
    let group = slot.groups.get(key);
    if (group === undefined) {
      if (this.#groups >= GROUPS) {
        slot.isWhole = false;
        return undefined;
      }
      group = { service, method, route, errors: 0, mayBeSampled, durations: new LogHistogram() };
      slot.groups.set(key, group);
      this.#groups++;
    }
    group.mayBeSampled ||= mayBeSampled;
    return group;
  }

  #slotOf(number: number): Slot | undefined {
    if (number < this.#first) return undefined;
    let slot = this.#slots.get(number);
    if (slot === undefined) {
      slot = { groups: new Map(), isWhole: true };
      this.#slots.set(number, slot);
      if (this.#slots.size > SLOTS) this.#forgetOldest();
    }
    return number < this.#first ? undefined : slot;
  }

  #forgetOldest(): void {
    const oldest = Math.min(...this.#slots.keys());
    this.#groups -= this.#slots.get(oldest)!.groups.size;
    this.#slots.delete(oldest);
    this.#first = oldest + 1;
  }

  read({ fromUnixNano, toUnixNano, stepNano, quantiles }: RecentQuery): RecentGroup[] | undefined {
    if ([fromUnixNano, toUnixNano, stepNano].some((time) => time % SLOT_NANO !== 0n)) return undefined;
    const end = Number(toUnixNano / SLOT_NANO);
    const first = Number(fromUnixNano / SLOT_NANO);
    const step = Number(stepNano / SLOT_NANO);
    if (first < this.#first) return undefined;
    const found: RecentGroup[] = [];
    for (let from = first; from < end; from += step) {
      const slots: Slot[] = [];
      for (let n = from; n < Math.min(from + step, end); n++) {
        const slot = this.#slots.get(n);
        if (slot?.isWhole === false) return undefined;
        if (slot) slots.push(slot);
      }
      found.push(...together(slots, BigInt(from) * SLOT_NANO, quantiles));
    }
    return found;
  }
}

/** The groups of neighbouring slots as those of one step. */
function together(slots: readonly Slot[], fromUnixNano: bigint, quantiles: readonly number[]): RecentGroup[] {
  const keys = new Set(slots.flatMap(({ groups }) => [...groups.keys()]));
  return [...keys].map((key) => {
    const parts = slots.flatMap(({ groups }) => groups.get(key) ?? []);
    const { service, method, route } = parts[0]!;
    const durations = parts.length === 1 ? parts[0]!.durations : new LogHistogram();
    if (parts.length > 1) for (const part of parts) durations.addAll(part.durations);
    return {
      ...{ service, method, route, fromUnixNano },
      count: durations.count,
      errors: parts.reduce((sum, { errors }) => sum + errors, 0),
      quantilesMs: quantiles.map((quantile) => durations.quantile(quantile) / 1e6),
      mayBeSampled: parts.some((part) => part.mayBeSampled),
    };
  });
}
