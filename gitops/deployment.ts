import { defaultPort, httpPath, type Service } from '../slo/index.ts';
import { collectorContainer, containerSecurity, folder, logFile } from './collector.ts';
import type { Workload } from './options.ts';
import { commonLabels, type Resource, selectorLabels } from './resource.ts';
import { portName } from './service.ts';

/** Both images run as it and own their volumes by it. */
const user = 65532;

/** Options of the template that need an address, or a secret, that only the cluster knows. */
const configuredByCluster = ['redis', 'postgres', 'http-client'];

/** ConfigMap and Secret with the variables that the owner gives the service: REDIS_ADDR, DATABASE_URL, LOG_LEVEL. */
function environmentName(service: Service): string {
  return `${service.name}-env`;
}

/** Name of the ConfigMap that the kustomization makes of the collector's configuration. */
export function collectorConfigName(service: Service): string {
  return `${service.name}-collector`;
}

/** The service, and its collector in the same pod. */
export function deployment(service: Service, workload: Workload): Resource {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: service.name, labels: commonLabels(service) },
    spec: {
      replicas: 2,
      selector: { matchLabels: selectorLabels(service) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: { metadata: { labels: commonLabels(service) }, spec: pod(service, workload) },
    },
  };
}

function pod(service: Service, workload: Workload) {
  const migrates = workload.options.includes('postgres');
  return {
    automountServiceAccountToken: false,
    // Kubernetes would add variables like SHOP_PORT, one for each Service of the namespace.
    enableServiceLinks: false,
    // The drain (5 s), the requests under way (10 s), their telemetry (3 s), and after that the collector's commit.
    terminationGracePeriodSeconds: 40,
    securityContext: {
      ...{ runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    initContainers: [collectorContainer(), ...(migrates ? [migration(service, workload)] : [])],
    containers: [serviceContainer(service, workload)],
    volumes: [
      { name: 'collector-config', configMap: { name: collectorConfigName(service) } },
      // Beyond its limit a volume ends the pod: the store stays below it by its own, maxSize and what SQLite writes beside.
      { name: 'collector-store', emptyDir: { sizeLimit: '3Gi' } },
      { name: 'collector-tmp', emptyDir: { sizeLimit: '64Mi' } },
      { name: 'logs', emptyDir: { sizeLimit: '2Gi' } },
    ],
  };
}

function serviceContainer(service: Service, workload: Workload) {
  const { port } = workload;
  return {
    name: service.name,
    image: service.name,
    ports: [
      { name: portName.http, containerPort: port },
      { name: portName.admin, containerPort: port + 1 },
    ],
    env: environment(service),
    envFrom: ownEnvironment(service, workload),
    startupProbe: { ...probe(httpPath.live, 1), failureThreshold: 30 },
    livenessProbe: { ...probe(httpPath.live, 10), failureThreshold: 3 },
    readinessProbe: { ...probe(httpPath.ready, 5), failureThreshold: 2 },
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    securityContext: containerSecurity,
    volumeMounts: [{ name: 'logs', mountPath: folder.logs }],
  };
}

/** Brings the schema up to date before a new version serves; a pod that finds it so does nothing. */
function migration(service: Service, workload: Workload) {
  return {
    name: 'migrate',
    image: service.name,
    args: ['migrate'],
    envFrom: ownEnvironment(service, workload),
    resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '256Mi' } },
    securityContext: containerSecurity,
  };
}

function environment(service: Service) {
  const native = service.slos.some(({ sli }) => sli.kind === 'latency' && sli.histogram === 'native');
  const ofPod = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  return [
    ofPod('POD_NAME', 'metadata.name'),
    ofPod('POD_NAMESPACE', 'metadata.namespace'),
    {
      name: 'OTEL_RESOURCE_ATTRIBUTES',
      value: 'k8s.namespace.name=$(POD_NAMESPACE),k8s.pod.name=$(POD_NAME)',
    },
    { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: `http://127.0.0.1:${defaultPort.otlpHttp}` },
    { name: 'LOG_FILE', value: logFile(service) },
    // The file is not rotated: with a line for every request it would fill its volume within days.
    { name: 'ACCESS_LOG', value: 'sampled' },
    { name: 'DRAIN_DELAY', value: '5s' },
    // Nine tenths of the limit, so that the collector of garbage works before the kernel does.
    { name: 'GOMEMLIMIT', value: '230MiB' },
    ...(native ? [{ name: 'NATIVE_HISTOGRAMS', value: 'true' }] : []),
  ];
}

/** What the owner sets; where the service cannot do without, a missing one keeps the pod from starting and is told. */
function ownEnvironment(service: Service, { options }: Workload) {
  const needed = options.some((option) => configuredByCluster.includes(option));
  const name = environmentName(service);
  return [{ configMapRef: { name, optional: true } }, { secretRef: { name, optional: !needed } }];
}

function probe(path: string, periodSeconds: number) {
  return { httpGet: { path, port: portName.admin }, periodSeconds, timeoutSeconds: 2 };
}
