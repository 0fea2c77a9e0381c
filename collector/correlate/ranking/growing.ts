import { release } from '../../telemetry/release.ts';

type Numbers = Float64Array | Uint32Array | Int32Array | Int8Array | Uint8Array;

const FIRST_ROOM = 256;
const STEP = 2;

/** A column of numbers that grows: millions of them without an object each. */
export class Growing<A extends Numbers> {
  readonly #make: (length: number) => A;
  #values: A;
  #capacity = FIRST_ROOM;
  length = 0;

  constructor(make: (length: number) => A) {
    this.#make = make;
    this.#values = make(FIRST_ROOM);
  }

  push(value: number): void {
    this.room(1)[this.length++] = value;
  }

  /**
   * The values with room for so many more behind them: what is written from `length` on counts once `length` is set. Who
   * writes millions does it in place: a store that sees arrays of one type only is several times as fast as that of `push`.
   */
  room(more: number): A {
    if (this.length + more > this.#capacity) this.#grow(more);
    return this.#values;
  }

  /** Adds many at once. */
  pushAll(values: A): void {
    this.room(values.length).set(values, this.length);
    this.length += values.length;
  }

  #grow(more: number): void {
    while (this.#capacity < this.length + more) this.#capacity *= STEP;
    const grown = this.#make(this.#capacity);
    grown.set(this.#values);
    release(this.#values);
    this.#values = grown;
  }

  /** Gives the room back; nothing may be asked of it any more, nor of views. */
  release(): void {
    release(this.#values);
  }

  /** Forgets the values; the room stays, and views of before must not be read any more. */
  clear(): void {
    this.length = 0;
  }

  /** The values so far, not copied: not to be read once more were added. */
  view(): A {
    return this.#values.subarray(0, this.length) as A;
  }
}

/** Strings by number, in order of first appearance. */
export class Names {
  readonly #numbers = new Map<string, number>();
  readonly list: string[] = [];

  add(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.list.push(name) - 1;
      this.#numbers.set(name, number);
    }
    return number;
  }

  /** Numbers of a dictionary's strings. */
  addAll(dictionary: readonly string[]): Uint32Array {
    return Uint32Array.from(dictionary, (name) => this.add(name));
  }
}
