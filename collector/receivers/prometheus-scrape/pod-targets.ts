import { label } from '../../../slo/index.ts';
import type { FoundLabels } from './target-of.ts';

/** What is read of a pod. Source: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export interface Pod {
  metadata: {
    uid: string;
    name?: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec?: { nodeName?: string; containers?: { name?: string; ports?: ContainerPort[] }[] };
  status?: { phase?: string; podIP?: string };
}

interface ContainerPort {
  containerPort?: number;
  protocol?: string;
}

/** The annotations that Prometheus's example configuration for Kubernetes made common. */
const SCRAPE = 'prometheus.io/scrape';
const PORT = 'prometheus.io/port';
const PATH = 'prometheus.io/path';
const SCHEME = 'prometheus.io/scheme';
/**
 * Labels of a pod that name its service, the best first.
 * Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
 */
const SERVICE_LABELS = ['app.kubernetes.io/name', 'app', 'k8s-app'];
const ENDED: ReadonlySet<string | undefined> = new Set(['Succeeded', 'Failed']);

/** True for what has at least a uid; all else of a pod may be absent. */
export function isPod(value: unknown): value is Pod {
  const { metadata } = (value ?? {}) as { metadata?: { uid?: unknown } };
  return typeof metadata?.uid === 'string';
}

/**
 * The targets of a pod that has an address and `prometheus.io/scrape: "true"`: its annotated port, or else every TCP
 * port that its containers declare. `job` is the service that its labels name, when they name one.
 */
export function targetsOfPod({ metadata, spec, status }: Pod): FoundLabels[] {
  const { annotations = {}, labels = {} } = metadata;
  const address = status?.podIP;
  if (annotations[SCRAPE] !== 'true' || !address || ENDED.has(status?.phase)) return [];
  const service = SERVICE_LABELS.map((name) => labels[name]).find((text) => text);
  const shared: FoundLabels = {
    ...(service ? { [label.job]: service } : {}),
    namespace: metadata.namespace ?? '',
    pod: metadata.name ?? '',
    __scheme__: annotations[SCHEME] ?? '',
    __metrics_path__: annotations[PATH] ?? '',
    __meta_kubernetes_pod_uid: metadata.uid,
    __meta_kubernetes_pod_node_name: spec?.nodeName ?? '',
  };
  const host = address.includes(':') ? `[${address}]` : address;
  return portsOf(annotations[PORT], spec).map((port) => ({ ...shared, __address__: `${host}${port}` }));
}

function portsOf(annotated: string | undefined, spec: Pod['spec']): string[] {
  if (annotated) return [`:${annotated}`];
  const declared = (spec?.containers ?? []).flatMap(({ ports = [] }) =>
    ports.filter(({ protocol = 'TCP', containerPort }) => protocol === 'TCP' && containerPort),
  );
  const distinct = [...new Set(declared.map(({ containerPort }) => `:${containerPort}`))];
  // Without any port it is the scheme's own, as Prometheus has it.
  return distinct.length > 0 ? distinct : [''];
}
