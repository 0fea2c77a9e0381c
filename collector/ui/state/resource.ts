import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api.ts';
import { useConsole } from './console.ts';

/** What a view holds of one answer: the data so far, what failed, and whether a request is under way. */
export interface Resource<T> {
  data?: T;
  error?: ApiError;
  loading: boolean;
  /** Asks again, after a failure or a cancelled request. */
  retry: () => void;
  /** Ends the request under way. */
  cancel: () => void;
}

interface Held<T> {
  key: string;
  data?: T;
  error?: ApiError;
  loading: boolean;
}

function toApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError('unexpected-answer', String(error), 0);
}

/**
 * Loads when `key` changes and, while `live`, at every refresh. Data of the same key stays until newer data or a
 * failure replaces it; a new key starts empty.
 */
export function useResource<T>(
  key: string,
  live: boolean,
  load: (signal: AbortSignal) => Promise<T>,
): Resource<T> {
  const app = useConsole();
  const tick = app.tick.value;
  const [held, setHeld] = useState<Held<T>>({ key, loading: true });
  const [attempt, setAttempt] = useState(0);
  const abort = useRef(new AbortController());
  const latest = useRef(load);
  latest.current = load;
  // Held still, the round stays what it was: turning live off reloads nothing.
  const seen = useRef(tick);
  if (live || seen.current === 0) seen.current = tick;
  const round = seen.current;

  useEffect(() => {
    if (round === 0) return;
    const mine = new AbortController();
    abort.current = mine;
    setHeld((h) => (h.key === key ? { ...h, loading: true } : { key, loading: true }));
    latest.current(mine.signal).then(
      (data) => {
        if (!mine.signal.aborted) setHeld({ key, data, loading: false });
      },
      (error: unknown) => {
        if (mine.signal.aborted) return;
        setHeld((h) => ({ ...(h.key === key ? h : { key }), error: toApiError(error), loading: false }));
      },
    );
    return () => mine.abort();
  }, [key, round, attempt]);

  const current: Held<T> = held.key === key ? held : { key, loading: true };
  const { key: _, ...rest } = current;
  return {
    ...rest,
    retry: () => setAttempt((n) => n + 1),
    cancel: () => {
      abort.current.abort();
      const error = new ApiError('cancelled', 'Cancelled before the answer came.', 0);
      setHeld({ ...current, error, loading: false });
    },
  };
}
