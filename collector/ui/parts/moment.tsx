import { formatMoment } from '../format.ts';
import { useConsole } from '../state/console.ts';

/** A time of day with milliseconds, which narrow screens leave out. */
export function Moment({ ms }: { ms: number }) {
  const text = formatMoment(ms, useConsole().now(), 'milli');
  return (
    <>
      {text.slice(0, -4)}
      <span class="hide-m">{text.slice(-4)}</span>
    </>
  );
}
