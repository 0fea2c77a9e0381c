// Two releases in a real store, compared.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { compareReleases } from '../../../../collector/correlate/compare/compare.ts';
import {
  COMPARISON_KINDS,
  type CompareQuestion,
  type ComparisonLine,
  type ReleaseComparison,
} from '../../../../collector/correlate/compare/comparison.ts';
import { renderComparisonText } from '../../../../collector/correlate/compare/text.ts';
import { DEFAULT_TOLERANCE } from '../../../../collector/correlate/compare/tolerance.ts';
import type { Batch } from '../../../../collector/telemetry/batch.ts';
import { storeOf } from '../../../helpers/scenario.ts';
import { END, type Release, releases, START, sideOf } from './releases.ts';

const deps = { clock: () => END, signal: new AbortController().signal };
const QUESTION: CompareQuestion = { a: sideOf('1'), b: sideOf('2'), tolerance: DEFAULT_TOLERANCE };
const WIDE = { errors: 0.06, latency: 0.5 };

async function comparison(
  t: TestContext,
  batches: readonly Batch[],
  over: Partial<CompareQuestion> = {},
): Promise<ReleaseComparison> {
  return compareReleases({ ...QUESTION, ...over }, await storeOf(t, batches), deps);
}

const pair = (a: Partial<Release>, b: Partial<Release>) =>
  releases([
    { version: '1', ...a },
    { version: '2', ...b },
  ]);
const line = ({ lines }: ReleaseComparison, measure: string, route?: string): ComparisonLine => {
  const found = lines.find((one) => one.measure === measure && one.subject.route === route);
  assert.ok(found, `no line of ${measure}: ${lines.map((one) => one.measure).join(', ')}`);
  return found;
};

const WORSE = pair(
  { errorShare: 0.005 },
  { errorShare: 0.2, slowness: 1.5, cacheCalls: 2, says: 'cache missed' },
);

test('a release that fails, is slow, calls the cache twice and says so is worse, and each of it is told with its numbers', async (t) => {
  const report = await comparison(t, WORSE);
  assert.equal(report.outcome, 'worse');
  assert.deepEqual([report.a.n, report.b.n], [150, 150]);
  const errors = line(report, 'errors');
  assert.deepEqual([errors.verdict, errors.required, errors.source], ['worse', true, 'spans']);
  assert.equal(errors.references.length, 3);
  const median = line(report, 'p50', '/orders/{id}');
  assert.equal(median.verdict, 'worse');
  assert.ok(Math.abs(median.change!.value! - 1.5) < 0.2 && median.change!.low! > 1.15, median.statement);
  assert.equal(line(report, 'redis.GET: calls per request', '/orders/{id}').verdict, 'more');
  assert.equal(line(report, 'redis.GET: share of the requests', '/orders').verdict, 'unknown');
  assert.equal(line(report, '"cache missed" (WARN)', '/orders/{id}').verdict, 'more');
  assert.equal(line(report, 'requests with a line at ERROR or above', '/orders/{id}').verdict, 'worse');
  t.assert.fileSnapshot(renderComparisonText(report), `${import.meta.dirname}/golden/worse.txt`, {
    serializers: [String],
  });
  const lines = COMPARISON_KINDS.flatMap((kind) => report.lines.find((one) => one.kind === kind) ?? []);
  const json = `${JSON.stringify({ ...report, lines }, null, 2)}\n`;
  t.assert.fileSnapshot(json, `${import.meta.dirname}/golden/worse-one-line-of-each-kind.json`, {
    serializers: [String],
  });
  const again = await comparison(t, [...WORSE.toReversed(), ...WORSE]);
  assert.deepEqual(again, report, 'the order of arrival, and what arrives twice, change something');
});

test('a release that behaves as the one before is not worse, whatever share of the traffic it has', async (t) => {
  const report = await comparison(t, pair({ requests: 240 }, { requests: 120 }), { tolerance: WIDE });
  assert.equal(report.outcome, 'not worse', report.reason);
  assert.deepEqual(
    report.lines
      .filter(({ verdict }) => !['same', 'not worse', 'unknown'].includes(verdict))
      .map((l) => l.measure),
    ['requests per second'],
  );
  const text = renderComparisonText(report);
  for (const told of text.split('\n')) assert.ok(told.length <= 100, told);
  const rude = renderComparisonText({ ...report, notes: ['\u001b[2Jcleared\nand \u202edenrut'] });
  assert.ok(rude.includes('\n   [2Jcleared and  denrut\n'), rude);
});

