import { readTime } from './time-reader.ts';
import { STREAM_BYTES, streamOf, type WrappedLine, type Wrapping } from './wrapped-line.ts';

const SPACE = 0x20;
const COLON = 0x3a;
const FULL = 0x46;
const PARTIAL = 0x50;
/** No RFC 3339 time with nanoseconds and offset is longer. */
const MAX_TIME_BYTES = 40;

/**
 * Lines of the kubelet's container runtimes: `TIME STREAM TAG CONTENT`, the tag `F` for a whole line or its end and
 * `P` for a part of one; more tags may follow behind a colon. Source: kubernetes/kubernetes,
 * staging/src/k8s.io/cri-client/pkg/logs/logs.go (parseCRILog).
 */
export const criWrapping: Wrapping = {
  read(bytes: Buffer, start: number, end: number, into: WrappedLine): boolean {
    const timeEnd = spaceIn(bytes, start, Math.min(end, start + MAX_TIME_BYTES));
    const streamEnd = timeEnd + 1 + STREAM_BYTES;
    const tagStart = streamEnd + 1;
    if (timeEnd < 0 || tagStart >= end || bytes[streamEnd] !== SPACE) return false;
    into.stream = streamOf(bytes, timeEnd + 1, streamEnd);
    into.partial = bytes[tagStart] === PARTIAL;
    if (into.stream === 0 || (!into.partial && bytes[tagStart] !== FULL)) return false;
    const behind = tagStart + 1 < end ? bytes[tagStart + 1]! : SPACE;
    if (behind !== SPACE && behind !== COLON) return false;
    const tagEnd = spaceIn(bytes, tagStart + 1, end);
    into.contentStart = tagEnd < 0 ? end : tagEnd + 1;
    into.contentEnd = end;
    return readTime(bytes, start, timeEnd, into.time);
  },

  copy(bytes: Buffer, { contentStart, contentEnd }: WrappedLine, out: Buffer, at: number): number {
    return at + bytes.copy(out, at, contentStart, contentEnd);
  },
};

/** Position of the first space in bytes[start, end), -1 without one. */
function spaceIn(bytes: Buffer, start: number, end: number): number {
  for (let pos = start; pos < end; pos++) if (bytes[pos] === SPACE) return pos;
  return -1;
}
