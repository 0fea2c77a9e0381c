// Copies of recorded requests: another time, other ids.
import type { Random } from '../../slo/index.ts';
import type { ShownExemplar } from './exposition.ts';
import type { LogMessage, SpanMessage } from './recording.ts';

export type Ids = (id: Uint8Array) => Uint8Array;

/** Ids of one copy: what was one id stays one, and is no other copy's. */
export function newIds(random: Random): Ids {
  const salt = Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256));
  return (id) => id.map((byte, i) => byte ^ salt[i]!);
}

/** A span of a copy, `shift` nanoseconds later. */
export function movedSpan(span: SpanMessage, shift: bigint, ids: Ids): SpanMessage {
  return {
    ...span,
    ...(span.traceId && { traceId: ids(span.traceId) }),
    ...(span.spanId && { spanId: ids(span.spanId) }),
    ...(span.parentSpanId?.length && { parentSpanId: ids(span.parentSpanId) }),
    startTimeUnixNano: (span.startTimeUnixNano ?? 0n) + shift,
    endTimeUnixNano: (span.endTimeUnixNano ?? 0n) + shift,
    ...(span.events && {
      events: span.events.map((event) => ({ ...event, timeUnixNano: (event.timeUnixNano ?? 0n) + shift })),
    }),
  };
}

/** A log record of a copy, `shift` nanoseconds later. */
export function movedLog(line: LogMessage, shift: bigint, ids: Ids): LogMessage {
  return {
    ...line,
    ...(line.traceId?.length && { traceId: ids(line.traceId) }),
    ...(line.spanId?.length && { spanId: ids(line.spanId) }),
    timeUnixNano: (line.timeUnixNano ?? 0n) + shift,
  };
}

/** A histogram shows few exemplars: the newest of each power of two. */
export function newestEach(exemplars: readonly ShownExemplar[]): ShownExemplar[] {
  const keyOf = ({ histogram, value }: ShownExemplar) => `${histogram} ${Math.ceil(Math.log2(value))}`;
  return [...new Map(exemplars.map((one) => [keyOf(one), one])).values()];
}
