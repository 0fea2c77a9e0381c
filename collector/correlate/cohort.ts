import type { SpanFilter, Store, TimeRange } from '../storage/store.ts';
import { stringAt } from '../telemetry/columns.ts';
import { toHex } from '../telemetry/ids.ts';
import { SPAN_KINDS, SPAN_STATUSES } from '../telemetry/model.ts';
import type { Question } from './incident.ts';
import { bounds } from './series.ts';
import { loadRequests, type RequestTree } from './spans.ts';
import { groupWeight, QUANTILES, quantileOfAll, sampledWeight, weightKeys } from './weights.ts';

const SERVER = SPAN_KINDS.indexOf('server');
const ERROR = SPAN_STATUSES.indexOf('error');

/** Traces looked into per cohort: intervals of shares are then at most ±6 points wide, and loading stays quick. */
const COHORT_LIMIT = 300;
/** A window is drawn from in this many slices of time, so that its newest part does not stand for all of it. */
const SLICES = 30;
/** Fewer traces on a side than this tell nothing about shares. */
const MIN_COHORT = 10;

/** Requests drawn from a window, and how many there were to draw from. */
export interface Cohort {
  requests: RequestTree[];
  /** Stored requests that match. */
  stored: number;
}

/**
 * The requests that are compared: `bad` are slower than the usual p95 or failed (failed alone when errors are the
 * symptom: the usual slowest twentieth would hide them); the others are drawn from all.
 */
export interface Cohorts {
  /** The quiet window's p95 in milliseconds. */
  slowMs: number;
  baseline: Cohort;
  current: Cohort;
  bad: Cohort;
}

/**
 * Draws the cohorts of a question: exemplars that led here first, then traces evenly over the windows. Undefined with
 * the reason when a side has too few stored traces.
 */
export async function loadCohorts(
  question: Question,
  store: Store,
  deps: { signal: AbortSignal },
): Promise<{ cohorts: Cohorts; missing?: undefined } | { cohorts?: undefined; missing: string }> {
  const method = question.method === '' ? {} : { method: question.method };
  const route = {
    ...{ service: question.service, route: question.route, kind: SERVER },
    ...{ ...method, ...attributesOf(question) },
  };
  const { stored, slowMs } = await usualOf(store, { ...route, ...question.baseline }, deps);
  if (stored < MIN_COHORT) return { missing: few(stored, 'before the onset') };
  const slowNano = BigInt(Math.ceil(slowMs * 1e6));
  const draw = (range: TimeRange, extra: Partial<SpanFilter> = {}) =>
    drawRequests(store, { ...route, ...range, ...extra }, deps);
  const bad =
    question.signal === 'errors'
      ? await draw(question.incident, { status: ERROR })
      : union(
          await draw(question.incident, { minDurationNano: slowNano + 1n }),
          await draw(question.incident, { maxDurationNano: slowNano, status: ERROR }),
        );
  if (bad.stored < MIN_COHORT) return { missing: few(bad.stored, `${badName(question)} since the onset`) };
  const baseline = await draw(question.baseline);
  const current = await draw(question.incident);
  if (baseline.requests.length < MIN_COHORT)
    return { missing: few(baseline.requests.length, 'before the onset') };
  return { cohorts: { slowMs, baseline, current, bad } };
}

/** The condition on attributes that a question makes, as a part of a filter. */
export function attributesOf({ where = [] }: Pick<Question, 'where'>): Pick<SpanFilter, 'attributes'> {
  return where.length === 0 ? {} : { attributes: [...where] };
}

/** How many requests that meet a filter are stored, and the p95 of those they stand for. */
async function usualOf(
  store: Store,
  filter: SpanFilter,
  deps: { signal: AbortSignal },
): Promise<{ stored: number; slowMs: number }> {
  const page = await store.aggregate(
    { filter, groupBy: await weightKeys(store, filter, deps), quantiles: [...QUANTILES] },
    bounds(deps),
  );
  const { keys, count, quantilesMs } = page.columns;
  // Of one group alone the weight does not matter.
  const sampled = page.count > 1 ? await sampledWeight(store, filter, deps) : 1;
  const groups = Array.from({ length: page.count }, (_, i) => ({
    requests: count[i]! * groupWeight(keys[0] ? stringAt(keys[0], i) : '', sampled),
    quantilesMs: quantilesMs.map((values) => values[i]!),
  }));
  return { stored: count.reduce((sum, stored) => sum + stored, 0), slowMs: quantileOfAll(groups, 0.95) };
}

/** How the bad requests are called in statements. */
export function badName(question: Pick<Question, 'signal'>): string {
  return question.signal === 'errors' ? 'failed' : 'slow';
}

function few(found: number, which: string): string {
  return found === 0
    ? `no traces of this route (${which}) are stored`
    : `${found} traces of this route (${which}) are stored, ${MIN_COHORT} are needed`;
}

/** Two cohorts that share no request as one. */
function union(a: Cohort, b: Cohort): Cohort {
  const known = new Set(a.requests.map((request) => request.traceId));
  const more = b.requests.filter((request) => !known.has(request.traceId));
  return { requests: [...a.requests, ...more], stored: a.stored + b.stored };
}

/** Requests that meet a filter, drawn evenly over its range; in order of their trace ids. */
export async function drawRequests(
  store: Store,
  filter: SpanFilter,
  deps: { signal: AbortSignal },
): Promise<Cohort> {
  const width = (filter.toUnixNano - filter.fromUnixNano) / BigInt(SLICES) + 1n;
  const entries = new Map<string, string>();
  let stored = 0;
  for (let from = filter.fromUnixNano; from < filter.toUnixNano; from += width) {
    const end = from + width < filter.toUnixNano ? from + width : filter.toUnixNano;
    const page = await store.findTraces(
      { filter: { ...filter, fromUnixNano: from, toUnixNano: end }, order: 'newest' },
      { ...bounds(deps), limit: COHORT_LIMIT / SLICES },
    );
    stored += page.matched;
    for (let i = 0; i < page.count; i++) {
      const traceId = toHex(page.columns.traceId, i * 16, 16);
      entries.set(traceId, toHex(page.columns.hitSpanId, i * 8, 8));
    }
  }
  const requests = await loadRequests(store, entries, bounds(deps));
  return { requests: requests.sort((a, b) => (a.traceId < b.traceId ? -1 : 1)), stored };
}

/** The sum of the requests' weights: how many requests they stand for. */
function weightOf(requests: readonly RequestTree[]): number {
  return requests.reduce((sum, request) => sum + request.weight, 0);
}

/** Share of requests, each counted by its weight, for which `test` holds. */
export function weightedShare(
  requests: readonly RequestTree[],
  test: (request: RequestTree) => boolean,
): { share: number; hits: number } {
  const hits = requests.filter(test);
  const total = weightOf(requests);
  return { share: total > 0 ? weightOf(hits) / total : 0, hits: hits.length };
}

/** Mean of a value over requests, each counted by its weight; NaN of none. */
export function weightedMean(measured: readonly { request: RequestTree; value: number }[]): number {
  const sum = measured.reduce((total, { request, value }) => total + request.weight * value, 0);
  return sum / weightOf(measured.map(({ request }) => request));
}
