import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { StatusBody } from '../../api/types.ts';
import { type Api, ApiError, type Between } from '../api.ts';
import { nanoToMs } from '../format.ts';
import type { KeyBinding } from '../keys.ts';
import { formatRoute, parseRoute, type Route, rangeEnds } from '../router.ts';
import { createServiceColours } from '../trace/palette.ts';
import type { Preferences } from './preferences.ts';

/** What the console needs of the browser; the entry point hands in the real ones. */
export interface Deps {
  api: Api;
  preferences: Preferences;
  /** Milliseconds since the epoch. */
  now: () => number;
  location: () => { pathname: string; search: string };
  pushState: (url: string) => void;
  replaceState: (url: string) => void;
}

interface Connection {
  error?: ApiError;
  /** When the last answer came, in browser time; 0 before the first. */
  lastAnswerMs: number;
}

/** The state that all views share. */
export interface Console {
  api: Api;
  route: ReadonlySignal<Route>;
  status: ReadonlySignal<StatusBody | undefined>;
  connection: ReadonlySignal<Connection>;
  /** Grows with every refresh; 0 until the collector was asked for its time once. */
  tick: ReadonlySignal<number>;
  /** Followed live; a fixed range holds still. */
  live: ReadonlySignal<boolean>;
  preferences: Preferences;
  /** Shortcuts of the shell and of the open view. */
  bindings: Signal<readonly KeyBinding[]>;
  /** The collector's now: with a replayed clock it is the newest record, not today. */
  now: () => number;
  between: () => Between;
  navigate: (route: Route, how?: 'push' | 'replace') => void;
  /** Reads the address again, after the browser moved in its history. */
  readLocation: () => void;
  /** The place of a service among the colours, the same in all traces of a visit. */
  serviceColour: (service: string) => number;
  /** Asks for the status, then lets every view reload. Never rejects. */
  refresh: (signal: AbortSignal) => Promise<void>;
}

/** Builds the shared state; nothing runs until `refresh` is called. */
export function createConsole(deps: Deps): Console {
  const here = () => parseRoute(deps.location().pathname, deps.location().search);
  const route = signal<Route>(here());
  const status = signal<StatusBody | undefined>(undefined);
  const connection = signal<Connection>({ lastAnswerMs: 0 });
  const tick = signal(0);
  const now = () => (status.value ? nanoToMs(status.value.nowUnixNano) : deps.now());
  return {
    api: deps.api,
    route,
    status,
    connection,
    tick,
    live: computed(() => route.value.range.kind === 'last'),
    preferences: deps.preferences,
    bindings: signal<readonly KeyBinding[]>([]),
    now,
    between: () => rangeEnds(route.value.range, now()),
    navigate: (next, how = 'push') => {
      if (how === 'push') deps.pushState(formatRoute(next));
      else deps.replaceState(formatRoute(next));
      route.value = next;
    },
    readLocation: () => {
      route.value = here();
    },
    serviceColour: createServiceColours(),
    refresh: async (abort) => {
      try {
        status.value = await deps.api.status(abort);
        connection.value = { lastAnswerMs: deps.now() };
      } catch (error) {
        if (abort.aborted) return;
        const failed =
          error instanceof ApiError ? error : new ApiError('unexpected-answer', String(error), 0);
        connection.value = { error: failed, lastAnswerMs: connection.value.lastAnswerMs };
      }
      tick.value += 1;
    },
  };
}

export const ConsoleContext = createContext<Console | undefined>(undefined);

/** The shared state, from any component inside the app. */
export function useConsole(): Console {
  const found = useContext(ConsoleContext);
  if (!found) throw new Error('useConsole needs a ConsoleContext.Provider above it');
  return found;
}
