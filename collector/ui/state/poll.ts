/** How often live views ask again. */
export const REFRESH_MS = 5000;

export interface PollDeps {
  run: (signal: AbortSignal) => Promise<void>;
  /** False while the page is hidden or the reader holds it still. */
  wanted: () => boolean;
  setTimeout: (run: () => void, ms: number) => number;
  clearTimeout: (id: number) => void;
}

/**
 * Runs at once, then `REFRESH_MS` after the end of the run before, so that slow answers never pile up. `wake`
 * runs now, for a page that became visible again; `stop` ends the run under way.
 */
export function startPolling(deps: PollDeps): { wake: () => void; stop: () => void } {
  let timer = 0;
  let abort = new AbortController();
  let running = false;
  const later = () => {
    timer = deps.setTimeout(() => {
      if (deps.wanted()) void once();
      else later();
    }, REFRESH_MS);
  };
  const once = async () => {
    running = true;
    abort = new AbortController();
    const { signal } = abort;
    await deps.run(signal);
    running = false;
    if (!signal.aborted) later();
  };
  void once();
  return {
    wake: () => {
      if (running) return;
      deps.clearTimeout(timer);
      void once();
    },
    stop: () => {
      deps.clearTimeout(timer);
      abort.abort();
    },
  };
}
