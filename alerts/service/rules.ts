/**
 * Rules that watch the process of a service beside its objectives: what is used up, what is lost, and whether it is seen at
 * all. Every alert speaks of one instance, but the first.
 */
import {
  clientPool,
  decimal,
  label,
  labelValue,
  type PoolMetrics,
  quote,
  ruleLabel,
  type Service,
  type Severity,
  scrapeMetric,
  serviceMetric,
} from '../../slo/index.ts';
import { jobSelector, literal } from '../promql.ts';
import type { AlertingRule, RuleGroup } from '../rules.ts';

/** What is judged, and from where on it is wrong. */
const limits = {
  /** A service at rest has tens; from thousands on something waits that will not come, or leaks. */
  goroutines: 5_000,
  /** Shares of what there is. */
  descriptors: 0.8,
  heap: 0.9,
  cpu: 0.9,
  gcCpu: 0.25,
  /** Restarts in half an hour: one is a rollout. */
  restarts: 2,
} as const;

const instance = `by (${label.job}, ${label.instance})`;

/** The group of a service's own alerts; it needs no objective. */
export function serviceRules(service: Service, clients: readonly string[]): RuleGroup {
  const of = (metric: string, ...more: readonly string[]) => `${metric}${jobSelector(service, ...more)}`;
  const sum = (metric: string, ...more: readonly string[]) => `sum ${instance} (${of(metric, ...more)})`;
  const pools = poolsOf(clients).flatMap(([system, pool]) => poolAlerts(service, system, pool, sum));
  return {
    name: `service-${service.name}`,
    interval: '30s',
    rules: [...unseen(service, of(scrapeMetric.up)), ...usedUp(service, of), ...pools, ...lost(service, of)],
  };
}

/** A template sees the labels of the expression, of which the service's name is none. */
function where({ name }: Service): string {
  return `{{ $labels.instance }} of ${name}`;
}

function alert(
  service: Service,
  name: string,
  severity: Severity,
  wait: string,
  expr: string,
  annotations: { summary: string; description: string },
): AlertingRule {
  return {
    alert: `Service${name}`,
    expr,
    for: wait,
    labels: {
      [ruleLabel.service]: service.name,
      [ruleLabel.severity]: severity,
      [ruleLabel.owner]: literal(service.owner),
    },
    annotations: { ...annotations, runbook_url: literal(service.runbook) },
  };
}

/** Nothing is known of what is not scraped: one alert for the service, in place of one for every objective. */
function unseen(service: Service, up: string): AlertingRule[] {
  return [
    alert(service, 'NotScraped', 'page', '5m', `sum by (${label.job}) (${up}) == 0\nor\nabsent(${up})`, {
      summary: `${service.name} is not scraped: no instance answers, or none is known`,
      description: 'Its objectives are not watched meanwhile. It is down, or its targets were lost.',
    }),
    alert(service, 'InstanceNotScraped', 'ticket', '15m', `${up} == 0`, {
      summary: `${where(service)} does not answer the scrape`,
      description: 'Others do: it hangs, or its admin port is not reached.',
    }),
  ];
}

type Of = (metric: string, ...more: readonly string[]) => string;

function usedUp(service: Service, of: Of): AlertingRule[] {
  const ticket = (name: string, expr: string, summary: string, description: string) =>
    alert(service, name, 'ticket', '10m', expr, { summary: `${where(service)} ${summary}`, description });
  const share = (used: string, all: string, limit: number) => `${used}\n/ ${all}\n> ${decimal(limit)}`;
  const percent = '{{ $value | humanizePercentage }}';
  return [
    ticket(
      'Goroutines',
      `${of(serviceMetric.goroutines)} > ${limits.goroutines}`,
      'has {{ $value | humanize }} goroutines',
      'They wait for what does not come, or leak: /debug/pprof/goroutine?debug=1 groups them by what they wait for.',
    ),
    ticket(
      'Memory',
      share(of(serviceMetric.heapInuse), of(serviceMetric.goMemoryLimit), limits.heap),
      `uses ${percent} of its memory limit (GOMEMLIMIT)`,
      'The garbage collector runs ever more often: /debug/pprof/heap tells what is kept.',
    ),
    ticket(
      'Cpu',
      share(
        `rate(${of(serviceMetric.cpuSeconds)}[5m])`,
        `on (${label.job}, ${label.instance}) ${of(serviceMetric.maxProcs)}`,
        limits.cpu,
      ),
      `uses ${percent} of its processors`,
      'Requests wait for a processor: /debug/pprof/profile tells what for.',
    ),
    ticket(
      'GarbageCollection',
      share(
        `rate(${of(serviceMetric.gcCpuSeconds)}[10m])`,
        `rate(${of(serviceMetric.goCpuSeconds)}[10m])`,
        limits.gcCpu,
      ),
      `spends ${percent} of its processors on garbage collection`,
      'It allocates much, or its memory limit is near.',
    ),
    ticket(
      'FileDescriptors',
      share(of(serviceMetric.openFds), of(serviceMetric.maxFds), limits.descriptors),
      `uses ${percent} of its file descriptors`,
      'Connections are not closed, or more come than it may have.',
    ),
  ];
}

/** The pools of the clients that a service has: `postgresql` of the option `postgres`. */
export function poolsOf(
  clients: readonly string[],
): readonly (readonly [system: string, pool: PoolMetrics])[] {
  return Object.entries(clientPool).filter(([system]) => clients.some((client) => system.startsWith(client)));
}

function poolAlerts(service: Service, system: string, pool: PoolMetrics, sum: Of): AlertingRule[] {
  const used = sum(pool.connections, `${label.poolState}=${quote(labelValue.poolUsed)}`);
  return [
    alert(service, `${poolName(system)}Pool`, 'ticket', '5m', `${used}\n>= ${sum(pool.maxConnections)}`, {
      summary: `All connections of ${where(service)} to ${system} are in use`,
      description: 'Callers wait for one: its dependency is slow, or the pool is too small.',
    }),
  ];
}

/** `Redis` for `redis`: alert names are one word. */
export function poolName(system: string): string {
  return `${system[0]!.toUpperCase()}${system.slice(1)}`;
}

function lost(service: Service, of: Of): AlertingRule[] {
  const failing = (metric: string) => `sum ${instance} (rate(${of(metric, `${label.errorType}!=""`)}[5m]))`;
  const restarts = `changes(${of(serviceMetric.startTime)}[30m])`;
  return [
    alert(
      service,
      'SpansLost',
      'ticket',
      '10m',
      `(${failing(serviceMetric.spansProcessed)} > 0)\nor\n(${failing(serviceMetric.spansExported)} > 0)`,
      {
        summary: `${where(service)} loses {{ $value | humanize }} spans a second`,
        description: 'Its collector refuses them or is not reached, or its queue is full.',
      },
    ),
    alert(service, 'Restarts', 'ticket', '0m', `${restarts} > ${limits.restarts}`, {
      summary: `${where(service)} restarted {{ $value }} times in half an hour`,
      description: 'It crashes, or its liveness probe fails: its last log lines say why.',
    }),
  ];
}
