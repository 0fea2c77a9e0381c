import { useMemo } from 'preact/hooks';
import type { LogsBody, TraceBody } from '../../api/types.ts';
import { formatCount } from '../format.ts';
import { FailedPart } from '../parts/table-states.tsx';
import { useConsole } from '../state/console.ts';
import { type Resource, useResource } from '../state/resource.ts';
import { Drawer } from '../trace/drawer.tsx';
import { LogList, SpanTable } from '../trace/lists.tsx';
import { buildModel, placeLogs, type TraceLogs, type TraceModel } from '../trace/model.ts';
import { Legend, Summary } from '../trace/summary.tsx';
import { Toolbar } from '../trace/toolbar.tsx';
import { usePalette } from '../trace/use-palette.ts';
import { type OpenTrace, type TraceRoute, useTrace, useTraceKeys } from '../trace/use-trace.ts';
import { Waterfall } from '../trace/waterfall.tsx';

const NO_LOGS: LogsBody = { matched: 0, examined: 0, logs: [] };

/** What is not drawn, and why. */
function Remainder({ open, body }: { open: OpenTrace; body: TraceBody }) {
  const { rows, model, logs } = open;
  const hidden = model.tree.count - rows.reduce((n, row) => n + (row >= 0 ? 1 : 0), 0);
  return (
    <p class="xs t3 foot-note">
      {formatCount(rows.length)} rows for {formatCount(model.tree.count)} spans and{' '}
      {formatCount(logs.lines.length)} log lines
      {hidden > 0 ? `; ${formatCount(hidden)} spans folded` : ''}.{' '}
      {body.count < body.matched
        ? `${formatCount(body.matched - body.count)} spans are stored but not shown: the answer was cut.`
        : 'Nothing was cut.'}
    </p>
  );
}

interface ReadTraceProps {
  at: TraceRoute;
  body: TraceBody;
  model: TraceModel;
  logs: TraceLogs;
  logResource: Resource<LogsBody>;
}

function ReadTrace({ at, body, model, logs, logResource }: ReadTraceProps) {
  const app = useConsole();
  const palette = usePalette();
  const serviceColour = useMemo(
    () => Uint8Array.from(model.service.dictionary, (name) => (name === '' ? 0 : app.serviceColour(name))),
    [model],
  );
  const open = useTrace(at, model, logs);
  useTraceKeys(open);
  const { selected, select, folded } = open;
  const { rows, view, found, showPath } = open;
  const picture = { model, logs, rows, folded, view, palette, serviceColour, selected, found, showPath };
  return (
    <>
      <Summary body={body} model={model} logs={logResource} />
      <Toolbar open={open} />
      <Legend model={model} serviceColour={serviceColour} />
      <FailedPart what="Log lines" resource={logResource} />
      <div class={`tg ${selected >= 0 ? 'with-dr' : ''}`}>
        <div class="pane">
          {at.tab === 'waterfall' ? (
            <>
              <Waterfall
                picture={picture}
                whole={open.whole}
                onView={open.setView}
                onSelect={select}
                onFold={(span) => open.fold(span, !folded[span])}
              />
              <Remainder open={open} body={body} />
            </>
          ) : null}
          {at.tab === 'table' ? <SpanTable model={model} selected={selected} onSelect={select} /> : null}
          {at.tab === 'logs' ? (
            <LogList model={model} logs={logs} matched={logResource.data?.matched ?? 0} onSelect={select} />
          ) : null}
        </div>
        {selected >= 0 ? (
          <Drawer
            traceId={body.traceId}
            model={model}
            logs={logs}
            span={selected}
            colour={serviceColour[model.service.index[selected]!] ?? 0}
            onClose={() => open.go({ spanId: '' })}
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
  return <ReadTrace key={body.traceId} at={at} body={body} model={model} logs={logs} logResource={lines} />;
}
