import { unknownRoute } from '../../../slo/index.ts';
import type { Store, TimeRange } from '../../storage/store.ts';
import { count } from '../format.ts';
import type { SeriesData } from '../series.ts';
import { wilson } from '../stats.ts';
import { countAccessLines } from './access-lines.ts';
import { type CohortCounters, countCohort, type RouteCount } from './counters.ts';
import type { CohortAttribute, ProcessTimes } from './processes.ts';
import type { RouteFacts } from './recommend.ts';
import { failedOf, type Looked, lookAtRoute, type RouteReport, routeReport, slowOf } from './routes.ts';
import {
  type Cost,
  costOf,
  type Reproduction,
  reproduction,
  type Share,
  type SpanLoss,
  spanLoss,
  type TraceLoss,
  traceLoss,
  type Weighed,
} from './shares.ts';
import { countStored, type TracesOf } from './traces.ts';

/** Routes that are looked at, those with the most requests; a service has fewer. */
const MAX_ROUTES = 100;
/** Fewer traces of a route than this tell less of their completeness than those of all routes. */
const MIN_LOOKED = 30;

/** What one cohort's traces show and lack; null where it could not be told, and `missing` says why. */
export interface CohortReport {
  name: 'a' | 'b';
  attribute: CohortAttribute | null;
  /** What was counted: from the first scrape to the last, or the range as it was asked for. */
  fromUnixNano: string;
  toUnixNano: string;
  seconds: number;
  processes: number | null;
  requests: { count: number; source: 'metrics' | 'logs' } | null;
  storedRequests: number;
  storedSpans: number;
  spanLoss: SpanLoss | null;
  traceLoss: TraceLoss | null;
  failed: Reproduction | null;
  slow: Reproduction | null;
  cost: Cost | null;
  routes: RouteReport[];
  /** Routes with fewer requests that were not looked at. */
  routesLeftOut: number;
  missing: string[];
}

/** What a cohort is asked about. */
export interface CohortQuestion extends TimeRange {
  name: 'a' | 'b';
  service: string;
  attribute: CohortAttribute | undefined;
  slowSeconds: number | undefined;
}

/** A cohort as it is told, and what advice is made of. */
export interface Judged {
  report: CohortReport;
  facts: RouteFacts[];
}

/** Requests as they were counted, and when. */
interface Counts {
  routes: RouteCount[];
  source: 'metrics' | 'logs';
}

/** Judges one cohort by what the service counted (`series`) and what is stored. */
export async function judgeCohort(
  store: Store,
  question: CohortQuestion,
  {
    series,
    bytesPerSpan,
    signal,
  }: { series: readonly SeriesData[]; bytesPerSpan: number | undefined; signal: AbortSignal },
): Promise<Judged> {
  const { name, service, attribute, slowSeconds } = question;
  const missing: string[] = [];
  const counters = countCohort(series, attribute, question);
  const window = counters?.window ?? question;
  const of = { service, attribute, fromUnixNano: window.fromUnixNano, toUnixNano: window.toUnixNano };
  const counts = await countRequests(store, of, counters, missing, { signal });
  const times = counters ?? { window: of, processes: 1, ended: 0, scrapeSeconds: 0 };
  const seconds = Number(of.toUnixNano - of.fromUnixNano) / 1e9;
  const { spans: storedSpans, routes: stored } = await countStored(store, of, { signal });
  const ranked = (counts?.routes ?? []).filter(({ requests }) => requests >= 0.5);
  ranked.sort((a, b) => b.requests - a.requests || (a.route < b.route ? -1 : 1));
  const looking = { store, of, slowSeconds, signal };
  const looked: Looked[] = [];
  for (const counted of ranked.slice(0, MAX_ROUTES)) looked.push(await lookAtRoute(counted, stored, looking));
  const requests = ranked.reduce((sum, route) => sum + route.requests, 0);
  const storedRequests = stored.reduce((sum, route) => sum + route.stored, 0);
  const loss = lossesOf({ counters, storedSpans, looked, times }, missing);
  const report: CohortReport = {
    ...{ name, attribute: attribute ?? null, seconds, processes: counters?.processes ?? null },
    ...{ fromUnixNano: String(of.fromUnixNano), toUnixNano: String(of.toUnixNano) },
    requests: counts === undefined ? null : { count: requests, source: counts.source },
    ...{ storedRequests, storedSpans, ...loss },
    failed: reproduction(looked.map(failedOf)) ?? null,
    slow: reproduction(looked.flatMap(slowOf)) ?? null,
    cost: costOf(requests, storedSpans, bytesPerSpan) ?? null,
    ...{ routes: looked.map(routeReport), routesLeftOut: Math.max(0, ranked.length - MAX_ROUTES), missing },
  };
  return { report, facts: factsOf(looked, seconds, loss, missing) };
}

