// The statistics of a comparison, without a store.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LATEST_UNIX_NANO } from '../../../../collector/commands/command.ts';
import type { Change, Compared } from '../../../../collector/correlate/compare/comparison.ts';
import {
  type DurationGroup,
  meanRatio,
  quantileOf,
  quantileRatio,
  shareDifference,
  shareOf,
} from '../../../../collector/correlate/compare/estimates.ts';
import { judge } from '../../../../collector/correlate/compare/judge.ts';
import {
  COMPARE_PARAMETERS,
  parseCompareQuestion,
  renderConditions,
} from '../../../../collector/correlate/compare/question.ts';
import { emptyTraffic } from '../../../../collector/correlate/compare/route-traffic.ts';
import { scopesOf } from '../../../../collector/correlate/compare/scopes.ts';
import { DEFAULT_TOLERANCE, parseTolerance } from '../../../../collector/correlate/compare/tolerance.ts';
import { quantile } from '../../../../collector/correlate/stats.ts';
import { QUANTILES } from '../../../../collector/correlate/weights.ts';
import { CollectorError } from '../../../../collector/telemetry/errors.ts';
import { randomFrom } from '../../../helpers/random.ts';

const NOW = 1_790_000_000_000_000_000n;

const compared = (over: Partial<Compared> = {}): Compared => ({
  ...{ kind: 'errors', subject: { service: 'shop' }, measure: 'errors', unit: 'share', source: 'spans' },
  ...{ a: { value: 0.01, n: 1000 }, b: { value: 0.02, n: 1000 }, missing: '', margin: 0.001 },
  ...{ gates: true, required: true, references: [] },
  change: { scale: 'difference', value: 0, low: -0.0005, high: 0.0005 },
  ...over,
});
const difference = (value: number, half: number): Change => ({
  ...{ scale: 'difference', value },
  ...{ low: value - half, high: value + half },
});
const verdict = (over: Partial<Compared>) => judge([compared(over)])[0]!.verdict;

test('worse is what lies wholly beyond the tolerance; equal, not worse and not known are told apart', () => {
  assert.equal(verdict({ change: difference(0.01, 0.005) }), 'worse');
  assert.equal(
    verdict({ change: difference(0.01, 0.0095) }),
    'unknown',
    'the interval reaches into the tolerance',
  );
  assert.equal(verdict({ change: difference(0, 0.0005) }), 'same');
  assert.equal(verdict({ change: difference(-0.0015, 0.002) }), 'not worse');
  assert.equal(verdict({ change: difference(-0.01, 0.005) }), 'better');
  assert.equal(verdict({ change: difference(0, 0.01) }), 'unknown');
  assert.equal(verdict({ change: undefined, missing: 'b has 0, 10 are needed' }), 'unknown');
});

test('what does not gate is more or less, never worse', () => {
  assert.equal(verdict({ gates: false, change: difference(0.01, 0.005) }), 'more');
  assert.equal(verdict({ gates: false, change: difference(-0.01, 0.005) }), 'less');
});

test('a change that one comparison in twenty shows by chance is none among forty', () => {
  const quiet = Array.from({ length: 39 }, () => compared());
  const odd = compared({ change: difference(0.01, 0.0088) });
  assert.equal(judge([odd])[0]!.verdict, 'worse');
  assert.equal(judge([odd, ...quiet]).find(({ p }) => p! < 0.5)!.verdict, 'unknown');
  const sure = compared({ change: difference(0.01, 0.004) });
  assert.equal(judge([sure, ...quiet])[0]!.verdict, 'worse');
  const templates = Array.from({ length: 500 }, () => compared({ gates: false }));
  assert.equal(judge([odd, ...templates])[0]!.verdict, 'worse', 'log templates do not hide a failing route');
});

test('a change of the size that would have been seen is seen in about four of five draws', () => {
  const random = randomFrom(5);
  const draw = (share: number) => {
    const n = 4000;
    const hits = Array.from({ length: n }, () => random()).filter((value) => value < share).length;
    return shareOf([{ weight: 1, n, hits, slice: 0 }]);
  };
  const told = (by: number) => judge([compared({ change: shareDifference(draw(0.1), draw(0.1 + by)) })])[0]!;
  const { visible } = told(0.02);
  let seen = 0;
  for (let i = 0; i < 60; i++) if (told(visible!).verdict === 'worse') seen++;
  assert.ok(seen > 36 && seen < 58, `seen in ${seen} of 60`);
});

/** One side's observations of the same program. */
function observed(random: () => number, n: number) {
  const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const bad = Array.from({ length: 30 }, () => random() < 0.1);
  const all = Array.from({ length: n }, () => {
    const slice = Math.floor(random() * 30);
    return {
      slice,
      ms: 20 * Math.exp(gauss() / 2) * (bad[slice] ? 3 : 1),
      failed: random() < (bad[slice] ? 0.2 : 0.02),
    };
  });
  const groupOf = (part: typeof all): DurationGroup => ({
    ...{ weight: 1, n: part.length, slice: part[0]!.slice },
    quantilesMs: QUANTILES.map((q) =>
      quantile(
        part.map(({ ms }) => ms),
        q,
      ),
    ),
  });
  const slices = [...Map.groupBy(all, ({ slice }) => slice).values()];
  return {
    durations: [groupOf(all)],
    sliced: slices.map(groupOf),
    counts: slices.map((part) => ({
      ...{ weight: 1, n: part.length, slice: part[0]!.slice },
      hits: part.filter(({ failed }) => failed).length,
    })),
    values: all.map(({ ms, slice }) => ({ weight: 1, value: ms, slice })),
  };
}

