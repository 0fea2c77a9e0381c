/** Samples and exemplars that a query found, in columns: no object for each. */
import type { ExemplarColumns } from '../../telemetry/batch.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import type { Budget } from './budget.ts';

const FIRST_ROOM = 1024;
/** Items between two looks at the clock. */
const SLICE = 0x10000;

/** Items of several series in the order in which they were stored; each knows the number of its series and its time. */
class FoundItems {
  count = 0;
  series = new Uint32Array(FIRST_ROOM);
  time = new BigInt64Array(FIRST_ROOM);
  value = new Float64Array(FIRST_ROOM);

  push(series: number, time: bigint, value: number): void {
    if (this.count === this.value.length) this.grow(this.count * 2);
    this.series[this.count] = series;
    this.time[this.count] = time;
    this.value[this.count++] = value;
  }

  protected grow(room: number): void {
    const { series, time, value } = this;
    this.series = new Uint32Array(room);
    this.series.set(series);
    this.time = new BigInt64Array(room);
    this.time.set(time);
    this.value = new Float64Array(room);
    this.value.set(value);
  }

  /**
   * Positions of the items by series and time, those of one time in the order in which they were stored; of items that
   * are `same` as one before them at the same time none.
   */
  protected async ordered(seriesCount: number, same: Same, budget: Budget): Promise<Ordered> {
    const { from, positions } = await this.#bySeries(seriesCount, budget);
    const kept = new Uint32Array(seriesCount + 1);
    for (let n = 0; n < seriesCount; n++) {
      const own = positions.subarray(from[n]!, from[n + 1]!);
      this.#sort(own);
      const count = this.#dropRepeated(own, same);
      positions.copyWithin(kept[n]!, from[n]!, from[n]! + count);
      kept[n + 1] = kept[n]! + count;
      if (n % 64 === 0) await budget.pause();
    }
    return { from: kept, positions: positions.subarray(0, kept[seriesCount]!) };
  }

  /** Positions by series, of each in the order in which they were stored. */
  async #bySeries(seriesCount: number, budget: Budget): Promise<Ordered> {
    const { count, series } = this;
    const from = new Uint32Array(seriesCount + 1);
    for (let i = 0; i < count; i++) from[series[i]! + 1]!++;
    for (let n = 0; n < seriesCount; n++) from[n + 1]! += from[n]!;
    const next = from.slice();
    const positions = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      positions[next[series[i]!]!++] = i;
      if (i % SLICE === 0) await budget.pause();
    }
    return { from, positions };
  }

  #sort(positions: Uint32Array): void {
    const { time } = this;
    for (let i = 1; i < positions.length; i++) {
      if (time[positions[i - 1]!]! <= time[positions[i]!]!) continue;
      positions.sort((a, b) => (time[a]! < time[b]! ? -1 : time[a]! > time[b]! ? 1 : a - b));
      return;
    }
  }

  /** Moves those that are kept to the front; gives how many they are. */
  #dropRepeated(positions: Uint32Array, same: Same): number {
    const { time } = this;
    let kept = 0;
    /** Where those of the time that is being looked at begin. */
    let first = 0;
    for (let i = 0; i < positions.length; i++) {
      const item = positions[i]!;
      if (kept > first && time[positions[first]!] !== time[item]) first = kept;
      let before = first;
      while (before < kept && !same(positions[before]!, item)) before++;
      if (before === kept) positions[kept++] = item;
    }
    return kept;
  }
}

/** True when two items of one series and time are one. */
type Same = (a: number, b: number) => boolean;

/** The items of series n stand at `positions[from[n]]` to `positions[from[n + 1]]`. */
export interface Ordered {
  from: Uint32Array;
  positions: Uint32Array;
}

export class FoundSamples extends FoundItems {
  /** The samples of each series by time; of several at one time the one stored first. */
  byTime(seriesCount: number, budget: Budget): Promise<Ordered> {
    return this.ordered(seriesCount, () => true, budget);
  }
}

/** Exemplars; every scrape may tell the newest exemplar of a bucket again, so the same one is taken once. */
export class FoundExemplars extends FoundItems {
  traceId = new Uint8Array(FIRST_ROOM * TRACE_ID_BYTES);
  spanId = new Uint8Array(FIRST_ROOM * SPAN_ID_BYTES);

  /** Takes exemplar `i` of a block's columns as one of this series. */
  take(series: number, columns: ExemplarColumns, i: number): void {
    const at = this.count;
    this.push(series, columns.timeUnixNano[i]!, columns.value[i]!);
    copyId(columns.traceId, i, this.traceId, at, TRACE_ID_BYTES);
    copyId(columns.spanId, i, this.spanId, at, SPAN_ID_BYTES);
  }

  protected override grow(room: number): void {
    super.grow(room);
    const { traceId, spanId } = this;
    this.traceId = new Uint8Array(room * TRACE_ID_BYTES);
    this.traceId.set(traceId);
    this.spanId = new Uint8Array(room * SPAN_ID_BYTES);
    this.spanId.set(spanId);
  }

  byTime(seriesCount: number, budget: Budget): Promise<Ordered> {
    const { value, traceId, spanId } = this;
    const same = (a: number, b: number) =>
      Object.is(value[a], value[b]) &&
      isSameId(traceId, a, b, TRACE_ID_BYTES) &&
      isSameId(spanId, a, b, SPAN_ID_BYTES);
    return this.ordered(seriesCount, same, budget);
  }
}

export function copyId(from: Uint8Array, i: number, to: Uint8Array, at: number, bytes: number): void {
  for (let n = 0; n < bytes; n++) to[at * bytes + n] = from[i * bytes + n]!;
}

function isSameId(ids: Uint8Array, a: number, b: number, bytes: number): boolean {
  for (let n = 0; n < bytes; n++) if (ids[a * bytes + n] !== ids[b * bytes + n]) return false;
  return true;
}
