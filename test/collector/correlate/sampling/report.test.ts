// Reports over a real store that holds what a sampler and a full queue left of known traffic.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  readSamplingQuestion,
  type SamplingTexts,
} from '../../../../collector/correlate/sampling/question.ts';
import { type SamplingReport, samplingReport } from '../../../../collector/correlate/sampling/report.ts';
import { renderSamplingText } from '../../../../collector/correlate/sampling/text.ts';
import { readSamplingAdvice } from '../../../../slo/index.ts';
import { storeOf } from '../../../helpers/scenario.ts';
import { type Canary, type CanaryOptions, canary } from './canary.ts';

const root = join(import.meta.dirname, '../../../..');
const signal = new AbortController().signal;
const nameOf = (parameter: string) => `--${parameter}`;
const BOTH = { a: 'service.version=1', b: 'service.version=2' };

/** Half of what is sampled today is lost by version 1; version 2 samples less and keeps what failed. */
const VERSIONS: CanaryOptions = {
  seconds: 50,
  versions: [
    { version: '1', dropped: 0.05, vanished: 0.05 },
    { version: '2', sampled: 0.05, keepFailed: true },
  ],
};

async function reportOf(t: TestContext, made: Canary, texts: SamplingTexts = {}) {
  const store = await storeOf(t, made.batches);
  const question = readSamplingQuestion({ since: '10m', ...texts }, { nowUnixNano: made.toUnixNano, nameOf });
  return samplingReport(store, question, { signal });
}

const usual = canary(VERSIONS);

/** The size of a span on the disk is that of today's compression; a golden file takes another. */
const BYTES = 30_000_000;

const within = (value: number, { low, high }: { low: number; high: number }) => value >= low && value <= high;

test('losses, reproduction and cost of two versions are what happened, within their intervals, and read well', async (t) => {
  const made = usual;
  const report = await reportOf(t, made, BOTH);
  asFile(t, structuredClone(report));
  for (const cohort of report.cohorts) {
    const truth = made.truth.get(cohort.attribute!.value)!;
    assert.equal(cohort.requests?.source, 'metrics');
    assert.ok(Math.abs(cohort.requests!.count - truth.requests) <= 25, 'all but the last second');
    assert.ok(within(1 - truth.stored / truth.ended, cohort.spanLoss!), JSON.stringify(cohort.spanLoss));
    assert.ok(cohort.spanLoss!.high - cohort.spanLoss!.low < 0.2);
    const trueShare = truth.failedComplete / truth.failed;
    // A lost leaf leaves no gap, so the share may be told a little too high.
    assert.ok(cohort.failed!.share >= trueShare - 0.02 && cohort.failed!.share < trueShare + 0.1);
    assert.ok(within(trueShare, cohort.failed!), JSON.stringify(cohort.failed));
    assert.ok(within(truth.slowComplete / truth.slow, cohort.slow!), JSON.stringify(cohort.slow));
    assert.ok(within(truth.stored / truth.requests, bySeveral(cohort.cost!.spansPerMillionRequests / 1e6)));
    assert.deepEqual(cohort.missing, []);
  }
  const [failed] = report.differences;
  assert.match(failed!.statement, /^Reproduced failed requests: .* points .*: b differs\.$/);
  assert.equal(report.basis, 'b');
});

const bySeveral = (value: number) => ({ low: value * 0.97, high: value * 1.03 });

/** The table and the JSON, as people and programs get them. */
function asFile(t: TestContext, report: SamplingReport): void {
  for (const { cost } of report.cohorts) cost!.bytesPerMillionRequests = BYTES;
  const file = (name: string) => join(import.meta.dirname, 'testdata', name);
  t.assert.fileSnapshot(renderSamplingText(report), file('canary.txt'), { serializers: [String] });
  const json = `${JSON.stringify(report, null, 2)}\n`;
  t.assert.fileSnapshot(json, file('canary.json'), { serializers: [String] });
  const { advised } = readSamplingAdvice(JSON.parse(json));
  assert.deepEqual(advised?.recommendations, report.recommendations);
  const page = readFileSync(join(root, 'docs/sampling.md'), 'utf8');
  for (const key of keysOf(report)) assert.ok(page.includes(`\`${key}\``), `docs/sampling.md lacks ${key}`);
}

function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(keysOf);
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}

test('without weights and without counters of spans it says so, and tells what is left', async (t) => {
  const made = canary({ seconds: 10, without: ['sdk', 'weights', 'logs'] });
  const [cohort] = (await reportOf(t, made)).cohorts;
  assert.deepEqual([cohort!.spanLoss, cohort!.traceLoss], [null, null]);
  assert.match(
    cohort!.missing.join('\n'),
    /^The loss of spans: the SDK does not tell .*\nThe loss of traces by their weights: (\d+) of \1 sampled/,
  );
  assert.ok(cohort!.failed && cohort!.cost);
});

test('without request metrics access lines are counted, of a version too where lines name it', async (t) => {
  const made = canary({ ...VERSIONS, seconds: 10, without: ['requests'] });
  const { cohorts } = await reportOf(t, made, BOTH);
  for (const { attribute, requests, missing, routes } of cohorts) {
    const truth = made.truth.get(attribute!.value)!;
    assert.equal(requests?.source, 'logs');
    assert.ok(Math.abs(requests!.count - truth.requests) <= 25, `${requests!.count} of ${truth.requests}`);
    assert.match(missing[0]!, /^Requests are counted by access lines/);
    assert.equal(routes[0]!.route, '/orders/{id}');
  }
});

test('without metrics and lines nothing is made up: no reproduction, no cost, no advice', async (t) => {
  const made = canary({ seconds: 10, without: ['requests', 'logs', 'sdk'] });
  const report = await reportOf(t, made);
  const [cohort] = report.cohorts;
  assert.deepEqual(
    [cohort!.requests, cohort!.failed, cohort!.slow, cohort!.cost, cohort!.traceLoss],
    [null, null, null, null, null],
  );
  assert.match(cohort!.missing[0]!, /^How many requests there were: .* no access lines of it are stored\./);
  assert.deepEqual(report.recommendations, []);
  assert.ok(cohort!.storedSpans > 0);
  assert.match(renderSamplingText(report), /Nothing is recommended from a\.\n$/);
});

test('a cohort by a version whose processes no target_info names is not told by the metrics of all', async (t) => {
  const made = canary({ ...VERSIONS, seconds: 10, without: ['target info', 'logs'] });
  const { cohorts } = await reportOf(t, made, BOTH);
  assert.deepEqual(
    cohorts.map(({ requests }) => requests),
    [null, null],
  );
  assert.match(cohorts[0]!.missing[0]!, /target_info must name it/);
});

test('a service of which nothing is stored, or one of several, has to be said', async (t) => {
  const made = canary({ seconds: 1 });
  await assert.rejects(
    reportOf(t, made, { service: 'pay' }),
    /Of the service pay nothing is stored; there are shop\./,
  );
  await assert.rejects(
    reportOf(t, { ...made, batches: [] }),
    /Which service is meant has to be said; nothing is stored\./,
  );
});

test('records in another order, and twice, change no number', async (t) => {
  const made = canary({ ...VERSIONS, seconds: 6 });
  const once = await reportOf(t, made, BOTH);
  const spans = made.batches.filter(({ signal: of }) => of === 'traces');
  const again = { ...made, batches: [...made.batches.toReversed(), ...spans] };
  const twice = await reportOf(t, again, BOTH);
  const told = ({ cohorts }: typeof once) => cohorts.map(({ cost: _cost, ...rest }) => rest);
  assert.deepEqual(told(twice), told(once));
});
