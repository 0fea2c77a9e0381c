import type { KeyBinding } from '../keys.ts';

/** Moves the focus among the links of table rows that are shown, by `step` rows; stops at both ends. */
function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLAnchorElement>('a[data-row]')].filter(
    (row) => row.getClientRects().length > 0,
  );
  const at = rows.indexOf(document.activeElement as HTMLAnchorElement);
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step;
  rows[Math.max(0, Math.min(rows.length - 1, next))]?.focus();
}

/** The shortcuts of a view with rows. Enter opens the focused one: rows are links. */
export function rowKeys(): KeyBinding[] {
  return [
    { keys: 'j', says: 'row down', run: () => moveRow(1), hint: ['j k', 'row'] },
    { keys: 'k', says: 'row up', run: () => moveRow(-1), hint: ['Enter', 'open'] },
  ];
}
