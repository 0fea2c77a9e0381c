import { formatCount } from '../format.ts';
import type { List } from '../state/list.ts';

interface LoadMoreProps {
  list: List<unknown>;
  what: string;
  order: string;
}

/** How many of how many rows are shown, and the way to more of them. */
export function LoadMore({ list, what, order }: LoadMoreProps) {
  const { more } = list;
  const failed = more?.error;
  return (
    <p class="s t2 ft" aria-live="polite">
      {formatCount(list.rows.length)} of {formatCount(list.matched)} {what} shown, {order}.{' '}
      {failed ? <span class="err">More could not be read: {failed.message} </span> : null}
      {more ? (
        <button type="button" class="lk" disabled={more.loading} onClick={more.load}>
          {more.loading ? 'Loading …' : failed ? 'Retry' : 'Load more'}
        </button>
      ) : null}
    </p>
  );
}
