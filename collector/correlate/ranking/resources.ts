import { label, serviceMetric } from '../../../slo/index.ts';
import type { Store, TimeRange } from '../../storage/store.ts';
import type { SeriesInfo } from '../../telemetry/model.ts';
import { count } from '../format.ts';
import { increments, instanceOf, readSeries, type SeriesData } from '../series.ts';
import { median, quantile } from '../stats.ts';
import type { Change } from './onset-scan.ts';
import type { Suspicion } from './suspicion.ts';
import type { Windows } from './windows.ts';

/** What an instance uses; the first metric of a kind that an instance has counts. */
interface Resource {
  metric: string;
  family: 'cpu' | 'memory';
  /** A counter's growth per second, or the value itself. */
  isCounter: boolean;
}

/** Names as Prometheus spells them. Source: OpenTelemetry's semantic conventions of processes, containers and Kubernetes; cAdvisor. */
const RESOURCES: readonly Resource[] = [
  { metric: serviceMetric.cpuSeconds, family: 'cpu', isCounter: true },
  { metric: 'process_cpu_time_seconds_total', family: 'cpu', isCounter: true },
  { metric: 'container_cpu_usage_seconds_total', family: 'cpu', isCounter: true },
  { metric: 'container_cpu_time_seconds_total', family: 'cpu', isCounter: true },
  { metric: 'container_cpu_usage', family: 'cpu', isCounter: false },
  { metric: 'k8s_pod_cpu_usage', family: 'cpu', isCounter: false },
  { metric: 'process_resident_memory_bytes', family: 'memory', isCounter: false },
  { metric: 'process_memory_usage_bytes', family: 'memory', isCounter: false },
  { metric: 'container_memory_working_set_bytes', family: 'memory', isCounter: false },
  { metric: 'k8s_pod_memory_working_set_bytes', family: 'memory', isCounter: false },
  { metric: 'k8s_pod_memory_usage_bytes', family: 'memory', isCounter: false },
];

/** Usage is looked at from half a minute after the onset, when a fault shows in it, to where causes end. */
const FROM_NANO = 30_000_000_000n;
const TO_NANO = 210_000_000_000n;
const HISTORY_NANO = 3_600_000_000_000n;
const GUARD_NANO = 60_000_000_000n;
const LEAST_HISTORY = 5;
const LATE_NANO = 90_000_000_000n;
/** Cores, and bytes, below which a spread is noise; of CPU also this part of the cores that an instance may use. */
const FLOOR = { cpu: 0.0025, memory: 1e6 } as const;
const FLOOR_SHARE = 0.02;
/** Weaker ones are not worth a line. */
const LEAST_Z = 2;

/** What CPU and memory tell. */
export interface Usage {
  suspicions: Suspicion[];
  /** Instances with enough history to tell something. */
  instances: number;
}

/** CPU and memory of each instance against its own history of an hour, without `known` incidents. */
export async function resources(
  store: Store,
  { incident }: Pick<Windows, 'incident'>,
  known: readonly TimeRange[],
  deps: { signal: AbortSignal },
): Promise<Usage> {
  const onset = incident.fromUnixNano;
  const range = { fromUnixNano: onset - HISTORY_NANO - GUARD_NANO, toUnixNano: onset + TO_NANO };
  const series = await readUsage(store, range, deps);
  const floorOf = await floors(store, range, deps);
  const measured = series.flatMap(
    ({ resource, data }) => measure(resource, data, floorOf(resource.family, data.info), onset, known) ?? [],
  );
  return {
    suspicions: measured.filter(({ strength }) => strength >= LEAST_Z),
    instances: new Set(measured.map(({ about }) => about)).size,
  };
}

/** The series of all resources, of each instance and kind those of one metric. */
async function readUsage(
  store: Store,
  range: TimeRange,
  deps: { signal: AbortSignal },
): Promise<{ resource: Resource; data: SeriesData }[]> {
  const names = RESOURCES.map(({ metric }) => metric).join('|');
  const series = await readSeries(store, [{ label: '__name__', op: '=~', value: names }], range, deps);
  const metricOf = new Map<string, string>();
  return RESOURCES.flatMap((resource) =>
    series
      .filter(({ info }) => info.name === resource.metric)
      .filter(({ info }) => {
        const key = `${resource.family} ${info.labels[label.job]} ${instanceOf(info)}`;
        if (!metricOf.has(key)) metricOf.set(key, info.name);
        return metricOf.get(key) === info.name;
      })
      .map((data) => ({ resource, data })),
  );
}

/** What of an instance's usage is noise: a core more or less is another thing to one that has two than to one that has sixty. */
async function floors(
  store: Store,
  range: TimeRange,
  deps: { signal: AbortSignal },
): Promise<(family: Resource['family'], instance: SeriesInfo) => number> {
  const name = [{ label: '__name__', op: '=' as const, value: serviceMetric.maxProcs }];
  const series = await readSeries(store, name, range, deps);
  const cores = new Map(series.map(({ info, value }) => [instanceOf(info), value.at(-1) ?? 0]));
  return (family, info) =>
    family === 'cpu' ? Math.max(FLOOR.cpu, FLOOR_SHARE * (cores.get(instanceOf(info)) ?? 0)) : FLOOR.memory;
}

