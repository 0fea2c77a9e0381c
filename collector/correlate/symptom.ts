import { serviceMetric } from '../../slo/index.ts';
import { finding, nameOf, untested } from './finding.ts';
import { count, duration, percent, pValue, quantile, routeName, times } from './format.ts';
import {
  type GoldenPoint,
  measurableStep,
  type RouteSignals,
  readGoldenSignals,
  readTotals,
  sampleOf,
  slowerThan,
} from './golden-signals.ts';
import type { Evidence, Finding, FindingChart, Question } from './incident.ts';
import { fisherExact, mannWhitney, median } from './stats.ts';

/** A p99 is called risen from this factor on; inside a bucket the quantile is interpolated, and moves by less. */
const RISEN = 1.5;
/** Usual level of significance; the detector, not this step, guards against looking often. */
const SIGNIFICANT = 0.05;
/** With fewer windows a rank test cannot become significant; requests are compared instead. */
const MIN_WINDOWS = 5;
/** Least width of a window: golden signals of 10 s hold enough requests and still show when it began. */
export const LEAST_STEP_NANO = 10_000_000_000n;
/** Routes drawn beside the failing one. */
const OTHER_CHARTS = 2;

interface Change extends Pick<Question, 'where'> {
  method: string;
  route: string;
  before: GoldenPoint;
  now: GoldenPoint;
  signals: RouteSignals;
  ratio: number;
  p: number;
  slower: boolean;
  failing: boolean;
  slowNow: number;
  slowBefore: number;
}

/** What the reader sees of the failure: the route's p99 and errors, now and before, and which routes are as usual. */
export const symptom: Evidence = async (question, store, deps) => {
  const least = LEAST_STEP_NANO;
  const { service, where = [] } = question;
  const at = {
    service,
    atUnixNano: question.incident.toUnixNano,
    scrapes: 2 as const,
    least,
  };
  const stepNano = await measurableStep(store, at, deps);
  const range = { fromUnixNano: question.baseline.fromUnixNano, toUnixNano: question.incident.toUnixNano };
  const [points, before, now] = [
    await readGoldenSignals(store, { ...range, service, where, stepNano }, deps),
    await readTotals(store, service, question.baseline, deps, where),
    await readTotals(store, service, question.incident, deps, where),
  ];
  const changes = points.flatMap((signals) => changeOf(signals, before, now, question) ?? []);
  const own = changes.find((c) => c.route === question.route && c.method === question.method);
  if (!own)
    return [untested(question, 'symptom', `no requests of ${nameOf(question)} are stored on both sides`)];
  const others = changes.filter((change) => change !== own);
  return [told(question, own, others)];
};

function changeOf(
  signals: RouteSignals,
  before: readonly RouteSignals[],
  now: readonly RouteSignals[],
  question: Question,
): Change | undefined {
  const same = (other: RouteSignals) => other.route === signals.route && other.method === signals.method;
  const a = before.find(same)?.points[0];
  const b = now.find(same)?.points[0];
  if (!a || !b || a.p99Ms === null || b.p99Ms === null) return undefined;
  const bound = signals.bounds.findIndex((value) => value * 1000 >= a.p99Ms!);
  const [slowBefore, slowNow] = [slowerThan(a, bound), slowerThan(b, bound)];
  const [quiet, late] = [p99s(signals, question.baseline), p99s(signals, question.incident)];
  const byRanks = quiet.length >= MIN_WINDOWS && late.length >= MIN_WINDOWS;
  const p =
    byRanks || signals.source === 'spans'
      ? mannWhitney(quiet, late).p
      : fisherExact(slowNow, counts(b)[1], slowBefore, counts(a)[1]);
  const ratio = b.p99Ms / a.p99Ms;
  const errorP = fisherExact(...counts(b), ...counts(a));
  return {
    ...(question.where ? { where: question.where } : {}),
    ...{
      method: signals.method,
      route: signals.route,
      before: a,
      now: b,
      signals,
      ratio,
      p,
      slowNow,
      slowBefore,
    },
    slower: ratio >= RISEN && p < SIGNIFICANT,
    failing: share(b) > share(a) && errorP < SIGNIFICANT,
  };
}

function counts(point: GoldenPoint): [number, number] {
  const { errors, requests } = sampleOf(point);
  return [errors, requests];
}

function share(point: GoldenPoint): number {
  return point.requests > 0 ? point.errors / point.requests : 0;
}

function p99s(signals: RouteSignals, range: { fromUnixNano: bigint; toUnixNano: bigint }): number[] {
  return signals.points
    .filter((point) => point.fromUnixNano >= range.fromUnixNano && point.fromUnixNano < range.toUnixNano)
    .flatMap((point) => point.p99Ms ?? []);
}

