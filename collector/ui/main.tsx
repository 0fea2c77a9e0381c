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

const console_ = createConsole({
  api: createApi((path, init) => fetch(path, init)),
  preferences: createPreferences(storage(), document.documentElement),
  now: () => Date.now(),
  location: () => window.location,
  pushState: (url) => history.pushState(null, '', url),
  replaceState: (url) => history.replaceState(null, '', url),
});
const polling = startPolling({
  run: (signal) => console_.refresh(signal),
  wanted: () => document.visibilityState === 'visible',
  setTimeout: (run, ms) => window.setTimeout(run, ms),
  clearTimeout: (id) => window.clearTimeout(id),
});
window.addEventListener('popstate', () => console_.readLocation());
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
