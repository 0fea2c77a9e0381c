import { label, serviceMetric, suffix } from '../../slo/index.ts';
import type { Store, TimeRange } from '../storage/store.ts';
import { alternative, factNumber, factText, untested } from './finding.ts';
import { count, counted, duration, percent, rate } from './format.ts';
import { boundOf } from './golden-signals.ts';
import type { EvidenceDeps, Finding, Question } from './incident.ts';
import { growthIn, LOOKBACK_NANO, matching, ratesOf, readSeries, type SeriesData } from './series.ts';
import { histogramQuantile, median, robustZ } from './stats.ts';

/** Robust spreads from which a resource is named. Source: the recipe on labelled faults, where it gave no false one. */
export const RESOURCE_Z = 6;
/** CPU below this share of what the process may use does not make requests wait. */
const BUSY = 0.7;
/** Waiting for a processor explains the change when it grew by this share of what the p99 grew by, and by this factor. */
const WAITED = 0.3;
const LONGER = 3;

/**
 * Did the service where the time goes lack CPU: because it used up what it may use, or because others had the processor,
 * which shows as goroutines that could run and wait?
 */
export async function cpu(question: Question, store: Store, deps: EvidenceDeps): Promise<Finding> {
  const service = factText(question.before, 'where', 'callee') || question.service;
  const name = `CPU of ${service}`;
  const job = { [label.job]: service };
  const { baseline, incident } = question;
  const range = { fromUnixNano: baseline.fromUnixNano - LOOKBACK_NANO, toUnixNano: incident.toUnixNano };
  const used = ratesOf(await readSeries(store, matching(serviceMetric.cpuSeconds, job), range, deps));
  const procs = await readSeries(store, matching(serviceMetric.maxProcs, job), range, deps);
  const within = (window: TimeRange) =>
    used.filter((r) => r.at >= window.fromUnixNano && r.at < window.toUnixNano).map((r) => r.value);
  const [before, now] = [within(baseline), within(incident)];
  if (before.length < 3 || now.length === 0) {
    return untested(question, 'alternatives', 'no CPU metrics are stored on both sides', name);
  }
  const cores = procs.reduce((sum, series) => sum + (series.value.at(-1) ?? 0), 0);
  const z = robustZ(median(now), before, 0.02);
  const busy = cores > 0 ? median(now) / cores : Number.NaN;
  const waits = await waitsForProcessor(question, service, store, deps);
  const share = cores > 0 ? `, ${percent(busy)} of ${counted(cores, 'core')}` : '';
  const text = `${rate(median(before))} › ${rate(median(now))} cores${share}, z ${z.toFixed(1)}.${waits.says}`;
  return alternative(question, name, (z >= RESOURCE_Z && !(busy < BUSY)) || waits.explains, text, {
    effect: z,
    baseline: { value: median(before), n: before.length },
    incident: { value: median(now), n: now.length },
  });
}

/** How long the goroutines of a service waited for a processor, by the histogram of Go's scheduler, and if that explains the change. */
export async function waitsForProcessor(
  question: Question,
  service: string,
  store: Store,
  deps: EvidenceDeps,
): Promise<{ explains: boolean; says: string }> {
  const { baseline, incident } = question;
  const range = { fromUnixNano: baseline.fromUnixNano - LOOKBACK_NANO, toUnixNano: incident.toUnixNano };
  const name = `${serviceMetric.schedulerLatency}${suffix.bucket}`;
  const series = await readSeries(store, matching(name, { [label.job]: service }), range, deps);
  const [before, now] = [waitIn(series, baseline), waitIn(series, incident)];
  if (Number.isNaN(before.p99Ms) || Number.isNaN(now.p99Ms)) return { explains: false, says: '' };
  const slower =
    factNumber(question.before, 'symptom', 'p99NowMs') -
    factNumber(question.before, 'symptom', 'p99BeforeMs');
  // Above the highest bound a wait is only known to be at least that long.
  const enough = now.isLeast || now.p99Ms - before.p99Ms >= WAITED * slower;
  const explains = now.p99Ms >= LONGER * before.p99Ms && slower > 0 && enough;
  const n = `n = ${count(now.n)}, before ${count(before.n)}`;
  const says = ` Goroutines wait ${duration(now.p99Ms)} (p99) for a processor, before ${duration(before.p99Ms)} (${n}).`;
  return { explains, says };
}

/** The p99 of waits inside a range in milliseconds, `isLeast` when it is the highest bound; and how many were counted. */
function waitIn(
  series: readonly SeriesData[],
  range: TimeRange,
): { p99Ms: number; isLeast: boolean; n: number } {
  const byBound = [...Map.groupBy(series, boundOf)].sort(([a], [b]) => a - b);
  const bounds = byBound.map(([bound]) => bound);
  const counts = byBound.map(([, own]) => growthIn(own, range).value);
  const p99 = histogramQuantile(0.99, bounds, counts);
  return { p99Ms: p99 * 1000, isLeast: p99 === bounds.at(-2), n: Math.round(counts.at(-1) ?? 0) };
}
