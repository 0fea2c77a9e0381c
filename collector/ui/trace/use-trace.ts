import { useMemo, useState } from 'preact/hooks';
import type { Route } from '../router.ts';
import { useConsole } from '../state/console.ts';
import { useKeys } from '../state/use-keys.ts';
import { pan, type View, zoom } from './axis.ts';
import { NO_ERROR, type TraceLogs, type TraceModel } from './model.ts';
import { type Rows, rowOf, unfoldTo, visibleRows } from './rows.ts';
import { nextSpan, searchSpans } from './search.ts';

export type TraceRoute = Extract<Route, { view: 'trace' }>;

/** What a reader does with an open trace, and what is shown for it. */
export type OpenTrace = ReturnType<typeof useTrace>;

function marksOf(spans: Int32Array, count: number): Uint8Array {
  const marks = new Uint8Array(count);
  for (const span of spans) marks[span] = 1;
  return marks;
}

/**
 * The state of an open trace. Selection, search and tab live in the address, folds and zoom only here: they mean
 * nothing to whom a link is sent.
 */
export function useTrace(at: TraceRoute, model: TraceModel, logs: TraceLogs) {
  const app = useConsole();
  const { tree } = model;
  const whole = useMemo<View>(() => ({ fromMs: model.fromMs, toMs: model.toMs }), [model]);
  const [view, setView] = useState<View>(whole);
  const [folded, setFolded] = useState(() => new Uint8Array(tree.count));
  const [showPath, setShowPath] = useState(true);
  const rows = useMemo(() => visibleRows(model, logs, folded), [model, logs, folded]);
  const matches = useMemo(() => searchSpans(model, logs, at.find), [model, logs, at.find]);
  const found = useMemo(() => marksOf(matches, tree.count), [matches]);
  const errors = useMemo(() => tree.order.filter((span) => model.error[span] !== NO_ERROR), [model]);
  const selected = useMemo(() => model.spanId.indexOf(at.spanId), [model, at.spanId]);
  const go = (change: Partial<TraceRoute>) => app.navigate({ ...at, ...change }, 'replace');
  const select = (span: number) => {
    if (span < 0) return;
    setFolded((f) => unfoldTo(model, f, span));
    go({ spanId: model.spanId[span]! });
  };
  const fold = (span: number, on: boolean) => {
    const next = folded.slice();
    next[span] = on ? 1 : 0;
    setFolded(next);
  };
  return {
    ...{ at, model, logs, whole, view, setView, folded, rows, matches, found, errors, selected, showPath },
    go,
    select,
    fold,
    togglePath: () => setShowPath(!showPath),
    nextError: () => select(nextSpan(model, errors, selected)),
    nextMatch: () => select(nextSpan(model, matches, selected)),
  };
}

/** The next row that is a span, `step` rows on; the same span at either end. */
function spanRow(rows: Rows, selected: number, step: 1 | -1): number {
  const from = selected < 0 ? (step > 0 ? -1 : rows.length) : rowOf(rows, selected);
  for (let at = from + step; at >= 0 && at < rows.length; at += step) if (rows[at]! >= 0) return rows[at]!;
  return selected;
}

function foldOrUp({ selected, model: { tree }, folded, fold, select }: OpenTrace): void {
  if (selected < 0) return;
  if (tree.size[selected]! > 1 && !folded[selected]) fold(selected, true);
  else select(tree.parent[selected]!);
}

function unfoldOrDown({ selected, model: { tree }, folded, fold, select }: OpenTrace): void {
  if (selected < 0) return;
  if (folded[selected]) fold(selected, false);
  else if (tree.size[selected]! > 1) select(tree.child[tree.childFrom[selected]!]!);
}

/** The shortcuts of an open trace. */
export function useTraceKeys(open: OpenTrace): void {
  const { at, model, rows, selected, view, setView, whole, select, go } = open;
  const middle = (view.fromMs + view.toMs) / 2;
  const centre = selected < 0 ? middle : model.start[selected]! + model.duration[selected]! / 2;
  const move = (share: number) => setView(pan(view, share, whole));
  const scale = (factor: number) => setView(zoom(view, factor, centre, whole));
  const toTable = () => go({ tab: at.tab === 'table' ? 'waterfall' : 'table' });
  useKeys([
    { keys: 'Escape', says: 'close', run: () => go({ spanId: '' }) },
    { keys: 't', says: 'table', run: toTable },
    { keys: 'a', says: 'pan left', run: () => move(-0.25), hint: ['w a s d', 'pan, zoom'] },
    { keys: 'd', says: 'pan right', run: () => move(0.25) },
    { keys: 's', says: 'zoom out', run: () => scale(2) },
    { keys: 'w', says: 'zoom in', run: () => scale(0.5) },
    { keys: 'h', says: 'fold', run: () => foldOrUp(open), hint: ['h l', 'fold'] },
    { keys: 'l', says: 'unfold', run: () => unfoldOrDown(open) },
    { keys: 'k', says: 'up', run: () => select(spanRow(rows, selected, -1)) },
    { keys: 'j', says: 'down', run: () => select(spanRow(rows, selected, 1)), hint: ['j k', 'row'] },
    { keys: 'f', says: 'next error', run: open.nextError, hint: ['f', 'next error'] },
    { keys: 'c', says: 'critical path', run: open.togglePath, hint: ['c', 'critical path'] },
  ]);
}
