import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parser } from '@prometheus-io/lezer-promql';
import { parse, stringify } from 'yaml';
import { planCollectorAlerts } from '../../alerts/index.ts';
import { planCollectorOps } from '../helpers/golden.ts';
import { run } from '../helpers/tool-recipes.ts';
import { tool } from '../helpers/tools.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'alerts/collector');
interface Rules {
  groups: {
    rules: { record?: string; alert?: string; expr: string; annotations?: Record<string, string> }[];
  }[];
}
const rules = (parse(planCollectorAlerts().get('rules.yaml')!) as Rules).groups.flatMap(
  (group) => group.rules,
);

test('rules and dashboard of the collector stand in their folders as they are made; npm run golden renews them', () => {
  assert.equal(planCollectorOps().size, 6);
  for (const [path, text] of planCollectorOps()) {
    assert.equal(readFileSync(join(root, path), 'utf8'), text, path);
  }
});

test('every expression parses as PromQL', () => {
  for (const { expr } of rules) {
    parser.parse(expr).iterate({
      enter: (node) =>
        assert.ok(!node.type.isError, `near ${expr.slice(node.from, node.from + 20)}: ${expr}`),
    });
  }
});

test('every alert has its scenario', () => {
  const tests = planCollectorAlerts().get('rules.test.yaml')!;
  const alerts = rules.flatMap(({ alert }) => alert ?? []);
  assert.ok(alerts.length >= 9);
  for (const alert of alerts) assert.ok(tests.includes(`alertname="${alert}"`), alert);
});

test('promtool accepts the rules and finds every scenario as it should be', (t) => {
  const promtool = tool(t, 'promtool');
  if (!promtool) return;
  run(promtool, ['check', 'rules', join(folder, 'rules.yaml')]);
  run(promtool, ['test', 'rules', join(folder, 'rules.test.yaml')]);
});

test('a rule that fires too late is found by its scenario', (t) => {
  const promtool = tool(t, 'promtool');
  if (!promtool) return;
  const broken = parse(readFileSync(join(folder, 'rules.test.yaml'), 'utf8')) as {
    tests: { promql_expr_test: { eval_time: string }[] }[];
  };
  for (const one of broken.tests) for (const expected of one.promql_expr_test) expected.eval_time = '1m';
  const text = stringify({ ...broken, rule_files: [join(folder, 'rules.yaml')] });
  const result = spawnSync(promtool, ['test', 'rules', '/dev/stdin'], { input: text, encoding: 'utf8' });
  assert.notEqual(result.status, 0);
});
