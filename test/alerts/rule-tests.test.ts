import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { planAlerts, type RuleTarget, ruleTargets } from '../../alerts/index.ts';
import { ruleTests } from '../../alerts/rule-tests.ts';
import { parseSpec, type Service } from '../../slo/index.ts';
import { tool } from '../helpers/tools.ts';

const common = { objective: 0.999, window: '30d' };

/** One objective of each kind and shape that can be fed. */
const objectives = {
  'a grouped route': {
    kind: 'availability',
    routes: ['GET /orders/{id}', 'POST /orders', '/carts'],
  },
  'availability by a label of its own': {
    kind: 'availability',
    route: '/orders',
    by: ['region', 'http_request_method'],
  },
  'a classic histogram': { kind: 'latency', route: '/orders', thresholdSeconds: 1 },
  'a native histogram': { kind: 'latency', route: '/orders', thresholdSeconds: 0.3, histogram: 'native' },
  'kinds of errors': { kind: 'errors', errorTypes: ['timeout', 'panic'] },
  'bad and total of one counter': {
    kind: 'custom',
    bad: 'rpc_total{app="shop",code=~"Internal|Unavailable"}',
    total: 'rpc_total{app="shop"}',
    by: ['region'],
  },
  'good and total of two counters': {
    kind: 'custom',
    good: 'sum(rate(jobs_done_total{queue=~"mail.+"}[$window]))',
    total: 'sum(rate(jobs_total{queue=~"mail.+"}[$window]))',
  },
  'bad of a rare counter': { kind: 'custom', bad: 'sum(increase(lost_total[$window]))', total: 'sent_total' },
  'a gauge, with unknown gaps': {
    kind: 'saturation',
    gauge: 'queue_length{queue="mail"}',
    limit: 100,
    by: ['shard'],
  },
  'a gauge whose gaps are bad': {
    kind: 'saturation',
    gauge: 'queue_length{queue="mail"}',
    limit: 0,
    missing: 'bad',
  },
  'a time of renewal': {
    kind: 'freshness',
    timestamp: 'backup_last_success_timestamp_seconds',
    thresholdSeconds: 3_600,
  },
  'tickets only': { kind: 'availability', route: '/reports', alerts: 'ticket' },
} as const;

const testedElsewhere = ['a classic histogram', 'kinds of errors', 'a time of renewal', 'tickets only'];

function serviceOf(slos: readonly object[]): Service {
  const spec = parseSpec({
    ...{
      schema: 'go-sre.slo/v1',
      service: 'shop',
      owner: 'team-shop',
      runbook: 'README.md',
      job: 'shop-live',
    },
    slos: slos.map((slo, n) => ({ id: `slo-${n}`, ...common, ...slo })),
  });
  assert.ok(spec.ok, JSON.stringify(spec));
  return spec.service;
}

interface PromtoolRun {
  readonly status: number | null;
  readonly output: string;
}

