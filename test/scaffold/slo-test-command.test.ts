import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ruleTests } from '../../alerts/index.ts';
import type { RunProgram } from '../../scaffold/src/processes.ts';
import { failureText, readFailures } from '../../scaffold/src/slo/promtool-report.ts';
import { parseSpec } from '../../slo/index.ts';
import { runGoSreInProcess } from '../helpers/scaffold.ts';
import { tool } from '../helpers/tools.ts';

const spec = {
  ...{ schema: 'go-sre.slo/v1', service: 'shop', owner: 'team-shop', runbook: 'README.md' },
  slos: [
    {
      id: 'backup-fresh',
      kind: 'freshness',
      timestamp: 'backup_time_seconds',
      thresholdSeconds: 3_600,
      objective: 0.99,
      window: '30d',
    },
    {
      id: 'probe',
      kind: 'custom',
      badRatio: 'avg_over_time(probe_failed[$window])',
      objective: 0.99,
      window: '30d',
    },
  ],
};

function folderOf(t: TestContext, text = JSON.stringify(spec)): string {
  const folder = mkdtempSync(join(tmpdir(), 'slo-test-command-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'slo.json'), text);
  return folder;
}

/** A promtool that says this, per command: `check` and `test`. */
function saying(
  answers: Record<string, { status?: number; stdout?: string; problem?: string }>,
  calls: string[][] = [],
): RunProgram {
  return async (program, args) => {
    calls.push([program, ...args]);
    const { status, stdout = '', problem } = answers[args[0]!] ?? { status: 0 };
    return { status, stdout: Buffer.from(stdout), stderr: '', problem };
  };
}

test('the rules of a service are checked and tested by promtool, and nothing is left behind', async (t) => {
  const promtool = tool(t, 'promtool');
  if (!promtool) return;
  const dir = folderOf(t);
  const env = { ...process.env, TMPDIR: mkdtempSync(join(dir, 'tmp-')) };
  const ran = await runGoSreInProcess(['slo', 'test', '--promtool', promtool, '--json'], dir, { env });
  assert.equal(ran.exitCode, 0, ran.stderr);
  const proof = JSON.parse(ran.stdout);
  assert.ok(proof.rules > 20 && proof.tests > 2, ran.stdout);
  assert.deepEqual([proof.failures, proof.untested], [[], ['probe']]);
  assert.deepEqual(readdirSync(env.TMPDIR), []);
});

test('where there is no promtool, it is told how to get one', async (t) => {
  const run = saying({ check: { problem: 'promtool is not installed' } });
  const ran = await runGoSreInProcess(['slo', 'test'], folderOf(t), { run });
  assert.equal(ran.exitCode, 1);
  assert.match(
    ran.stderr,
    /There is no promtool\..*go install github\.com\/prometheus\/prometheus\/cmd\/promtool@.*--promtool PATH/,
  );
});

test('a failed test is told by its name, with what had to fire and what does', async (t) => {
  const parsed = parseSpec(spec);
  assert.ok(parsed.ok);
  const [outage] = ruleTests(parsed.service);
  const { expr, eval_time } = outage!.promql_expr_test.find((one) => one.eval_time === '40m')!;
  const stdout = `Processing test file: rules.test.yaml\n\n  FAILED:\n    expr: ${JSON.stringify(expr)}, time: ${eval_time},\n        exp: {burnrate_tier="page-1h", slo="backup-fresh"} 1E+00\n        got: nil\n\n`;
  const ran = await runGoSreInProcess(['slo', 'test'], folderOf(t), {
    run: saying({ test: { status: 1, stdout } }),
  });
  assert.equal(ran.exitCode, 1, ran.stderr);
  assert.match(ran.stdout, /^failed {2}backup-fresh: an outage pages within five minutes/);
  assert.match(
    ran.stdout,
    /after 40m must fire: \{burnrate_tier="page-1h", slo="backup-fresh"\}\n +fires: nothing\n/,
  );
  assert.match(ran.stdout, /; (\d+) of (\d+) tests pass\./);
});

test('rules that promtool refuses, and an end that is no test result, are told in its own words', async (t) => {
  const refused = saying({ check: { status: 1, stdout: 'rules.yaml: 3:5: could not parse expression' } });
  const first = await runGoSreInProcess(['slo', 'test'], folderOf(t), { run: refused });
  assert.deepEqual(
    [first.exitCode, /refuses the rules\.\nrules\.yaml: 3:5/.test(first.stderr)],
    [1, true],
    first.stderr,
  );
  const strange = saying({ test: { status: 2, stdout: 'panic: out of memory' } });
  const second = await runGoSreInProcess(['slo', 'test'], folderOf(t), { run: strange });
  assert.match(second.stderr, /could not run the tests\.\npanic: out of memory/);
});

test('several failures are told apart, and a time is one however it is written', () => {
  const name = 'late';
  const asked = { expr: 'up{a="b"}', eval_time: '765m', exp_samples: [] };
  const tests = [{ name, interval: '30s', input_series: [], promql_expr_test: [asked] }];
  const output = `  FAILED:\n    expr: "up{a=\\"b\\"}", time: 12h45m,\n        exp: nil\n        got: {a="b"} 1E+00\n    expr: "down", time: 5m,\n        exp: {} 2E+00\n        got: nil\n`;
  const failures = readFailures(output, tests);
  assert.deepEqual(
    failures.map((one) => [one.tests, one.expected, one.got]),
    [
      [[name], 'nothing', '{a="b"}'],
      [[], '{} 2E+00', 'nothing'],
    ],
  );
  assert.match(failureText(failures[1]!), /^failed {2}down\n/);
});

test('rules for a target that promtool does not evaluate are refused by name', async (t) => {
  const ran = await runGoSreInProcess(['slo', 'test', '--target', 'mimir'], folderOf(t));
  assert.equal(ran.exitCode, 2);
  assert.match(
    ran.stderr,
    /--target mimir: promtool evaluates rules for prometheus and prometheus-anchored only/,
  );
});
