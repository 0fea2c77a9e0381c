/** What is chosen about the Kubernetes resources of a service. */
export interface KubernetesOptions {
  /** Where its objects live; alerts carry it, because the operator's Alertmanager routes by it. */
  readonly namespace: string;
  readonly grafana: GrafanaForm;
  /** The service's image as `kustomize edit set image` takes it: NAME:TAG or NAME@DIGEST. */
  readonly image: string;
  /** Git repository that Argo CD watches; without one there is no Application. */
  readonly repo?: string;
  /** Folder in the repository that Argo CD applies. */
  readonly path: string;
}

/** How dashboards reach Grafana: a ConfigMap that the chart's sidecar finds, or a resource of Grafana's operator. */
export type GrafanaForm = (typeof grafanaForms)[number];

export const grafanaForms = ['configmap', 'operator'] as const;

/** A service of ours that runs in a pod beside its collector. */
export interface Workload {
  /** Port of the business routes; the next one is the admin port. */
  readonly port: number;
  /** Names of the template's options that are on. */
  readonly options: readonly string[];
  /** Version of the collector's image. */
  readonly collectorVersion: string;
}
