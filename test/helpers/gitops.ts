// A service and what its Kubernetes resources are made of: small rules and dashboards, so that a golden shows the resource, or
// those that are rendered for real.
import { alertGroups, type RuleGroup, ruleTargets } from '../../alerts/index.ts';
import type { GitOpsInput, KubernetesOptions } from '../../gitops/index.ts';
import { parseSpec, type Service } from '../../slo/index.ts';

/** A spec like that of an emitted service; `change` makes another of it. */
export function shop(change: Record<string, unknown> = {}): Service {
  const availability = { kind: 'availability', method: 'GET', route: '/orders/{id}', objective: 0.999 };
  const spec = parseSpec({
    schema: 'go-sre.slo/v1',
    service: 'shop',
    owner: 'team-shop',
    runbook: 'https://example.com/runbooks/shop',
    slos: [
      { id: 'orders-availability', ...availability, window: '30d' },
      { id: 'orders-latency', ...availability, kind: 'latency', thresholdSeconds: 0.25, window: '30d' },
    ],
    ...change,
  });
  if (!spec.ok) throw new Error(JSON.stringify(spec.problems));
  return spec.service;
}

export const kubernetes: KubernetesOptions = {
  namespace: 'shop',
  grafana: 'configmap',
  image: 'example.com/shop:1.4.2',
  path: 'ops/kubernetes',
};

const smallGroups: readonly RuleGroup[] = [
  {
    name: 'slo-shop-fast',
    interval: '30s',
    rules: [
      { record: 'slo:error_budget:ratio', expr: 'vector(0.001)', labels: { service: 'shop' } },
      {
        alert: 'SloBurnRate',
        expr: 'a\nand\nb',
        labels: { severity: 'page' },
        annotations: { summary: 'it burns' },
      },
    ],
  },
];

/** What is planned from; rules and dashboards are of two lines. */
export function smallInput(change: Partial<GitOpsInput> = {}): GitOpsInput {
  return {
    service: shop(),
    options: kubernetes,
    groups: smallGroups,
    dashboards: new Map([['shop.json', '{\n  "title": "shop"\n}\n']]),
    workload: { port: 8080, options: [], collectorVersion: '0.1.0' },
    ...change,
  };
}

/** The rules of a service as they are rendered. */
export function groupsOf(service: Service): readonly RuleGroup[] {
  return alertGroups(service, ruleTargets.prometheus);
}
