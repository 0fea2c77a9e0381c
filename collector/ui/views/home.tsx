import type { IncidentsBody, ServicesBody, StatusBody } from '../../api/types.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMoment,
  formatRange,
  formatTime,
  nanoToMs,
} from '../format.ts';
import { Link } from '../parts/link.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { EmptyBody, FailedPart, WaitingBody, WaitingNote } from '../parts/table-states.tsx';
import { useConsole } from '../state/console.ts';
import { type Resource, useResource } from '../state/resource.ts';
import { useKeys } from '../state/use-keys.ts';
import { droppedOf, SIGNAL_NAMES } from './losses.ts';
import { rowKeys } from './row-keys.ts';
import { ServiceList, ServiceTable } from './services.tsx';
import { ErrorBudgets } from './slos.tsx';

function Answer({ services }: { services: Resource<ServicesBody> }) {
  const app = useConsole();
  const status = app.status.value;
  const nothing = status && Object.values(status.signals).every((signal) => signal.received === 0);
  if (nothing) return <FirstStart status={status} />;
  const failing = services.data?.services.flatMap((s) => s.routes.map((r) => ({ ...r, service: s.name })));
  const unusual = failing?.filter((r) => r.state === 'failing' || r.state === 'slow').slice(0, 3) ?? [];
  return (
    <section class="ans" aria-label="Answer">
      <h1 class={services.loading && !services.data ? 't3' : undefined}>
        {services.data?.answer ?? (services.error ? 'Not known: services could not be read.' : 'Reading …')}
      </h1>
      {unusual.map((r) => (
        <p class="t2" key={`${r.service} ${r.method} ${r.route}`}>
          <code>
            {r.method} {r.route}
          </code>{' '}
          of {r.service}: p99 {formatDuration(r.signals.p99Ms)}
          {r.signals.usualP99Ms === null ? '' : `, usually ${formatDuration(r.signals.usualP99Ms)}`}.
        </p>
      ))}
    </section>
  );
}

function FirstStart({ status }: { status: StatusBody }) {
  const seconds = (nanoToMs(status.nowUnixNano) - nanoToMs(status.startedUnixNano)) / 1000;
  return (
    <section class="ans" aria-label="Answer">
      <h1>Waiting for the first span, log line or metric.</h1>
      <p class="t2">
        Listening for {formatDuration(Math.max(0, Math.floor(seconds)) * 1000)}. A service sends when this is
        set:
      </p>
      <pre class="mono">OTEL_EXPORTER_OTLP_ENDPOINT=http://{location.hostname}:4318</pre>
    </section>
  );
}

function OpenIncidents({ incidents }: { incidents: Resource<IncidentsBody> }) {
  const app = useConsole();
  const { range } = app.route.value;
  const all = incidents.data?.incidents ?? [];
  const open = all.filter((i) => i.state === 'open');
  const closed = all.length - open.length;
  return (
    <section class="sec">
      <div class="hd">
        <h2>Open incidents</h2>
        <span class="t3 s">
          {incidents.data ? `${open.length === 0 ? 'none' : open.length} open · ${closed} closed` : ''}
        </span>
        <Link class="more" to={{ view: 'incidents', range }}>
          All incidents
        </Link>
      </div>
      <FailedPart what="Incidents" resource={incidents} />
      {open.map((incident) => (
        <Link class="inc" row key={incident.id} to={{ view: 'incident', range, id: incident.id }}>
          <StateMark state={incident.signal === 'errors' ? 'failing' : 'slow'}>
            {incident.signal === 'errors' ? 'failing' : 'slow'}
          </StateMark>
          <span class="it">
            <b>{incident.title}</b>
            <span class="t2 s ib">{incident.verdict}</span>
          </span>
          <span class="im s">
            <span>
              since <b>{formatMoment(nanoToMs(incident.onsetUnixNano), app.now())}</b>
            </span>
            <span>
              confidence <b>{incident.confidence.tier}</b>
            </span>
          </span>
        </Link>
      ))}
    </section>
  );
}

/** The earliest onset among the open incidents, in epoch milliseconds. */
function onsetOf(incidents: IncidentsBody | undefined): number | undefined {
  const open = incidents?.incidents.filter((i) => i.state === 'open') ?? [];
  return open.length === 0 ? undefined : Math.min(...open.map((i) => nanoToMs(i.onsetUnixNano)));
}

