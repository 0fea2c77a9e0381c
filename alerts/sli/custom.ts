import { type EventsExpr, type Sli, sliceSeconds, windowPlaceholder, windows } from '../../slo/index.ts';
import { eventsOf, grouping, increaseOf, widened } from '../targets.ts';
import { type Counting, type Counts, on } from './counts.ts';

/** Events by the user's own expressions. */
export function custom(counting: Counting<Extract<Sli, { kind: 'custom' }>>): Counts {
  const { slo, sli, window, target, total } = counting;
  const { events } = sli;
  if ('badRatio' in events) {
    // No events are known: slices of time stand in for them, each as bad as the ratio says.
    const count = windows[window].seconds / sliceSeconds;
    const range = target.increase === 'exact' ? window : widened(window);
    // Nothing divided by nothing is no measurement; errors without any request are all bad, and no infinity.
    const ratio = `(max${grouping(slo.by)}(${events.badRatio.replaceAll(windowPlaceholder, range)}) > -Inf)`;
    const share = `clamp(${ratio}, 0, 1)`;
    return { total: `${count} + 0 * ${share}`, bad: `${count} * ${share}` };
  }
  const of = (expr: EventsExpr) =>
    'counter' in expr
      ? increaseOf([expr.counter], slo.by, window, target)
      : eventsOf(expr, slo.by, window, windowPlaceholder, target);
  const all = of(events.total);
  // Without any series of a bad event there are none; without any of a good one there is no measurement.
  if ('bad' in events) return { total: all, bad: `${of(events.bad)}\nor ${on(slo.by)}\n0 * ${total}` };
  const good = of(events.good);
  return {
    total: `${all}\nand ${on(slo.by)}\n${good}`,
    bad: `clamp_min(\n  ${total}\n  - ${on(slo.by)}\n  ${good},\n  0\n)`,
  };
}
