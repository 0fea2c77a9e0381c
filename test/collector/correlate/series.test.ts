import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGoldenSignals } from '../../../collector/correlate/golden-signals.ts';
import { growthIn, increments, matching, readSeries } from '../../../collector/correlate/series.ts';
import type { Store } from '../../../collector/storage/store.ts';
import type { SeriesInfo } from '../../../collector/telemetry/model.ts';
import { storeOf } from '../../helpers/scenario.ts';
import { type PlainSample, sampleBatch } from '../../helpers/telemetry.ts';

const SECOND = 1_000_000_000n;
const START = 1_790_000_000n * SECOND;
const signal = new AbortController().signal;

const counter = (
  labels: Record<string, string>,
  temporality: SeriesInfo['temporality'] = 'cumulative',
): SeriesInfo => ({
  name: 'requests_total',
  labels: { job: 'shop', instance: 'a', ...labels },
  kind: 'counter',
  temporality,
});
const samples = (series: SeriesInfo, values: readonly (number | undefined)[], every = 5n): PlainSample[] =>
  values.flatMap((value, i) =>
    value === undefined ? [] : [{ series, time: START + BigInt(i) * every * SECOND, value }],
  );
const range = { fromUnixNano: START, toUnixNano: START + 3600n * SECOND };
const values = (info: SeriesInfo, list: readonly (number | undefined)[]) => {
  const made = samples(info, list);
  return {
    info,
    time: BigInt64Array.from(made, (s) => s.time),
    value: Float64Array.from(made, (s) => s.value),
  };
};

test('a counter that falls began anew at zero', () => {
  const [grown] = increments([values(counter({}), [10, 14, 3, 5])]);
  assert.deepEqual([...grown!.value], [4, 3, 2]);
});

test('a series that appears later than others of its process began at zero', () => {
  const all = [
    values(counter({ code: '200' }), [10, 14, 20]),
    values(counter({ code: '503' }), [undefined, 6, 7]),
  ];
  const [ok, failed] = increments(all);
  assert.deepEqual([...ok!.value], [4, 6]);
  assert.deepEqual([...failed!.value], [6, 1]);
  assert.deepEqual(growthIn(all, range), { value: 17, seconds: 10 });
});

test('the first sample of a process is no growth: what it counted before is not known', () => {
  assert.deepEqual(growthIn([values(counter({}), [1000])], range), { value: 0, seconds: 0 });
});

test('delta series are growth as they are', () => {
  const [grown] = increments([values(counter({}, 'delta'), [4, 0, 3])]);
  assert.deepEqual([...grown!.value], [4, 0, 3]);
});

test('samples come in order of time, each moment once, staleness markers left out', async (t) => {
  const list = samples(counter({}), [1, 2, Number.NaN, 4]);
  const store = await storeOf(t, [sampleBatch(list.toReversed()), sampleBatch(list)]);
  const [data] = await readSeries(store, matching('requests_total', { job: 'shop' }), range, { signal });
  assert.deepEqual([...data!.value], [1, 2, 4]);
});

test('series are read in one query; what does not fit is an error, not a series less', async (t) => {
  const store = await storeOf(t, [sampleBatch(samples(counter({}), [1, 2, 3]))]);
  const asked: (string | undefined)[] = [];
  const short: Store = {
    ...store,
    series: (query, options) => {
      asked.push(options?.cursor);
      return store.series(query, { ...options, limit: 2 });
    },
  };
  await assert.rejects(readSeries(short, matching('requests_total'), range, { signal }), {
    code: 'bad-request',
    message: /are 3 samples, .* ask for a shorter range or for one service\.$/,
  });
  assert.deepEqual(asked, [undefined]);
});

