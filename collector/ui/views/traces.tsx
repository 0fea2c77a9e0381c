import type { TracesBody } from '../../api/types.ts';
import { formatCount, formatDuration, formatRange, nanoToMs, shortId } from '../format.ts';
import { Link } from '../parts/link.tsx';
import { LoadMore } from '../parts/load-more.tsx';
import { Moment } from '../parts/moment.tsx';
import { Choice, Field, fieldText, SearchForm } from '../parts/search-form.tsx';
import { EmptyBody, FailedPart, WaitingBody, WaitingNote } from '../parts/table-states.tsx';
import { NO_TRACE_FILTER, type Route, type TraceFilter } from '../router.ts';
import { useConsole } from '../state/console.ts';
import { type List, useList } from '../state/list.ts';
import { useKeys } from '../state/use-keys.ts';
import { rowKeys } from './row-keys.ts';

type TracesRoute = Extract<Route, { view: 'traces' }>;
type TraceRow = TracesBody['traces'][number];

const ORDERS = [
  { value: 'newest', name: 'newest first' },
  { value: 'slowest', name: 'slowest first' },
];
const COLUMNS = 9;

function filterOf(data: FormData): TraceFilter {
  const minMs = Number(fieldText(data, 'min_ms'));
  return {
    q: fieldText(data, 'q'),
    service: fieldText(data, 'service'),
    route: fieldText(data, 'route'),
    errors: data.get('errors') !== null,
    minMs: minMs > 0 ? minMs : 0,
    order: fieldText(data, 'order') === 'slowest' ? 'slowest' : 'newest',
  };
}

function FilterForm({ at }: { at: TracesRoute }) {
  const app = useConsole();
  const { filter } = at;
  return (
    // The key makes new fields when the filter came from elsewhere: a link, or the browser's history.
    <SearchForm
      key={JSON.stringify(filter)}
      label="Traces"
      onSearch={(data) => app.navigate({ ...at, filter: filterOf(data) })}
    >
      <Field label="Text" name="q" value={filter.q} placeholder="span name or attribute" wide />
      <Field label="Service" name="service" value={filter.service} placeholder="all" />
      <Field label="Route" name="route" value={filter.route} placeholder="all, or GET /orders/{id}" wide />
      <Field
        label="Slower than, ms"
        name="min_ms"
        value={filter.minMs > 0 ? String(filter.minMs) : ''}
        placeholder="any"
        inputMode="numeric"
      />
      <Choice label="Order" name="order" value={filter.order} options={ORDERS} />
      <label class="chk">
        <input type="checkbox" name="errors" defaultChecked={filter.errors} /> errors only
      </label>
    </SearchForm>
  );
}

function Status({ hit }: { hit: TraceRow['hit'] }) {
  const failed = hit.status === 'error';
  return <span class={failed ? 'err val' : undefined}>{hit.httpStatus || (failed ? 'error' : 'ok')}</span>;
}

function Row({ trace, slowest }: { trace: TraceRow; slowest: number }) {
  const app = useConsole();
  const { range } = app.route.value;
  const { hit } = trace;
  const to: Route = { view: 'trace', range, traceId: trace.traceId, spanId: '', find: '', tab: 'waterfall' };
  return (
    <tr>
      <td>
        <Link class="id" row to={to} label={`Trace ${shortId(trace.traceId)}`}>
          {shortId(trace.traceId)}
        </Link>
      </td>
      <td class="mono s t2 nw">
        <Moment ms={nanoToMs(trace.startTimeUnixNano)} />
      </td>
      <td class="s hide-m">{hit.service}</td>
      <td class="s wrap">{hit.route ? `${hit.method} ${hit.route}`.trim() : hit.name}</td>
      <td class="num val">{formatDuration(trace.durationMs)}</td>
      <td class="hide-m">
        <div class="bar">
          <i class="b" style={{ width: `${slowest > 0 ? (trace.durationMs / slowest) * 100 : 0}%` }} />
        </div>
      </td>
      <td class="num">
        <Status hit={hit} />
      </td>
      <td class="num hide-m">{formatCount(trace.spanCount)}</td>
      <td class="num hide-m">{trace.errorCount > 0 ? formatCount(trace.errorCount) : ''}</td>
    </tr>
  );
}

function Empty({ filter, shown }: { filter: TraceFilter; shown: string }) {
  const app = useConsole();
  const { range } = app.route.value;
  const filtered =
    JSON.stringify({ ...filter, order: '' }) !== JSON.stringify({ ...NO_TRACE_FILTER, order: '' });
  return (
    <EmptyBody columns={COLUMNS}>
      No traces {filtered ? 'match ' : ''}between {shown}.{' '}
      {filtered ? (
        <Link to={{ view: 'traces', range, filter: NO_TRACE_FILTER }}>Show all traces</Link>
      ) : (
        'Choose a longer range, or send one request to a service.'
      )}
    </EmptyBody>
  );
}

function Table({ list, at, shown }: { list: List<TraceRow>; at: TracesRoute; shown: string }) {
  const slowest = list.rows.reduce((most, t) => Math.max(most, t.durationMs), 0);
  return (
    <table class="tt">
      <thead>
        <tr>
          <th>Trace</th>
          <th>Time</th>
          <th class="hide-m">Service</th>
          <th>Route or span</th>
          <th class="num">Duration</th>
          <th class="c-bar hide-m" />
          <th class="num">Status</th>
          <th class="num hide-m">Spans</th>
          <th class="num hide-m">Errors</th>
        </tr>
      </thead>
      {list.rows.length > 0 ? (
        <tbody>
          {list.rows.map((trace) => (
            <Row key={trace.traceId} trace={trace} slowest={slowest} />
          ))}
        </tbody>
      ) : list.first.data ? (
        <Empty filter={at.filter} shown={shown} />
      ) : list.first.error ? (
        <EmptyBody columns={COLUMNS}>Not shown until the store answers.</EmptyBody>
      ) : (
        <WaitingBody columns={COLUMNS} rows={8} />
      )}
    </table>
  );
}

/** Search among the stored traces. */
export function Traces({ at }: { at: TracesRoute }) {
  const app = useConsole();
  const { filter, range } = at;
  const list = useList<TraceRow>(`traces ${JSON.stringify([filter, range])}`, async (cursor, signal) => {
    const { traces, ...rest } = await app.api.traces(filter, app.between(), cursor, signal);
    return { ...rest, rows: traces };
  });
  useKeys(rowKeys());
  const { fromMs, toMs } = app.between();
  const shown = formatRange(fromMs, toMs, app.now());
  return (
    <>
      <h1 class="vh">Traces</h1>
      <FilterForm at={at} />
      <p class="qs s t2" role="status">
        {list.first.data ? (
          <>
            <b>{formatCount(list.matched)}</b> stored traces match between {shown} UTC ·{' '}
            {formatCount(list.examined)} records read
          </>
        ) : (
          ' '
        )}
      </p>
      <FailedPart what="Traces" resource={list.first} />
      <Table list={list} at={at} shown={shown} />
      {list.rows.length > 0 ? <LoadMore list={list} what="traces" order={`${filter.order} first`} /> : null}
      {list.first.loading && !list.first.data ? <WaitingNote reads={shown} resource={list.first} /> : null}
    </>
  );
}
