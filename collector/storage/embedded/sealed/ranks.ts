/** How many records of each shape stand before a record, without a number for each of them. */
const STEP = 128;

export class Ranks {
  readonly #shapeOf: Uint32Array;
  readonly #shapes: number;
  /** Of every STEP records: how many of each shape stand before them. */
  readonly #before: Uint32Array;
  /** The same up to and with `#at`: the next question is often about the same record. */
  readonly #counts: Uint32Array;
  #at = -1;

  constructor(shapeOf: Uint32Array, shapes: number) {
    this.#shapeOf = shapeOf;
    this.#shapes = shapes;
    this.#counts = new Uint32Array(shapes);
    this.#before = new Uint32Array(Math.ceil(shapeOf.length / STEP) * shapes);
    const counts = new Uint32Array(shapes);
    for (let i = 0; i < shapeOf.length; i++) {
      if (i % STEP === 0) this.#before.set(counts, (i / STEP) * shapes);
      counts[shapeOf[i]!]!++;
    }
  }

  /** Values that records up to and with `i` have, where one of each shape has so many `times`. */
  upTo(i: number, times: Uint32Array): number {
    if (this.#at !== i) this.#count(i);
    let sum = 0;
    for (let shape = 0; shape < this.#shapes; shape++) sum += this.#counts[shape]! * times[shape]!;
    return sum;
  }

  /** The record that has value `value` of them, and its last one. */
  recordOf(value: number, times: Uint32Array): { record: number; last: number } {
    let [low, high] = [0, this.#before.length / this.#shapes - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#sum(middle, times) <= value) low = middle;
      else high = middle - 1;
    }
    let last = this.#sum(low, times) - 1;
    for (let record = low * STEP; record < this.#shapeOf.length; record++) {
      last += times[this.#shapeOf[record]!]!;
      if (last >= value) return { record, last };
    }
    throw new RangeError(`no record has value ${value}`);
  }

  /** Values that records before step `step` have. */
  #sum(step: number, times: Uint32Array): number {
    let sum = 0;
    const from = step * this.#shapes;
    for (let shape = 0; shape < this.#shapes; shape++) sum += this.#before[from + shape]! * times[shape]!;
    return sum;
  }

  #count(i: number): void {
    const step = Math.floor(i / STEP);
    const from = step * this.#shapes;
    for (let shape = 0; shape < this.#shapes; shape++) this.#counts[shape] = this.#before[from + shape]!;
    for (let n = step * STEP; n <= i; n++) this.#counts[this.#shapeOf[n]!]!++;
    this.#at = i;
  }
}
