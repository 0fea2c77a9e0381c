import type { Socket } from 'node:net';

/** What is asked of Node beyond what it documents, which is `onread` of a client's connection. */
interface Internals {
  _handle?: { useUserBuffer?(buffer: Uint8Array): void } | null;
  [symbol: symbol]: unknown;
}

/**
 * Has what a connection receives written to memory of ours, where the system calls a fresh 64 KiB for every piece
 * otherwise: half of the garbage, and a third of the memory of a collector under load. `next` gives where the next bytes
 * go, `onBytes` is told how many came there; false from it stops the reading until `resume()`. False when this version
 * of Node does not have it, and bytes come as events.
 */
export function readInto(
  socket: Socket,
  next: () => Uint8Array,
  onBytes: (count: number, into: Uint8Array) => boolean,
): boolean {
  const internals = socket as unknown as Internals;
  const symbols = new Map(Object.getOwnPropertySymbols(socket).map((own) => [own.description, own]));
  const [buffer, generator, callback] = ['kBuffer', 'kBufferGen', 'kBufferCb'].map((name) =>
    symbols.get(name),
  );
  const handle = internals._handle;
  if (!buffer || !generator || !callback || typeof handle?.useUserBuffer !== 'function') return false;
  const first = next();
  internals[buffer] = first;
  internals[generator] = next;
  internals[callback] = onBytes;
  handle.useUserBuffer(first);
  return true;
}
