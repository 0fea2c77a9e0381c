import { type SamplingAdvice, samplingSchema } from '../../../slo/index.ts';
import type { Store, TimeRange } from '../../storage/store.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { percent } from '../format.ts';
import { riskDifference } from '../stats.ts';
import { type CohortReport, judgeCohort } from './cohort-report.ts';
import { readCounters } from './counters.ts';
import type { CohortAttribute } from './processes.ts';
import { recommend, type Wanted } from './recommend.ts';
import type { Reproduction } from './shares.ts';

/** What a sampling report is asked. */
export interface SamplingQuestion extends TimeRange {
  /** The only one that is stored when absent. */
  service: string | undefined;
  /** All of the service when absent. */
  a: CohortAttribute | undefined;
  /** Compared with a; recommendations follow from b when it is there. */
  b: CohortAttribute | undefined;
  /** From which duration on a request is slow; absent: longer than all but a hundredth of its route. */
  slowSeconds: number | undefined;
  wanted: Wanted;
}

/** What differs between the cohorts: b minus a, with its 95 % interval. */
interface Difference {
  what: 'failed' | 'slow';
  difference: number;
  low: number;
  high: number;
  statement: string;
}

/** A sampling report as it leaves as JSON; docs/sampling.md says what each number means. */
export interface SamplingReport {
  schema: typeof samplingSchema;
  service: string;
  fromUnixNano: string;
  toUnixNano: string;
  slowSeconds: number | null;
  wanted: Wanted;
  cohorts: CohortReport[];
  differences: Difference[];
  /** The cohort that the recommendations follow from. */
  basis: 'a' | 'b';
  recommendations: SamplingAdvice[];
}

/**
 * Judges the sampling of a service by what is stored against what it counted. Throws `not-found` when nothing of the
 * service is known, and what queries throw.
 */
export async function samplingReport(
  store: Store,
  question: SamplingQuestion,
  deps: { signal: AbortSignal },
): Promise<SamplingReport> {
  const { fromUnixNano, toUnixNano, slowSeconds, wanted } = question;
  const { signals, services } = await store.status();
  const service = question.service ?? onlyOne(services);
  const series = await readCounters(store, service, question, deps);
  if (series.length === 0 && !services.includes(service)) throw unknown(service, services);
  const { bytes, records } = signals.traces;
  const known = { series, bytesPerSpan: records > 0 ? bytes / records : undefined, signal: deps.signal };
  const range = { service, fromUnixNano, toUnixNano, slowSeconds };
  const a = await judgeCohort(store, { ...range, name: 'a', attribute: question.a }, known);
  const b = question.b && (await judgeCohort(store, { ...range, name: 'b', attribute: question.b }, known));
  const basis = b ?? a;
  return rounded({
    ...{ schema: samplingSchema, service },
    ...{ fromUnixNano: String(fromUnixNano), toUnixNano: String(toUnixNano) },
    ...{ slowSeconds: slowSeconds ?? null, wanted },
    cohorts: [a, ...(b ? [b] : [])].map(({ report }) => report),
    differences: b ? differencesOf(a.report, b.report) : [],
    basis: basis.report.name,
    recommendations: basis.facts.flatMap((facts) => recommend(facts, wanted) ?? []),
  });
}

function onlyOne(services: readonly string[]): string {
  const [service, another] = services;
  if (service !== undefined && another === undefined) return service;
  const listed =
    services.length === 0 ? 'nothing is stored' : `there are ${services.slice(0, 20).join(', ')}`;
  throw new CollectorError('bad-request', `Which service is meant has to be said; ${listed}.`);
}

function unknown(service: string, services: readonly string[]): CollectorError {
  const listed =
    services.length === 0 ? 'nothing is stored' : `there are ${services.slice(0, 20).join(', ')}`;
  return new CollectorError('not-found', `Of the service ${service} nothing is stored; ${listed}.`);
}

function differencesOf(a: CohortReport, b: CohortReport): Difference[] {
  return (['failed', 'slow'] as const).flatMap((what) => {
    const [before, now] = [a[what], b[what]];
    if (before === null || now === null) return [];
    const found = riskDifference(hitsOf(now), now.requests, hitsOf(before), before.requests);
    const isSure = found.low > 0 || found.high < 0;
    const points = (value: number) => `${value < 0 ? '-' : '+'}${(Math.abs(value) * 100).toFixed(1)}`;
    const size = `${points(found.difference)} points (${points(found.low)} to ${points(found.high)})`;
    const shares = `${percent(before.share)} of ${before.requests} › ${percent(now.share)} of ${now.requests}`;
    const verdict = isSure ? 'b differs' : 'no difference is shown';
    return [{ what, ...found, statement: `Reproduced ${what} requests: ${shares}, ${size}: ${verdict}.` }];
  });
}

function hitsOf({ share, requests }: Reproduction): number {
  return Math.round(share * requests);
}

/** Fractions to six significant digits: more is noise in a file that people compare. */
function rounded<T>(value: T): T {
  if (typeof value === 'number') {
    return (Number.isInteger(value) ? value : Number(value.toPrecision(6))) as T;
  }
  if (Array.isArray(value)) return value.map(rounded) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, rounded(inner)])) as T;
}
