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
  /** Calls answered by other services: row of the caller's span, rows of who answered, and the time of neither. */
  gaps: { call: number; callees: number[]; ms: number }[];
  /** Rows of calls without a span of who answered. */
  leaves: number[];
}

/** Reads requests out of a tree. Clocks of two machines are never compared: of a call only durations count. */
export function requestsOf(tree: SpanTree): Requests {
  const parents = tree.parents();
  const entryOf = tree.entries(parents);
  const [startMs, durationMs] = [tree.startMs.view(), tree.durationMs.view()];
  const stretch = (row: number): Stretch => ({ from: startMs[row]!, to: startMs[row]! + durationMs[row]! });
  const isCall = tree.isCall.view();
  /** What requests spent in calls, by row of the entry. */
  const spent = new Map<number, Stretch[]>();
  const gaps = [...answersOf(tree, parents, entryOf)].map(([call, callees]) => {
    const within = callees.map((callee) => inside(stretch(callee), stretch(call)));
    // A span that is not of a call alone did other things, too: only what the others took is no own time.
    for (const time of isCall[call] === 1 ? [stretch(call)] : within) append(spent, entryOf[call]!, time);
    return { call, callees, ms: Math.max(0, durationMs[call]! - covered(within)) };
  });
  const leaves = leavesOf(tree, parents, entryOf);
  for (const row of leaves) append(spent, entryOf[row]!, stretch(row));
  const selfMs = (entry: number): number => {
    const whole = stretch(entry);
    const calls = spent.get(entry)?.map((call) => inside(call, whole)) ?? [];
    return Math.max(0, durationMs[entry]! - covered(calls));
  };
  const entries = Array.from(entryOf.keys()).filter((row) => entryOf[row] === row);
  return { entries, entryOf, selfMs, gaps, leaves };
}

/** Entries by the span of another service that called them. */
function answersOf(tree: SpanTree, parents: Int32Array, entryOf: Int32Array): Map<number, number[]> {
  const service = tree.service.view();
  const answers = new Map<number, number[]>();
  for (let i = 0; i < entryOf.length; i++) {
    const parent = parents[i]!;
    // Parents in a ring give an entry whose parent is in its own service.
    if (entryOf[i] === i && parent >= 0 && service[parent] !== service[i]) append(answers, parent, i);
  }
  return answers;
}

/** Calls that have no span below them. */
function leavesOf(tree: SpanTree, parents: Int32Array, entryOf: Int32Array): number[] {
  const isCall = tree.isCall.view();
  const hasChild = new Uint8Array(entryOf.length);
  for (const parent of parents) if (parent >= 0) hasChild[parent] = 1;
  const leaves: number[] = [];
  for (let i = 0; i < entryOf.length; i++) {
    if (isCall[i] === 1 && hasChild[i] === 0 && entryOf[i] !== i) leaves.push(i);
  }
  return leaves;
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
