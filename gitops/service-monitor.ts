import { collectorJob, httpPath, label, type Service } from '../slo/index.ts';
import { commonLabels, type Resource, selectorLabels } from './resource.ts';
import { portName } from './service.ts';

/** The rules count exactly when no scrape is more than 30 s after the one before (`alerts/targets.ts`). */
const interval = '15s';

/** What Prometheus asks for native histograms by; only protobuf carries them. */
const withNativeHistograms = [
  'PrometheusProto',
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText0.0.4',
];

/**
 * Has the pods scraped: the service's admin port and its collector's. The jobs are named as the rules and dashboards select by
 * them, whatever the Kubernetes Service is called.
 */
export function serviceMonitor(service: Service): Resource {
  const native = service.slos.some(({ sli }) => sli.kind === 'latency' && sli.histogram === 'native');
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'ServiceMonitor',
    metadata: { name: service.name, labels: commonLabels(service) },
    spec: {
      selector: { matchLabels: selectorLabels(service) },
      ...(native ? { scrapeProtocols: withNativeHistograms } : {}),
      endpoints: [
        endpoint(portName.admin, service.job ?? service.name),
        // Its series have a label `service` of their own, which the operator's would push aside.
        { ...endpoint(portName.collector, collectorJob), honorLabels: true },
      ],
    },
  };
}

function endpoint(port: string, job: string) {
  const relabelings = [{ action: 'replace', targetLabel: label.job, replacement: dollarsEscaped(job) }];
  return { port, path: httpPath.metrics, interval, scrapeTimeout: '10s', relabelings };
}

/** A replacement reads `$1` as a group of the regular expression. */
function dollarsEscaped(text: string): string {
  return text.replaceAll('$', '$$$$');
}