/** Spreads from which usage alone is a change. Source: none in 661 quiet windows of labelled data at 8. */
const CHANGED_Z = 8;

/** When CPU or memory of an instance left its usual range within a time, against the hour before it. */
export async function usageChanges(
  store: Store,
  range: TimeRange,
  known: readonly TimeRange[],
  deps: { signal: AbortSignal },
): Promise<Change[]> {
  const { fromUnixNano, toUnixNano } = range;
  // A sample tells of the time before it.
  const read = { fromUnixNano: fromUnixNano - HISTORY_NANO, toUnixNano: toUnixNano + LATE_NANO };
  const series = await readUsage(store, read, deps);
  const floorOf = await floors(store, read, deps);
  return series
    .flatMap(({ resource, data }) => {
      const samples = samplesOf(data, resource.isCounter);
      const isKnown = (at: bigint) => known.some((one) => at >= one.fromUnixNano && at < one.toUnixNano);
      const history = samples.filter(({ at }) => at < fromUnixNano && !isKnown(at)).map(({ value }) => value);
      if (history.length < LEAST_HISTORY) return [];
      const [usual, spread] = [median(history), spreadOf(history, floorOf(resource.family, data.info))];
      const z = ({ value }: { value: number }) => (value - usual) / spread;
      const at = samples.findIndex((sample) => sample.at >= fromUnixNano && z(sample) >= CHANGED_Z);
      if (at < 0) return [];
      // A sample tells of the time since the one before: the middle of it is the best guess.
      const before = samples[at - 1]?.at ?? samples[at]!.at;
      return [
        {
          service: serviceOf(data.info),
          about: `${resource.family} of ${instanceName(data.info)}`,
          onsetUnixNano: before + (samples[at]!.at - before) / 2n,
          strength: z(samples[at]!),
        },
      ];
    })
    .sort((a, b) => b.strength - a.strength);
}

/** How far an instance's usage lies from its history; undefined where that, or the incident, has too few samples. */
function measure(
  { family, isCounter, metric }: Resource,
  data: SeriesData,
  floor: number,
  onset: bigint,
  known: readonly TimeRange[],
): Suspicion | undefined {
  const samples = samplesOf(data, isCounter);
  const quiet = samples.filter(
    ({ at }) =>
      at < onset - GUARD_NANO && !known.some((range) => at >= range.fromUnixNano && at < range.toUnixNano),
  );
  const now = samples
    .filter(({ at }) => at >= onset + FROM_NANO && at < onset + TO_NANO)
    .map(({ value }) => value)
    .sort((a, b) => b - a);
  if (quiet.length < LEAST_HISTORY || now.length === 0) return undefined;
  const history = quiet.map(({ value }) => value);
  // One sample may be a burst.
  const most = now[Math.min(1, now.length - 1)]!;
  const z = (most - median(history)) / spreadOf(history, floor);
  const instance = instanceName(data.info);
  return {
    service: serviceOf(data.info),
    family,
    strength: z,
    about: instance,
    statement: `${family === 'cpu' ? 'CPU' : 'Memory'} of ${instance}: ${shown(family, most)}, usually ${shown(family, median(history))} (robust z ${z.toFixed(1)}; n = ${count(now.length)} samples, ${count(history.length)} before).`,
    baseline: { value: median(history), n: history.length },
    incident: { value: most, n: now.length },
    references: [
      { kind: 'series', name: metric, labels: data.info.labels, label: `${family} of ${instance}` },
    ],
  };
}

/** `service.namespace/service.name` is a job. Source: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/ */
function serviceOf({ labels }: SeriesInfo): string {
  const job = labels[label.job] ?? '';
  return job.slice(job.indexOf('/') + 1);
}

function instanceName({ labels }: SeriesInfo): string {
  return labels[label.instance] || labels[label.job] || 'an instance';
}

function samplesOf(data: SeriesData, isCounter: boolean): { at: bigint; value: number }[] {
  if (!isCounter) return Array.from(data.time, (at, i) => ({ at, value: data.value[i]! }));
  return increments([data]).flatMap(({ time, seconds, value }) =>
    Array.from(time, (at, i) => ({ at, value: value[i]! / seconds[i]! })).filter((_, i) => seconds[i]! > 0),
  );
}

/** The widest of four: interquartile range, a tenth of the median, a floor, a third of the way to the 98th percentile. */
function spreadOf(history: readonly number[], floor: number): number {
  const middle = median(history);
  const range = (quantile(history, 0.75) - quantile(history, 0.25)) / 1.349;
  return Math.max(range, Math.abs(middle) / 10, floor, (quantile(history, 0.98) - middle) / 3);
}

function shown(family: 'cpu' | 'memory', value: number): string {
  if (family === 'cpu')
    return `${value < 0.1 ? `${(value * 1000).toFixed(1)} millicores` : `${value.toFixed(2)} cores`}`;
  return `${(value / 2 ** 20).toFixed(1)} MiB`;
}
