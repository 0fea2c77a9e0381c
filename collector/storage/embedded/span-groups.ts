/** Groups of spans: found by the positions of a block's dictionaries, so that no span needs a string or an object. */
import type { SpanIndex } from '../../telemetry/batch.ts';
import type { StringColumn } from '../../telemetry/columns.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { SPAN_STATUSES } from '../../telemetry/model.ts';
import { number64, words64 } from '../../telemetry/words.ts';
import { QuantileSketch } from './quantile-sketch.ts';

const ERROR = SPAN_STATUSES.indexOf('error');
/** Groups of one answer; an attribute like a user id would otherwise make one per span. */
const MAX_GROUPS = 100_000;
/** Combinations of a block's dictionaries and buckets that are looked up in an array instead of a map. */
const MAX_SLOTS = 65_536;

const TWO_32 = 0x1_0000_0000;
/** Below this the whole part of a quotient of integers is exact in doubles: a quotient just below the next one is told from it. */
const EXACT = 2 ** 52;

export interface Group {
  /** From the beginning of the range, counted in steps. */
  bucket: bigint;
  keys: string[];
  count: number;
  errors: number;
  durations: QuantileSketch;
}

/** Which group every combination of one block is. */
interface Slots {
  get(slot: number): number | undefined;
  set(slot: number, group: number): void;
}

export class SpanGroups {
  readonly all: Group[] = [];
  readonly #byName = new Map<string, number>();
  readonly #fromUnixNano: bigint;
  readonly #stepNano: bigint | undefined;
  readonly #withDurations: boolean;

  constructor(fromUnixNano: bigint, stepNano: bigint | undefined, withDurations: boolean) {
    this.#fromUnixNano = fromUnixNano;
    this.#stepNano = stepNano;
    this.#withDurations = withDurations;
  }

  /** Counts the block's spans at the positions, each in the group of its keys. Throws `bad-request` for too many groups. */
  add(index: SpanIndex, keys: readonly StringColumn[], positions: ArrayLike<number>): void {
    const buckets = this.#bucketsOf(index, positions);
    const combinations = keys.reduce((product, { dictionary }) => product * dictionary.length, 1);
    const slots = slotsFor(combinations * buckets.count);
    const { status } = index;
    const durations = words64(index.durationNano);
    for (let n = 0; n < positions.length; n++) {
      const i = positions[n]!;
      let slot = buckets.of(n);
      for (let k = 0; k < keys.length; k++) slot = slot * keys[k]!.dictionary.length + keys[k]!.index[i]!;
      let number = slots.get(slot);
      if (number === undefined) {
        const texts = keys.map(({ dictionary, index: column }) => dictionary[column[i]!] ?? '');
        number = this.#groupOf(buckets.first + BigInt(buckets.of(n)), texts);
        slots.set(slot, number);
      }
      const group = this.all[number]!;
      group.count++;
      if (status[i] === ERROR) group.errors++;
      if (this.#withDurations) group.durations.add(number64(durations, i) / 1e6);
    }
  }

  #groupOf(bucket: bigint, keys: string[]): number {
    const name = [bucket.toString(), ...keys].join('\0');
    let number = this.#byName.get(name);
    if (number === undefined) {
      if (this.all.length >= MAX_GROUPS) {
        throw new CollectorError(
          'bad-request',
          `The query makes more than ${MAX_GROUPS} groups; group by less, or widen the step.`,
        );
      }
      number = this.all.push({ bucket, keys, count: 0, errors: 0, durations: new QuantileSketch() }) - 1;
      this.#byName.set(name, number);
    }
    return number;
  }

  /**
   * The same without a bigint for every span; undefined where spans began before the range or so long after its beginning
   * that a double would not tell their buckets exactly.
   */
  #nearBuckets(
    index: SpanIndex,
    step: bigint,
    positions: ArrayLike<number>,
  ): { first: bigint; count: number; of(n: number): number } | undefined {
    const words = words64(index.startTimeUnixNano);
    const [low = 0, high = 0] = words64(BigInt64Array.of(this.#fromUnixNano));
    const width = Number(step);
    if (width > EXACT) return undefined;
    const numbers = new Float64Array(positions.length);
    let [least, most] = [Number.POSITIVE_INFINITY, 0];
    for (let n = 0; n < numbers.length; n++) {
      const i = positions[n]!;
      const above = ((words[i * 2 + 1]! | 0) - (high | 0)) * TWO_32 + (words[i * 2]! - low);
      if (!(above >= 0 && above < EXACT)) return undefined;
      const bucket = Math.floor(above / width);
      numbers[n] = bucket;
      if (bucket < least) least = bucket;
      if (bucket > most) most = bucket;
    }
    return { first: BigInt(least), count: most - least + 1, of: (n) => numbers[n]! - least };
  }

  /** Bucket of every span above the block's first one. */
  #bucketsOf(
    index: SpanIndex,
    positions: ArrayLike<number>,
  ): { first: bigint; count: number; of(n: number): number } {
    const step = this.#stepNano;
    if (step === undefined || positions.length === 0) return { first: 0n, count: 1, of: () => 0 };
    const near = this.#nearBuckets(index, step, positions);
    if (near !== undefined) return near;
    const numbers = Array.from(positions, (i) => (index.startTimeUnixNano[i]! - this.#fromUnixNano) / step);
    const [least, most] = numbers.reduce(
      ([low, high], number) => [number < low ? number : low, number > high ? number : high],
      [numbers[0]!, numbers[0]!],
    );
    const above = Float64Array.from(numbers, (number) => Number(number - least));
    return { first: least, count: Number(most - least) + 1, of: (n) => above[n]! };
  }
}

function slotsFor(size: number): Slots {
  if (size <= MAX_SLOTS) {
    const groups = new Int32Array(size).fill(-1);
    return {
      get: (slot) => (groups[slot] === -1 ? undefined : groups[slot]),
      set: (slot, group) => {
        groups[slot] = group;
      },
    };
  }
  // Above 2^53 combinations could not be told apart; then every span looks its group up by name.
  return Number.isSafeInteger(size) ? new Map<number, number>() : { get: () => undefined, set: () => {} };
}
