import { badEvents, rule, ruleLabel, tiers, totalEvents } from '../../slo/index.ts';
import { firingAlerts } from '../annotations.ts';
import type { RowSpec } from '../model.ts';
import { line } from '../queries.ts';
import type { Chosen } from './chosen.ts';

/** The counts that all else is made of: events of a tile, how much of the time was measured, and the alerts. */
export function events({ select, matchers, legend, windows }: Chosen): RowSpec {
  const bad = select(badEvents('5m'));
  const total = select(totalEvents('5m'));
  const observed = new Set<string>(windows);
  for (const tier of tiers) if (tier.minCoverage > 0) observed.add(tier.longWindow);
  const { service, slo } = ruleLabel;
  const none = `0 * max by (${service}, ${slo}) (${select(rule.objective)})`;
  const firing = `count by (${service}, ${slo}) (${firingAlerts(...matchers)})`;
  return {
    id: 400,
    title: 'Events',
    panels: [
      line(
        'Events in 5 minutes',
        'short',
        'All events and bad ones of each tile. Longer windows are sums of tiles.',
        [
          { expr: total, legend: `all${legend}` },
          { expr: bad, legend: `bad${legend}` },
        ],
      ),
      line(
        'Bad share of 5 minutes',
        'percentunit',
        'Bad events / all events; no line where no request came.',
        [{ expr: `${bad} / (${total} > 0)`, legend: `bad${legend}` }],
      ),
      {
        ...line(
          'Coverage',
          'percentunit',
          'Share of a window in which the objective was measured. Tickets wait for half of theirs.',
          [...observed].map((window) => ({
            expr: select(`${rule.coveragePrefix}${window}`),
            legend: `${window}${legend}`,
          })),
        ),
        max: 1,
      },
      line(
        'Firing alerts',
        'short',
        'Tiers of this objective that fire. A graver one silences those below it.',
        [{ expr: `${firing} or on (${service}, ${slo}) ${none}`, legend: 'firing' }],
      ),
    ].map((panel) => ({ ...panel, width: 12 })),
  };
}
