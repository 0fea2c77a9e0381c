import { criWrapping } from './cri.ts';
import { createDockerWrapping } from './docker.ts';
import { type HeldLines, StreamLines, type UnwrappedLines } from './stream-lines.ts';
import { emptyWrappedLine, STREAMS, type Wrapping } from './wrapped-line.ts';

/** How the lines of a file are written: as the program wrote them, or wrapped by what runs its container. */
export type LineFormat = 'json' | 'docker' | 'cri';

const NEWLINE = 0x0a;

/** The format of a file by its first line. */
export function detectFormat(head: Uint8Array): LineFormat {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const newline = bytes.indexOf(NEWLINE);
  const end = newline < 0 ? bytes.length : newline;
  const line = emptyWrappedLine();
  if (criWrapping.read(bytes, 0, end, line)) return 'cri';
  return createDockerWrapping().read(bytes, 0, end, line) ? 'docker' : 'json';
}

/** What came out of a chunk. */
export interface Unwrapped {
  streams: UnwrappedLines[];
  /** Lines that ended and are left out. */
  tooLong: number;
  /** To be handed in with the next chunk. */
  held: HeldLines;
}

/** Takes the wrapping off the lines of a file, chunk by chunk; it remembers nothing itself. */
export class Unwrapper {
  readonly #wrapping: Wrapping;
  readonly #maxLineBytes: number;

  /** Lines that are longer than `maxLineBytes` without their wrapping are left out and counted. */
  constructor(format: 'docker' | 'cri', maxLineBytes: number) {
    this.#wrapping = format === 'cri' ? criWrapping : createDockerWrapping();
    this.#maxLineBytes = maxLineBytes;
  }

  /**
   * Unwraps whole lines of the file, `chunk`, which begin at `chunkStart` in it, behind lines that left `held`. A
   * line that is not wrapped is one as it stands. Only streams that have lines are in the answer.
   */
  unwrap(chunk: Uint8Array, chunkStart: number, held: HeldLines): Unwrapped {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const streams = this.#streams(held, bytes.length);
    const line = emptyWrappedLine();
    for (let start = 0; start < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, start);
      const end = newline < 0 ? bytes.length : newline;
      if (this.#wrapping.read(bytes, start, end, line)) {
        streams[line.stream]!.add(bytes, line, this.#wrapping, chunkStart + start);
      } else streams[0]!.addWhole(bytes, start, end);
      start = end + 1;
    }
    return { ...gathered(streams), held: streams.map((stream) => stream.held()) };
  }

  /** The lines that wait for their end, as they are, because nothing more comes. */
  release(held: HeldLines): Unwrapped {
    const streams = this.#streams(held, 0);
    for (const [i, stream] of streams.entries()) if (held[i]) stream.endLine();
    return { ...gathered(streams), held: [] };
  }

  #streams(held: HeldLines, bytes: number): StreamLines[] {
    return STREAMS.map((name, i) => new StreamLines(name, held[i], bytes, this.#maxLineBytes));
  }
}

function gathered(streams: readonly StreamLines[]): { streams: UnwrappedLines[]; tooLong: number } {
  return {
    streams: streams.flatMap((stream) => stream.lines() ?? []),
    tooLong: streams.reduce((sum, stream) => sum + stream.tooLong, 0),
  };
}
