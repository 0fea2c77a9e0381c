import { clientPool, label, labelValue, type PoolMetrics } from '../../slo/index.ts';
import type { Store, TimeRange } from '../storage/store.ts';
import { factText, finding, routeSubject, untested } from './finding.ts';
import { clockTime, count, counted, duration, percent, rate } from './format.ts';
import type { Evidence, EvidenceDeps, Finding, FindingChart, Question } from './incident.ts';
import {
  growthIn,
  instanceOf,
  LOOKBACK_NANO,
  matching,
  readSeries,
  type SeriesData,
  valuesIn,
} from './series.ts';

/** A pool with this share in use has nothing left for the next burst: callers begin to wait. */
const FULL = 0.9;
/** Waits below this rate are the odd moment in which every connection is taken. */
const WAITS_PER_SECOND = 1;

/** Connections of one pool of one process: in use and at most. */
export interface PoolUse {
  /** `db.system.name` of what the pool leads to: its name in texts. */
  system: string;
  used: SeriesData;
  max: SeriesData | undefined;
}

/** Used and largest number of connections per pool and process of a service, as far as they are stored. */
export async function readPools(
  store: Store,
  service: string | undefined,
  range: TimeRange,
  deps: { signal: AbortSignal },
): Promise<PoolUse[]> {
  const job = { [label.job]: service };
  const pools: PoolUse[] = [];
  for (const [system, { connections, maxConnections }] of Object.entries(clientPool)) {
    const inUse = matching(connections, { ...job, [label.poolState]: labelValue.poolUsed });
    const uses = await readSeries(store, inUse, range, deps);
    const limits = await readSeries(store, matching(maxConnections, job), range, deps);
    for (const used of uses) {
      const max = limits.find((limit) => instanceOf(limit.info) === instanceOf(used.info));
      pools.push({ system, used, max });
    }
  }
  return pools;
}

/**
 * Is a connection pool exhausted? Connections in use against the largest number, waits and timeouts of callers: of the
 * pool that leads to what the critical path names, in the service that makes that call, else of the fullest of all.
 */
export const pool: Evidence = async (question, store, deps) => {
  const range = {
    fromUnixNano: question.baseline.fromUnixNano - LOOKBACK_NANO,
    toUnixNano: question.incident.toUnixNano,
  };
  const named = factText(question.before, 'where', 'system');
  const server = factText(question.before, 'where', 'server');
  if (named === '' && server !== '') {
    return [untested(question, 'pool', `how callers wait for a connection to ${server} is not measured`)];
  }
  // The call that takes the time may be made by a service further down.
  const service = (named !== '' && factText(question.before, 'where', 'caller')) || question.service;
  const pools = (await readPools(store, service, range, deps))
    .filter(({ system }) => named === '' || system === named)
    .map((use) => ({ use, most: fullest(use, question.incident) }))
    .filter(({ most }) => Number.isFinite(most))
    .sort((a, b) => b.most - a.most);
  const [worst, ...others] = pools;
  if (!worst) {
    const which = named === '' ? 'pool metrics' : `metrics of a ${named} pool`;
    return [untested(question, 'pool', `no ${which} of ${service} are stored`)];
  }
  const asked = { ...question, service };
  const counters = await readCounters(asked, clientPool[worst.use.system]!, store, range, deps);
  const calmer = others.filter(({ use }) => use.system !== worst.use.system);
  return [
    told(question, service, worst.use, counters, [
      ...new Map(calmer.map((c) => [c.use.system, c.use])).values(),
    ]),
  ];
};

function limitOf({ max }: PoolUse, range: TimeRange): number {
  return max ? Math.max(...valuesIn(max, range)) : Number.NaN;
}

/** Largest share of a pool's connections in use. */
function fullest(use: PoolUse, range: TimeRange): number {
  return Math.max(...valuesIn(use.used, range)) / limitOf(use, range);
}

interface Counters {
  waits: Sides;
  timeouts: Sides;
  waitSeconds: Sides;
}

interface Sides {
  before: number;
  now: number;
  nowTotal: number;
}

