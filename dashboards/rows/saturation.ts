import { label, type Service, serviceMetric, suffix } from '../../slo/index.ts';
import type { Query, RowSpec } from '../model.ts';
import { interval, line, select } from '../queries.ts';

/** What the process uses of what it has, by instance. */
export function saturation(service: Service): RowSpec {
  const instance = `{{${label.instance}}}`;
  const plain = (metric: string, legend = instance): Query => ({ expr: select(metric, service), legend });
  const rate = (metric: string) => `rate(${select(metric, service)}${interval})`;
  const buckets = `${serviceMetric.schedulerLatency}${suffix.bucket}`;
  const lost = (metric: string) =>
    `sum by (${label.errorType}) (rate(${select(metric, service, `${label.errorType}!=""`)}${interval}))`;
  const pauses = `${serviceMetric.gcDuration}${suffix.sum}`;
  return {
    id: 300,
    title: 'Saturation',
    panels: [
      line('Goroutines', 'short', 'Goroutines per instance. A steady climb is a leak, a jump is a queue.', [
        plain(serviceMetric.goroutines),
      ]),
      line('CPU', 'percentunit', 'CPU used, as a share of the processors Go may use (GOMAXPROCS).', [
        {
          expr: `${rate(serviceMetric.cpuSeconds)} / on (${label.job}, ${label.instance}) ${select(serviceMetric.maxProcs, service)}`,
          legend: instance,
        },
      ]),
      line(
        'Memory',
        'bytes',
        'Resident memory, the heap in use, and the heap size at which the next collection starts.',
        [
          plain(serviceMetric.residentMemory, `${instance} resident`),
          plain(serviceMetric.heapInuse, `${instance} heap`),
          plain(serviceMetric.gcGoal, `${instance} next collection`),
        ],
      ),
      line(
        'Scheduler latency p99',
        's',
        '99 % of the goroutines that could run got a processor within this time. A rise means too few processors.',
        [
          {
            expr: `histogram_quantile(0.99, sum by (${label.instance}, ${label.bucketBound}) (${rate(buckets)}))`,
            legend: instance,
          },
        ],
      ),
      line(
        'Garbage collection CPU',
        'percentunit',
        'Share of all processor time, idle included, that the garbage collector took, as of its last run.',
        [
          {
            expr: `${rate(serviceMetric.gcCpuSeconds)} / (${rate(serviceMetric.goCpuSeconds)} > 0)`,
            legend: instance,
          },
        ],
      ),
      line(
        'Garbage collection pauses',
        'percentunit',
        'Share of time in which the collector stopped the program.',
        [{ expr: rate(pauses), legend: instance }],
      ),
      line(
        'File descriptors',
        'percentunit',
        'Open descriptors, sockets among them, as a share of the limit.',
        [
          {
            expr: `${select(serviceMetric.openFds, service)} / ${select(serviceMetric.maxFds, service)}`,
            legend: instance,
          },
        ],
      ),
      line('Requests in flight by instance', 'short', 'Requests that each instance is answering now.', [
        {
          expr: `sum by (${label.instance}) (${select(serviceMetric.activeRequests, service)})`,
          legend: instance,
        },
      ]),
      line(
        'Spans waiting for export',
        'percentunit',
        'How full the queue before the exporter is. When it is full, spans are dropped.',
        [
          {
            expr: `${select(serviceMetric.spanQueueSize, service)} / ${select(serviceMetric.spanQueueCapacity, service)}`,
            legend: instance,
          },
        ],
      ),
      line('Spans lost', 'ops', 'Spans per second that were dropped before the export or lost by it.', [
        { expr: lost(serviceMetric.spansProcessed), legend: `before the export: {{${label.errorType}}}` },
        { expr: lost(serviceMetric.spansExported), legend: `by the export: {{${label.errorType}}}` },
      ]),
      line('Version', 'short', 'Instances of each version. Two lines at once are a rollout.', [
        {
          expr: `count by (${label.version}) (${select(serviceMetric.buildInfo, service)})`,
          legend: `{{${label.version}}}`,
        },
      ]),
    ],
  };
}
