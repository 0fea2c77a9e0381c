// Entry point of the console: the only file that touches the browser's globals directly.
import { render } from 'preact';
import { createApi } from './api.ts';
import { App } from './app.tsx';
import { ConsoleContext, createConsole } from './state/console.ts';
import { startPolling } from './state/poll.ts';
import { createPreferences } from './state/preferences.ts';

/** localStorage, or nothing where the browser forbids it. */
function storage(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}

/** How long a replaced address waits for the next: browsers refuse many in a row, as a held-down `j` makes them. */
const REPLACE_MS = 200;

/** The browser's history with its replacements gathered; a new entry first settles what waits. */
function gatheredHistory() {
  let waiting: string | undefined;
  const settle = () => {
    if (waiting !== undefined) history.replaceState(null, '', waiting);
    waiting = undefined;
  };
  return {
    pushState: (url: string) => {
      settle();
      history.pushState(null, '', url);
    },
    replaceState: (url: string) => {
      if (waiting === undefined) window.setTimeout(settle, REPLACE_MS);
      waiting = url;
    },
    /** Forgets what waits: it belongs to an entry that was left. */
    forget: () => {
      waiting = undefined;
    },
  };
}

const address = gatheredHistory();
const console_ = createConsole({
  api: createApi((path, init) => fetch(path, init)),
  preferences: createPreferences(storage(), document.documentElement),
  now: () => Date.now(),
  location: () => window.location,
  ...address,
});
const polling = startPolling({
  run: (signal) => console_.refresh(signal),
  wanted: () => document.visibilityState === 'visible',
  setTimeout: (run, ms) => window.setTimeout(run, ms),
  clearTimeout: (id) => window.clearTimeout(id),
});
window.addEventListener('popstate', () => {
  address.forget();
  console_.readLocation();
});
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') polling.wake();
});

const root = document.getElementById('root');
if (root) {
  render(
    <ConsoleContext.Provider value={console_}>
      <App />
    </ConsoleContext.Provider>,
    root,
  );
}
