import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countEvents, parseSpec, type RawSeries, type Service, type Steps } from '../../slo/index.ts';

const stepSeconds = 30;
const startUnixMs = 1_700_000_100_000 - (1_700_000_100_000 % 300_000);

function serviceOf(slo: object): Service {
  const spec = parseSpec({
    ...{ schema: 'go-sre.slo/v1', service: 'shop', owner: 'team-shop', runbook: 'README.md' },
    slos: [{ id: 'one', objective: 0.99, window: '30d', ...slo }],
  });
  assert.ok(spec.ok, JSON.stringify(spec));
  return spec.service;
}

/** Samples at the begin of the first step and at the end of each; undefined is a failed scrape. */
function series(labels: Record<string, string>, values: readonly (number | undefined)[]): RawSeries {
  const there = values.flatMap((value, n) =>
    value === undefined ? [] : [{ at: startUnixMs + n * stepSeconds * 1_000, value }],
  );
  return { labels, timesMs: there.map(({ at }) => at), values: there.map(({ value }) => value) };
}

function count(slo: object, all: readonly RawSeries[], steps: number) {
  const service = serviceOf(slo);
  const range: Steps = { startUnixMs, stepSeconds, steps };
  const counted = countEvents(service, service.slos[0]!, all, range);
  assert.ok('groups' in counted, JSON.stringify(counted));
  return counted.groups.map(({ labels, counts }) => ({
    labels,
    bad: [...counts.bad],
    total: [...counts.total],
    observed: [...counts.observed],
  }));
}

const requests = 'http_server_request_duration_seconds_count';
const request = (route: string, code: string, more = {}) => ({
  ...{
    __name__: requests,
    job: 'shop',
    http_request_method: 'GET',
    http_route: route,
    http_response_status_code: code,
  },
  ...more,
});
const counter = { bad: 'failed_total', total: 'all_total' };

/** Events of each step; whether the process began anew before it; whether the scrape at its end failed. */
const history = fc.array(
  fc.record({
    events: fc.nat(100),
    restart: fc.boolean(),
    failed: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  }),
  { minLength: 1, maxLength: 60 },
);

test('counts are those of the events, whatever restarts and failed scrapes there are', () => {
  fc.assert(
    fc.property(history, (steps) => {
      const samples: (number | undefined)[] = [0];
      let value = 0;
      for (const [n, { events, restart, failed }] of steps.entries()) {
        // What no counter shows is left out: a restart beside a failed scrape, or one that is made good within a step.
        const seen = restart && samples[n] !== undefined && !failed && events < value;
        value = (seen ? 0 : value) + events;
        samples.push(failed ? undefined : value);
      }
      const [group] = count(
        { kind: 'custom', ...counter },
        [series({ __name__: 'all_total' }, samples)],
        steps.length,
      );
      assert.deepEqual(
        group!.bad,
        steps.map(() => 0),
      );
      let since = 0;
      for (let n = 0; n < steps.length; n++) {
        if (steps[n]!.failed) continue;
        const seen = n + 1 - since <= 10;
        const mean = steps.slice(since, n + 1).reduce((sum, { events }) => sum + events, 0) / (n + 1 - since);
        for (let k = since; k <= n; k++) {
          assert.ok(Math.abs(group!.total[k]! - (seen ? mean : 0)) < 1e-6, `step ${k}`);
          assert.equal(group!.observed[k], seen ? 1 : 0);
        }
        since = n + 1;
      }
      for (let k = since; k < steps.length; k++) assert.equal(group!.observed[k], 0);
    }),
  );
});

test('a scrape that failed for more than five minutes leaves a gap, a shorter silence is spread', () => {
  const hole = (missing: number) => [
    0,
    10,
    ...Array<undefined>(missing).fill(undefined),
    10 + 10 * (missing + 1),
  ];
  const of = (missing: number) =>
    count(
      { kind: 'custom', ...counter },
      [series({ __name__: 'all_total' }, hole(missing))],
      missing + 2,
    )[0]!;
  assert.deepEqual(of(9).total, Array(11).fill(10));
  assert.deepEqual(of(9).observed, Array(11).fill(1));
  assert.deepEqual(of(10).observed, [1, ...Array(11).fill(0)]);
  assert.deepEqual(of(10).total, [10, ...Array(11).fill(0)]);
});

test('availability: failures are those with 5xx, and where there is no such series there are none', () => {
  const good = series(request('/a', '200'), [0, 10, 20]);
  const other = series(request('/b', '500'), [0, 7, 7]);
  const slo = { kind: 'availability', route: '/a' };
  assert.deepEqual(count(slo, [good, other], 2), [
    { labels: {}, bad: [0, 0], total: [10, 10], observed: [1, 1] },
  ]);
  const failed = series(request('/a', '503'), [5, 6, 8]);
  assert.deepEqual(count(slo, [good, other, failed], 2)[0]!.bad, [1, 2]);
  assert.deepEqual(count({ kind: 'availability' }, [good, other, failed], 2)[0]!.bad, [8, 2]);
});

