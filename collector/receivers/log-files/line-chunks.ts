const NEWLINE = 0x0a;

/** Complete lines cut from a chunk of a file. */
export interface Lines {
  /** The lines, with their line ends. */
  body: Uint8Array;
  /** Bytes of the chunk that are done with: the lines, and lines that were too long. */
  consumed: number;
  /** Lines that were too long and are left out. */
  tooLong: number;
}

/** Cuts the complete lines from `chunk`; a line of more than `maxLineBytes` is left out. */
export function cutLines(chunk: Uint8Array, maxLineBytes: number): Lines {
  const consumed = chunk.lastIndexOf(NEWLINE) + 1;
  const kept: Uint8Array[] = [];
  let tooLong = 0;
  let runStart = 0;
  for (let start = 0; start < consumed; ) {
    const next = chunk.indexOf(NEWLINE, start) + 1;
    if (next - start > maxLineBytes + 1) {
      tooLong++;
      if (start > runStart) kept.push(chunk.subarray(runStart, start));
      runStart = next;
    }
    start = next;
  }
  if (consumed > runStart) kept.push(chunk.subarray(runStart, consumed));
  return { body: kept.length === 1 ? kept[0]! : Buffer.concat(kept), consumed, tooLong };
}
