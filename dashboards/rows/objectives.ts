import {
  badEvents,
  rule,
  ruleLabel,
  type Service,
  tiers,
  totalEvents,
  type WindowName,
} from '../../slo/index.ts';
import type { PanelSpec, RowSpec } from '../panel.ts';

const chart = { kind: 'timeseries', height: 8 } as const;

/** Error budget, burn rates and coverage of every objective, from the recorded series. */
export function objectives(service: Service): RowSpec {
  const own = `{${ruleLabel.service}="${service.name}"}`;
  const days = [...new Set(service.slos.map((slo) => slo.objective.windowDays))].sort((a, b) => a - b);
  const legend = `{{${ruleLabel.slo}}}`;
  const longWindows = [...new Set(tiers.map((tier) => tier.longWindow))];
  const observed = new Set<string>(tiers.filter((t) => t.minCoverage > 0).map((tier) => tier.longWindow));
  for (const day of days) observed.add(`${day}d`);
  return {
    id: 200,
    title: 'Objectives',
    panels: [
      {
        kind: 'stat',
        height: 8,
        title: 'Error budget left',
        description: `Share of the error budget left over the objective's window (${days.map((day) => `${day}d`).join(', ')}). Below 0 the objective is missed. Read it with the coverage: a window barely observed says little.`,
        unit: 'percentunit',
        width: 12,
        limit: { value: 0.1, worse: 'below' },
        queries: [{ expr: `${rule.budgetLeft}${own}`, legend }],
      },
      {
        ...chart,
        title: 'Coverage',
        description:
          'Share of the window in which the objective was measured at all. Tickets wait for half of theirs.',
        unit: 'percentunit',
        width: 12,
        min: 0,
        max: 1,
        queries: [...observed].map((window) => ({
          expr: `min by (${ruleLabel.slo}) (${rule.coveragePrefix}${window}${own})`,
          legend: `${legend} ${window}`,
        })),
      },
      ...longWindows.map((window) => burn(window, own, legend)),
    ],
  };
}

function burn(window: WindowName, own: string, legend: string): PanelSpec {
  const tier = tiers.find((candidate) => candidate.longWindow === window)!;
  return {
    ...chart,
    title: `Burn rate over ${window}`,
    description: `Bad ratio divided by the error budget: at 1 the budget lasts exactly its window. A ${tier.severity} (${tier.id}) needs more than ${tier.factor} here and over ${tier.shortWindow}.`,
    unit: 'short',
    width: 6,
    min: 0,
    limit: { value: tier.factor, worse: 'above' },
    queries: [
      {
        expr: `${badEvents(window)}${own} / (${totalEvents(window)}${own} > 0) / ${rule.errorBudget}${own}`,
        legend,
      },
    ],
  };
}
