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
