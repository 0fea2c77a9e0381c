import type { SpanBody } from '../../api/types.ts';
import { formatDuration, formatShare, formatTime, nanoToMs } from '../format.ts';
import { KeyValues } from '../parts/key-values.tsx';
import { Level } from '../parts/level.tsx';
import { Link } from '../parts/link.tsx';
import { FailedPart } from '../parts/table-states.tsx';
import { NO_TRACE_FILTER } from '../router.ts';
import { useConsole } from '../state/console.ts';
import { useResource } from '../state/resource.ts';
import { type TraceLogs, type TraceModel, textOf } from './model.ts';
import { colourToken } from './palette.ts';

interface DrawerProps {
  traceId: string;
  model: TraceModel;
  logs: TraceLogs;
  span: number;
  colour: number;
  onClose: () => void;
}

function Numbers({ model, span }: { model: TraceModel; span: number }) {
  const whole = model.main < 0 ? 0 : model.duration[model.main]!;
  const onPath = model.onPathBelow[span]!;
  const share = whole > 0 ? `, ${formatShare(onPath / whole)}` : '';
  return (
    <dl class="dk">
      <div>
        <dt>Duration</dt>
        <dd>
          <b>{formatDuration(model.duration[span]!)}</b>
        </dd>
      </div>
      <div>
        <dt>Self</dt>
        <dd>{formatDuration(model.self[span]!)}</dd>
      </div>
      <div>
        <dt>Start</dt>
        <dd>+{formatDuration(model.start[span]!)}</dd>
      </div>
      <div>
        <dt>On critical path</dt>
        <dd>{onPath > 0 ? `${formatDuration(onPath)}${share}` : 'none'}</dd>
      </div>
    </dl>
  );
}

/** What the picture alone would hide: a missing parent, a cut cycle, clocks that differ. */
function Caveats({ model, span }: { model: TraceModel; span: number }) {
  const up = model.tree.parent[span]!;
  const early = up >= 0 ? model.start[up]! - model.start[span]! : 0;
  return (
    <>
      {model.orphan[span] ? <p class="note">Its parent is not stored: it stands as a root here.</p> : null}
      {model.tree.cut[span] ? <p class="note">Its parents form a circle, which is cut here.</p> : null}
      {model.skewed[span] ? (
        <p class="note">Starts {formatDuration(early)} before its parent: the clocks of the two differ.</p>
      ) : null}
    </>
  );
}

function Details({ body }: { body: SpanBody }) {
  const startMs = nanoToMs(body.startTimeUnixNano);
  return (
    <>
      {body.status === 'error' ? (
        <p class="er2 wrap">
          <b>Error</b> {body.statusMessage || 'without a message'}
        </p>
      ) : null}
      <h3>
        Attributes <span class="t3">{body.attributes.length || 'none'}</span>
      </h3>
      <KeyValues pairs={body.attributes} />
      {body.events.length > 0 ? (
        <>
          <h3>
            Events <span class="t3">{body.events.length}</span>
          </h3>
          {body.events.map((event, i) => (
            <div key={i}>
              <p class="s">
                <b>{event.name}</b>{' '}
                <span class="t3">+{formatDuration(nanoToMs(event.timeUnixNano) - startMs)}</span>
              </p>
              <KeyValues pairs={event.attributes} />
            </div>
          ))}
        </>
      ) : null}
      <h3>
        Resource <span class="t3">{body.resource.length || 'none'}</span>
      </h3>
      <KeyValues pairs={body.resource} />
    </>
  );
}

function SpanLogs({ logs, span }: { logs: TraceLogs; span: number }) {
  const mine = logs.lines.filter((_, k) => logs.span[k] === span);
  return (
    <>
      <h3>
        Log lines of this span <span class="t3">{mine.length || 'none'}</span>
      </h3>
      {mine.map((line, i) => (
        <p key={i} class="mono xs ll" title={line.body}>
          <span class="t3">{formatTime(nanoToMs(line.timeUnixNano), 'milli')}</span> <Level {...line} />{' '}
          {line.body}
        </p>
      ))}
    </>
  );
}

/** One span: its numbers at once, its attributes as soon as they are read. */
export function Drawer({ traceId, model, logs, span, colour, onClose }: DrawerProps) {
  const app = useConsole();
  const spanId = model.spanId[span]!;
  const resource = useResource(`span ${traceId} ${spanId}`, false, (signal) =>
    app.api.span(traceId, spanId, signal),
  );
  const body = resource.data;
  const service = textOf(model.service, span);
  const filter = { ...NO_TRACE_FILTER, service, q: body?.name ?? textOf(model.label, span) };
  return (
    <aside class="dr" aria-label="Span details">
      <div class="hd">
        <h2 class="wrap">
          <i class="sw" style={{ background: `var(${colourToken(colour)})` }} />
          {textOf(model.label, span)}
        </h2>
        <button type="button" class="btn more" onClick={onClose}>
          Close <kbd>Esc</kbd>
        </button>
      </div>
      <p class="t2 s wrap">
        {service}
        {body ? ` · ${body.kind}` : ''} · <span class="id">{spanId}</span>
      </p>
      <Numbers model={model} span={span} />
      <Caveats model={model} span={span} />
      <FailedPart what="Attributes" resource={resource} />
      {body ? <Details body={body} /> : null}
      {resource.loading && !body ? <p class="s t3">Reading attributes …</p> : null}
      <SpanLogs logs={logs} span={span} />
      <p class="da">
        <Link class="btn" to={{ view: 'traces', range: app.route.value.range, filter }}>
          Find traces like this
        </Link>
      </p>
    </aside>
  );
}
