import { collectorJob, collectorLabel, collectorMetric, label, quote, suffix } from '../../slo/index.ts';
import type { ChartSpec, Query, RowSpec, Unit } from '../model.ts';
import { interval, line } from '../queries.ts';

/** The variable that narrows the dashboard to some collectors. */
export const instanceVariable = 'instance';

const OF_INSTANCE = `${label.instance}=~"$${instanceVariable}"`;

/** The series of every collector, whatever the variable says. */
export function ofCollector(metric: string): string {
  return `${metric}{${label.job}=${quote(collectorJob)}}`;
}

function select(metric: string, ...more: readonly string[]): string {
  return `${metric}{${[`${label.job}=${quote(collectorJob)}`, OF_INSTANCE, ...more].join(',')}}`;
}

function rate(counter: string, ...by: readonly string[]): string {
  return `sum by (${by.join(', ')}) (rate(${select(`${counter}_total`)}${interval}))`;
}

/** One line for each label, of a counter for each signal. */
function signals(counters: Readonly<Record<string, string>>, by: string): Query[] {
  return Object.entries(counters).map(([signal, counter]) => ({
    expr: rate(counter, by),
    legend: `${signal} {{${by}}}`,
  }));
}

/** What comes in, what is lost, the store, the process. */
export function collectorRows(): RowSpec[] {
  return [arrivals(), acknowledgement(), store(), itself()];
}

function arrivals(): RowSpec {
  const { receiver, reason, signal, kind } = collectorLabel;
  return {
    id: 100,
    title: 'What arrives',
    panels: [
      line(
        'Accepted',
        'cps',
        'Records a second that became durable, by receiver.',
        signals(
          {
            spans: collectorMetric.acceptedSpans,
            'metric points': collectorMetric.acceptedMetricPoints,
            'log records': collectorMetric.acceptedLogRecords,
          },
          receiver,
        ),
      ),
      line(
        'Refused',
        'cps',
        'Records a second that were turned away, by receiver. Their senders keep most of them and come again.',
        signals(
          {
            spans: collectorMetric.refusedSpans,
            'metric points': collectorMetric.refusedMetricPoints,
            'log records': collectorMetric.refusedLogRecords,
          },
          receiver,
        ),
      ),
      line('Lost', 'cps', 'Records a second that were dropped or refused for good, by reason.', [
        { expr: rate(collectorMetric.dropped, signal, reason), legend: `{{${signal}}} {{${reason}}}` },
      ]),
      line('Secrets masked', 'cps', 'Secrets a second that were masked before they were stored, by kind.', [
        { expr: rate(collectorMetric.redacted, kind), legend: `{{${kind}}}` },
      ]),
    ].map((panel) => ({ ...panel, width: 12 })),
  };
}

function acknowledgement(): RowSpec {
  return {
    id: 200,
    title: 'On the way to the disk',
    panels: [
      line(
        'Time to the acknowledgement',
        's',
        'From handing records to the store until they are durable.',
        [0.5, 0.99].map((quantile) => ({
          expr: `histogram_quantile(${quantile}, ${buckets(collectorMetric.ackDuration)})`,
          legend: `p${quantile * 100}`,
        })),
      ),
      line('Records a commit', 'short', 'Half of the commits make at most so many records durable.', [
        { expr: `histogram_quantile(0.5, ${buckets(collectorMetric.commitRecords)})`, legend: 'p50' },
      ]),
      line('Waiting', 'short', 'Batches that wait to become durable, by signal.', [
        {
          expr: `sum by (${collectorLabel.dataType}) (${select(collectorMetric.exporterQueueSize)})`,
          legend: `{{${collectorLabel.dataType}}}`,
        },
      ]),
    ],
  };
}

function buckets(histogram: string): string {
  return `sum by (${label.bucketBound}) (rate(${select(`${histogram}${suffix.bucket}`)}${interval}))`;
}

function store(): RowSpec {
  const { signal, service, reason } = collectorLabel;
  const full = `${select(collectorMetric.storageBytes)} / ${select(collectorMetric.storageLimit)}`;
  return {
    id: 300,
    title: 'What is kept',
    panels: [
      {
        ...gauge('Store', 'percentunit', 'Size of the store, of what it may have.', full),
        limit: { value: 1, worse: 'above' },
      },
      line('Reaches back', 's', 'Age of the oldest record kept, and how long it should be kept.', [
        {
          expr: `time() - min by (${signal}) (${select(collectorMetric.oldestTime)})`,
          legend: `{{${signal}}}`,
        },
        { expr: `min(${select(collectorMetric.retention)})`, legend: 'retention' },
      ]),
      line('Evicted', 'cps', 'Records a second that left the store, by service and reason.', [
        { expr: rate(collectorMetric.evicted, service, reason), legend: `{{${service}}} {{${reason}}}` },
      ]),
    ],
  };
}

function itself(): RowSpec {
  const perInstance = `{{${label.instance}}}`;
  return {
    id: 400,
    title: 'The process',
    panels: [
      gauge(
        'CPU',
        'percentunit',
        'Share of one core.',
        `rate(${select(`${collectorMetric.processCpuSeconds}_total`)}${interval})`,
      ),
      line('Memory', 'bytes', 'Resident, and of it the heap in use.', [
        { expr: select(collectorMetric.processMemoryRss), legend: `resident ${perInstance}` },
        { expr: select(collectorMetric.processHeap), legend: `heap ${perInstance}` },
      ]),
      gauge('Uptime', 's', 'Since the start.', select(`${collectorMetric.processUptime}_total`)),
    ],
  };
}

function gauge(title: string, unit: Unit, description: string, expr: string): ChartSpec {
  return line(title, unit, description, [{ expr, legend: `{{${label.instance}}}` }]);
}
