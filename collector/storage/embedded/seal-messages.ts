/** What the sealer and its worker tell each other. */
import type { BlockMeta } from './block.ts';
import type { SealedRun } from './sealed/seal-run.ts';

export interface SealWorkerData {
  path: string;
}

export type ToSealWorker = { metas: BlockMeta[] };
export type FromSealWorker = { run: SealedRun } | { failure: string };

/** The buffers of a run's blobs, to be handed over instead of copied. */
export function runBuffers({ blocks }: SealedRun): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { directory, columns, meta } of blocks) {
    for (const bytes of [directory, meta.bloom, ...columns.map((column) => column.bytes)]) {
      // A part of a buffer of many is copied: the others would go with it.
      if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength)
        buffers.add(bytes.buffer);
    }
  }
  return [...buffers];
}