test('a route is known by its rate, errors and p99, step by step; a step without requests has no p99', async (t) => {
  const bucket = (code: string, le: string): SeriesInfo => ({
    ...{ name: 'http_server_request_duration_seconds_bucket', kind: 'histogram', temporality: 'cumulative' },
    labels: {
      job: 'shop',
      instance: 'a',
      http_route: '/x',
      http_request_method: 'GET',
      http_response_status_code: code,
      le,
    },
  });
  const store = await storeOf(t, [
    sampleBatch([
      ...samples(bucket('200', '0.1'), [0, 50, 50, 50]),
      ...samples(bucket('200', '0.5'), [0, 50, 50, 60]),
      ...samples(bucket('200', '+Inf'), [0, 50, 50, 60]),
      ...samples(bucket('500', '0.1'), [undefined, undefined, undefined, 30]),
      ...samples(bucket('500', '0.5'), [undefined, undefined, undefined, 30]),
      ...samples(bucket('500', '+Inf'), [undefined, undefined, undefined, 30]),
    ]),
  ]);
  const query = {
    fromUnixNano: START + SECOND,
    toUnixNano: START + 16n * SECOND,
    stepNano: 5n * SECOND,
    service: 'shop',
  };
  const [route, ...others] = await readGoldenSignals(store, query, { signal });
  assert.deepEqual(others, []);
  assert.deepEqual([route!.method, route!.route, route!.source], ['GET', '/x', 'metrics']);
  const told = route!.points.map(({ requests, errors, seconds, p99Ms }) => ({
    ...{ requests, errors, seconds },
    p99Ms: p99Ms === null ? null : Math.round(p99Ms),
  }));
  assert.deepEqual(told, [
    { requests: 50, errors: 0, seconds: 5, p99Ms: 99 },
    { requests: 0, errors: 0, seconds: 5, p99Ms: null },
    { requests: 40, errors: 30, seconds: 5, p99Ms: 484 },
  ]);
});

const startedAt = (second: number) => Number(START / SECOND) + second;
const firstRequests = [
  {
    what: 'of a service that starts while its target is scraped count from its start on',
    up: [0, 0, 1, 1],
    started: startedAt(8),
    told: { requests: 5, seconds: 7 },
  },
  {
    what: 'of a service whose answered scrape had none count from that scrape on',
    up: [undefined, 1, 1, 1],
    started: startedAt(-900),
    told: { requests: 5, seconds: 10 },
  },
  {
    what: 'of a service that ran before its target was scraped are not known',
    up: [undefined, undefined, 1, 1],
    started: startedAt(-900),
    told: { requests: 2, seconds: 5 },
  },
  {
    what: 'of a running service are not known when its first scrapes failed',
    up: [0, 0, 1, 1],
    started: startedAt(-900),
    told: { requests: 2, seconds: 5 },
  },
  {
    what: 'of a service that tells no start are not known when its first scrapes failed',
    up: [0, 0, 1, 1],
    started: undefined,
    told: { requests: 2, seconds: 5 },
  },
];
for (const { what, up, started, told } of firstRequests) {
  test(`the first requests ${what}`, async (t) => {
    const gauge = (name: string): SeriesInfo => ({
      ...counter({}),
      name,
      kind: 'gauge',
      temporality: 'none',
    });
    const labels = { http_route: '/orders', http_request_method: 'POST', http_response_status_code: '201' };
    const total: SeriesInfo = {
      ...counter({ ...labels, le: '+Inf' }),
      name: 'http_server_request_duration_seconds_bucket',
      kind: 'histogram',
    };
    const store = await storeOf(t, [
      sampleBatch([
        ...samples(total, [undefined, undefined, 3, 5]),
        ...samples(gauge('up'), up),
        ...samples(gauge('process_start_time_seconds'), [undefined, undefined, started, started]),
      ]),
    ]);
    const query = { fromUnixNano: START, toUnixNano: START + 20n * SECOND, stepNano: 20n * SECOND };
    const [route] = await readGoldenSignals(store, query, { signal });
    const { requests, seconds } = route!.points[0]!;
    assert.deepEqual({ requests, seconds }, told);
  });
}
