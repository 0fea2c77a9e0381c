import type { LogsBody, TraceBody } from '../../api/types.ts';
import { formatCount, formatDay, formatDuration, formatLevel, formatTime, nanoToMs } from '../format.ts';
import { Link } from '../parts/link.tsx';
import { useConsole } from '../state/console.ts';
import type { Resource } from '../state/resource.ts';
import { ERROR_BEGAN, NO_ERROR, type TraceModel, textOf } from './model.ts';
import { colourToken } from './palette.ts';

/** The label that the critical path waits for longest, with its share of the path. */
function longestOnPath(model: TraceModel): { label: string; share: number } | undefined {
  const byLabel = new Map<number, number>();
  model.onPath.forEach((ms, span) => {
    const label = model.label.index[span]!;
    if (ms > 0) byLabel.set(label, (byLabel.get(label) ?? 0) + ms);
  });
  const [longest] = [...byLabel].sort((a, b) => b[1] - a[1]);
  const whole = model.main < 0 ? 0 : model.duration[model.main]!;
  if (!longest || whole === 0) return undefined;
  return { label: model.label.dictionary[longest[0]] ?? '', share: longest[1] / whole };
}

function errorText(model: TraceModel): string {
  let all = 0;
  let origins = 0;
  for (const error of model.error) {
    if (error !== NO_ERROR) all++;
    if (error === ERROR_BEGAN) origins++;
  }
  if (all === 0) return 'none';
  return `${formatCount(all)}, ${formatCount(origins)} ${origins === 1 ? 'origin' : 'origins'}`;
}

interface SummaryProps {
  body: TraceBody;
  model: TraceModel;
  logs: Resource<LogsBody>;
}

/** The head of a trace: what it was, when, how long, and its counts with what is missing. */
export function Summary({ body, model, logs }: SummaryProps) {
  const app = useConsole();
  const { range } = app.route.value;
  const startMs = nanoToMs(body.startTimeUnixNano);
  const errors = errorText(model);
  const longest = longestOnPath(model);
  const http = model.main < 0 ? 0 : model.httpStatus[model.main]!;
  const lines = logs.data
    ? `${formatCount(logs.data.logs.length)} of ${formatCount(logs.data.matched)}`
    : '…';
  return (
    <div class="th">
      <div>
        <div class="s t2">
          <span class="id wrap">{body.traceId}</span> · {formatDay(startMs, app.now())}{' '}
          {formatTime(startMs, 'milli')} UTC
          {body.incidentId ? (
            <>
              {' · in '}
              <Link to={{ view: 'incident', range, id: body.incidentId }}>the incident</Link>
            </>
          ) : null}
        </div>
        <h1 class="wrap">
          {model.main < 0 ? 'No spans' : textOf(model.label, model.main)}{' '}
          <span class="t3">{formatDuration(body.durationMs)}</span>
        </h1>
      </div>
      <dl class="kv">
        {http > 0 ? (
          <div>
            <dt>Status</dt>
            <dd class={http >= 500 ? 'err' : undefined}>{http}</dd>
          </div>
        ) : null}
        <div>
          <dt>Spans</dt>
          <dd>
            {formatCount(body.count)} of {formatCount(body.matched)}
          </dd>
        </div>
        <div>
          <dt>Services</dt>
          <dd>{new Set(body.service.index).size}</dd>
        </div>
        <div>
          <dt>Errors</dt>
          <dd class={errors === 'none' ? undefined : 'err'}>{errors}</dd>
        </div>
        <div>
          <dt>Log lines</dt>
          <dd>{logs.error ? 'not known' : lines}</dd>
        </div>
        {body.adjustedCount > 1 ? (
          <div>
            <dt>Stands for</dt>
            <dd>{formatCount(Math.round(body.adjustedCount))} requests</dd>
          </div>
        ) : null}
        {longest ? (
          <div class="hide-m">
            <dt>Longest on path</dt>
            <dd class="ell">
              {longest.label} {formatLevel(longest.share)}
            </dd>
          </div>
        ) : null}
      </dl>
    </div>
  );
}

/** What colours and signs mean; services by their colour. */
export function Legend({ model, serviceColour }: { model: TraceModel; serviceColour: Uint8Array }) {
  const used = [...new Set(model.service.index)];
  const named = used.filter((s) => serviceColour[s] !== 0);
  return (
    <div class="lgr">
      <span class="lg">
        {named.map((s) => (
          <span key={s}>
            <i class="sq" style={{ background: `var(${colourToken(serviceColour[s]!)})` }} />
            {model.service.dictionary[s]}
          </span>
        ))}
        {used.length > named.length ? <span>and {used.length - named.length} more, grey</span> : null}
        <span>
          <i class="lg-began" />
          error began here
        </span>
        <span>
          <i class="lg-passed" />
          error passed on
        </span>
        <span>
          <i class="lg-path" />
          critical path, under the bar
        </span>
        <span>
          <i class="lgk" />
          log line
        </span>
      </span>
    </div>
  );
}
