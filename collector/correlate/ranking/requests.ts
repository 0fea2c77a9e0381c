import { Covered } from './covered.ts';
import { grouped } from './grouped.ts';
import { Growing } from './growing.ts';
import type { SpanTree } from './span-tree.ts';

/** What the spans of whole traces say of requests, as columns: entries, the calls between services, and calls that nobody answers. */
export interface Requests {
  /** Rows of the spans by which requests entered a service, ascending. */
  entries: Int32Array;
  /** Duration of each of `entries` less what its calls took. */
  selfMs: Float64Array;
  /** Per span: the row of its entry. */
  entryOf: Int32Array;
  gaps: Gaps;
  /** Rows of calls without a span of who answered. */
  leaves: Int32Array;
}

/** Calls answered by other services. */
interface Gaps {
  /** Rows of the callers' spans. */
  call: Int32Array;
  /** The time of each call that is of neither. */
  ms: Float64Array;
  /** Rows of who answered call `n`. */
  calleesOf(n: number): Int32Array;
}

/** Reads requests out of a tree. Clocks of two machines are never compared: of a call only durations count. */
export function requestsOf(tree: SpanTree): Requests {
  const parents = tree.parents();
  const entryOf = tree.entries(parents);
  const entries = Int32Array.from(entryOf.filter((entry, row) => entry === row));
  const gaps = gapsOf(tree, parents, entryOf, entries);
  const leaves = leavesOf(tree, parents, entryOf);
  return { entries, selfMs: selfMsOf(tree, entryOf, entries, gaps, leaves), entryOf, gaps, leaves };
}

/** Entries by the span of another service that called them. */
function gapsOf(tree: SpanTree, parents: Int32Array, entryOf: Int32Array, entries: Int32Array): Gaps {
  const [service, startMs, durationMs] = [tree.service.view(), tree.startMs.view(), tree.durationMs.view()];
  // Parents in a ring give an entry whose parent is in its own service.
  const answers = entries.filter((row) => {
    const parent = parents[row]!;
    return parent >= 0 && service[parent] !== service[row];
  });
  const { membersOf } = grouped(
    answers,
    answers.map((row) => parents[row]!),
    entryOf.length,
  );
  const called = new Uint8Array(entryOf.length);
  for (const row of answers) called[parents[row]!] = 1;
  const call = Int32Array.from(entryOf.keys()).filter((row) => called[row] === 1);
  const ms = new Float64Array(call.length);
  const within = new Covered();
  for (const [n, row] of call.entries()) {
    within.of(startMs[row]!, durationMs[row]!);
    for (const callee of membersOf(row)) within.add(startMs[callee]!, durationMs[callee]!);
    ms[n] = Math.max(0, durationMs[row]! - within.ms());
  }
  return { call, ms, calleesOf: (n) => membersOf(call[n]!) };
}

/** Calls that have no span below them. */
function leavesOf(tree: SpanTree, parents: Int32Array, entryOf: Int32Array): Int32Array {
  const isCall = tree.isCall.view();
  const hasChild = new Uint8Array(entryOf.length);
  for (const parent of parents) if (parent >= 0) hasChild[parent] = 1;
  return Int32Array.from(entryOf.keys()).filter(
    (row) => isCall[row] === 1 && hasChild[row] === 0 && entryOf[row] !== row,
  );
}

function selfMsOf(
  tree: SpanTree,
  entryOf: Int32Array,
  entries: Int32Array,
  gaps: Gaps,
  leaves: Int32Array,
): Float64Array {
  const [startMs, durationMs, isCall] = [tree.startMs.view(), tree.durationMs.view(), tree.isCall.view()];
  /** What requests spent in calls: the span that took the time, as far as it lies in another. */
  const [took, inside] = [rows(), rows()];
  for (const [n, call] of gaps.call.entries()) {
    // A span that is not of a call alone did other things, too: only what the others took is no own time.
    for (const row of isCall[call] === 1 ? [call] : gaps.calleesOf(n)) {
      took.push(row);
      inside.push(call);
    }
  }
  for (const row of leaves) {
    took.push(row);
    inside.push(row);
  }
  const [spent, where] = [took.view(), inside.view()];
  const numbers = Int32Array.from(spent.keys());
  const { membersOf } = grouped(
    numbers,
    where.map((row) => entryOf[row]!),
    entryOf.length,
  );
  const calls = new Covered();
  return Float64Array.from(entries, (entry) => {
    calls.of(startMs[entry]!, durationMs[entry]!);
    for (const n of membersOf(entry)) {
      const [row, outer] = [spent[n]!, where[n]!];
      calls.addWithin(startMs[row]!, durationMs[row]!, startMs[outer]!, durationMs[outer]!);
    }
    return Math.max(0, durationMs[entry]! - calls.ms());
  });
}

const rows = () => new Growing((n) => new Int32Array(n));
