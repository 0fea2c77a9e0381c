import { defaultPort, httpPath, type Service } from '../slo/index.ts';
import type { Workload } from './options.ts';
import { portName } from './service.ts';

/** The image's name without its version; compose.yaml of a service names the same. */
export const collectorImage = 'ghcr.io/go-sre/go-sre-collector';

/** Where service and collector meet in the pod. */
export const folder = {
  logs: '/var/log/services',
  store: '/var/lib/go-sre',
  config: '/etc/go-sre',
  tmp: '/tmp',
} as const;

export const configFile = 'collector.yaml';

/** The file that the service logs to and the collector reads. */
export function logFile(service: Service): string {
  return `${folder.logs}/${service.name}.log`;
}

/**
 * Configuration of the collector beside the service. It listens on all addresses, because probes, Prometheus and people reach it
 * by the pod's; what it stores is smaller than the volume, whose overflow would end the pod.
 */
export function collectorConfig(service: Service, { port }: Workload) {
  return {
    listen: { host: '0.0.0.0' },
    store: { path: `${folder.store}/telemetry.sqlite`, retention: '24h', maxSize: '2GB' },
    receivers: {
      logFiles: [{ include: [logFile(service)], resource: { 'service.name': service.name } }],
      scrape: [{ job: service.name, targets: [`127.0.0.1:${port + 1}`] }],
    },
  };
}

/**
 * A sidecar by Kubernetes' own means: started before the service and ended after it, so that the last spans and lines are taken
 * too. It has no readiness probe, because a service without its collector is still one that answers.
 * Source: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/ (on by default since 1.29)
 */
export function collectorContainer() {
  return {
    name: portName.collector,
    image: 'go-sre-collector',
    restartPolicy: 'Always',
    args: ['--config', `${folder.config}/${configFile}`],
    ports: [{ name: portName.collector, containerPort: defaultPort.collectorHttp }],
    livenessProbe: {
      httpGet: { path: httpPath.live, port: portName.collector },
      initialDelaySeconds: 10,
      periodSeconds: 10,
      timeoutSeconds: 3,
      failureThreshold: 6,
    },
    // What it takes at its busiest: docs/benchmarks.md, footprint.
    resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '512Mi' } },
    securityContext: containerSecurity,
    volumeMounts: [
      { name: 'collector-config', mountPath: folder.config, readOnly: true },
      { name: 'collector-store', mountPath: folder.store },
      { name: 'collector-tmp', mountPath: folder.tmp },
      { name: 'logs', mountPath: folder.logs, readOnly: true },
    ],
  };
}

/** The restricted profile. Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted */
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
} as const;
