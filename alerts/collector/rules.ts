import {
  collectorAlias,
  collectorJob,
  collectorLabel,
  collectorMetric,
  label,
  quote,
  ruleLabel,
  scrapeMetric,
  suffix,
} from '../../slo/index.ts';
import { matchers } from '../promql.ts';
import type { RuleGroup } from '../rules.ts';

/** What is judged, and from where on it is wrong. */
const limits = {
  /** Share of what arrives that is refused: a page when most senders are turned away, a ticket when some are. */
  refusedPage: 0.5,
  refusedTicket: 0.01,
  /** The share of its size from which a store that is younger than its retention will not reach it. */
  storeFull: 0.9,
  /** Seconds within which nearly every batch is durable; above it senders run into their timeouts (10 s by default). */
  ackSeconds: 1,
  /** Batches that wait at every moment: a group takes 3 ms, so that waiting ones are few. */
  queue: 100,
} as const;

const job = matchers(`${label.job}=${quote(collectorJob)}`);
/** By instance: one collector of many is looked at as one. */
const by = `by (${label.job}, ${label.instance})`;

/** Rules of the collector itself: the older spelling of a name as a recording rule, and what calls somebody. */
export function collectorRules(): readonly RuleGroup[] {
  return [
    {
      name: 'go-sre-collector',
      interval: '1m',
      rules: [
        { record: collectorAlias.refusedSpans, expr: counter(collectorMetric.refusedSpans) },
        ...[down(), refusedMost(), refusedSome(), dropped(), storeFails()],
        ...[nearlyFull(), evictsEarly(), slowAcknowledgement(), queue()],
      ],
    },
  ];
}

type Severity = 'page' | 'ticket';

function alert(
  name: string,
  severity: Severity,
  wait: string,
  expr: string,
  annotations: { summary: string; description: string },
) {
  return {
    alert: `Collector${name}`,
    expr,
    for: wait,
    labels: { [ruleLabel.severity]: severity },
    annotations,
  };
}

/** The series of a counter of every collector. */
function counter(name: string): string {
  return `${name}_total${job}`;
}

function rate(name: string, range: string): string {
  return `sum ${by} (rate(${counter(name)}[${range}]))`;
}

/** The sum of several counters' rates; one that is not there counts as 0. */
function all(names: readonly string[], range: string): string {
  return `(${names.map((name) => `(${rate(name, range)} or 0 * ${scrapeMetric.up}${job})`).join('\n+ ')})`;
}

const ACCEPTED = [
  collectorMetric.acceptedSpans,
  collectorMetric.acceptedMetricPoints,
  collectorMetric.acceptedLogRecords,
];
const REFUSED = [
  collectorMetric.refusedSpans,
  collectorMetric.refusedMetricPoints,
  collectorMetric.refusedLogRecords,
];
const FAILED = [
  collectorMetric.exporterSendFailedSpans,
  collectorMetric.exporterSendFailedMetricPoints,
  collectorMetric.exporterSendFailedLogRecords,
];

function refusedShare(range: string): string {
  return `${all(REFUSED, range)}\n/\n${all([...ACCEPTED, ...REFUSED], range)}`;
}

/** Seconds between now and the oldest record kept. */
function reach(): string {
  return `time() - min ${by} (${collectorMetric.oldestTime}${job})`;
}

function down() {
  return alert('Down', 'page', '2m', `${scrapeMetric.up}${job} == 0\nor\nabsent(${scrapeMetric.up}${job})`, {
    summary: 'The collector {{ $labels.instance }} does not answer',
    description:
      'Telemetry is lost once its senders have filled their queues. Its log and its exit code say why it ended.',
  });
}

function refusedMost() {
  return alert('RefusesMost', 'page', '5m', `${refusedShare('5m')}\n> ${limits.refusedPage}`, {
    summary: 'The collector {{ $labels.instance }} refuses {{ $value | humanizePercentage }} of what arrives',
    description:
      'Full disk, a damaged sender, or far more than its limits: GET /api/v1/status has the reasons.',
  });
}

function refusedSome() {
  return alert('RefusesSome', 'ticket', '15m', `${refusedShare('15m')}\n> ${limits.refusedTicket}`, {
    summary: 'The collector {{ $labels.instance }} refuses {{ $value | humanizePercentage }} of what arrives',
    description:
      'A service sends more than its limit, or what cannot be read: GET /api/v1/status has the reasons.',
  });
}

function dropped() {
  const by = `by (${[label.job, label.instance, collectorLabel.signal, collectorLabel.reason].join(', ')})`;
  return alert('Drops', 'ticket', '0m', `sum ${by} (increase(${counter(collectorMetric.dropped)}[1h])) > 0`, {
    summary:
      'The collector {{ $labels.instance }} lost {{ $value | humanize }} records of {{ $labels.signal }} in an hour: {{ $labels.reason }}',
    description: 'They were dropped by a processor, or are of a form that no retry mends.',
  });
}

function storeFails() {
  return alert('StoreFails', 'page', '5m', `${all(FAILED, '5m')} > 0`, {
    summary: 'The store of the collector {{ $labels.instance }} cannot write',
    description:
      'A full disk or a failing one. Nothing that was acknowledged is lost; senders are told to come again.',
  });
}

function nearlyFull() {
  const full = `${collectorMetric.storageBytes}${job} / ${collectorMetric.storageLimit}${job} > ${limits.storeFull}`;
  return alert(
    'StoreNearlyFull',
    'ticket',
    '15m',
    `max ${by} (${full})\nand\n${reach()} < min ${by} (${collectorMetric.retention}${job})\nunless\n${evictedBySize()}`,
    {
      summary:
        'The store of the collector {{ $labels.instance }} is {{ $value | humanizePercentage }} full before its retention is reached',
      description:
        'It will evict records that should still be kept: raise store.maxSize, or shorten store.retention.',
    },
  );
}

function evictsEarly() {
  return alert(
    'EvictsEarly',
    'ticket',
    '0m',
    `${reach()} < min ${by} (${collectorMetric.retention}${job})\nand\n${evictedBySize()}`,
    {
      summary:
        'The collector {{ $labels.instance }} evicts by size what is only {{ $value | humanizeDuration }} old',
      description:
        'Records go before their retention ends: raise store.maxSize, or send less. The label service of the evictions says whose.',
    },
  );
}

function evictedBySize(): string {
  const series = `${collectorMetric.evicted}_total${matchers(`${label.job}=${quote(collectorJob)}`, `${collectorLabel.reason}="size"`)}`;
  return `sum ${by} (increase(${series}[1h])) > 0`;
}

function slowAcknowledgement() {
  const buckets = `${collectorMetric.ackDuration}${suffix.bucket}${job}`;
  return alert(
    'AcknowledgesSlowly',
    'ticket',
    '10m',
    `histogram_quantile(0.99, sum by (${label.job}, ${label.instance}, ${label.bucketBound}) (rate(${buckets}[5m]))) > ${limits.ackSeconds}`,
    {
      summary:
        'The collector {{ $labels.instance }} takes {{ $value | humanizeDuration }} until records are durable (p99)',
      description: 'The disk is slow or the process has too little CPU; senders run into their timeouts.',
    },
  );
}

function queue() {
  return alert(
    'QueueStays',
    'ticket',
    '10m',
    `sum ${by} (min_over_time(${collectorMetric.exporterQueueSize}${job}[5m])) > ${limits.queue}`,
    {
      summary: '{{ $value }} batches wait in the collector {{ $labels.instance }} all the time',
      description:
        'More arrives than the disk takes: look at the time to the acknowledgement and at the CPU.',
    },
  );
}
