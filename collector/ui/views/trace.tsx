import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LogsBody, TraceBody } from '../../api/types.ts';
import { formatCount } from '../format.ts';
import { FailedPart } from '../parts/table-states.tsx';
import type { Route, TraceTab } from '../router.ts';
import { useConsole } from '../state/console.ts';
import { type Resource, useResource } from '../state/resource.ts';
import { useKeys } from '../state/use-keys.ts';
import { pan, type View, zoom } from '../trace/axis.ts';
import { Drawer } from '../trace/drawer.tsx';
import { LogList, SpanTable } from '../trace/lists.tsx';
import { buildModel, NO_ERROR, placeLogs, type TraceLogs, type TraceModel } from '../trace/model.ts';
import { type Palette, readPalette } from '../trace/palette.ts';
import { type Rows, rowOf, unfoldTo, visibleRows } from '../trace/rows.ts';
import { nextSpan, searchSpans } from '../trace/search.ts';
import { Legend, Summary } from '../trace/summary.tsx';
import { Waterfall } from '../trace/waterfall.tsx';

type TraceRoute = Extract<Route, { view: 'trace' }>;

const NO_LOGS: LogsBody = { matched: 0, examined: 0, logs: [] };

/** The palette of the theme in force; read again when the theme or the system's setting changes. */
function usePalette(): Palette {
  const { theme } = useConsole().preferences;
  const chosen = theme.value;
  const [system, setSystem] = useState(0);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const changed = () => setSystem((n) => n + 1);
    query.addEventListener('change', changed);
    // Text drawn before the fonts arrived has the wrong width.
    void document.fonts.ready.then(changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  return useMemo(() => {
    const style = getComputedStyle(document.documentElement);
    return readPalette((token) => style.getPropertyValue(token).trim());
  }, [chosen, system]);
}

/** The next row that is a span, `step` rows on; the same span at either end. */
function spanRow(rows: Rows, selected: number, step: 1 | -1): number {
  const from = selected < 0 ? (step > 0 ? -1 : rows.length) : rowOf(rows, selected);
  for (let at = from + step; at >= 0 && at < rows.length; at += step) if (rows[at]! >= 0) return rows[at]!;
  return selected;
}

function Search({ find, count, all, onFind, onNext }: SearchProps) {
  const input = useRef<HTMLInputElement>(null);
  useKeys([{ keys: '/', says: 'search', run: () => input.current?.select() }]);
  return (
    <label class="srch">
      <span class="vh">Search in this trace</span>
      <kbd>/</kbd>
      <input
        ref={input}
        value={find}
        placeholder="span, service, log line"
        onInput={(event) => onFind(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onNext();
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <span class="s t3" role="status">
        {find === '' ? '' : `${formatCount(count)} of ${formatCount(all)} spans`}
      </span>
    </label>
  );
}

interface SearchProps {
  find: string;
  count: number;
  all: number;
  onFind: (text: string) => void;
  onNext: () => void;
}

const TABS: { tab: TraceTab; name: string }[] = [
  { tab: 'waterfall', name: 'Waterfall' },
  { tab: 'table', name: 'Table' },
  { tab: 'logs', name: 'Logs' },
];

interface OpenTraceProps {
  at: TraceRoute;
  body: TraceBody;
  model: TraceModel;
  logs: TraceLogs;
  logResource: Resource<LogsBody>;
}

function OpenTrace({ at, body, model, logs, logResource }: OpenTraceProps) {
  const app = useConsole();
  const { tree } = model;
  const palette = usePalette();
  const serviceColour = useMemo(
    () => Uint8Array.from(model.service.dictionary, (name) => (name === '' ? 0 : app.serviceColour(name))),
    [model],
  );
  const whole = useMemo<View>(() => ({ fromMs: model.fromMs, toMs: model.toMs }), [model]);
  const [view, setView] = useState<View>(whole);
  const [folded, setFolded] = useState(() => new Uint8Array(tree.count));
  const [showPath, setShowPath] = useState(true);
  const rows = useMemo(() => visibleRows(model, logs, folded), [model, logs, folded]);
  const matches = useMemo(() => searchSpans(model, logs, at.find), [model, logs, at.find]);
  const found = useMemo(() => {
    const marks = new Uint8Array(tree.count);
    for (const span of matches) marks[span] = 1;
    return marks;
  }, [matches]);
  const errors = useMemo(() => tree.order.filter((span) => model.error[span] !== NO_ERROR), [model]);
  const selected = useMemo(() => body.spanId.indexOf(at.spanId), [body, at.spanId]);

  const go = (change: Partial<TraceRoute>) => app.navigate({ ...at, ...change }, 'replace');
  const select = (span: number) => {
    if (span < 0) return;
    setFolded((f) => unfoldTo(model, f, span));
    go({ spanId: body.spanId[span]! });
  };
  const fold = (span: number, on: boolean) => {
    const next = folded.slice();
    next[span] = on ? 1 : 0;
    setFolded(next);
  };
  const closeOrUp = () => {
    if (selected < 0) return;
    if (tree.size[selected]! > 1 && !folded[selected]) fold(selected, true);
    else select(tree.parent[selected]!);
  };
  const openOrDown = () => {
    if (selected < 0) return;
    if (folded[selected]) fold(selected, false);
    else if (tree.size[selected]! > 1) select(tree.child[tree.childFrom[selected]!]!);
  };
  const centre =
    selected < 0 ? (view.fromMs + view.toMs) / 2 : model.start[selected]! + model.duration[selected]! / 2;
  const nextError = () => select(nextSpan(model, errors, selected));
  const back = () => {
    if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
    else go({ spanId: '' });
  };
  const toTable = () => go({ tab: at.tab === 'table' ? 'waterfall' : 'table' });
  useKeys([
    { keys: 'Escape', says: 'close', run: back },
    { keys: 't', says: 'table', run: toTable },
    {
      keys: 'a',
      says: 'pan left',
      run: () => setView(pan(view, -0.25, whole)),
      hint: ['w a s d', 'pan, zoom'],
    },
    { keys: 'd', says: 'pan right', run: () => setView(pan(view, 0.25, whole)) },
    { keys: 's', says: 'zoom out', run: () => setView(zoom(view, 2, centre, whole)) },
    { keys: 'w', says: 'zoom in', run: () => setView(zoom(view, 0.5, centre, whole)) },
    { keys: 'h', says: 'fold', run: closeOrUp, hint: ['h l', 'fold'] },
    { keys: 'l', says: 'unfold', run: openOrDown },
    { keys: 'k', says: 'up', run: () => select(spanRow(rows, selected, -1)) },
    { keys: 'j', says: 'down', run: () => select(spanRow(rows, selected, 1)), hint: ['j k', 'row'] },
    { keys: 'f', says: 'next error', run: nextError, hint: ['f', 'next error'] },
    { keys: 'c', says: 'critical path', run: () => setShowPath(!showPath), hint: ['c', 'critical path'] },
  ]);
  const picture = { model, logs, rows, folded, view, palette, serviceColour, selected, found, showPath };
  const hidden = tree.count - rows.reduce((n, row) => n + (row >= 0 ? 1 : 0), 0);
  return (
    <>
      <Summary body={body} model={model} logs={logResource} />
      <div class="tb">
        <Search
          find={at.find}
          count={matches.length}
          all={tree.count}
          onFind={(find) => go({ find })}
          onNext={() => select(nextSpan(model, matches, selected))}
        />
        <span class="seg">
          {TABS.map(({ tab, name }) => (
            <button type="button" key={tab} aria-pressed={at.tab === tab} onClick={() => go({ tab })}>
              {name}
            </button>
          ))}
        </span>
        <button type="button" class="ctl" aria-pressed={showPath} onClick={() => setShowPath(!showPath)}>
          Critical path <kbd>c</kbd>
        </button>
        <button type="button" class="ctl" disabled={errors.length === 0} onClick={nextError}>
          Next error <kbd>f</kbd>
        </button>
      </div>
      <Legend model={model} serviceColour={serviceColour} />
      <FailedPart what="Log lines" resource={logResource} />
      <div class={`tg ${selected >= 0 ? 'with-dr' : ''}`}>
        <div class="pane">
          {at.tab === 'waterfall' ? (
            <Waterfall
              picture={picture}
              whole={whole}
              onView={setView}
              onSelect={select}
              onFold={(span) => fold(span, !folded[span])}
            />
          ) : null}
          {at.tab === 'table' ? <SpanTable model={model} selected={selected} onSelect={select} /> : null}
          {at.tab === 'logs' ? (
            <LogList model={model} logs={logs} matched={logResource.data?.matched ?? 0} onSelect={select} />
          ) : null}
          {at.tab === 'waterfall' ? (
            <p class="xs t3 foot-note">
              {formatCount(rows.length)} rows for {formatCount(tree.count)} spans and{' '}
              {formatCount(logs.lines.length)} log lines
              {hidden > 0 ? `; ${formatCount(hidden)} spans folded` : ''}.{' '}
              {body.count < body.matched
                ? `${formatCount(body.matched - body.count)} spans are stored but not shown: the answer was cut.`
                : 'Nothing was cut.'}
            </p>
          ) : null}
        </div>
        {selected >= 0 ? (
          <Drawer
            traceId={body.traceId}
            model={model}
            logs={logs}
            span={selected}
            colour={serviceColour[model.service.index[selected]!] ?? 0}
            onClose={() => go({ spanId: '' })}
          />
        ) : null}
      </div>
    </>
  );
}

/** One trace: head, search, waterfall with log lines under their spans, and the selected span's details. */
export function Trace({ at }: { at: TraceRoute }) {
  const app = useConsole();
  const trace = useResource(`trace ${at.traceId}`, false, (signal) => app.api.trace(at.traceId, signal));
  const lines = useResource(`trace logs ${at.traceId}`, false, (signal) =>
    app.api.traceLogs(at.traceId, signal),
  );
  const body = trace.data;
  const model = useMemo(() => (body ? buildModel(body) : undefined), [body]);
  const logs = useMemo(
    () => (body && model ? placeLogs(model, body.startTimeUnixNano, lines.data ?? NO_LOGS) : undefined),
    [body, model, lines.data],
  );
  if (trace.error?.status === 404) {
    return (
      <div class="pad">
        <h1>No spans of this trace are stored</h1>
        <p class="t2 wrap">
          Trace <code>{at.traceId}</code> was not sampled, was dropped, or is older than what the store keeps.
        </p>
      </div>
    );
  }
  if (!body || !model || !logs) {
    return (
      <div class="pad">
        <FailedPart what="The trace" resource={trace} />
        {trace.loading ? <p class="t3">Reading the trace …</p> : null}
      </div>
    );
  }
  return <OpenTrace key={body.traceId} at={at} body={body} model={model} logs={logs} logResource={lines} />;
}
