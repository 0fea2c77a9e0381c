import type { TraceLogs, TraceModel } from './model.ts';

/** Rows of a waterfall: a span's position, or `logRow(k)` for log line `k`. */
export type Rows = Int32Array;

/** 1 for spans that hide what is below them. */
export type Folded = Uint8Array<ArrayBuffer>;

/** The row value of log line `k`; negative, so that it is never a span. */
function logRow(k: number): number {
  return -1 - k;
}

/** The log line of a row value; negative when the row is a span. */
export function logOfRow(row: number): number {
  return -1 - row;
}

/** Log lines grouped by span: `line[from[i]]` up to `from[i + 1]`, in order of time; `loose` have no stored span. */
function group(logs: TraceLogs, count: number): { from: Int32Array; line: Int32Array; loose: number[] } {
  const from = new Int32Array(count + 1);
  for (const span of logs.span) if (span >= 0) from[span + 1]!++;
  for (let i = 0; i < count; i++) from[i + 1]! += from[i]!;
  const line = new Int32Array(from[count]!);
  const filled = from.slice();
  const loose: number[] = [];
  logs.span.forEach((span, k) => {
    if (span < 0) loose.push(k);
    else line[filled[span]!++] = k;
  });
  return { from, line, loose };
}

/**
 * The rows that are shown when `folded[i]` hides what is below span `i`: spans in tree order, each span's log
 * lines among its children by time, lines without a stored span last.
 */
export function visibleRows(model: TraceModel, logs: TraceLogs, folded: Folded): Rows {
  const { tree, start } = model;
  const { from, line, loose } = group(logs, tree.count);
  const rows = new Int32Array(tree.count + logs.lines.length);
  let filled = 0;
  // A stack of open spans with where each stands among its children and its lines.
  const nextChild = tree.childFrom.slice(0, tree.count);
  const nextLine = from.slice(0, tree.count);
  const stack: number[] = [];
  const open = (span: number) => {
    rows[filled++] = span;
    if (!folded[span]) stack.push(span);
  };
  for (const root of tree.roots) {
    open(root);
    for (let span = stack.at(-1); span !== undefined; span = stack.at(-1)) {
      const child = nextChild[span]! < tree.childFrom[span + 1]! ? tree.child[nextChild[span]!]! : -1;
      const log = nextLine[span]! < from[span + 1]! ? line[nextLine[span]!]! : -1;
      if (child >= 0 && (log < 0 || start[child]! <= logs.atMs[log]!)) {
        nextChild[span]!++;
        open(child);
      } else if (log >= 0) {
        nextLine[span]!++;
        rows[filled++] = logRow(log);
      } else {
        stack.pop();
      }
    }
  }
  for (const k of loose) rows[filled++] = logRow(k);
  return rows.slice(0, filled);
}

/** Where a span or row value stands among the rows; -1 when it is folded away. */
export function rowOf(rows: Rows, value: number): number {
  return rows.indexOf(value);
}

/** Unfolds everything above a span; answers a changed copy, or `folded` itself when nothing was in the way. */
export function unfoldTo(model: TraceModel, folded: Folded, span: number): Folded {
  let changed = folded;
  for (let up = model.tree.parent[span]!; up >= 0; up = model.tree.parent[up]!) {
    if (!changed[up]) continue;
    if (changed === folded) changed = folded.slice();
    changed[up] = 0;
  }
  return changed;
}
