import type { Store, TimeRange } from '../storage/store.ts';
import { SPAN_KINDS } from '../telemetry/model.ts';
import { leafCalls } from './call-paths.ts';
import { attributesOf, drawRequests } from './cohort.ts';
import { nameOf } from './finding.ts';
import { count, duration, percent, pValue, rate } from './format.ts';
import { measurableStep, readGoldenSignals } from './golden-signals.ts';
import type { EvidenceDeps, Question } from './incident.ts';
import { readPools } from './pool.ts';
import { mannWhitney, median } from './stats.ts';
import { callLabels, timeIn } from './traits.ts';

/** Requests are drawn from this close around the onset: their order is wanted to the second. */
const AROUND_NANO = 60_000_000_000n;
/** Closer still, nearly every request is read: the first slow call should be among them. */
const CLOSE_BEFORE_NANO = 10_000_000_000n;
const CLOSE_AFTER_NANO = 5_000_000_000n;
/** Points of golden signals are at least this long; scrapes are rarely closer. */
const FINEST_STEP_NANO = 1_000_000_000n;
const SERVER = SPAN_KINDS.indexOf('server');

/** Values of one signal in time. */
export interface Signal {
  name: string;
  at: bigint[];
  value: number[];
  show: (value: number) => string;
  /** Smallest spread that counts, in the signal's unit. */
  floor: number;
  /** Seconds between two values when they come evenly; 0 for single events. */
  every: number;
  /** Label of the call this is about; '' for others. */
  call: string;
  /** The call leaves the service. */
  leaf?: boolean;
}

/** The later of two moments. */
export function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** The earlier of two moments. */
export function earlier(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** Time per call and calls per request, one value per stored request around the onset. */
export async function callSignals(
  question: Question,
  range: TimeRange,
  store: Store,
  deps: EvidenceDeps,
): Promise<Signal[]> {
  const method = question.method === '' ? {} : { method: question.method };
  const draw = (before: bigint, after: bigint) => {
    const around = {
      fromUnixNano: later(range.fromUnixNano, question.onsetUnixNano - before),
      toUnixNano: earlier(range.toUnixNano, question.onsetUnixNano + after),
    };
    const route = { service: question.service, route: question.route, kind: SERVER, ...method };
    return drawRequests(store, { ...route, ...around, ...attributesOf(question) }, deps);
  };
  const [far, close] = [
    await draw(AROUND_NANO, AROUND_NANO),
    await draw(CLOSE_BEFORE_NANO, CLOSE_AFTER_NANO),
  ];
  const requests = [
    ...new Map([...far.requests, ...close.requests].map((r) => [r.traceId, r])).values(),
  ].sort((a, b) => (a.entry.startUnixNano < b.entry.startUnixNano ? -1 : 1));
  const leaves = leafCalls(requests);
  return callLabels(requests).flatMap((call) => {
    const making = requests.filter((request) => request.spans.some((node) => node.label === call));
    const at = making.map((r) => r.spans.find((node) => node.label === call)!.startUnixNano);
    const attempts = making.map((r) => r.spans.filter((node) => node.label === call).length);
    const times = making.map((r) => timeIn(r, call));
    const failed = making.map((r) => Number(r.spans.some((node) => node.label === call && node.failed)));
    const about = { at, every: 0, call, leaf: leaves.has(call) };
    return [
      { ...about, name: `${call}, time`, value: times, show: duration, floor: 1 },
      { ...about, name: `${call}, failed`, value: failed, show: percent, floor: 0.1 },
      {
        ...about,
        name: `${call} per request`,
        value: attempts,
        show: (v: number) => v.toFixed(2),
        floor: 0.1,
      },
    ];
  });
}

/** Connections in use, per process. */
export async function poolSignals(
  question: Question,
  range: TimeRange,
  store: Store,
  deps: EvidenceDeps,
): Promise<Signal[]> {
  const pools = await readPools(store, question.service, range, deps);
  return pools.map(({ system, used, max }) => ({
    name: `${system} connections in use`,
    at: [...used.time],
    value: [...used.value],
    show: (value: number) => `${count(value)}${max ? ` of ${count(max.value.at(-1) ?? 0)}` : ''}`,
    floor: 1,
    every: spacing([...used.time]),
    call: '',
  }));
}

function spacing(times: readonly bigint[]): number {
  return times.length < 2 ? 0 : median(times.slice(1).map((at, i) => Number(at - times[i]!) / 1e9));
}

/** The route's p99 and errors at the finest step, and whether traffic changed: the usual suspect. */
export async function goldenSignalsOf(
  question: Question,
  range: TimeRange,
  store: Store,
  deps: EvidenceDeps,
): Promise<{ signals: Signal[]; inbound: string }> {
  const { service, where = [] } = question;
  const at = { service, atUnixNano: range.toUnixNano, scrapes: 1 as const, least: FINEST_STEP_NANO };
  const stepNano = await measurableStep(store, at, deps);
  const query = { ...range, service, where, stepNano };
  const routes = await readGoldenSignals(store, query, deps);
  const own = routes.find((r) => r.route === question.route && r.method === question.method);
  const points = (own?.points ?? []).filter((point) => point.requests > 0 && point.seconds > 0);
  const middle = points.map((point) => point.fromUnixNano + stepNano / 2n);
  const every = Number(stepNano) / 1e9;
  const errors = points.map((point) => point.errors / point.requests);
  const rates = points.map((point) => point.requests / point.seconds);
  const split = points.findIndex((point) => point.fromUnixNano >= question.onsetUnixNano);
  const [quiet, late] = split < 0 ? [rates, []] : [rates.slice(0, split), rates.slice(split)];
  const { p } = mannWhitney(quiet, late);
  const inbound =
    late.length === 0
      ? ''
      : `Requests in: ${rate(median(quiet))} › ${rate(median(late))} req/s, ${pValue(p)}.`;
  return {
    inbound,
    signals: [
      {
        name: `p99 of ${nameOf(question)}`,
        at: middle,
        value: points.map((x) => x.p99Ms ?? 0),
        show: duration,
        floor: 5,
        every,
        call: '',
      },
      {
        name: `errors of ${nameOf(question)}`,
        at: middle,
        value: errors,
        show: percent,
        floor: 0.005,
        every,
        call: '',
      },
    ],
  };
}
