import { rule, ruleLabel } from '../../slo/index.ts';
import type { ChartSpec, Query, RowSpec, TableSpec, Unit } from '../model.ts';
import { budgetLeft, budgetOf, type Chosen, promisedOver } from './chosen.ts';
import { monthElapsed, monthMinutes } from './month.ts';

/** What is promised, and what of the error budget is left: as a share, in events, in minutes. */
export function promise(shown: Chosen): RowSpec {
  const { legend, windows, select } = shown;
  const perWindow = (expr: (window: string) => string): Query[] =>
    windows.map((window) => ({ expr: expr(window), legend: `over ${window}${legend}` }));
  const left: Query = { expr: select(rule.budgetLeft), legend: `over {{${ruleLabel.window}}}${legend}` };
  return {
    id: 100,
    title: 'The promise',
    panels: [
      table(shown),
      figure(
        'Error budget left',
        'percentunit',
        0.1,
        'Share of the error budget. Below 0 the objective is missed.',
        [left],
      ),
      figure(
        'Bad events left',
        'short',
        0,
        'As many more events may be bad at the traffic of the window. Where time is counted, an event is a slice of 30 seconds.',
        perWindow((window) => eventsLeft(shown, window)),
      ),
      figure(
        'Minutes of outage left',
        'm',
        0,
        'A total outage may last so much longer, at the mean traffic of the window.',
        perWindow((window) => minutesLeft(shown, window)),
      ),
      figure(
        'Measured so far',
        'percentunit',
        0.5,
        'Share of the window in which the objective was measured at all. What was not measured is not known to be good.',
        perWindow((window) => measured(shown, window)),
      ),
    ],
  };
}

/** One figure, red below its limit; a quarter of the width. */
function figure(
  title: string,
  unit: Unit,
  limit: number,
  description: string,
  queries: readonly Query[],
): ChartSpec {
  return {
    kind: 'stat',
    width: 6,
    height: 5,
    title,
    description,
    unit,
    limit: { value: limit, worse: 'below' },
    nothing: 'no requests yet',
    queries,
  };
}

/** Nothing of a long window is measured before its first whole hour. */
function measured(shown: Chosen, window: string): string {
  const coverage = shown.select(`${rule.coveragePrefix}${window}`);
  const none = `on (${shown.labels.join(', ')}) 0 * ${budgetLeft(shown, window)}`;
  return `${coverage}${onlyOf(shown, window)} or ${none}`;
}

/** Where all objectives share a window there is nothing to tell apart. */
function onlyOf(shown: Chosen, window: string): string {
  return shown.windows.length === 1 ? '' : ` and ${promisedOver(shown, window)}`;
}

/** What may fail at the traffic of the window, less what failed; nothing where no event came. */
function eventsLeft(shown: Chosen, window: string): string {
  const bad = shown.select(`${rule.badSumPrefix}${window}`);
  const total = `(${shown.select(`${rule.totalSumPrefix}${window}`)} > 0)`;
  // The traffic of a month is expected to go on as it was so far.
  const expected = window === 'month' ? `${total} / ${monthElapsed}` : total;
  return `${expected} * ${budgetOf(shown)} - ${bad}${onlyOf(shown, window)}`;
}

function minutesLeft(shown: Chosen, window: string): string {
  const minutes = window === 'month' ? monthMinutes : String(Number.parseInt(window, 10) * 24 * 60);
  return `${budgetLeft(shown, window)} * ${budgetOf(shown)} * ${minutes}`;
}

function table({ select }: Chosen): TableSpec {
  const { slo, sli, method, route, owner, window, service } = ruleLabel;
  const about = [slo, sli, method, route, owner];
  const known = `max by (${service}, ${slo}, ${window}) (${select(rule.budgetLeft)})`;
  const objective = select(rule.objective);
  const withWindow = `max by (${[...about, window].join(', ')}) (${objective} + on (${service}, ${slo}) group_left (${window}) 0 * ${known})`;
  return {
    kind: 'table',
    width: 24,
    height: 4,
    title: 'Objective',
    description: 'The share of good events that is promised, of what, over how long, and who answers for it.',
    queries: [
      {
        expr: `${withWindow} or on (${slo}) max by (${about.join(', ')}) (${objective})`,
        legend: 'objective',
      },
    ],
    columns: [
      { header: 'Objective', label: slo },
      { header: 'Kind', label: sli },
      { header: 'Method', label: method },
      { header: 'Route', label: route },
      { header: 'Owner', label: owner },
      { header: 'Window', label: window },
      { header: 'Promised', query: 0, unit: 'percentunit', decimals: 3 },
    ],
  };
}