test('the same program against itself, with minutes that go wrong as a whole and nothing accepted, is seldom worse', () => {
  const random = randomFrom(11);
  const runs = 80;
  let worse = 0;
  let naive = 0;
  for (let i = 0; i < runs; i++) {
    const [a, b] = [observed(random, 400), observed(random, 200)];
    const p95 = quantileRatio(
      quantileOf(a.durations, a.sliced, 0.95),
      quantileOf(b.durations, b.sliced, 0.95),
    );
    const p50 = quantileRatio(quantileOf(a.durations, a.sliced, 0.5), quantileOf(b.durations, b.sliced, 0.5));
    const lines = judge([
      compared({ margin: 0, change: shareDifference(shareOf(a.counts), shareOf(b.counts)) }),
      ...[p50, p95, meanRatio(a.values, b.values)].map((change) => compared({ margin: 0, change })),
    ]);
    if (lines.some((line) => line.verdict === 'worse')) worse++;
    const alike = (counts: typeof a.counts) => shareOf(counts.map((count) => ({ ...count, slice: 0 })));
    if (shareDifference(alike(a.counts), alike(b.counts)).low > 0) naive++;
  }
  assert.ok(worse <= 0.05 * runs, `worse in ${worse} of ${runs}`);
  assert.ok(naive > worse, `requests taken for independent: ${naive}, ours ${worse}`);
});

test('other traffic is no worse release: a service as a whole is compared with its routes called as often as in a', () => {
  const traffic = (route: string, requests: number, failed: number) => ({
    ...emptyTraffic('shop', 'GET', route, 'metrics'),
    requests,
    groups: [{ weight: 1, n: requests, failed, slice: 0 }],
  });
  const pairs = [
    { service: 'shop', method: 'GET', route: '/', a: traffic('/', 900, 0), b: traffic('/', 500, 0) },
    { service: 'shop', method: 'GET', route: '/x', a: traffic('/x', 100, 10), b: traffic('/x', 500, 50) },
    { service: 'shop', method: 'GET', route: '/new', a: undefined, b: traffic('/new', 500, 50) },
    { service: 'pay', method: '', route: '/', a: traffic('/', 9, 0), b: undefined },
  ];
  const { scopes, notes } = scopesOf(pairs, parseCompareQuestion({ a: 'v=1', b: 'v=2' }, NOW));
  const whole = scopes[0]!;
  assert.deepEqual(whole.subject, { service: 'shop' });
  const shareIn = (side: typeof whole.a) =>
    shareOf(side.flatMap(({ groups }) => groups.map((group) => ({ ...group, hits: group.failed })))).share;
  assert.ok(Math.abs(shareIn(whole.a) - shareIn(whole.b)) < 1e-9);
  assert.deepEqual(
    scopes.map(({ required }) => required),
    [true, false, false, false, false],
  );
  assert.deepEqual(notes, ['pay has no requests in b.']);
});

test('a share counts what each stands for, and is as sure as what was kept allows', () => {
  const even = shareOf([{ weight: 1, n: 1000, hits: 100, slice: 0 }]);
  assert.deepEqual([even.share, even.n, Math.round(even.effective)], [0.1, 1000, 1000]);
  const sampled = shareOf([{ weight: 20, n: 1000, hits: 100, slice: 0 }]);
  assert.deepEqual([sampled.share, Math.round(sampled.effective)], [0.1, 1000]);
  // 19,900 requests that went well, one in twenty stored, and all 100 that failed.
  const kept = shareOf([
    { weight: 20, n: 995, hits: 0, slice: 0 },
    { weight: 1, n: 100, hits: 100, slice: 0 },
  ]);
  assert.equal(kept.share, 0.005);
  assert.ok(kept.effective > 15_000 && kept.effective < 20_000, `${kept.effective}`);
  assert.deepEqual(shareOf([]), { share: 0, n: 0, effective: 0 });
});