/** Runs the tests of several services at once, those whose names match. */
function promtoolTest(
  t: TestContext,
  binary: string,
  services: readonly Service[],
  run: string,
  target: RuleTarget = ruleTargets.prometheus,
): PromtoolRun {
  const folder = mkdtempSync(join(tmpdir(), 'rule-tests-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = services.map((service, n) => {
    const planned = planAlerts(service, target);
    writeFileSync(join(folder, `${n}.yaml`), planned.get('prometheus/rules.yaml')!);
    const tests = { ...parse(planned.get('prometheus/rules.test.yaml')!), rule_files: [`${n}.yaml`] };
    writeFileSync(join(folder, `${n}.test.yaml`), stringify(tests));
    return `${n}.test.yaml`;
  });
  const args = ['test', 'rules', '--run', run, ...files];
  const { status, stdout, stderr } = spawnSync(binary, args, { cwd: folder, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

test('the quick tests of every shape of objective that can be fed pass', (t) => {
  const binary = tool(t, 'promtool');
  if (!binary) return;
  // The others have rules of the same shape as those that are tested elsewhere.
  const shapes = Object.entries(objectives).filter(([name]) => !testedElsewhere.includes(name));
  const services = shapes.map(([, slo]) => serviceOf([slo]));
  const { status, output } = promtoolTest(t, binary, services, 'an outage pages|hours without a value');
  assert.equal(status, 0, output.slice(0, 5_000));
});

test('the tests hold for rules with anchored ranges too', (t) => {
  const binary = tool(t, 'promtool');
  if (!binary) return;
  const services = [serviceOf([objectives['a grouped route']])];
  const target = ruleTargets['prometheus-anchored'];
  const { status, output } = promtoolTest(t, binary, services, 'outage', target);
  assert.equal(status, 0, output.slice(0, 5_000));
});

test('each of the objectives is fed: an outage of it is expected to fire', () => {
  for (const [name, slo] of Object.entries(objectives)) {
    if ('alerts' in slo) continue; // an outage of ten minutes is no ticket
    const outage = ruleTests(serviceOf([slo])).find((one) => one.name.includes('an outage pages'));
    const fired = outage?.promql_expr_test.flatMap(({ exp_samples }) => exp_samples) ?? [];
    assert.ok(fired.length > 0, name);
  }
});

test('of an objective by a label, the value without an outage is expected to stay quiet', () => {
  const [outage] = ruleTests(serviceOf([objectives['availability by a label of its own']]));
  assert.match(JSON.stringify(outage!.input_series), /region=\\"other/);
  const labels = outage!.promql_expr_test.flatMap(({ exp_samples }) => exp_samples.map((one) => one.labels));
  assert.ok(
    labels.every((text) => text.includes('region="one"')),
    labels.join(),
  );
});

test('one outage tests all objectives that a failed request is bad for', () => {
  const tests = ruleTests(
    serviceOf([
      objectives['a grouped route'],
      objectives['a classic histogram'],
      objectives['kinds of errors'],
    ]),
  );
  const outages = tests.filter(({ name }) => name.includes('an outage pages'));
  assert.equal(outages.length, 1);
  const at35 = outages[0]!.promql_expr_test.find(({ eval_time }) => eval_time === '35m')!;
  const slos = at35.exp_samples.map(({ labels }) => /slo="([^"]+)"/.exec(labels)![1]);
  assert.deepEqual([...new Set(slos)], ['slo-0', 'slo-1', 'slo-2']);
});

test('an objective by a free expression has no tests, since no series are known that it would count', () => {
  const free = [
    { kind: 'custom', badRatio: 'avg_over_time(probe_failed[$window])' },
    { kind: 'custom', bad: 'sum(rate(a_total[$window]) - rate(b_total[$window]))', total: 'a_total' },
    { kind: 'saturation', gauge: 'used_bytes / size_bytes', limit: 0.9 },
  ];
  for (const slo of free) assert.deepEqual(ruleTests(serviceOf([slo])), [], JSON.stringify(slo));
});

test('a value that is counted up in the tests has no binary noise, which promtool would see as a reset', () => {
  for (const objective of [0.999, 0.99999, 0.85, 0.5]) {
    for (const { input_series } of ruleTests(serviceOf([{ ...objectives['kinds of errors'], objective }]))) {
      const numbers = input_series.flatMap(({ values }) => values.match(/(?<=^|[ +])\d+(\.\d+)?/g) ?? []);
      for (const number of numbers) assert.ok(Number.isInteger(Number(number) * 2 ** 24), number);
    }
  }
});

test('a moment at which an estimate decides what fires is not asked', () => {
  // 10 of 55 minutes are 6.06 times the budget, where 6 times is the limit.
  const times = (objective: number) => {
    const tests = ruleTests(serviceOf([{ kind: 'availability', objective }]));
    return tests
      .find(({ name }) => name.includes('a restart before'))!
      .promql_expr_test.map(({ eval_time }) => eval_time);
  };
  assert.deepEqual(times(0.999), ['35m', '50m', '55m', '65m', '90m']);
  assert.ok(!times(0.97).includes('55m'), times(0.97).join());
});
