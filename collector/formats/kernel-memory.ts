import { startMemory } from './wasm-kernel.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Where what lies in the memory that kernels of the ingest path share. Their own constants come first (assembly.ts
 * compiles each for its place); then the room in which each works; then bodies. Nothing grows: views stay true, and what was
 * never written costs no memory.
 */
export const KERNEL_REGIONS = {
  /** Bodies that came from elsewhere, and columns. */
  scan: { from: 1 * MIB, to: 17 * MIB },
  /** Lean bodies, and the bodies that they are made of where those came from elsewhere. */
  lean: { from: 17 * MIB, to: 45 * MIB },
  /** Bodies that are read from sockets. */
  bodies: { from: 45 * MIB, to: 61 * MIB },
} as const;

/** One memory for all kernels that read the same body one after the other, so that it is copied for none; with room at its end that may be read. */
export const kernelMemory = startMemory(62 * MIB);

/** Where bytes stand in the shared memory; undefined when they are elsewhere. */
export function addressOf(bytes: Uint8Array): number | undefined {
  return bytes.buffer === kernelMemory.buffer ? bytes.byteOffset : undefined;
}
