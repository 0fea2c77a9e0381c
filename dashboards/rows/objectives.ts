import {
  badEvents,
  decimal,
  quote,
  rule,
  ruleLabel,
  type Service,
  type Tier,
  tiers,
  totalEvents,
  windowText,
} from '../../slo/index.ts';
import { objectivesLink } from '../links.ts';
import type { ChartSpec, RowSpec } from '../model.ts';

const chart = { kind: 'timeseries', height: 8 } as const;

/** Error budget, burn rates and coverage of every objective, from the recorded series. */
export function objectives(service: Service): RowSpec {
  const own = `{${ruleLabel.service}=${quote(service.name)}}`;
  const windows = [...new Set(service.slos.map((slo) => windowText(slo.objective.window)))];
  const by = [...new Set(service.slos.flatMap((slo) => slo.by))];
  const legend = [ruleLabel.slo, ...by].map((name) => `{{${name}}}`).join(' ');
  const first = tiers.filter(
    (tier, n) => tiers.findIndex(({ longWindow }) => longWindow === tier.longWindow) === n,
  );
  const observed = new Set<string>(tiers.filter((t) => t.minCoverage > 0).map((tier) => tier.longWindow));
  for (const window of windows) observed.add(window);
  const panels: ChartSpec[] = [
    {
      kind: 'stat',
      height: 8,
      title: 'Error budget left',
      description: `Share of the error budget left over the objective's window (${windows.join(', ')}). Below 0 the objective is missed. Read it with the coverage: a window barely observed says little.`,
      unit: 'percentunit',
      width: 12,
      limit: { value: 0.1, worse: 'below' },
      nothing: 'not measured yet',
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
        expr: `min by (${[ruleLabel.slo, ...by].join(', ')}) (${rule.coveragePrefix}${window}${own})`,
        legend: `${legend} ${window}`,
      })),
    },
    ...first.map((tier) => burn(tier, own, legend)),
  ];
  return {
    id: 200,
    title: 'Objectives',
    panels: panels.map((panel) => ({ ...panel, links: [objectivesLink(service)] })),
  };
}

function burn(
  { id, longWindow: window, shortWindow, severity, factor }: Tier,
  own: string,
  legend: string,
): ChartSpec {
  return {
    ...chart,
    title: `Burn rate over ${window}`,
    description: `Bad ratio divided by the error budget: at 1 the budget lasts exactly its window. A ${severity} (${id}) needs more than ${decimal(factor)} here and over ${shortWindow}. No line where no request came.`,
    unit: 'short',
    width: 6,
    min: 0,
    limit: { value: factor, worse: 'above' },
    queries: [
      {
        expr: `${badEvents(window)}${own} / (${totalEvents(window)}${own} > 0) / on (${ruleLabel.service}, ${ruleLabel.slo}) group_left () ${rule.errorBudget}${own}`,
        legend,
      },
    ],
  };
}
