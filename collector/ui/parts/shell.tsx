import type { ComponentChildren } from 'preact';
import type { StatusBody } from '../../api/types.ts';
import {
  formatBytes,
  formatCount,
  formatMoment,
  formatRange,
  formatRate,
  nanoToMs,
  shortId,
} from '../format.ts';
import type { KeyBinding } from '../keys.ts';
import { DEFAULT_RANGE, fixedRoute, NO_LOG_FILTER, NO_TRACE_FILTER, RANGES, type Route } from '../router.ts';
import { useConsole } from '../state/console.ts';
import { droppedOf, SIGNAL_NAMES } from '../views/losses.ts';
import { Link } from './link.tsx';

interface Entry {
  name: string;
  key: string;
  route: Route;
  /** Views that stand under this entry. */
  holds: Route['view'][];
}

function entries(range: Route['range']): Entry[] {
  return [
    { name: 'Home', key: 'h', route: { view: 'home', range }, holds: ['home'] },
    {
      name: 'Traces',
      key: 't',
      route: { view: 'traces', range, filter: NO_TRACE_FILTER },
      holds: ['traces', 'trace'],
    },
    { name: 'Logs', key: 'l', route: { view: 'logs', range, filter: NO_LOG_FILTER }, holds: ['logs'] },
    { name: 'SLOs', key: 'o', route: { view: 'slos', range }, holds: ['slos', 'slo'] },
    { name: 'Incidents', key: 'i', route: { view: 'incidents', range }, holds: ['incidents', 'incident'] },
  ];
}

/** The shortcuts that lead to the views. */
export function pageKeys(range: Route['range'], navigate: (route: Route) => void): KeyBinding[] {
  return entries(range).map(({ name, key, route }) => ({
    keys: `g ${key}`,
    says: name.toLowerCase(),
    run: () => navigate(route),
  }));
}

function Rail() {
  const app = useConsole();
  const status = app.status.value;
  const { view, range } = app.route.value;
  return (
    <nav class="rail" aria-label="Main">
      <div class="brand">go-sre-collector</div>
      <ul>
        {entries(range).map((entry) => (
          <li key={entry.name}>
            <Link to={entry.route} current={entry.holds.includes(view)}>
              <span>{entry.name}</span>
              {entry.name === 'Incidents' && status && status.openIncidents > 0 ? (
                <span class="cnt">{status.openIncidents} open</span>
              ) : (
                <kbd>g {entry.key}</kbd>
              )}
            </Link>
          </li>
        ))}
      </ul>
      {status ? (
        <div class="foot xs t3">
          v{status.version}
          <br />
          since {formatMoment(nanoToMs(status.startedUnixNano), app.now(), 'minute')} UTC
        </div>
      ) : null}
    </nav>
  );
}

function Tabs() {
  const app = useConsole();
  const { view, range } = app.route.value;
  return (
    <nav class="tabs" aria-label="Main">
      {entries(range).map((entry) => (
        <Link key={entry.name} to={entry.route} current={entry.holds.includes(view)}>
          {entry.name}
        </Link>
      ))}
    </nav>
  );
}

function Crumb() {
  const { route } = useConsole();
  const at = route.value;
  const { range } = at;
  const inside = (name: string, to: Route, what: string) => (
    <>
      <Link to={to}>{name}</Link>
      <i>/</i>
      {what}
    </>
  );
  const text = () => {
    if (at.view === 'home') return 'Home';
    if (at.view === 'traces') return 'Traces';
    if (at.view === 'logs') return 'Logs';
    if (at.view === 'incidents') return 'Incidents';
    if (at.view === 'incident') return inside('Incidents', { view: 'incidents', range }, shortId(at.id));
    if (at.view === 'slos') return 'SLOs';
    if (at.view === 'slo') return inside('SLOs', { view: 'slos', range }, `${at.service} ${at.id}`);
    if (at.view === 'not-found') return 'Not found';
    return inside('Traces', { view: 'traces', range, filter: NO_TRACE_FILTER }, `${at.traceId.slice(0, 8)}…`);
  };
  return <div class="crumb ell">{text()}</div>;
}

