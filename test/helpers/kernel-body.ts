import { kernelBodies } from '../../collector/formats/kernel-bodies.ts';

/** Bytes of whatever was there before, on both sides. */
const AROUND = 64;

/** Gives `use` the bytes as a receiver has them that reads into the memory of the kernels, among others' leftovers. */
export function inKernelMemory<T>(bytes: Uint8Array, use: (body: Buffer) => T, leftover = 0xff): T {
  const slab = kernelBodies.take(bytes.length + 2 * AROUND);
  slab.fill(leftover);
  slab.set(bytes, AROUND);
  try {
    return use(slab.subarray(AROUND, AROUND + bytes.length));
  } finally {
    kernelBodies.give(slab);
  }
}

/** The same at the beginning of a buffer, with room behind for what is read from the body; only `use` may look at that. */
export function withRoomBehind<T>(bytes: Uint8Array, use: (body: Buffer) => T): T {
  const slab = kernelBodies.take(bytes.length, bytes.length + 4096);
  slab.set(bytes);
  try {
    return use(slab.subarray(0, bytes.length));
  } finally {
    kernelBodies.give(slab);
  }
}
