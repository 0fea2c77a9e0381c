import type { LogsBody, TraceBody } from '../../api/types.ts';
import { nanoToMs } from '../format.ts';
import { type CriticalPath, criticalPath } from './critical-path.ts';
import { selfTimes } from './self-time.ts';
import { buildTree, type Tree } from './tree.ts';

/** Where an error comes from. */
export const NO_ERROR = 0;
export const ERROR_BEGAN = 1;
export const ERROR_PASSED_ON = 2;

interface Strings {
  dictionary: string[];
  index: Uint32Array;
}

/** One trace ready to be drawn, searched and walked. Times in milliseconds from the trace's start. */
export interface TraceModel {
  tree: Tree;
  spanId: string[];
  start: Float64Array;
  duration: Float64Array;
  self: Float64Array;
  /** NO_ERROR, ERROR_BEGAN or ERROR_PASSED_ON. */
  error: Uint8Array;
  httpStatus: Int32Array;
  /** 1 where the parent is named but not stored. */
  orphan: Uint8Array;
  /** 1 where the span starts before its parent: the clocks of two machines differ. */
  skewed: Uint8Array;
  label: Strings;
  service: Strings;
  /** The span that stands for the whole trace: the longest root. */
  main: number;
  path: CriticalPath;
  /** Time of each span on the critical path, and with all that is below it. */
  onPath: Float64Array;
  onPathBelow: Float64Array;
  /** Segments of `path` that belong to span `i`: `segment[segmentFrom[i]]` up to `segmentFrom[i + 1]`. */
  segmentFrom: Int32Array;
  segment: Int32Array;
  /** What the trace spans, skewed clocks included. */
  fromMs: number;
  toMs: number;
}

/** Log lines of a trace: which span each belongs to (-1: none that is stored), and when, from the trace's start. */
export interface TraceLogs {
  lines: LogsBody['logs'];
  span: Int32Array;
  atMs: Float64Array;
}

function strings(column: { dictionary: string[]; index: number[] }): Strings {
  return { dictionary: column.dictionary, index: Uint32Array.from(column.index) };
}

/** The string of a span in a column. */
export function textOf(column: Strings, span: number): string {
  return column.dictionary[column.index[span] ?? 0] ?? '';
}

function errorOrigins(tree: Tree, status: readonly number[]): Uint8Array {
  const error = Uint8Array.from(status, (s) => (s === 2 ? ERROR_BEGAN : NO_ERROR));
  for (let span = 0; span < tree.count; span++) {
    const up = tree.parent[span]!;
    if (up >= 0 && status[span] === 2 && error[up] !== NO_ERROR) error[up] = ERROR_PASSED_ON;
  }
  return error;
}

function longestRoot(tree: Tree, duration: Float64Array): number {
  let main = tree.roots[0] ?? -1;
  for (const root of tree.roots) if (duration[root]! > duration[main]!) main = root;
  return main;
}

function segmentsBySpan(path: CriticalPath, count: number): { segmentFrom: Int32Array; segment: Int32Array } {
  const segmentFrom = new Int32Array(count + 1);
  for (const span of path.span) segmentFrom[span + 1]!++;
  for (let i = 0; i < count; i++) segmentFrom[i + 1]! += segmentFrom[i]!;
  const segment = new Int32Array(path.span.length);
  const filled = segmentFrom.slice();
  path.span.forEach((span, i) => {
    segment[filled[span]!++] = i;
  });
  return { segmentFrom, segment };
}

/** Builds the model of a trace from the API's columns. A trace without spans has `main` -1 and an empty path. */
export function buildModel(body: TraceBody): TraceModel {
  const start = Float64Array.from(body.startMs);
  const duration = Float64Array.from(body.durationsMs);
  const tree = buildTree(body.parent, start);
  const main = longestRoot(tree, duration);
  const none = { span: new Int32Array(0), from: new Float64Array(0), to: new Float64Array(0) };
  const path = main < 0 ? none : criticalPath(tree, start, duration, main);
  const onPath = new Float64Array(tree.count);
  path.span.forEach((span, i) => {
    onPath[span]! += path.to[i]! - path.from[i]!;
  });
  const onPathBelow = onPath.slice();
  for (const span of tree.order.toReversed()) {
    const up = tree.parent[span]!;
    if (up >= 0) onPathBelow[up]! += onPathBelow[span]!;
  }
  const skewed = Uint8Array.from(start, (at, i) => (at < (start[tree.parent[i]!] ?? -Infinity) ? 1 : 0));
  const fromMs = start.reduce((least, at) => Math.min(least, at), 0);
  const toMs = start.reduce((most, at, i) => Math.max(most, at + duration[i]!), fromMs);
  return {
    tree,
    spanId: body.spanId,
    start,
    duration,
    self: selfTimes(tree, start, duration),
    error: errorOrigins(tree, body.status),
    httpStatus: Int32Array.from(body.httpStatus),
    orphan: Uint8Array.from(body.orphan, Number),
    skewed,
    label: strings(body.label),
    service: strings(body.service),
    main,
    path,
    onPath,
    onPathBelow,
    ...segmentsBySpan(path, tree.count),
    fromMs,
    // A trace of no length still needs an axis.
    toMs: toMs > fromMs ? toMs : fromMs + 1,
  };
}

/** Places log lines under their spans, in order of time. */
export function placeLogs(model: TraceModel, traceStartUnixNano: string, body: LogsBody): TraceLogs {
  const position = new Map(model.spanId.map((id, i) => [id, i]));
  const startMs = nanoToMs(traceStartUnixNano);
  const lines = body.logs.toSorted((a, b) => (BigInt(a.timeUnixNano) < BigInt(b.timeUnixNano) ? -1 : 1));
  return {
    lines,
    span: Int32Array.from(lines, (line) => position.get(line.spanId) ?? -1),
    atMs: Float64Array.from(lines, (line) => nanoToMs(line.timeUnixNano) - startMs),
  };
}
