/** The path of a sparkline, in a box of 1000 by 100; gaps stay gaps. */
export interface SparkShape {
  /** Before the onset, or all of it. */
  before: string;
  /** From the onset on. */
  after: string;
  /** Where the onset stands, 0 to 1000; absent when it is outside. */
  onset?: number;
}

const WIDTH = 1000;
const HEIGHT = 100;

function ends(values: readonly number[]): [number, number] {
  return [values[0] ?? 0, values.at(-1) ?? 0];
}

/**
 * Draws evenly spaced values from 0 at the bottom to `top` or the largest, whichever is more. `at` and `onsetMs`
 * are epoch milliseconds. A single value between two gaps becomes a short dash, so that it can be seen.
 */
export function sparkShape(
  at: readonly number[],
  value: readonly (number | null)[],
  top: number,
  onsetMs?: number,
): SparkShape {
  const [from, to] = ends(at);
  const span = to - from || 1;
  const highest = value.reduce<number>((most, v) => Math.max(most, v ?? 0), Math.max(top, Number.MIN_VALUE));
  const x = (ms: number) => Math.round(((ms - from) / span) * WIDTH * 10) / 10;
  const y = (v: number) => Math.round((HEIGHT - (v / highest) * HEIGHT) * 10) / 10;
  const split = onsetMs !== undefined && onsetMs >= from && onsetMs <= to ? onsetMs : undefined;
  const paths = { before: '', after: '' };
  let open = false;
  let side: 'before' | 'after' = 'before';
  at.forEach((ms, i) => {
    const v = value[i];
    if (v === null || v === undefined) {
      open = false;
      return;
    }
    const point = `${x(ms)} ${y(v)}`;
    if (open) paths[side] += `L${point}`;
    const next = split !== undefined && ms >= split ? 'after' : 'before';
    if (!open || next !== side) paths[next] += `M${point}`;
    if (!open && (value[i + 1] ?? null) === null) paths[next] += 'h4';
    side = next;
    open = true;
  });
  return split === undefined ? paths : { ...paths, onset: x(split) };
}
