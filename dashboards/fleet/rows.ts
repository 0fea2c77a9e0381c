import { badEvents, rule, ruleLabel, totalEvents } from '../../slo/index.ts';
import { firingAlerts } from '../annotations.ts';
import type { ChartSpec, Column, Format, RowSpec, TableSpec, Unit } from '../model.ts';
import { sloVariable } from '../objectives/chosen.ts';
import { line } from '../queries.ts';

/** The variable that narrows the fleet to some services. */
export const serviceVariable = 'service';

/** Matcher of the services that are chosen. */
export const ofServices = `${ruleLabel.service}=~"$${serviceVariable}"`;

const { service, slo, route, method, owner, window } = ruleLabel;
const own = `{${ofServices}}`;
/** Objectives of a service that are shown in the table of the worst. */
const worst = 20;
/** Stands for a burn rate where no request came. */
const noRequests = { value: -1, text: 'no requests', color: 'grey' } as const;

const share: Format = { unit: 'percentunit', decimals: 1, limit: { value: 0.1, worse: 'below' } };
const burning: Format = {
  unit: 'short',
  decimals: 1,
  limit: { value: 1, worse: 'above' },
  texts: [noRequests],
};
const alerts: Format = { unit: 'short', decimals: 0, limit: { value: 1, worse: 'above' } };

/** How all services stand, which objectives stand worst, and how it came to that. */
export function fleetRows(): RowSpec[] {
  return [
    { id: 100, title: 'Now', panels: [...figures(), services(), objectives()] },
    { id: 200, title: 'Over time', panels: history() },
  ];
}

const burnRate = `${badEvents('1h')}${own} / (${totalEvents('1h')}${own} > 0) / on (${service}, ${slo}) group_left () ${rule.errorBudget}${own}`;
const firing = firingAlerts(ofServices);
const objective = `${rule.objective}${own}`;

/** One value for each service, also where its series is missing. */
const perService = {
  budget: `min by (${service}) (${rule.budgetLeft}${own})`,
  burn: `max by (${service}) (${burnRate}) or on (${service}) 0 * max by (${service}) (${objective}) - 1`,
  firing: `count by (${service}) (${firing}) or on (${service}) 0 * max by (${service}) (${objective})`,
  coverage: `min by (${service}) (${rule.coveragePrefix}3d${own}) or on (${service}) 0 * max by (${service}) (${objective})`,
  objectives: `count by (${service}) (${objective})`,
} as const;

function figures(): ChartSpec[] {
  const figure = (title: string, description: string, format: Format, expr: string): ChartSpec => ({
    kind: 'stat',
    width: 6,
    height: 4,
    title,
    description,
    ...format,
    nothing: 'none yet',
    queries: [{ expr, legend: title.toLowerCase() }],
  });
  const count: Format = { unit: 'short', decimals: 0 };
  return [
    figure(
      'Services with objectives',
      'Services with objectives.',
      count,
      `count(count by (${service}) (${objective}))`,
    ),
    figure('Objectives', 'Objectives of all services.', count, `count(${objective})`),
    figure(
      'Objectives missed',
      'Objectives without any error budget left.',
      alerts,
      `count(${rule.budgetLeft}${own} <= 0) or vector(0)`,
    ),
    figure('Alerts', 'Tiers of all objectives that fire.', alerts, `count(${firing}) or vector(0)`),
  ];
}

function services(): TableSpec {
  const queries = [
    [perService.objectives, 'Objectives', { unit: 'short', decimals: 0 }],
    [perService.budget, 'Least budget left', share],
    [perService.burn, 'Worst burn in 1h', burning],
    [perService.firing, 'Firing', alerts],
    [perService.coverage, 'Measured of 3d', { unit: 'percentunit', decimals: 0 }],
  ] as const satisfies readonly (readonly [string, string, Format])[];
  return {
    kind: 'table',
    width: 24,
    height: 8,
    title: 'Services',
    description:
      'Each by its worst objective. A name leads to the dashboard of its objectives, or to all of its dashboards.',
    queries: queries.map(([expr, header]) => ({ expr, legend: header })),
    columns: [
      {
        header: 'Service',
        label: service,
        // A long name has a sum of it in its uids; the last link finds those dashboards too.
        links: [
          { title: 'Objectives', dashboard: { label: service, end: '-slo' } },
          { title: 'Golden signals', dashboard: { label: service, end: '' } },
          { title: 'All of its dashboards', dashboardsTagged: { label: service } },
          { title: 'Logs', console: '/logs', query: { service: { label: service } } },
        ],
      },
      ...queries.map(([, header, format], query): Column => ({ header, query, ...format })),
    ],
  };
}

function objectives(): TableSpec {
  const about = [service, slo, route, method, window];
  const left = `min by (${about.join(', ')}) (${rule.budgetLeft}${own})`;
  const who = `max by (${service}, ${slo}, ${owner}) (${objective})`;
  return {
    kind: 'table',
    width: 24,
    height: 10,
    title: 'Objectives with the least budget left',
    description: `The ${worst} of all services that stand worst, and who answers for them.`,
    queries: [
      {
        expr: `bottomk(${worst}, ${left}) + on (${service}, ${slo}) group_left (${owner}) 0 * ${who}`,
        legend: 'budget left',
      },
    ],
    columns: [
      { header: 'Service', label: service },
      {
        header: 'Objective',
        label: slo,
        links: [
          {
            title: 'This objective',
            dashboard: { label: service, end: '-slo' },
            choosing: { [sloVariable]: slo },
          },
        ],
      },
      { header: 'Method', label: method },
      { header: 'Route', label: route },
      { header: 'Owner', label: owner },
      { header: 'Window', label: window },
      { header: 'Budget left', query: 0, ...share },
    ],
  };
}

function history(): ChartSpec[] {
  const legend = `{{${service}}}`;
  const chart = (title: string, unit: Unit, description: string, expr: string): ChartSpec =>
    line(title, unit, description, [{ expr, legend }]);
  const { min: _, ...budget } = chart(
    'Least budget left by service',
    'percentunit',
    'The objective of each service that stands worst. Below 0 it is missed.',
    perService.budget,
  );
  return [
    budget,
    chart(
      'Worst burn by service',
      'short',
      'Of all objectives of a service over one hour: at 1 the budget lasts exactly its window. No line where no request came.',
      `max by (${service}) (${burnRate})`,
    ),
    chart('Firing alerts by service', 'short', 'Tiers that fire, of all objectives.', perService.firing),
  ];
}