test('the order in which groups come changes nothing', () => {
  const count = fc.record({
    weight: fc.constantFrom(1, 4, 20),
    n: fc.integer({ min: 1, max: 50 }),
    slice: fc.integer({ min: 0, max: 29 }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(count, { minLength: 1, maxLength: 60 }), (all) => {
      const counts = all.map(({ part, ...rest }) => ({ ...rest, hits: Math.floor(part * rest.n) }));
      const [one, other] = [shareOf(counts), shareOf(counts.toReversed())];
      assert.ok(Math.abs(one.share - other.share) < 1e-9 && one.share >= 0 && one.share <= 1);
      assert.ok(Math.abs(one.effective / other.effective - 1) < 1e-6 && one.effective > 0);
      const change = shareDifference(one, shareOf(counts.map((c) => ({ ...c, hits: c.n - c.hits }))));
      assert.ok(change.low <= change.value + 1e-9 && change.value <= change.high + 1e-9);
    }),
    { numRuns: 60 },
  );
});

test('conditions survive being written as one text, whatever is in them', () => {
  const key = fc.string({ minLength: 1 }).filter((text) => !text.includes('='));
  const conditions = fc.array(fc.tuple(key, fc.string()), { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(conditions, (pairs) => {
      const a = renderConditions(pairs.map(([name, value]) => `${name}=${value}`));
      const { conditions: read } = parseCompareQuestion({ a, b: 'never=this' }, NOW).a;
      assert.deepEqual(
        read.map(({ key: name, value }) => [name, value]),
        pairs,
      );
    }),
    { numRuns: 60 },
  );
});

test('whatever the parameters are, the answer is a question or an error of the catalogue', () => {
  const texts = fc.dictionary(fc.constantFrom(...COMPARE_PARAMETERS), fc.string());
  fc.assert(
    fc.property(texts, (given) => {
      try {
        parseCompareQuestion(given, NOW);
      } catch (error) {
        assert.ok(error instanceof CollectorError && error.code === 'bad-request', String(error));
      }
    }),
    { numRuns: 150 },
  );
});

test('a question that is wrong is refused with what would be right', () => {
  const [a, b] = ['service.version=1', 'service.version=2'];
  for (const [texts, message] of [
    [{}, /^a and b share requests: give each a condition/],
    [{ b }, /^a and b share requests/],
    [{ a: '', b }, /^a=: must be KEY=VALUE/],
    [{ a, b: a }, /^a and b share requests/],
    [
      { a: 'service.version', b },
      /^a=service\.version: must be KEY=VALUE, such as service\.version=1\.4\.0\.$/,
    ],
    [{ a, b, since: '90' }, /^since=90: must be a duration such as 30m, 2h or 1d\.$/],
    [{ a, b, since: '1h', from: '2026-01-01T00:00:00Z' }, /^since and from both say/],
    [{ a, b, b_from: 'monday' }, /^b_from=monday: must be a time such as/],
    [{ a, b, a_from: '1800000000' }, /^a_from=1800000000: must be before the end of the range\.$/],
    [{ a, b, from: '1780000000', a_to: '1770000000' }, /^from=1780000000: must be before a_to=1770000000\.$/],
    [{ a, b, to: '60' }, /^to=60: must be so that the range begins after 1970\.$/],
    [{ a_from: '1780000000', b_from: '1800000000', b_to: '1800000060' }, /^a and b share requests/],
    [
      { a, b, tolerance: 'latency=10' },
      /^tolerance latency=10: must be in percent, up to 1000, such as latency=10%\.$/,
    ],
    [{ a, b, tolerance: 'error=1pt' }, /Did you mean errors\?$/],
    [{ a, b, tolerance: 'errors=1pt,errors=2pt' }, /errors is given twice/],
  ] as const) {
    assert.throws(
      () => parseCompareQuestion(texts, NOW),
      { name: 'CollectorError', message },
      String(message),
    );
  }
});

test('what is right at some time is not refused by the check before the time is known', () => {
  const time = fc.constantFrom('1780000000', '1789999999', '1800000000', '1800000060');
  const condition = fc.constantFrom('v=1', 'v=2');
  const texts = fc.record(
    {
      ...{ a: condition, b: condition, since: fc.constantFrom('1m', '2h', '9999d') },
      ...{ from: time, to: time, a_from: time, a_to: time, b_from: time, b_to: time },
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(texts, (given) => {
      try {
        parseCompareQuestion(given, NOW);
      } catch {
        return;
      }
      parseCompareQuestion(given, LATEST_UNIX_NANO);
    }),
    { numRuns: 1000, seed: 7 },
  );
});

test('each side has its own range, else the shared one, else the last hour', () => {
  const hour = 3600n * 1_000_000_000n;
  const plain = parseCompareQuestion({ a: 'v=1', b: 'v=2' }, NOW);
  assert.deepEqual(plain.a.range, { fromUnixNano: NOW - hour, toUnixNano: NOW });
  assert.deepEqual(plain.tolerance, DEFAULT_TOLERANCE);
  const before = parseCompareQuestion(
    { service: 'shop', route: 'GET /orders/{id}', since: '30m', a_from: '1789990000', a_to: '1789998000' },
    NOW,
  );
  assert.deepEqual(before.b.range, { fromUnixNano: NOW - hour / 2n, toUnixNano: NOW });
  assert.equal(before.a.range.toUnixNano, 1_789_998_000_000_000_000n);
  assert.deepEqual([before.method, before.route], ['GET', '/orders/{id}']);
  assert.deepEqual(parseTolerance('latency=25%,errors=0.5pt'), { errors: 0.005, latency: 0.25 });
});
