import type { LogsBody } from '../../api/types.ts';
import { formatCount, formatRange, nanoToMs, shortId } from '../format.ts';
import { Level } from '../parts/level.tsx';
import { Link } from '../parts/link.tsx';
import { LoadMore } from '../parts/load-more.tsx';
import { Moment } from '../parts/moment.tsx';
import { Choice, Field, fieldText, SearchForm } from '../parts/search-form.tsx';
import { EmptyBody, FailedPart, WaitingBody, WaitingNote } from '../parts/table-states.tsx';
import type { LogFilter, Route } from '../router.ts';
import { useConsole } from '../state/console.ts';
import { useList } from '../state/list.ts';
import { useKeys } from '../state/use-keys.ts';
import { rowKeys } from './row-keys.ts';

type LogsRoute = Extract<Route, { view: 'logs' }>;
type LogRow = LogsBody['logs'][number];

const LEVELS: readonly { value: LogFilter['level']; name: string }[] = [
  { value: '', name: 'all' },
  { value: 'debug', name: 'debug' },
  { value: 'info', name: 'info' },
  { value: 'warn', name: 'warn' },
  { value: 'error', name: 'error' },
];
const COLUMNS = 6;

function Line({ log }: { log: LogRow }) {
  const app = useConsole();
  const { range } = app.route.value;
  const { traceId, spanId } = log;
  return (
    <tr>
      <td class="mono s t2 nw">
        <Moment ms={nanoToMs(log.timeUnixNano)} />
      </td>
      <td class="s">
        <Level {...log} />
      </td>
      <td class="s t2 hide-m">{log.service}</td>
      <td class="mono s wrap">
        {log.body}
        {log.attributes.map(({ key, value }) => (
          <span key={key} class="t3">
            {' '}
            {key}={value}
          </span>
        ))}
      </td>
      <td class="mono s t3 hide-m">{log.caller}</td>
      <td>
        {traceId === '' ? (
          <span class="s t3">none</span>
        ) : (
          <Link
            class="id"
            row
            label={`Trace ${shortId(traceId)}`}
            to={{ view: 'trace', range, traceId, spanId, find: '', tab: 'waterfall' }}
          >
            {shortId(traceId)}
          </Link>
        )}
      </td>
    </tr>
  );
}

/** Search among the stored log lines, newest first. */
export function Logs({ at }: { at: LogsRoute }) {
  const app = useConsole();
  const { filter, range } = at;
  const list = useList<LogRow>(`logs ${JSON.stringify([filter, range])}`, async (cursor, signal) => {
    const { logs, ...rest } = await app.api.logs(filter, app.between(), cursor, signal);
    return { ...rest, rows: logs };
  });
  useKeys(rowKeys());
  const { fromMs, toMs } = app.between();
  const shown = formatRange(fromMs, toMs, app.now());
  const search = (data: FormData) => {
    const level = LEVELS.find((l) => l.value === fieldText(data, 'level'))?.value ?? '';
    app.navigate({ ...at, filter: { q: fieldText(data, 'q'), service: fieldText(data, 'service'), level } });
  };
  const { data, error, loading } = list.first;
  return (
    <>
      <h1 class="vh">Logs</h1>
      <SearchForm key={JSON.stringify(filter)} label="Logs" onSearch={search}>
        <Field label="Text" name="q" value={filter.q} placeholder="words of the line" wide />
        <Field label="Service" name="service" value={filter.service} placeholder="all" />
        <Choice label="Level" name="level" value={filter.level} options={LEVELS} />
      </SearchForm>
      <p class="qs s t2" role="status">
        {data ? (
          <>
            <b>{formatCount(list.matched)}</b> stored lines match between {shown} UTC ·{' '}
            {formatCount(list.examined)} records read
          </>
        ) : (
          ' '
        )}
      </p>
      <FailedPart what="Logs" resource={list.first} />
      <table class="tt">
        <thead>
          <tr>
            <th>Time</th>
            <th>Level</th>
            <th class="hide-m">Service</th>
            <th>Line</th>
            <th class="hide-m">Caller</th>
            <th>Trace</th>
          </tr>
        </thead>
        {list.rows.length > 0 ? (
          <tbody>
            {list.rows.map((log, i) => (
              <Line key={`${log.timeUnixNano} ${i}`} log={log} />
            ))}
          </tbody>
        ) : data || error ? (
          <EmptyBody columns={COLUMNS}>
            {data
              ? `No log lines match between ${shown}. Choose a longer range or fewer words.`
              : 'Not shown until the store answers.'}
          </EmptyBody>
        ) : (
          <WaitingBody columns={COLUMNS} rows={8} />
        )}
      </table>
      {list.rows.length > 0 ? <LoadMore list={list} what="lines" order="newest first" /> : null}
      {loading && !data ? <WaitingNote reads={shown} resource={list.first} /> : null}
    </>
  );
}
