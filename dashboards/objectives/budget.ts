import { badEvents, rule, ruleLabel } from '../../slo/index.ts';
import type { Query, RowSpec } from '../model.ts';
import { budgetLeft, budgetOf, type Chosen, promisedOver } from './chosen.ts';
import { monthElapsed } from './month.ts';

const chart = { kind: 'timeseries', height: 9, unit: 'percentunit' } as const;

/** How the error budget went, against spending it evenly. */
export function budget(shown: Chosen): RowSpec {
  const { legend, windows, select } = shown;
  return {
    id: 200,
    title: 'Error budget',
    panels: [
      {
        ...chart,
        width: 14,
        title: 'Burndown',
        description:
          'What is left of the budget since the left edge, or since the month began. Below the dashed line it goes faster than it may: the line ends at 0 a whole window later. Show a whole window to read it in full.',
        max: 1,
        queries: windows.flatMap((window) => burndown(shown, window)),
      },
      {
        ...chart,
        width: 10,
        title: 'Budget left over the window',
        description:
          'The recorded value at each moment, over the window that ended there. Below 0 the objective was missed.',
        max: 1,
        limit: { value: 0, worse: 'below' },
        queries: [{ expr: select(rule.budgetLeft), legend: `over {{${ruleLabel.window}}}${legend}` }],
      },
    ],
  };
}

function burndown(shown: Chosen, window: string): Query[] {
  const [spent, ideal] = window === 'month' ? month(shown) : rolling(shown, window);
  // Both lines only where the chosen objective has this window.
  const promised = `and ${promisedOver(shown, window)}`;
  return [
    { expr: `${spent} ${promised}`, legend: `left of ${window}${shown.legend}` },
    {
      // Beyond its end the line says nothing any more.
      expr: `max(0 * ${budgetLeft(shown, window)}) + ${ideal} >= 0`,
      legend: `evenly over ${window}`,
      dashed: true,
    },
  ];
}

/** The recorded budget of a month begins at 1 by itself. */
function month({ select }: Chosen): [spent: string, ideal: string] {
  return [select(rule.budgetLeft), `(1 - ${monthElapsed})`];
}

/**
 * Of the hours since the left edge alone. An hour's tile ends with its hour, so the first whole one after the edge counts first;
 * what may fail is that of the whole window.
 */
function rolling(shown: Chosen, window: string): [spent: string, ideal: string] {
  const { select } = shown;
  const total = select(`${rule.totalSumPrefix}${window}`);
  const since = 'on () (vector(time() - 3600) >= $__from / 1000)';
  const bad = `sum_over_time((${select(badEvents('1h'))} and ${since})[${window}:1h])`;
  const seconds = Number.parseInt(window, 10) * 86_400;
  return [
    `1 - (${bad} or 0 * ${total}) / (${total} > 0) / ${budgetOf(shown)}`,
    `(1 - (time() - $__from / 1000) / ${seconds})`,
  ];
}
