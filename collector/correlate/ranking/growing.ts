type Numbers = Float64Array | Uint32Array | Int32Array | Int8Array | Uint8Array;

const FIRST_ROOM = 256;
/** Room that was never written to takes no memory: few large steps leave less behind than many small ones. */
const STEP = 8;

/** A column of numbers that grows: millions of them without an object each. */
export class Growing<A extends Numbers> {
  readonly #make: (length: number) => A;
  #values: A;
  length = 0;

  constructor(make: (length: number) => A) {
    this.#make = make;
    this.#values = make(FIRST_ROOM);
  }

  push(value: number): void {
    if (this.length === this.#values.length) {
      const grown = this.#make(this.length * STEP);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length++] = value;
  }

  /** Forgets the values; the room stays, and views of before must not be read any more. */
  clear(): void {
    this.length = 0;
  }

  /** The values so far, not copied. */
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