async function readCounters(
  question: Question,
  metrics: PoolMetrics,
  store: Store,
  range: TimeRange,
  deps: EvidenceDeps,
): Promise<Counters> {
  const sides = async (name: string): Promise<Sides> => {
    const series = await readSeries(store, matching(name, { [label.job]: question.service }), range, deps);
    const [a, b] = [growthIn(series, question.baseline), growthIn(series, question.incident)];
    return {
      before: a.value / Math.max(a.seconds, 1),
      now: b.value / Math.max(b.seconds, 1),
      nowTotal: b.value,
    };
  };
  return {
    waits: await sides(metrics.waits),
    timeouts: await sides(metrics.timeouts),
    waitSeconds: await sides(metrics.waitSeconds),
  };
}

function told(
  question: Question,
  service: string,
  use: PoolUse,
  { waits, timeouts, waitSeconds }: Counters,
  calmer: readonly PoolUse[],
): Finding {
  const now = valuesIn(use.used, question.incident);
  const before = valuesIn(use.used, question.baseline);
  const limit = limitOf(use, question.incident);
  const most = Math.max(...now);
  const usual = before.length === 0 ? Number.NaN : Math.max(...before);
  const waiting = waits.now >= WAITS_PER_SECOND && waits.now > 2 * waits.before;
  const exhausted =
    most >= FULL * limit && (waiting || timeouts.now > timeouts.before || !(usual >= FULL * limit));
  const n = `n = ${count(now.length)} samples, before ${count(before.length)}`;
  const inUse = `${count(most)} of ${count(limit)} connections in use, before ${Number.isNaN(usual) ? 'not measured' : `${count(usual)} at most`} (${n}).`;
  const queue = `Waits: ${rate(waits.now)}/s, before ${rate(waits.before)}/s${waits.nowTotal > 0 ? `, ${duration((waitSeconds.nowTotal / waits.nowTotal) * 1000)} each` : ''}. Timeouts: ${counted(timeouts.nowTotal, 'caller')}, before ${rate(timeouts.before)}/s.`;
  const since = firstAt(use.used, FULL * limit, question.incident);
  const name = service === question.service ? use.system : `${service} ${use.system}`;
  const lead = exhausted
    ? `The ${name} pool is full${since === undefined ? '' : ` since ${clockTime(since)}`}: `
    : `The ${name} pool is not exhausted: ${percent(most / limit)} at most, `;
  const others = calmer.map(
    (other) => ` The ${other.system} pool has ${percent(fullest(other, question.incident))} in use at most.`,
  );
  return finding(question, {
    kind: 'pool',
    outcome: exhausted ? 'holds' : 'refuted',
    subject: service === question.service ? routeSubject(question) : { service },
    effect: most / limit,
    baseline: { value: Number.isNaN(usual) ? 0 : usual, n: before.length },
    incident: { value: most, n: now.length },
    statement: `${lead}${inUse} ${queue}${others.join('')}`,
    references: [
      {
        kind: 'series',
        name: use.used.info.name,
        labels: use.used.info.labels,
        label: `${use.system} connections in use`,
      },
    ],
    charts: [chart(use, limit)],
    facts: {
      system: name,
      used: most,
      usedBefore: Number.isNaN(usual) ? 0 : usual,
      limit,
      waitsPerSecond: waits.now,
      waitMs: waits.nowTotal > 0 ? (waitSeconds.nowTotal / waits.nowTotal) * 1000 : 0,
      timeouts: timeouts.nowTotal,
    },
  });
}

/** When a series first reached a level inside a range. */
function firstAt(data: SeriesData, level: number, range: TimeRange): bigint | undefined {
  return data.time.find(
    (at, i) => at >= range.fromUnixNano && at < range.toUnixNano && data.value[i]! >= level,
  );
}

function chart({ system, used }: PoolUse, limit: number): FindingChart {
  return {
    title: `${system} connections in use`,
    unit: 'count',
    scale: 'linear',
    at: Array.from(used.time, (at) => Number(at / 1_000_000n)),
    value: Array.from(used.value),
    threshold: { value: limit, label: `${limit} at most` },
  };
}
