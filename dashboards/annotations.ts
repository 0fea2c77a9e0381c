import {
  alertLabel,
  alertSeries,
  alertState,
  label,
  rule,
  ruleLabel,
  type Service,
  serviceMetric,
} from '../slo/index.ts';
import type { AnnotationSpec } from './model.ts';
import { select } from './queries.ts';

/** The alerts of objectives that fire, as PromQL; further matchers narrow them. */
export function firingAlerts(...more: readonly string[]): string {
  const own = [`${alertLabel.name}="${rule.alertName}"`, `${alertLabel.state}="${alertState.firing}"`];
  return `${alertSeries.alerts}{${[...own, ...more].join(',')}}`;
}

/** Marks where an alert of an objective fires. */
export function alertMarks(...more: readonly string[]): AnnotationSpec {
  return {
    name: 'Firing alerts',
    expr: firingAlerts(...more),
    color: 'red',
    title: `{{${ruleLabel.severity}}}: {{${ruleLabel.tier}}}`,
    text: `{{${ruleLabel.service}}} {{${ruleLabel.slo}}}`,
  };
}

/** Marks the first ten minutes of a version. A version that was away for longer is marked again. */
export function deployMarks(service: Service): AnnotationSpec {
  const versions = (when: string) =>
    `max by (${label.version}) (${select(serviceMetric.buildInfo, service)}${when})`;
  return {
    name: 'Deploys',
    expr: `${versions('')} unless on (${label.version}) ${versions(' offset 10m')}`,
    color: 'orange',
    title: `{{${label.version}}}`,
    text: `${service.name} {{${label.version}}}`,
  };
}
