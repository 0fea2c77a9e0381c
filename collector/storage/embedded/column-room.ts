export type Columns = Uint8Array | Uint16Array | Uint32Array | BigInt64Array;

const FIRST_BYTES = 64 * 1024;
/** What is kept; a column for which there is no room gets memory of its own. */
const MOST_BYTES = 2 * 1024 * 1024;
const ALIGN = 8;

/**
 * Memory for columns that are read once and then no more, used again for the next ones: made anew for each block, they
 * would be half of what a collector under load throws away.
 */
export class ColumnRoom {
  #memory = new ArrayBuffer(0);
  #used = 0;

  /** What was given before may be overwritten from now on. */
  clear(): void {
    this.#used = 0;
  }

  /** A column of the kind of `part`, with `length` elements that hold whatever was there before. */
  like<C extends Columns>(part: C, length: number): C {
    const bytes = length * part.BYTES_PER_ELEMENT;
    const [memory, at] = this.#take(bytes);
    if (part instanceof BigInt64Array) return new BigInt64Array(memory, at, length) as C;
    if (part instanceof Uint32Array) return new Uint32Array(memory, at, length) as C;
    if (part instanceof Uint16Array) return new Uint16Array(memory, at, length) as C;
    return new Uint8Array(memory, at, length) as C;
  }

  #take(bytes: number): [memory: ArrayBuffer, at: number] {
    const at = this.#used;
    const end = at + Math.ceil(bytes / ALIGN) * ALIGN;
    if (end > MOST_BYTES) return [new ArrayBuffer(bytes), 0];
    // Columns that were given stay where they are.
    if (end > this.#memory.byteLength)
      this.#memory = new ArrayBuffer(Math.min(MOST_BYTES, Math.max(FIRST_BYTES, end * 2)));
    this.#used = end;
    return [this.#memory, at];
  }
}