test('errors: only answers with one of the kinds are bad, whatever their code', () => {
  const timeouts = series(request('/a', '504', { error_type: 'timeout' }), [0, 3]);
  const others = series(request('/a', '500', { error_type: '500' }), [0, 4]);
  const [group] = count({ kind: 'errors', errorTypes: ['timeout', 'panic'] }, [timeouts, others], 1);
  assert.deepEqual([group!.bad, group!.total], [[3], [7]]);
});

test('latency: bad is what no bucket at the threshold has, and without the bucket nothing is measured', () => {
  const all = series(request('/a', '200'), [0, 10, 20, 30]);
  const bucket = {
    ...request('/a', '200'),
    __name__: 'http_server_request_duration_seconds_bucket',
    le: '1.0',
  };
  const slo = { kind: 'latency', route: '/a', thresholdSeconds: 1 };
  const [group] = count(slo, [all, series(bucket, [0, 9, 19, undefined])], 3);
  assert.deepEqual(
    [group!.bad.slice(0, 2), group!.observed],
    [
      [1, 0],
      [1, 1, 0],
    ],
  );
  assert.deepEqual(count(slo, [all], 3)[0]!.observed, [0, 0, 0]);
});

test('custom: good events are taken from the total, by expressions that are the increase of a selector too', () => {
  const events = {
    good: 'sum(rate(done_total{queue=~"mail|sms"}[$window]))',
    total: 'sum(rate(jobs_total{queue=~"mail|sms"}[$window]))',
  };
  const all = [
    series({ __name__: 'jobs_total', queue: 'mail' }, [0, 10]),
    series({ __name__: 'jobs_total', queue: 'push' }, [0, 99]),
    series({ __name__: 'done_total', queue: 'mail' }, [0, 8]),
  ];
  const [group] = count({ kind: 'custom', ...events }, all, 1);
  assert.deepEqual([group!.bad, group!.total], [[2], [10]]);
});

test('by: each combination of values has counts of its own, in the order of the values', () => {
  const all = [
    series({ __name__: 'all_total', region: 'us' }, [0, 5]),
    series({ __name__: 'all_total', region: 'eu' }, [0, 6]),
    series({ __name__: 'failed_total', region: 'us' }, [0, 1]),
  ];
  const groups = count({ kind: 'custom', ...counter, by: ['region'] }, all, 1);
  assert.deepEqual(
    groups.map(({ labels, bad, total }) => [labels.region, bad[0], total[0]]),
    [
      ['eu', 0, 6],
      ['us', 1, 5],
    ],
  );
});

test('saturation: the largest series counts, at its limit it is good, and time without a value is what the objective says', () => {
  const slo = { kind: 'saturation', gauge: 'queue{q="a"}', limit: 5 };
  const all = [
    series({ __name__: 'queue', q: 'a', i: '1' }, [0, 5, 6, 1]),
    series({ __name__: 'queue', q: 'a', i: '2' }, [0, 0, 0, 6]),
  ];
  assert.deepEqual(count(slo, all, 14)[0]!.bad, [0, 1, 1, ...Array(9).fill(1), 0, 0]);
  assert.deepEqual(count(slo, all, 14)[0]!.observed, [...Array(12).fill(1), 0, 0]);
  const strict = count({ ...slo, missing: 'bad' }, all, 14)[0]!;
  assert.deepEqual([strict.bad.slice(12), strict.total], [[1, 1], Array(14).fill(1)]);
  assert.deepEqual(count({ ...slo, missing: 'bad' }, [], 2)[0]!.bad, [1, 1]);
  assert.deepEqual(count(slo, [], 2), []);
});

test('freshness: the age at the end of a step counts, of the series that was renewed first', () => {
  const start = startUnixMs / 1_000;
  const all = [
    series({ __name__: 'done_time' }, [start, start, start, start + 90]),
    series({ __name__: 'done_time', i: '2' }, [start, start + 30, start + 60, start + 90]),
  ];
  const [group] = count({ kind: 'freshness', timestamp: 'done_time', thresholdSeconds: 45 }, all, 3);
  assert.deepEqual(group!.bad, [0, 1, 0]);
});

test('an objective that raw series do not tell says why', () => {
  const why = (slo: object) => {
    const service = serviceOf(slo);
    const counted = countEvents(service, service.slos[0]!, [], { startUnixMs, stepSeconds, steps: 1 });
    return 'why' in counted ? counted.why : '';
  };
  assert.match(why({ kind: 'custom', badRatio: 'avg_over_time(x[$window])' }), /badRatio is an expression/);
  assert.match(
    why({ kind: 'custom', bad: 'sum(rate(a_total[$window]) + rate(b_total[$window]))', total: 'c' }),
    /^sum.* is an expression; only the increase/,
  );
  assert.match(
    why({ kind: 'saturation', gauge: 'used / size', limit: 1 }),
    /used \/ size is an expression; only a plain selector/,
  );
  assert.match(why({ kind: 'latency', thresholdSeconds: 1, histogram: 'native' }), /native histograms/);
});
