/** What traces are as a whole. */
import { SPAN_ID_BYTES, toHex } from '../../telemetry/ids.ts';
import { SPAN_STATUSES } from '../../telemetry/model.ts';
import type { SpanRefs } from './span-refs.ts';

const ERROR = SPAN_STATUSES.indexOf('error');

export interface Summary {
  /** First start and last end of its spans. */
  start: bigint;
  end: bigint;
  spans: number;
  errors: number;
  /** The span without a stored parent that began first; in a circle of parents, the span that began first. */
  root: number;
}

/** Summaries by the number of the trace; undefined for one without spans. */
export function summarise(refs: SpanRefs, traces: number): (Summary | undefined)[] {
  const members: number[][] = Array.from({ length: traces }, () => []);
  for (let n = 0; n < refs.length; n++) members[refs.trace[n]!]?.push(n);
  return members.map((spans) => (spans.length === 0 ? undefined : summaryOf(refs, spans)));
}

function summaryOf(refs: SpanRefs, members: readonly number[]): Summary {
  let start = refs.start(members[0]!);
  let end = start;
  let errors = 0;
  for (const n of members) {
    const { index } = refs.blocks[refs.block[n]!]!;
    const i = refs.position[n]!;
    const began = index.startTimeUnixNano[i]!;
    const ended = began + index.durationNano[i]!;
    if (began < start) start = began;
    if (ended > end) end = ended;
    if (index.status[i] === ERROR) errors++;
  }
  return { start, end, spans: members.length, errors, root: rootOf(refs, members) };
}

function rootOf(refs: SpanRefs, members: readonly number[]): number {
  const ids = new Set(members.map((n) => toHex(refs.spanId(n))));
  const isTop = (n: number) => {
    const { parentSpanId } = refs.blocks[refs.block[n]!]!.index;
    return !ids.has(toHex(parentSpanId, refs.position[n]! * SPAN_ID_BYTES, SPAN_ID_BYTES));
  };
  const tops = members.filter(isTop);
  return (tops.length > 0 ? tops : members).reduce((first, n) => {
    const [began, before] = [refs.start(n), refs.start(first)];
    const isEarlier =
      began < before || (began === before && Buffer.compare(refs.spanId(n), refs.spanId(first)) < 0);
    return isEarlier ? n : first;
  });
}
