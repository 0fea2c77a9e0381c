import type { RuleGroup } from '../alerts/index.ts';
import type { Service } from '../slo/index.ts';
import { commonLabels, type Resource } from './resource.ts';

/** The label that Alertmanager's operator adds to the routes and inhibitions of every namespace. */
const namespaceLabel = 'namespace';

/**
 * Why the rules cannot be evaluated as Kubernetes resources, as a sentence, or undefined: alerts of two budgets of an objective
 * whose labels differ by the namespace alone would be one, which Prometheus refuses.
 */
export function groupingProblem({ slos }: Pick<Service, 'slos'>): string | undefined {
  const split = slos.find(({ by }) => by.includes(namespaceLabel));
  if (split === undefined) return undefined;
  return `The objective "${split.id}" has a budget for each "${namespaceLabel}", and Kubernetes' own alerts have that label for the namespace of their rules. Group it by another label, such as one that label_replace makes.`;
}

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

/**
 * The group, or groups in its place that fit: what a later one reads of an earlier one is an interval old at most. Rules stay in
 * twos, as they come: the bad events of an objective are taken from the total before them, which must be of the same moment.
 */
function pieces(group: RuleGroup): readonly RuleGroup[] {
  const pairs = Array.from({ length: Math.ceil(group.rules.length / 2) }, (_, n) =>
    group.rules.slice(2 * n, 2 * n + 2),
  );
  const parts = cut(pairs);
  if (parts.length <= 1) return [group];
  return parts.map((rules, index) => ({
    ...group,
    name: `${group.name}-${index + 1}`,
    rules: rules.flat(),
  }));
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