function Services({
  services,
  incidents,
}: {
  services: Resource<ServicesBody>;
  incidents: Resource<IncidentsBody>;
}) {
  const app = useConsole();
  const body = services.data;
  const onset = onsetOf(incidents.data);
  const shown = body ? formatRange(nanoToMs(body.fromUnixNano), nanoToMs(body.toUnixNano), app.now()) : '';
  return (
    <section class="sec">
      <div class="hd">
        <h2>Services</h2>
        <span class="t3 s">{body ? `${body.services.length} of ${body.matched}, worst first` : ''}</span>
        <span class="more t3 s hide-m">
          {shown}
          {onset === undefined ? '' : `, dotted line ${formatTime(onset, 'minute')} onset`}. Usual: the hour
          before
        </span>
      </div>
      <FailedPart what="Services" resource={services} />
      {body && body.services.length > 0 ? (
        <>
          <ServiceTable body={body} onsetMs={onset} />
          <ServiceList body={body} onsetMs={onset} />
        </>
      ) : (
        <table>
          {body || services.error ? (
            <EmptyBody columns={1}>
              {body
                ? `No requests between ${shown}. Choose a longer range, or send traffic.`
                : 'Not shown until the store answers.'}
            </EmptyBody>
          ) : (
            <WaitingBody columns={4} rows={6} />
          )}
        </table>
      )}
      {services.loading && !body ? <WaitingNote reads="golden signals" resource={services} /> : null}
    </section>
  );
}

function CollectorBox({ status }: { status: StatusBody }) {
  const hours = status.store.retentionSeconds * 1000;
  const oldest = status.signals.traces.oldestUnixNano;
  const now = nanoToMs(status.nowUnixNano);
  return (
    <section class="sec">
      <div class="hd">
        <h2>Collector</h2>
        <span class="t3 s">what arrived, what was lost, and why</span>
      </div>
      <table>
        <thead>
          <tr>
            <th>Signal</th>
            <th class="num">Received</th>
            <th class="num">Kept</th>
            <th class="num">Dropped</th>
            <th>Why</th>
          </tr>
        </thead>
        <tbody>
          {(['traces', 'logs', 'metrics'] as const).map((signal) => {
            const { total, reasons } = droppedOf(status, signal);
            return (
              <tr key={signal}>
                <td>{SIGNAL_NAMES[signal].title}</td>
                <td class="num">{formatCount(status.signals[signal].received)}</td>
                <td class="num">{formatCount(status.signals[signal].kept)}</td>
                <td class="num">{total > 0 ? <b class="warn">{formatCount(total)}</b> : '0'}</td>
                <td class={total > 0 ? 's' : 's t3'}>{total > 0 ? reasons : 'none'}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <p class="note ft">
        Disk {formatBytes(status.store.bytes)} of {formatBytes(status.store.limitBytes)}, kept for{' '}
        {formatDuration(hours)} at most
        {oldest ? `; traces reach back ${formatDuration(Math.max(0, now - nanoToMs(oldest)))}` : ''}. Memory{' '}
        {formatBytes(status.memoryBytes)}.
      </p>
    </section>
  );
}

function Targets({ status }: { status: StatusBody }) {
  const app = useConsole();
  const up = status.targets.filter((t) => t.up).length;
  return (
    <section class="sec">
      <div class="hd">
        <h2>Scrape targets</h2>
        <span class="t3 s">
          {status.targets.length === 0 ? 'none' : `${up} of ${status.targets.length} up`}
        </span>
      </div>
      <table>
        <thead>
          <tr>
            <th>Job</th>
            <th>Instance</th>
            <th>State</th>
            <th class="num hide-m">Last scrape</th>
          </tr>
        </thead>
        {status.targets.length === 0 ? (
          <EmptyBody columns={4}>No targets are configured.</EmptyBody>
        ) : (
          <tbody>
            {status.targets
              .toSorted((a, b) => Number(a.up) - Number(b.up))
              .map((t) => (
                <tr key={`${t.job} ${t.instance}`}>
                  <td>{t.job}</td>
                  <td class="mono s wrap">{t.instance}</td>
                  <td class="s tg-err">
                    {t.up ? (
                      <StateMark state="normal">up</StateMark>
                    ) : (
                      <StateMark state="no data">down</StateMark>
                    )}
                    {t.lastError ? <span class="t2"> {t.lastError}</span> : null}
                  </td>
                  <td class="num mono s t2 hide-m">
                    {t.lastScrapeUnixNano ? formatMoment(nanoToMs(t.lastScrapeUnixNano), app.now()) : 'never'}
                  </td>
                </tr>
              ))}
          </tbody>
        )}
      </table>
      {status.discoveries.flatMap((d) =>
        d.problem ? (
          <p class="s tg-err" key={`${d.job} ${d.source}`}>
            <StateMark state="no data">{d.source}</StateMark>
            <span class="t2">
              {' '}
              {d.problem}; {d.targets} found before
            </span>
          </p>
        ) : (
          []
        ),
      )}
    </section>
  );
}

/** Home: who fails, since when, how badly; then the services, then what the collector itself lost. */
export function Home() {
  const app = useConsole();
  const { range } = app.route.value;
  const services = useResource(`services ${JSON.stringify(range)}`, app.live.value, (signal) =>
    app.api.services(app.between(), signal),
  );
  const incidents = useResource('incidents', true, (signal) => app.api.incidents(signal));
  useKeys([...rowKeys()]);
  const status = app.status.value;
  return (
    <>
      <Answer services={services} />
      <OpenIncidents incidents={incidents} />
      <Services services={services} incidents={incidents} />
      <ErrorBudgets range={range} />
      {status ? (
        <div class="cols">
          <CollectorBox status={status} />
          <Targets status={status} />
        </div>
      ) : null}
    </>
  );
}
