import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { finding } from '../../../collector/correlate/finding.ts';
import type { Question } from '../../../collector/correlate/incident.ts';
import { pool } from '../../../collector/correlate/pool.ts';
import { cpu } from '../../../collector/correlate/processor.ts';
import type { SeriesInfo } from '../../../collector/telemetry/model.ts';
import { clientPool, label, labelValue, serviceMetric, suffix } from '../../../slo/index.ts';
import { storeOf } from '../../helpers/scenario.ts';
import { type PlainSample, sampleBatch } from '../../helpers/telemetry.ts';

const SECOND = 1_000_000_000n;
const ONSET = 1_800_000_000n * SECOND;
const QUIET_SECONDS = 120;
const INCIDENT_SECONDS = 60;
const EVERY_SECONDS = 5;

/** `of` seconds after the onset, negative before it. */
type Value = (seconds: number) => number;

function samples(
  name: string,
  kind: SeriesInfo['kind'],
  labels: Record<string, string>,
  of: Value,
): PlainSample[] {
  const series: SeriesInfo = {
    ...{ name, kind, temporality: 'cumulative' },
    labels: { [label.instance]: 'i', ...labels },
  };
  const found: PlainSample[] = [];
  for (let at = -QUIET_SECONDS; at <= INCIDENT_SECONDS; at += EVERY_SECONDS)
    found.push({ series, time: ONSET + BigInt(at) * SECOND, value: of(at) });
  return found;
}

/** The question that shop asks when its time goes into a call of `caller` to a database, or into `callee`. */
function questionOf(facts: Record<string, string | number>): Question {
  const asked: Question = {
    ...{ service: 'shop', method: 'GET', route: '/x', signal: 'latency', onsetUnixNano: ONSET, before: [] },
    incident: { fromUnixNano: ONSET, toUnixNano: ONSET + BigInt(INCIDENT_SECONDS) * SECOND },
    baseline: { fromUnixNano: ONSET - BigInt(QUIET_SECONDS) * SECOND, toUnixNano: ONSET },
  };
  const told = { outcome: 'holds', statement: '' } as const;
  return {
    ...asked,
    before: [
      finding(asked, { ...told, kind: 'symptom', facts: { p99BeforeMs: 20, p99NowMs: 220 } }),
      finding(asked, { ...told, kind: 'where', facts }),
    ],
  };
}

const deps = { clock: () => ONSET, signal: new AbortController().signal };
const store = (t: TestContext, all: readonly PlainSample[]) => storeOf(t, [sampleBatch(all)]);

function poolSamples(service: string, used: Value): PlainSample[] {
  const job = { [label.job]: service };
  const { connections, maxConnections } = clientPool['postgresql']!;
  return [
    ...samples(connections, 'gauge', { ...job, [label.poolState]: labelValue.poolUsed }, used),
    ...samples(maxConnections, 'gauge', job, () => 4),
  ];
}

test('the pool that is looked at is that of the service which makes the slow call, and it is named', async (t) => {
  const question = questionOf({ system: 'postgresql', server: 'db:5432', caller: 'stock' });
  const all = [...poolSamples('stock', (s) => (s < 0 ? 1 : 4)), ...poolSamples('shop', () => 0)];
  const [found] = await pool(question, await store(t, all), deps);
  assert.equal(found?.outcome, 'holds');
  assert.match(found!.statement, /^The stock postgresql pool is full since .*: 4 of 4 connections in use/);
  assert.deepEqual(found!.subject, { service: 'stock' });
});

test("of the service's own pool the system alone is named", async (t) => {
  const question = questionOf({ system: 'postgresql', server: 'db:5432', caller: 'shop' });
  const [found] = await pool(
    question,
    await store(
      t,
      poolSamples('shop', (s) => (s < 0 ? 1 : 4)),
    ),
    deps,
  );
  assert.match(found!.statement, /^The postgresql pool is full/);
  assert.equal(found!.facts['system'], 'postgresql');
});

/** A process of two processors: cores in use, and the share of waits for one that take about 80 ms. */
function processSamples(service: string, cores: Value, late: Value): PlainSample[] {
  const job = { [label.job]: service };
  const total = (of: Value): Value => {
    const sums = new Map<number, number>();
    let sum = 0;
    for (let at = -QUIET_SECONDS; at <= INCIDENT_SECONDS; at += EVERY_SECONDS) {
      sum += of(at) * EVERY_SECONDS;
      sums.set(at, sum);
    }
    return (at) => sums.get(at)!;
  };
  const bucket = (le: string, share: Value) =>
    samples(
      `${serviceMetric.schedulerLatency}${suffix.bucket}`,
      'histogram',
      { ...job, [label.bucketBound]: le },
      total((s) => 100 * share(s)),
    );
  return [
    ...samples(serviceMetric.cpuSeconds, 'counter', job, total(cores)),
    ...samples(serviceMetric.maxProcs, 'gauge', job, () => 2),
    ...bucket('0.001', (s) => 1 - late(s)),
    ...bucket('0.1', () => 1),
    ...bucket('+Inf', () => 1),
  ];
}

test('a process whose goroutines wait for a processor lacks CPU, although it uses little', async (t) => {
  const all = processSamples(
    'stock',
    () => 0.05,
    (s) => (s > 0 ? 0.2 : 0),
  );
  const found = await cpu(questionOf({ callee: 'stock' }), await store(t, all), deps);
  assert.equal(found.outcome, 'holds');
  assert.match(found.statement, /^CPU of stock: 0\.05 › 0\.05 cores, 2\.5 % of 2 cores/);
  assert.match(
    found.statement,
    /Goroutines wait \d+\.\d ms \(p99\) for a processor, before \d\.\d+ ms \(n = /,
  );
});

test('a process that uses up what it may use lacks CPU, with or without such waits', async (t) => {
  const all = processSamples(
    'shop',
    (s) => (s > 0 ? 1.9 : 0.1),
    () => 0,
  );
  const found = await cpu(questionOf({}), await store(t, all), deps);
  assert.equal(found.outcome, 'holds');
});

test('waits that are short beside what the requests became slower by explain nothing', async (t) => {
  const all = processSamples(
    'shop',
    () => 0.05,
    (s) => (s > 0 ? 0.0101 : 0),
  );
  const question = questionOf({});
  const found = await cpu(question, await store(t, all), deps);
  assert.equal(found.outcome, 'refuted');
});

test('without CPU metrics on both sides it is not tested', async (t) => {
  const found = await cpu(questionOf({}), await store(t, []), deps);
  assert.equal(found.outcome, 'untested');
});
