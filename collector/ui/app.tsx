import { useEffect, useRef, useState } from 'preact/hooks';
import { createKeyMatcher } from './keys.ts';
import { Help } from './parts/help.tsx';
import { Link } from './parts/link.tsx';
import { pageKeys, Shell } from './parts/shell.tsx';
import { fixedRoute, formatRoute } from './router.ts';
import { useConsole } from './state/console.ts';
import { useKeys } from './state/use-keys.ts';
import { Home } from './views/home.tsx';
import { Incident } from './views/incident.tsx';
import { Incidents } from './views/incidents.tsx';
import { Logs } from './views/logs.tsx';
import { SloView } from './views/slo.tsx';
import { Slos } from './views/slos.tsx';
import { Trace } from './views/trace.tsx';
import { Traces } from './views/traces.tsx';

function NotFound({ path }: { path: string }) {
  const { range } = useConsole().route.value;
  return (
    <>
      <h1>Nothing stands at {path}</h1>
      <p class="t2">
        The address may be mistyped. <Link to={{ view: 'home', range }}>Home</Link>
      </p>
    </>
  );
}

function View() {
  const at = useConsole().route.value;
  switch (at.view) {
    case 'home':
      return <Home />;
    case 'not-found':
      return <NotFound path={at.path} />;
    case 'traces':
      return <Traces at={at} />;
    case 'logs':
      return <Logs at={at} />;
    case 'incidents':
      return <Incidents range={at.range} />;
    case 'incident':
      return <Incident at={at} />;
    case 'slos':
      return <Slos range={at.range} />;
    case 'slo':
      return <SloView at={at} />;
    case 'trace':
      return <Trace at={at} />;
  }
}

/** Where key presses belong to the field, not to the shortcuts. */
function typing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName))
  );
}

/** Runs the shortcut that a key press completes; the page stays where it is for keys that are shortcuts. */
function useKeyboard(): void {
  const app = useConsole();
  const matcher = useRef(createKeyMatcher());
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (typing(event.target) && event.key !== 'Escape') return;
      if (document.querySelector('dialog[open]')) return;
      const usable = app.bindings.peek().filter((b) => app.preferences.shortcuts.peek() || b.keys === '?');
      const found = matcher.current(event.key, event.timeStamp, usable);
      if (!found) return;
      event.preventDefault();
      found.run();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

/** Copies the address with its range fixed, so that others see the same data later. */
function copyLink(app: ReturnType<typeof useConsole>): void {
  const link = new URL(formatRoute(fixedRoute(app.route.peek(), app.now())), location.href);
  // Refused without focus or permission: the address bar still holds a link to the view.
  navigator.clipboard?.writeText(link.href).catch(() => undefined);
}

const TITLES = {
  home: 'Home',
  traces: 'Traces',
  trace: 'Trace',
  logs: 'Logs',
  incidents: 'Incidents',
  incident: 'Incident',
  slos: 'SLOs',
  slo: 'SLO',
  'not-found': 'Not found',
};

/** The console: its frame, the shortcuts that work everywhere, and the view that the address names. */
export function App() {
  const app = useConsole();
  const at = app.route.value;
  const [help, setHelp] = useState(false);
  useKeyboard();
  useKeys([
    ...pageKeys(at.range, (route) => app.navigate(route)),
    { keys: '.', says: 'copy link', run: () => copyLink(app), hint: ['.', 'copy link'] },
    { keys: '?', says: 'all keys', run: () => setHelp(true) },
  ]);
  useEffect(() => {
    document.title = `${TITLES[at.view]} · go-sre-collector`;
  }, [at.view]);
  return (
    <Shell>
      <View />
      {help ? <Help onClose={() => setHelp(false)} /> : null}
    </Shell>
  );
}