/** Requests from metrics, else from access lines; what is lacking is said. */
async function countRequests(
  store: Store,
  of: TracesOf,
  counters: CohortCounters | undefined,
  missing: string[],
  deps: { signal: AbortSignal },
): Promise<Counts | undefined> {
  if (counters && counters.routes.length > 0) return { routes: counters.routes, source: 'metrics' };
  const lines = await countAccessLines(store, of, deps);
  if (lines.missing === undefined) {
    missing.push(
      'Requests are counted by access lines, because no request metrics of the cohort are stored: where the service leaves out lines of requests that are not sampled, they are too few.',
    );
    return { routes: lines.routes, source: 'logs' };
  }
  missing.push(
    `How many requests there were: no request metrics of the cohort are stored (of a cohort by an attribute, target_info must name it), and ${lines.missing}. Without them neither reproduction nor cost can be told, nor what is lost.`,
  );
  return undefined;
}

/** What was lost, told in two ways that do not know of each other. */
function lossesOf(
  of: {
    counters: CohortCounters | undefined;
    storedSpans: number;
    looked: readonly Looked[];
    times: ProcessTimes;
  },
  missing: string[],
): Pick<CohortReport, 'spanLoss' | 'traceLoss'> {
  const { counters, storedSpans, looked, times } = of;
  const spans = counters?.spans;
  const bySpans = spans && spanLoss({ ...counters, spans }, storedSpans);
  if (!bySpans) {
    missing.push(
      'The loss of spans: the SDK does not tell how many ended (otel_sdk_processor_span_processed_total, otel_sdk_exporter_span_exported_total), or none did.',
    );
  }
  return { spanLoss: bySpans ?? null, traceLoss: byWeights(looked, times, missing) ?? null };
}

function byWeights(looked: readonly Looked[], times: ProcessTimes, missing: string[]): TraceLoss | undefined {
  const sampled = looked.reduce((sum, { any }) => sum + any.sampled, 0);
  const stating = looked.reduce((sum, { any }) => sum + any.stating, 0);
  if (looked.length === 0) return undefined;
  if (stating < sampled) {
    missing.push(
      `The loss of traces by their weights: ${count(sampled - stating)} of ${count(sampled)} sampled requests that were looked at do not say with which probability (tracestate ot=th, or sampling.adjusted_count).`,
    );
    return undefined;
  }
  // A route of which nothing sampled was drawn has nothing sampled.
  const weighed = looked.map(
    ({ stored, any }): Weighed => ({ ...stored, meanWeight: any.sampled > 0 ? any.meanWeight : 1 }),
  );
  const requests = looked.reduce((sum, { counted }) => sum + counted.requests, 0);
  return traceLoss(requests, weighed, times);
}

/** What advice is made of, for every route that has a line in the service's table. */
function factsOf(
  looked: readonly Looked[],
  seconds: number,
  loss: Pick<CohortReport, 'spanLoss' | 'traceLoss'>,
  missing: string[],
): RouteFacts[] {
  const all = {
    n: looked.reduce((sum, { any }) => sum + any.n, 0),
    complete: looked.reduce((sum, { any }) => sum + any.complete, 0),
  };
  if (all.n === 0) {
    if (looked.length > 0)
      missing.push('Recommendations: no trace is stored, so nobody knows how many are complete.');
    return [];
  }
  const lost = loss.spanLoss ?? loss.traceLoss ?? { share: 0, low: 0, high: 0 };
  return looked
    .filter(({ counted }) => counted.route !== unknownRoute && counted.route !== '')
    .map(({ counted, slow, any }) => ({
      ...{ count: counted, slow, seconds },
      survival: survivalOf(any.n >= MIN_LOOKED ? any : all, lost),
    }));
}

/** A sampled request is stored complete when it was not lost on the way and, if stored, lacks nothing. */
function survivalOf({ n, complete }: { n: number; complete: number }, lost: Share): Share {
  const whole = wilson(complete, n);
  return {
    share: (complete / n) * (1 - lost.share),
    low: whole.low * (1 - lost.high),
    high: whole.high * (1 - lost.low),
  };
}