test('with little data it says what could have been seen, not that all is well', async (t) => {
  const report = await comparison(t, pair({}, { requests: 12 }));
  assert.equal(report.outcome, 'unknown');
  const errors = line(report, 'errors');
  assert.ok(errors.visible! > 0.05, errors.statement);
  assert.match(line(report, 'p95', '/orders').statement, /cannot be told, b has 3, 10 are needed/);
  const none = await comparison(t, pair({}, {}), { b: sideOf('3') });
  assert.match(none.reason, /no request of b is stored/);
});

test('sampled requests count for what they stand for, and failed ones that were all kept for themselves', async (t) => {
  const quiet = { requests: 400, errorShare: 0.04 };
  const report = await comparison(t, pair({ ...quiet, sampled: 0.25 }, quiet), {
    route: '/orders/{id}',
    tolerance: WIDE,
  });
  const errors = line(report, 'errors', '/orders/{id}');
  assert.ok(Math.abs(errors.a.value! - 0.04) < 0.03 && errors.a.n < 150, errors.statement);
  assert.equal(errors.verdict, 'same', errors.statement);
  assert.equal(line(report, 'p50', '/orders/{id}').verdict, 'same');
});

test('requests and errors come from scraped metrics where target_info tells the version, durations from spans', async (t) => {
  const scraped = { scraped: true, sampled: 0.3, requests: 300 };
  const report = await comparison(t, pair(scraped, { ...scraped, errorShare: 0.12 }));
  const errors = line(report, 'errors', '/orders/{id}');
  assert.deepEqual([errors.source, errors.verdict], ['metrics', 'worse']);
  assert.ok(errors.b.n > 270 && errors.b.n <= 300, errors.statement);
  assert.equal(line(report, 'p50', '/orders/{id}').source, 'spans');
  const bare = pair(scraped, { ...scraped, slowness: 4 }).filter(({ signal }) => signal === 'metrics');
  const buckets = line(await comparison(t, bare), 'p50', '/orders/{id}');
  assert.deepEqual([buckets.source, buckets.verdict], ['metrics', 'worse']);
});

test('an address that ran one version and then the other tells each its own requests', async (t) => {
  const rollout = pair(
    { scraped: true, during: [0, 280] },
    { scraped: true, during: [320, 600], errorShare: 0.2 },
  ).filter(({ signal }) => signal === 'metrics');
  const report = await comparison(t, oneAddress(rollout));
  assert.deepEqual(line(report, 'errors', '/orders/{id}').a.value, 0);
  assert.ok(Math.abs(line(report, 'errors', '/orders/{id}').b.value! - 0.2) < 0.1);
});

/** The first version up to second 300, the second one from there, scraped from one address. */
function oneAddress(batches: readonly Batch[]): Batch[] {
  return batches.map((batch) => {
    if (batch.signal !== 'metrics') return batch;
    const { index } = batch;
    const half = START + 300_000_000_000n;
    const isSecond = (i: number) => index.series[index.seriesIndex[i]!]!.labels['instance'] === 'shop-2:8081';
    const kept = Array.from(index.seriesIndex.keys()).filter(
      (i) => isSecond(i) === index.timeUnixNano[i]! >= half,
    );
    const series = index.series.map((info) => ({
      ...info,
      labels: { ...info.labels, instance: 'shop:8081' },
    }));
    return {
      ...batch,
      count: kept.length,
      index: {
        ...index,
        series,
        seriesIndex: Uint32Array.from(kept, (i) => index.seriesIndex[i]!),
        timeUnixNano: BigInt64Array.from(kept, (i) => index.timeUnixNano[i]!),
        value: Float64Array.from(kept, (i) => index.value[i]!),
      },
    };
  });
}

test('a release is compared with the time before it, by ranges alone, and without log lines that carry trace ids', async (t) => {
  const batches = pair(
    { during: [0, 300], joined: false },
    { during: [300, 600], slowness: 1.5, joined: false },
  );
  const half = START + 300_000_000_000n;
  const report = await comparison(t, batches, {
    a: { conditions: [], range: { fromUnixNano: START, toUnixNano: half } },
    b: { conditions: [], range: { fromUnixNano: half, toUnixNano: END } },
  });
  assert.equal(report.outcome, 'worse');
  assert.deepEqual([report.a.n, report.b.n], [150, 150]);
  assert.ok(report.notes.some((note) => /no log line carries the id of a trace of a and b/.test(note)));
});
