import {
  badEvents,
  monthHours,
  monthHoursEnded,
  monthNumber,
  quote,
  rule,
  ruleLabel,
  type Service,
  totalEvents,
} from '../slo/index.ts';
import { budgetOf, knownTo, serviceSelector } from './promql.ts';
import type { RecordingRule } from './rules.ts';

/** The label that tells tiles of one month from those of another, inside of an expression only. */
const monthLabel = 'month';
const thisMonth = `count_values(${quote(monthLabel)}, ${monthNumber})`;
/** Longer than any month, so that its first tile is among them. */
const longest = '31d';

/**
 * The month of the calendar, in UTC: each hour's tile is given the month it lies in, and only this month's are summed. What is
 * spent is set against the budget of the whole month, as the traffic so far lets expect it: the budget begins at 1 and ends at 0
 * when exactly what may fail has failed.
 */
export function monthRules(service: Service, more: readonly string[]): RecordingRule[] {
  const selector = serviceSelector(service, ...more);
  const known = knownTo(service, ...more);
  const over = (fold: string, tiles: string) =>
    `sum without (${monthLabel}) (\n  ${fold}((${tiles}${selector} * on () group_left (${monthLabel}) ${thisMonth})[${longest}:1h])\n  and on (${monthLabel}) ${thisMonth}\n)`;
  const sum = (tiles: string, soFar: string) =>
    `(${over('sum_over_time', tiles)} or 0 * ${soFar}${selector})\nand ${known}`;
  const [bad, total] = [`${rule.badSumPrefix}month`, `${rule.totalSumPrefix}month`];
  const ratio = `${bad}${selector} / (${total}${selector} > 0)`;
  return [
    { record: total, expr: sum(totalEvents('1h'), totalEvents('2h')) },
    { record: bad, expr: sum(badEvents('1h'), badEvents('2h')) },
    {
      record: `${rule.coveragePrefix}month`,
      expr: `clamp_max(\n${over('count_over_time', badEvents('1h'))}\n/ on () group_left () ${monthHoursEnded}, 1)\nand ${known}`,
    },
    {
      record: rule.budgetLeft,
      expr: `1 - ${ratio} / ${budgetOf(service, more)}\n* on () group_left () (${monthHoursEnded} / ${monthHours})\nor\n1 + 0 * ${total}${selector}`,
      labels: { [ruleLabel.window]: 'month' },
    },
  ];
}
