import { label, type Service, serviceMetric, suffix } from '../../slo/index.ts';
import type { Query, RowSpec } from '../panel.ts';
import { interval, line, select } from '../queries.ts';

/** What the process uses of what it has, by instance. */
export function saturation(service: Service): RowSpec {
  const instance = `{{${label.instance}}}`;
  const plain = (metric: string, legend = instance): Query => ({ expr: select(metric, service), legend });
  const rate = (metric: string) => `rate(${select(metric, service)}${interval})`;
  const pauses = `${serviceMetric.gcDuration}${suffix.sum}`;
  return {
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
      line('Version', 'short', 'Instances of each version. Two lines at once are a rollout.', [
        {
          expr: `count by (${label.version}) (${select(serviceMetric.buildInfo, service)})`,
          legend: `{{${label.version}}}`,
        },
      ]),
    ],
  };
}
