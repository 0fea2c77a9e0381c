const FIRST_ROOM = 16;

/** How much of a span others cover. */
export class Covered {
  #from: Float64Array = new Float64Array(FIRST_ROOM);
  #to: Float64Array = new Float64Array(FIRST_ROOM);
  #count = 0;
  #start = 0;
  #end = 0;

  /** Begins anew with the span that may be covered: its start and how long it takes, milliseconds. */
  of(startMs: number, durationMs: number): void {
    this.#start = startMs;
    this.#end = startMs + durationMs;
    this.#count = 0;
  }

  /** Adds a stretch, moved into the span as far as it fits: a clock that is wrong moves it, and does not lengthen it. */
  add(startMs: number, durationMs: number): void {
    const length = Math.min(durationMs, this.#end - this.#start);
    const from = Math.min(Math.max(startMs, this.#start), this.#end - length);
    this.#push(from, from + length);
  }

  /** Adds a stretch that was moved into another one before. */
  addWithin(startMs: number, durationMs: number, outerStartMs: number, outerMs: number): void {
    const length = Math.min(durationMs, outerMs);
    this.add(Math.min(Math.max(startMs, outerStartMs), outerStartMs + outerMs - length), length);
  }

  /** Milliseconds that at least one of the stretches covers. */
  ms(): number {
    const count = this.#count;
    if (count === 0) return 0;
    const [from, to] = [this.#from.subarray(0, count), this.#to.subarray(0, count)];
    if (count > 1) {
      from.sort();
      to.sort();
    }
    let ms = 0;
    let began = from[0]!;
    for (let i = 1; i < count; i++) {
      // As many have ended as have begun before: which of them began with which does not matter.
      if (to[i - 1]! >= from[i]!) continue;
      ms += to[i - 1]! - began;
      began = from[i]!;
    }
    return ms + to[count - 1]! - began;
  }

  #push(from: number, to: number): void {
    if (this.#count === this.#from.length) {
      this.#from = twice(this.#from);
      this.#to = twice(this.#to);
    }
    this.#from[this.#count] = from;
    this.#to[this.#count++] = to;
  }
}

function twice(values: Float64Array): Float64Array {
  const grown = new Float64Array(values.length * 2);
  grown.set(values);
  return grown;
}
