import { defaultPort, type Service } from '../slo/index.ts';
import type { Workload } from './options.ts';
import { commonLabels, type Resource, selectorLabels } from './resource.ts';

/** Names of the ports: objects find ports by them, so that a number stands in one place. */
export const portName = { http: 'http', admin: 'admin', collector: 'collector' } as const;

/**
 * The address of the pods within the cluster. The admin port is on it because Prometheus finds pods through it; no Ingress
 * should name it. OTLP is not: only the service in the same pod sends to the collector.
 */
export function serviceResource(service: Service, { port }: Workload): Resource {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: service.name, labels: commonLabels(service) },
    spec: {
      selector: selectorLabels(service),
      ports: [
        { name: portName.http, port, targetPort: portName.http, appProtocol: 'http' },
        { name: portName.admin, port: port + 1, targetPort: portName.admin },
        { name: portName.collector, port: defaultPort.collectorHttp, targetPort: portName.collector },
      ],
    },
  };
}
