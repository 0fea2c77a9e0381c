/** Buffers for the bodies of requests, used again and again: fresh memory for each costs more than reading it. */
const LEAST_BYTES = 64 * 1024;
const MOST_BYTES = 4 * 1024 * 1024;

/** Gives buffers of at least the asked size; those that are given back are kept up to `maxBytes` in all. */
export class BodyPool {
  readonly #maxBytes: number;
  readonly #free = new Map<number, Buffer[]>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** A buffer of `size` bytes or more, with whatever was in it before. */
  take(size: number): Buffer {
    const room = roomFor(size);
    const buffer = this.#free.get(room)?.pop();
    if (!buffer) return Buffer.allocUnsafeSlow(room);
    this.#bytes -= room;
    return buffer;
  }

  /** Nobody may look at the buffer afterwards. */
  give(buffer: Buffer): void {
    const room = buffer.length;
    if (room > MOST_BYTES || this.#bytes + room > this.#maxBytes) return;
    const free = this.#free.get(room);
    if (free) free.push(buffer);
    else this.#free.set(room, [buffer]);
    this.#bytes += room;
  }
}

/** The next power of two, so that bodies of about one size share buffers; beyond what is kept, the size itself. */
function roomFor(size: number): number {
  if (size > MOST_BYTES) return size;
  let room = LEAST_BYTES;
  while (room < size) room *= 2;
  return room;
}
