import type { SpanTree } from './span-tree.ts';

/** A stretch of time, milliseconds. */
interface Stretch {
  from: number;
  to: number;
}

/** What the spans of whole traces say of requests: entries, the calls between services, and calls that nobody answers. */
export interface Requests {
  /** Rows of the spans by which requests entered a service. */
  entries: number[];
  /** Per span: the row of its entry. */
  entryOf: Int32Array;
  /** Per entry row: duration less what its calls took. */
  selfMs(entry: number): number;
  /** Calls answered by another service: row of the caller's span, row of the callee's first, and the gap. */
  gaps: { call: number; callee: number; ms: number }[];
  /** Rows of calls without a span of who answered. */
  leaves: number[];
}

/** Reads requests out of a tree. Clocks of two machines are never compared: of a call only durations count. */
export function requestsOf(tree: SpanTree): Requests {
  const parents = tree.parents();
  const entryOf = tree.entries(parents);
  const [startMs, durationMs] = [tree.startMs.view(), tree.durationMs.view()];
  const isCall = tree.isCall.view();
  const answered = new Map<number, number[]>();
  const entries: number[] = [];
  for (let i = 0; i < entryOf.length; i++) {
    if (entryOf[i] !== i) continue;
    entries.push(i);
    const parent = parents[i]!;
    if (parent >= 0) append(answered, parent, i);
  }
  const spent = new Map<number, Stretch[]>();
  const stretch = (row: number): Stretch => ({ from: startMs[row]!, to: startMs[row]! + durationMs[row]! });
  const gaps = [...answered].map(([call, callees]) => {
    append(spent, entryOf[call]!, stretch(call));
    const within = callees.map((callee) => inside(stretch(callee), stretch(call)));
    return { call, callee: callees[0]!, ms: Math.max(0, durationMs[call]! - covered(within)) };
  });
  const hasChild = new Uint8Array(entryOf.length);
  for (const parent of parents) if (parent >= 0) hasChild[parent] = 1;
  const leaves: number[] = [];
  for (let i = 0; i < entryOf.length; i++) {
    if (isCall[i] === 0 || hasChild[i] === 1 || entryOf[i] === i) continue;
    leaves.push(i);
    append(spent, entryOf[i]!, stretch(i));
  }
  const selfMs = (entry: number): number => {
    const calls = spent.get(entry);
    if (!calls) return durationMs[entry]!;
    const whole = stretch(entry);
    return Math.max(0, durationMs[entry]! - covered(calls.map((call) => inside(call, whole))));
  };
  return { entries, entryOf, selfMs, gaps, leaves };
}

function append<V>(map: Map<number, V[]>, key: number, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

/** A stretch moved into another as far as it fits: a clock that is wrong moves it, and does not lengthen it. */
function inside({ from, to }: Stretch, whole: Stretch): Stretch {
  const length = Math.min(to - from, whole.to - whole.from);
  const start = Math.min(Math.max(from, whole.from), whole.to - length);
  return { from: start, to: start + length };
}

/** Milliseconds that at least one of the stretches covers. */
function covered(stretches: readonly Stretch[]): number {
  if (stretches.length === 1) return stretches[0]!.to - stretches[0]!.from;
  let ms = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const { from, to } of stretches.toSorted((a, b) => a.from - b.from)) {
    ms += Math.max(0, to - Math.max(from, end));
    end = Math.max(end, to);
  }
  return ms;
}
