import type { RuleGroup } from '../alerts/index.ts';
import type { Service } from '../slo/index.ts';
import { alertmanagerConfigResource } from './alertmanager-config.ts';
import { application } from './application.ts';
import { collectorConfig, configFile } from './collector.ts';
import { dashboardResource } from './dashboards.ts';
import { deployment } from './deployment.ts';
import { kustomization } from './kustomization.ts';
import type { KubernetesOptions, Workload } from './options.ts';
import { prometheusRules } from './prometheus-rule.ts';
import { type Resource, yamlText } from './resource.ts';
import { serviceResource } from './service.ts';
import { serviceMonitor } from './service-monitor.ts';

/** Everything the resources follow from. */
export interface GitOpsInput {
  readonly service: Service;
  readonly options: KubernetesOptions;
  /** The rules, as `alertGroups` gives them. */
  readonly groups: readonly RuleGroup[];
  /** Grafana's dashboards: name of the file -> JSON. */
  readonly dashboards: ReadonlyMap<string, string>;
  /** Where it is absent, somebody else runs the service and has it scraped: rules, routes and dashboards are all. */
  readonly workload: Workload | undefined;
}

/**
 * The files that Kubernetes and Argo CD take: path relative to ops/ -> text. Pure and deterministic: the same input gives the
 * same bytes.
 */
export function planGitOps(input: GitOpsInput): Map<string, string> {
  const { service, options, workload } = input;
  const { repo, path, namespace } = options;
  const resources = kubernetesResources(input);
  const documents: [string, unknown][] = [
    ...[...resources].map(([file, resource]): [string, unknown] => [`kubernetes/${file}`, resource]),
    ['kubernetes/kustomization.yaml', kustomization(service, options, [...resources.keys()], workload)],
  ];
  if (workload) documents.push([`kubernetes/${configFile}`, collectorConfig(service, workload)]);
  if (repo !== undefined)
    documents.push(['argocd/application.yaml', application(service, { repo, path, namespace })]);
  return new Map(documents.map(([file, content]) => [file, yamlText(content)]));
}

/** One object a file, by its name in the folder. */
function kubernetesResources({ service, options, groups, dashboards, workload }: GitOpsInput) {
  const resources = new Map<string, Resource>();
  if (groups.length > 0) {
    for (const [index, rule] of prometheusRules(service, groups, options.namespace).entries())
      resources.set(`prometheus-rule${index === 0 ? '' : `-${index + 1}`}.yaml`, rule);
    resources.set('alertmanager-config.yaml', alertmanagerConfigResource(service));
  }
  for (const [file, json] of dashboards) {
    const name = `dashboard-${file.replace(/\.json$/, '')}.yaml`;
    resources.set(name, dashboardResource(service, file, json, options.grafana));
  }
  if (!workload) return resources;
  resources.set('deployment.yaml', deployment(service, workload));
  resources.set('service.yaml', serviceResource(service, workload));
  resources.set('service-monitor.yaml', serviceMonitor(service));
  return resources;
}
