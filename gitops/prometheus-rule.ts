import type { RuleGroup } from '../alerts/index.ts';
import type { Service } from '../slo/index.ts';
import { commonLabels, type Resource } from './resource.ts';

/** The label that Alertmanager's operator adds to the routes and inhibitions of every namespace. */
const namespaceLabel = 'namespace';

/**
 * Bytes of rules in one object. The operator refuses an object of more than 512 KiB (MaxConfigMapDataSize in its
 * pkg/operator/rules.go), measured in YAML, where short rules take up to two fifths more than in JSON, by which they are
 * measured here.
 */
const maxBytes = 300 * 1024;

/**
 * All rules of a service: one object, and further ones only where the operator would refuse one as too large. Recorded series
 * are sums over pods and have no namespace, so the alerts are given it: without it no AlertmanagerConfig would match them.
 * Source: alertmanagerConfigMatcherStrategy, https://prometheus-operator.dev/docs/api-reference/api/
 */
export function prometheusRules(
  service: Service,
  groups: readonly RuleGroup[],
  namespace: string,
): readonly Resource[] {
  const placed = groups.map((group) => inNamespace(group, namespace)).flatMap(pieces);
  return cut(placed).map((some, index) => ({
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: {
      name: index === 0 ? service.name : `${service.name}-${index + 1}`,
      labels: commonLabels(service),
    },
    spec: { groups: some },
  }));
}

function inNamespace(group: RuleGroup, namespace: string): RuleGroup {
  const rules = group.rules.map((rule) =>
    'alert' in rule ? { ...rule, labels: { ...rule.labels, [namespaceLabel]: namespace } } : rule,
  );
  return { ...group, rules };
}

/** The group, or groups in its place that fit: what a later one reads of an earlier one is an interval old at most. */
function pieces(group: RuleGroup): readonly RuleGroup[] {
  const parts = cut(group.rules);
  if (parts.length <= 1) return [group];
  return parts.map((rules, index) => ({ ...group, name: `${group.name}-${index + 1}`, rules }));
}

/** The items in order, cut before each with which a part would be too large. */
function cut<T>(items: readonly T[]): readonly (readonly T[])[] {
  const parts: T[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const own = new TextEncoder().encode(JSON.stringify(item)).length;
    if (bytes + own > maxBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)!.push(item);
    bytes += own;
  }
  return parts;
}
