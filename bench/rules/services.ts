// The services whose rules are measured, and our rules of them.
import { stringify } from 'yaml';
import { alertGroups, ruleTargets } from '../../alerts/index.ts';
import type { Service, Slo } from '../../slo/index.ts';
import { job, method } from './counters.ts';

const one = {
  by: [],
  sli: { kind: 'availability' },
  objective: { ratio: 0.999, window: { kind: 'rolling', days: 30 } },
  alerts: 'page',
} as const;

/** An objective of each of these routes, or one of all of them together. */
export function serviceOf(routes: readonly string[], each: 'route' | 'service'): Service {
  const slos: Slo[] =
    each === 'service'
      ? [{ ...one, id: 'availability', routes: [] }]
      : routes.map((path, at) => ({ ...one, id: `route-${at}-availability`, routes: [{ method, path }] }));
  return { name: job, owner: 'team-shop', runbook: 'https://example.com/runbooks/shop', slos };
}

/** Our rules about objectives, as the text of a rule file; what else watches a service is no part of an objective. */
export function ourRules(service: Service): string {
  const groups = alertGroups(service, ruleTargets.prometheus).filter(({ name }) => name.startsWith('slo-'));
  return stringify({ groups }, { lineWidth: 0 });
}
