import type { TimeParts } from './time-reader.ts';

/** Streams by their number; '' of lines that name none. */
export const STREAMS = ['', 'stdout', 'stderr'] as const;
const NAME_BYTES = STREAMS.map((name) => Buffer.from(name));
/** Both names are as long. */
export const STREAM_BYTES = STREAMS[1].length;

/** What a line that a container's runtime wrote says beside its content. Filled anew for each line. */
export interface WrappedLine {
  /** 1 stdout, 2 stderr. */
  stream: number;
  /** The content goes on in the next line of the same stream. */
  partial: boolean;
  time: TimeParts;
  /** Where the content stands, without a line end. */
  contentStart: number;
  contentEnd: number;
}

/** One way of wrapping lines. */
export interface Wrapping {
  /** Reads the line in bytes[start, end); false when it is not wrapped this way. */
  read(bytes: Buffer, start: number, end: number, into: WrappedLine): boolean;
  /** Copies the content of a line that was read into `out` at `at`, and gives the position behind it. It does not grow. */
  copy(bytes: Buffer, line: WrappedLine, out: Buffer, at: number): number;
}

export function emptyWrappedLine(): WrappedLine {
  return { stream: 0, partial: false, time: { seconds: 0, nanos: 0 }, contentStart: 0, contentEnd: 0 };
}

/** The number of the stream whose name is in bytes[start, end); 0 when it is none. */
export function streamOf(bytes: Buffer, start: number, end: number): number {
  if (end - start !== STREAM_BYTES) return 0;
  for (let stream = 1; stream < STREAMS.length; stream++) {
    if (bytes.compare(NAME_BYTES[stream]!, 0, STREAM_BYTES, start, end) === 0) return stream;
  }
  return 0;
}
