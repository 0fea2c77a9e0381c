import { useEffect, useState } from 'preact/hooks';
import type { ApiError } from '../api.ts';
import { useConsole } from './console.ts';
import { type Resource, useResource } from './resource.ts';

/** A page of a list: its rows, how many there are in all, how many were read for them, and where the next begins. */
export interface Page<T> {
  rows: T[];
  matched: number;
  examined: number;
  nextCursor?: string;
}

export interface List<T> {
  first: Resource<Page<T>>;
  rows: T[];
  matched: number;
  examined: number;
  /** Present while there is more to load. */
  more?: { load: () => void; loading: boolean; error?: ApiError };
}

interface Tail<T> {
  key: string;
  pages: Page<T>[];
  loading: boolean;
  error?: ApiError;
}

/**
 * A list that grows by "Load more". Its first page follows live refreshes until a second one is loaded: from then
 * on the rows hold still, since a cursor belongs to the page before it.
 */
export function useList<T>(
  key: string,
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
): List<T> {
  const app = useConsole();
  const [tail, setTail] = useState<Tail<T>>({ key, pages: [], loading: false });
  const current: Tail<T> = tail.key === key ? tail : { key, pages: [], loading: false };
  const still = current.pages.length > 0 || current.loading;
  const first = useResource(key, app.live.value && !still, (signal) => load(undefined, signal));
  const [abort] = useState(() => ({ now: new AbortController() }));
  useEffect(
    () => () => {
      abort.now.abort();
      setTail({ key: '', pages: [], loading: false });
    },
    [key],
  );

  const all = first.data ? [first.data, ...current.pages] : [];
  const last = all.at(-1);
  const loadMore = (cursor: string) => {
    abort.now = new AbortController();
    const { signal } = abort.now;
    setTail({ key, pages: current.pages, loading: true });
    load(cursor, signal).then(
      (page) => setTail({ key, pages: [...current.pages, page], loading: false }),
      (error: ApiError) => {
        if (!signal.aborted) setTail({ key, pages: current.pages, loading: false, error });
      },
    );
  };
  const list: List<T> = {
    first,
    rows: all.flatMap((page) => page.rows),
    matched: all[0]?.matched ?? 0,
    examined: last?.examined ?? 0,
  };
  const cursor = last?.nextCursor;
  if (cursor === undefined) return list;
  const { loading, error } = current;
  return { ...list, more: { load: () => loadMore(cursor), loading, ...(error ? { error } : {}) } };
}