function told(question: Question, own: Change, others: readonly Change[]): Finding {
  const holds = question.signal === 'latency' ? own.slower : own.failing;
  const touched = others.filter((other) => other.slower || other.failing);
  const untouched = others.filter((other) => !other.slower && !other.failing);
  const [before, now] = [own.before, own.now];
  return finding(question, {
    kind: 'symptom',
    outcome: holds ? 'holds' : 'refuted',
    effect: question.signal === 'latency' ? own.ratio : share(now) - share(before),
    baseline: { value: question.signal === 'latency' ? before.p99Ms! : share(before), n: counts(before)[1] },
    incident: { value: question.signal === 'latency' ? now.p99Ms! : share(now), n: counts(now)[1] },
    p: question.signal === 'latency' ? own.p : fisherExact(...counts(now), ...counts(before)),
    statement: [ownSentence(own), othersSentence(touched, untouched)].join(' '),
    references: [
      {
        kind: 'series',
        name: own.signals.source === 'metrics' ? serviceMetric.requestDuration : 'server spans',
        labels: { http_route: question.route, http_request_method: question.method },
        label: `${nameOf(question)}, ${own.signals.source}`,
      },
    ],
    charts: [own, ...touched, ...untouched].slice(0, 1 + OTHER_CHARTS).map(chart),
    facts: {
      p99BeforeMs: before.p99Ms!,
      p99NowMs: now.p99Ms!,
      errorShareBefore: share(before),
      errorShareNow: share(now),
      failed: Math.round(now.errors),
      slow: own.slowNow,
      slowBoundMs: boundMs(own),
      requests: Math.round(now.requests),
      perSecondBefore: before.requests / Math.max(before.seconds, 1),
      perSecondNow: now.requests / Math.max(now.seconds, 1),
      touched: touched.map(routeName).join(', '),
      untouched: untouched.map(routeName).join(', '),
      source: own.signals.source,
    },
  });
}

function boundMs(own: Change): number {
  const bound = own.signals.bounds.find((value) => value * 1000 >= own.before.p99Ms!);
  return bound !== undefined && Number.isFinite(bound) ? bound * 1000 : own.before.p99Ms!;
}

function ownSentence(own: Change): string {
  const [a, b] = [own.before, own.now];
  const verb = own.slower ? 'rose from' : own.ratio <= 1 / RISEN ? 'fell from' : 'did not change:';
  const n = `n = ${count(counts(b)[1])}, before ${count(counts(a)[1])}`;
  const latency = `p99 of ${routeName(own)} ${verb} ${p99Change(own, ' to ')}`;
  const factor = own.slower ? `, ${times(own.ratio)}` : '';
  const errors = own.failing
    ? ` ${percent(share(b))} of its requests fail, ${percent(share(a))} before.`
    : ` Errors: ${percent(share(b))}, before ${percent(share(a))}.`;
  return `${latency}${factor} (${n}, ${pValue(own.p)}).${errors}`;
}

function othersSentence(touched: readonly Change[], untouched: readonly Change[]): string {
  const rose = touched
    .slice(0, 2)
    .map((other) =>
      other.slower
        ? `${routeName(other)} rose too, ${times(other.ratio)}.`
        : `${routeName(other)} fails too, ${percent(share(other.now))}.`,
    );
  const calm = [...untouched].sort((a, b) => b.now.requests - a.now.requests)[0];
  if (!calm)
    return [...rose, touched.length === 0 ? 'No other route had requests on both sides.' : '']
      .join(' ')
      .trim();
  const change = `${p99Change(calm, ' › ')}, ${pValue(calm.p)}`;
  return [...rose, `${routeName(calm)} did not change: ${change}.`].join(' ');
}

/** Both p99s; one, where the histogram does not tell them apart. */
function p99Change({ before, now, signals: { bounds } }: Change, to: string): string {
  const [a, b] = [quantile(before.p99Ms!, bounds), quantile(now.p99Ms!, bounds)];
  return a === b && a !== duration(before.p99Ms!) ? a : `${a}${to}${b}`;
}

function chart(change: Change): FindingChart {
  const { points } = change.signals;
  const usual = points.flatMap((p) => (p.fromUnixNano < change.now.fromUnixNano ? (p.p99Ms ?? []) : []));
  return {
    title: `p99, ${routeName(change)}`,
    unit: 'ms',
    scale: 'log',
    at: points.map((point) => Number(point.fromUnixNano / 1_000_000n)),
    value: points.map((point) => point.p99Ms),
    ...(usual.length === 0 ? {} : { threshold: { value: median(usual), label: 'usual' } }),
  };
}
