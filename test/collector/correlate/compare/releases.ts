/** Two releases of one service side by side: spans, log lines and scraped counters, the same for the same seed. */
import type { Side } from '../../../../collector/correlate/compare/comparison.ts';
import type { Batch } from '../../../../collector/telemetry/batch.ts';
import { serviceMetric } from '../../../../slo/index.ts';
import { randomFrom } from '../../../helpers/random.ts';
import {
  logBatch,
  type PlainLog,
  type PlainSample,
  type PlainSpan,
  sampleBatch,
  spanBatch,
} from '../../../helpers/telemetry.ts';

export const START = 1_790_000_000_000_000_000n;
export const END = START + 600_000_000_000n;
export const SECONDS = 600;

/** How one release behaves; what is not said is the same for all. */
export interface Release {
  version: string;
  /** Of GET /orders/{id}; POST /orders gets a quarter of it. */
  requests?: number;
  errorShare?: number;
  /** Factor of every duration. */
  slowness?: number;
  /** Calls of the cache per request. */
  cacheCalls?: number;
  /** A log line of every request at WARN, beside those that all write. */
  says?: string;
  /** Share of the requests that are stored, said in their tracestate; failed ones always are, for themselves. */
  sampled?: number;
  /** Everything within these seconds of the range. */
  during?: [from: number, to: number];
  /** Lines carry trace ids. */
  joined?: boolean;
  /** Scraped once every 15 s, with this version in target_info. */
  scraped?: boolean;
}

const ROUTES = [
  { method: 'GET', route: '/orders/{id}', part: 1, ms: 20 },
  { method: 'POST', route: '/orders', part: 0.25, ms: 60 },
];
const BOUNDS = ['0.025', '0.05', '0.1', '0.25', '+Inf'];

export const sideOf = (version: string): Side => ({
  conditions: [{ key: 'service.version', value: version }],
  range: { fromUnixNano: START, toUnixNano: END },
});

interface Done {
  method: string;
  route: string;
  at: number;
  ms: number;
  failed: boolean;
}

/** All telemetry of the releases in batches. */
export function releases(all: readonly Release[], seed = 1): Batch[] {
  const random = randomFrom(seed);
  const spans: PlainSpan[] = [];
  const logs: PlainLog[] = [];
  const samples: PlainSample[] = [];
  for (const release of all) {
    const done: Done[] = [];
    for (const route of ROUTES) {
      const n = Math.round((release.requests ?? 120) * route.part);
      for (let i = 0; i < n; i++) done.push(visit(release, route, random, spans, logs));
    }
    if (release.scraped) samples.push(...scrapes(release, done));
  }
  const order = <R>(records: R[], at: (record: R) => bigint) =>
    records.sort((x, y) => (at(x) < at(y) ? -1 : 1));
  return [
    spanBatch(order(spans, ({ start }) => start)),
    ...(logs.length > 0 ? [logBatch(order(logs, ({ time }) => time))] : []),
    ...(samples.length > 0 ? [sampleBatch(order(samples, ({ time }) => time))] : []),
  ];
}

const nanos = (ms: number) => BigInt(Math.round(ms * 1e6));
const idOf = (random: () => number, bytes: number) =>
  Array.from({ length: bytes }, () => (1 + Math.floor(random() * 255)).toString(16).padStart(2, '0')).join(
    '',
  );

function visit(
  release: Release,
  { method, route, ms: usual }: (typeof ROUTES)[number],
  random: () => number,
  spans: PlainSpan[],
  logs: PlainLog[],
): Done {
  const [from, to] = release.during ?? [0, SECONDS];
  const at = (from + random() * (to - from)) * 1000;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const ms = usual * Math.exp(0.3 * normal) * (release.slowness ?? 1);
  const failed = random() < (release.errorShare ?? 0);
  const share = release.sampled ?? 1;
  const done = { method, route, at, ms, failed };
  const kept = random() < share;
  if (!kept && !failed) return done;
  const traceId = idOf(random, 16);
  const entry = idOf(random, 8);
  const common = {
    traceId,
    service: 'shop',
    resource: { 'service.version': release.version },
    traceState: share < 1 && kept ? `ot=th:${thresholdOf(share)}` : '',
  };
  spans.push({
    ...{
      ...common,
      spanId: entry,
      name: `${method} ${route}`,
      start: START + nanos(at),
      duration: nanos(ms),
    },
    ...{ kind: 2, status: failed ? 2 : 0, route, method, httpStatus: failed ? 500 : 200 },
    ...(failed && share < 1 ? { attributes: { 'sampling.adjusted_count': '1' } } : {}),
  });
  for (let call = 0; call < (release.cacheCalls ?? 1); call++) {
    spans.push({
      ...{ ...common, spanId: idOf(random, 8), parentSpanId: entry, name: 'GET', kind: 3 },
      ...{ start: START + nanos(at + call), duration: nanos(ms / 20) },
      attributes: { 'db.system.name': 'redis', 'db.operation.name': 'GET' },
    });
  }
  const line = (body: string, severityNumber: number) =>
    logs.push({
      ...{ time: START + nanos(at + ms), severityNumber, service: 'shop', body },
      ...(release.joined === false ? {} : { traceId, spanId: entry }),
    });
  line(`order ${Math.floor(random() * 1000)} served`, 9);
  if (release.says) line(release.says, 13);
  if (failed) line('order could not be served', 17);
  return done;
}

/** The rejected share of 2^56 in hex, trailing zeros cut. */
function thresholdOf(share: number): string {
  return BigInt(Math.round((1 - share) * 2 ** 56))
    .toString(16)
    .padStart(14, '0')
    .replace(/0+$/, '');
}

/** Counters of one process and its target_info, from 0 at the first scrape. */
function scrapes(release: Release, done: readonly Done[]): PlainSample[] {
  const samples: PlainSample[] = [];
  const job = { job: 'shop', instance: `shop-${release.version}:8081` };
  const info = { name: serviceMetric.targetInfo, kind: 'gauge', temporality: 'none' } as const;
  const histogram = {
    name: `${serviceMetric.requestDuration}_bucket`,
    kind: 'histogram',
    temporality: 'cumulative',
  } as const;
  for (let second = 0; second < SECONDS; second += 15) {
    const time = START + BigInt(second) * 1_000_000_000n;
    samples.push({
      series: { ...info, labels: { ...job, service_version: release.version } },
      time,
      value: 1,
    });
    const seen = done.filter(({ at }) => at < second * 1000);
    for (const { method, route } of ROUTES) {
      for (const code of ['200', '500']) {
        const own = seen.filter((one) => one.route === route && one.failed === (code === '500'));
        for (const le of BOUNDS) {
          const value = own.filter(({ ms }) => le === '+Inf' || ms <= Number(le) * 1000).length;
          const labels = {
            ...job,
            http_request_method: method,
            http_route: route,
            http_response_status_code: code,
            le,
          };
          samples.push({ series: { ...histogram, labels }, time, value });
        }
      }
    }
  }
  return samples;
}
