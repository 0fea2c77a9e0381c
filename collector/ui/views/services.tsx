import type { GoldenSignals, HealthState, ServicesBody } from '../../api/types.ts';
import { Sparkline } from '../charts/sparkline.tsx';
import { formatDuration, formatLevel, formatRate, formatShare } from '../format.ts';
import { Link } from '../parts/link.tsx';
import { StateMark } from '../parts/state-mark.tsx';
import { NO_TRACE_FILTER, type Route } from '../router.ts';
import { useConsole } from '../state/console.ts';
import { emphasis } from './health.ts';

type Service = ServicesBody['services'][number];

/** An error line reaches its full height at 1 % or more. */
const ERRORS_TOP = 0.01;
/** Saturation from here on is emphasised: a pool or a processor with nothing left. */
const SATURATED = 0.95;

interface ServicesProps {
  body: ServicesBody;
  /** The earliest onset of an open incident, in epoch milliseconds. */
  onsetMs: number | undefined;
}

/** A row of the table: a service, or one of its routes. */
interface Row {
  key: string;
  name: string;
  sub: boolean;
  state: HealthState;
  signals: GoldenSignals;
  saturation?: Service['saturation'];
  source: Service['source'];
  to: Route;
  onsetMs: number | undefined;
}

function rowsOf(body: ServicesBody, range: Route['range'], onsetMs: number | undefined): Row[] {
  return body.services.flatMap((service) => {
    const { name, state, signals, source, saturation } = service;
    const filter = { ...NO_TRACE_FILTER, service: name };
    const own: Row = {
      key: name,
      name,
      sub: false,
      state,
      signals,
      source,
      onsetMs,
      to: { view: 'traces', range, filter },
    };
    if (saturation) own.saturation = saturation;
    const routes = service.routes.map((r): Row => {
      const route = `${r.method} ${r.route}`.trim();
      const to: Route = { view: 'traces', range, filter: { ...filter, route } };
      return {
        key: `${name} ${route}`,
        name: route,
        sub: true,
        state: r.state,
        signals: r.signals,
        source,
        onsetMs,
        to,
      };
    });
    return [own, ...routes];
  });
}

function Cells({ row }: { row: Row }) {
  const { signals, saturation, onsetMs } = row;
  const differs = emphasis(row.state, signals);
  return (
    <>
      <td class="num">{formatRate(signals.perSecond)}</td>
      <td class="sp0">
        <Sparkline line={signals.traffic} top={(signals.perSecond ?? 0) * 1.5} onsetMs={onsetMs} />
      </td>
      <td class="num">
        <span class={differs.errors ? 'val err' : undefined}>{formatShare(signals.errorShare)}</span>
      </td>
      <td class="sp0">
        <Sparkline
          line={signals.errors}
          top={ERRORS_TOP}
          onsetMs={onsetMs}
          tone={differs.errors ? 'bad' : undefined}
        />
      </td>
      <td class="num">
        <span class={differs.latency ? 'val' : undefined}>{formatDuration(signals.p99Ms)}</span>
      </td>
      <td class="num us usual">{formatDuration(signals.usualP99Ms)}</td>
      <td class="sp0">
        <Sparkline
          line={signals.latency}
          top={(signals.usualP99Ms ?? 0) * 2}
          onsetMs={onsetMs}
          tone={differs.latency ? 'now' : undefined}
        />
      </td>
      <td class="num">
        {saturation ? (
          <span class={saturation.share >= SATURATED ? 'val' : undefined}>
            {formatLevel(saturation.share)}
          </span>
        ) : null}
      </td>
      <td class="us usual ell">{saturation?.what}</td>
      <td class="sp0">
        {saturation ? (
          <Sparkline
            line={saturation.line}
            top={1}
            onsetMs={onsetMs}
            tone={saturation.share >= SATURATED ? 'now' : undefined}
          />
        ) : null}
      </td>
    </>
  );
}

/** Golden signals of every service and route, from 720 px on. */
export function ServiceTable({ body, onsetMs }: ServicesProps) {
  const app = useConsole();
  return (
    <div class="hide-m">
      <table class="svc">
        <colgroup>
          <col class="c-name" />
          <col class="c-state" />
          <col class="c-rate" />
          <col />
          <col class="c-num" />
          <col />
          <col class="c-num" />
          <col class="c-num" />
          <col />
          <col class="c-sat" />
          <col class="c-what" />
          <col />
        </colgroup>
        <thead>
          <tr>
            <th>Service, route</th>
            <th>State</th>
            <th class="num">req/s</th>
            <td />
            <th class="num">Errors</th>
            <td />
            <th class="num">p99</th>
            <th class="num">usual</th>
            <td />
            <th class="num">Saturation</th>
            <td />
            <td />
          </tr>
        </thead>
        <tbody>
          {rowsOf(body, app.route.value.range, onsetMs).map((row) => (
            <tr key={row.key} class={row.sub ? 'sub' : undefined}>
              <td class="nm">
                <Link to={row.to} row class={row.sub ? 's' : undefined}>
                  {row.sub ? row.name : <b>{row.name}</b>}
                </Link>
                {row.source === 'spans' && !row.sub ? <span class="usual"> from spans</span> : null}
              </td>
              <td>
                <StateMark state={row.state} />
              </td>
              <Cells row={row} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The same below 720 px: rows that differ with their lines, normal ones as one line of numbers. */
export function ServiceList({ body, onsetMs }: ServicesProps) {
  const app = useConsole();
  return (
    <ul class="only-m">
      {rowsOf(body, app.route.value.range, onsetMs).map((row) => {
        const { signals } = row;
        const differs = emphasis(row.state, signals);
        const quiet = row.state === 'normal' || row.state === 'no data';
        const link = <Link to={row.to}>{row.sub || quiet ? row.name : <b>{row.name}</b>}</Link>;
        if (quiet) {
          return (
            <li key={row.key} class={`mq ${row.sub ? 'msub' : ''}`}>
              {link}
              <span>{formatShare(signals.errorShare)}</span>
              <span>{formatDuration(signals.p99Ms)}</span>
              <StateMark state={row.state} />
            </li>
          );
        }
        return (
          <li key={row.key} class={`mr ${row.sub ? 'msub' : ''}`}>
            <div class="mr1">
              {link}
              <StateMark state={row.state} />
            </div>
            <div class="mr2">
              <div>
                <span class="t3 xs">req/s</span>
                <b>{formatRate(signals.perSecond)}</b>
              </div>
              <div>
                <span class="t3 xs">errors</span>
                <b class={differs.errors ? 'err' : undefined}>{formatShare(signals.errorShare)}</b>
                <Sparkline
                  line={signals.errors}
                  top={ERRORS_TOP}
                  onsetMs={row.onsetMs}
                  tone={differs.errors ? 'bad' : undefined}
                />
              </div>
              <div>
                <span class="t3 xs">p99, usual {formatDuration(signals.usualP99Ms)}</span>
                <b>{formatDuration(signals.p99Ms)}</b>
                <Sparkline
                  line={signals.latency}
                  top={(signals.usualP99Ms ?? 0) * 2}
                  onsetMs={row.onsetMs}
                  tone={differs.latency ? 'now' : undefined}
                />
              </div>
            </div>
          </li>
        );
      })}
    </ul>
  );
}
