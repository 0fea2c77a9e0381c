import { KERNEL_REGIONS, kernelMemory } from './kernel-memory.ts';

const LEAST_BYTES = 4 * 1024;
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Buffers for the bodies of requests in the memory of the kernels that read them, used again and again: fresh memory
 * for each, and copying it, cost more than reading it. Bodies for which there is no room get memory of their own.
 */
class KernelBodies {
  readonly #from: number;
  readonly #to: number;
  /** Where nothing was given from yet. */
  #rest: number;
  readonly #free = new Map<number, Buffer[]>();
  /** Bytes of every buffer by its address. */
  readonly #sizes = new Map<number, number>();
  #given = 0;

  constructor({ from, to }: { from: number; to: number }) {
    this.#from = from;
    this.#to = to;
    this.#rest = from;
  }

  /** A buffer of `size` bytes or more, with whatever was in it before; with `spare` bytes more if there is room. */
  take(size: number, spare = 0): Buffer {
    const room = roomFor(size + spare);
    const buffer = this.#free.get(room)?.pop() ?? this.#fresh(room);
    if (buffer === undefined) return Buffer.allocUnsafeSlow(size);
    this.#given++;
    return buffer;
  }

  #fresh(room: number): Buffer | undefined {
    if (room > MOST_BYTES || this.#rest + room > this.#to) return undefined;
    const at = this.#rest;
    this.#rest += room;
    this.#sizes.set(at, room);
    return Buffer.from(kernelMemory.buffer, at, room);
  }

  /** The end of the buffer that begins at an address of the kernels' memory; undefined when none does. */
  endOf(address: number): number | undefined {
    const size = this.#sizes.get(address);
    return size === undefined ? undefined : address + size;
  }

  /** Nobody may look at the buffer afterwards. */
  give(buffer: Buffer): void {
    if (buffer.buffer !== kernelMemory.buffer) return;
    const free = this.#free.get(buffer.length);
    if (free) free.push(buffer);
    else this.#free.set(buffer.length, [buffer]);
    this.#given--;
    // When nothing is out, what small bodies had may become room for large ones.
    if (this.#given === 0 && this.#rest + MOST_BYTES > this.#to) this.#startAnew();
  }

  #startAnew(): void {
    this.#free.clear();
    this.#sizes.clear();
    this.#rest = this.#from;
  }
}

/** One for all receivers, as the memory is one. */
export const kernelBodies = new KernelBodies(KERNEL_REGIONS.bodies);

/** The next power of two, so that bodies of about one size share buffers. */
function roomFor(size: number): number {
  let room = LEAST_BYTES;
  while (room < size) room *= 2;
  return room;
}
