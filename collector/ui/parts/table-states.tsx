import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Resource } from '../state/resource.ts';
import { useKeys } from '../state/use-keys.ts';

/** Milliseconds after which a wait is shown as grey bars, and after which it is explained. */
const SHOW_AFTER_MS = 150;
const EXPLAIN_AFTER_MS = 2000;

/** True once `ms` have passed since the component appeared. */
function useLater(ms: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return late;
}

/** What failed, above what still works, with a way to try again. */
export function FailedPart({ what, resource }: { what: string; resource: Resource<unknown> }) {
  useKeys(resource.error ? [{ keys: 'r', says: 'retry', run: resource.retry }] : []);
  if (!resource.error) return null;
  return (
    <p class="er3" role="alert">
      <b>{what} could not be read:</b> {resource.error.message}{' '}
      <button type="button" class="btn" onClick={resource.retry}>
        Retry <kbd>r</kbd>
      </button>
    </p>
  );
}

function SkeletonRows({ columns, rows }: { columns: number; rows: number }) {
  return Array.from({ length: rows }, (_, row) => (
    <tr key={row}>
      {Array.from({ length: columns }, (_, column) => (
        <td key={column}>
          <span class="sk" />
        </td>
      ))}
    </tr>
  ));
}

/** The body of a table that waits: grey bars in place of its first rows. */
export function WaitingBody({ columns, rows = 3 }: { columns: number; rows?: number }) {
  const show = useLater(SHOW_AFTER_MS);
  return <tbody class={show ? undefined : 'unseen'}>{<SkeletonRows columns={columns} rows={rows} />}</tbody>;
}

/** Under a table that waits long: what is read, and a way to stop it. */
export function WaitingNote({ reads, resource }: { reads: string; resource: Resource<unknown> }) {
  const show = useLater(EXPLAIN_AFTER_MS);
  useKeys(show ? [{ keys: 'Escape', says: 'cancel', run: resource.cancel }] : []);
  if (!show) return null;
  return (
    <p class="s t2 ft">
      Reading {reads}{' '}
      <button type="button" class="btn" onClick={resource.cancel}>
        Cancel <kbd>Esc</kbd>
      </button>
    </p>
  );
}

/** The one row of an empty table: why it is empty, and the next step. */
export function EmptyBody({ columns, children }: { columns: number; children: ComponentChildren }) {
  return (
    <tbody>
      <tr>
        <td colSpan={columns} class="em">
          {children}
        </td>
      </tr>
    </tbody>
  );
}