/** The range as a button with its ends; behind it the browser's own list. */
function RangeControl() {
  const app = useConsole();
  const at = app.route.value;
  const { fromMs, toMs } = app.between();
  const choose = (event: Event) => {
    const seconds = Number((event.currentTarget as HTMLSelectElement).value);
    if (seconds > 0) app.navigate({ ...at, range: { kind: 'last', seconds } });
  };
  const chosen = at.range.kind === 'last' ? at.range.seconds : 0;
  const listed = RANGES.some((r) => r.seconds === chosen);
  return (
    <label class="ctl over">
      <span class="k hide-m">Range</span> {formatRange(fromMs, toMs, app.now())}{' '}
      <span class="k wide">UTC</span>
      <select aria-label="Range" value={chosen} onChange={choose}>
        {listed ? null : <option value={chosen}>{formatRange(fromMs, toMs, app.now())}</option>}
        {RANGES.map((r) => (
          <option key={r.seconds} value={r.seconds}>
            {r.name}
          </option>
        ))}
      </select>
    </label>
  );
}

function LiveControl() {
  const app = useConsole();
  const at = app.route.value;
  const toggle = () => {
    app.navigate(app.live.value ? fixedRoute(at, app.now()) : { ...at, range: DEFAULT_RANGE });
  };
  return (
    <button type="button" class="ctl wide" aria-pressed={app.live.value} onClick={toggle}>
      Live
    </button>
  );
}

function ThemeControl() {
  const { theme } = useConsole().preferences;
  const toggle = () => {
    const dark =
      theme.value === '' ? matchMedia('(prefers-color-scheme: dark)').matches : theme.value === 'dark';
    theme.value = dark ? 'light' : 'dark';
  };
  return (
    <button type="button" class="ctl" aria-label="Switch between light and dark" onClick={toggle}>
      Theme
    </button>
  );
}

function Losses({ status }: { status: StatusBody }) {
  return (['traces', 'logs', 'metrics'] as const).map((signal) => {
    const { total, reasons } = droppedOf(status, signal);
    return total === 0 ? null : (
      <span class="warn" key={signal}>
        <b>
          {formatCount(total)} {SIGNAL_NAMES[signal].many} dropped
        </b>{' '}
        {reasons}
      </span>
    );
  });
}

function StatusBar() {
  const app = useConsole();
  const status = app.status.value;
  const { error, lastAnswerMs } = app.connection.value;
  const hints = app.bindings.value
    .flatMap((b) => (b.hint ? [b.hint] : []))
    // The view's own first, then what works everywhere.
    .sort((a, b) => Number(a[0] === '.') - Number(b[0] === '.'));
  return (
    <footer class="status">
      {error ? (
        <span class="err">
          <b>{error.status === 0 ? 'No connection.' : error.message}</b>{' '}
          {lastAnswerMs > 0
            ? `Shown is what was known at ${formatMoment(lastAnswerMs, lastAnswerMs)} UTC.`
            : error.message}
        </span>
      ) : null}
      {status && !error ? (
        <>
          <span>{formatRate(status.signals.traces.perSecond)} spans/s</span>
          <span>{formatRate(status.signals.logs.perSecond)} log lines/s</span>
          <span>
            store {formatBytes(status.store.bytes)} of {formatBytes(status.store.limitBytes)}
          </span>
          <Losses status={status} />
        </>
      ) : null}
      <span class="keys">
        {app.preferences.shortcuts.value
          ? hints.map(([keys, says]) => (
              <span key={keys}>
                <kbd>{keys}</kbd> {says}
              </span>
            ))
          : null}
        <span>
          <kbd>?</kbd> all keys
        </span>
      </span>
    </footer>
  );
}

/** Says aloud only what must not be missed: an incident opened, the connection lost. */
function Announcements() {
  const app = useConsole();
  const open = app.status.value?.openIncidents ?? 0;
  return (
    <div class="vh say" role="status">
      {app.connection.value.error ? 'Connection to the collector lost.' : ''}
      {open > 0 ? `${open} open ${open === 1 ? 'incident' : 'incidents'}.` : ''}
    </div>
  );
}

/** The frame around every view: rail, top bar, status bar; below 720 px a tab bar. */
export function Shell({ children }: { children: ComponentChildren }) {
  const app = useConsole();
  const { view } = app.route.value;
  const ranged = view === 'slo' || view === 'home' || view === 'traces' || view === 'logs';
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <div class={`app v-${view}`}>
        <Rail />
        <header class="top">
          <Crumb />
          <div class="sp" />
          {ranged ? <RangeControl /> : null}
          {ranged ? <LiveControl /> : null}
          <ThemeControl />
        </header>
        <main class="main" id="main" tabIndex={-1}>
          {children}
        </main>
        <StatusBar />
      </div>
      <Tabs />
      <Announcements />
    </>
  );
}
