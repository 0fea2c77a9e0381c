import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import {
  alertGroups,
  planAlerts,
  type RuleTargetName,
  ruleTargets,
  targetProblem,
} from '../../alerts/index.ts';
import { parseSpec, type Service } from '../../slo/index.ts';
import { tool } from '../helpers/tools.ts';

const testdata = join(import.meta.dirname, 'testdata');

function service(file: string): Service {
  const result = parseSpec(readFileSync(join(testdata, file), 'utf8'));
  assert.ok(result.ok, JSON.stringify(result));
  return result.service;
}

/** Runs a promtool test file over the rules of `of`. */
function prove(t: TestContext, of: Service, target: RuleTargetName, file: string, command: string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'slo-kinds-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of planAlerts(of, ruleTargets[target]))
    writeFileSync(join(folder, basename(path)), text);
  cpSync(join(testdata, file), join(folder, file));
  const [binary, ...flags] = command;
  const { status, stdout, stderr } = spawnSync(binary!, [...flags, 'test', 'rules', file], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${stdout}${stderr}`.slice(0, 4_000));
}

/** Of which version promtool is, and the target whose rules it evaluates. */
const promtools = [
  { name: 'promtool', target: 'prometheus', flags: [] },
  { name: 'promtool-2', target: 'prometheus', flags: [] },
  {
    name: 'promtool',
    target: 'prometheus-anchored',
    flags: ['--enable-feature=promql-extended-range-selectors'],
  },
] as const;

for (const { name, target, flags } of promtools) {
  test(`every kind of objective counts what it says: ${name}, rules for ${target}`, (t) => {
    const binary = tool(t, name);
    if (binary) prove(t, service('kinds.slo.json'), target, 'kinds.test.yaml', [binary, ...flags]);
  });
}

test('a native histogram is a latency like any other', (t) => {
  const binary = tool(t, 'promtool');
  if (binary) prove(t, service('kinds.slo.json'), 'prometheus', 'native.test.yaml', [binary]);
});

test('a ratio that is infinite is time that is bad, and no sum is spoilt by it', (t) => {
  const binary = tool(t, 'promtool');
  if (binary) prove(t, service('bad-ratio.slo.json'), 'prometheus', 'bad-ratio.test.yaml', [binary]);
});

test('between two full hours the month covers all hours that have ended', (t) => {
  const binary = tool(t, 'promtool');
  if (binary) prove(t, service('month.slo.json'), 'prometheus', 'month-hours.test.yaml', [binary]);
});

test('the month of the calendar begins anew, and its budget is that of all its days', (t) => {
  const binary = tool(t, 'promtool');
  if (binary) prove(t, service('month.slo.json'), 'prometheus', 'month.test.yaml', [binary]);
});

test('every expression of every kind and target parses as PromQL', () => {
  for (const target of Object.values(ruleTargets)) {
    if (target.increase === 'anchored') continue; // The grammar does not know the modifier yet.
    for (const { expr } of alertGroups(service('kinds.slo.json'), target).flatMap((group) => group.rules)) {
      parser.parse(expr).iterate({
        enter: ({ type, from }) => assert.ok(!type.isError, `at ${from}: ${expr}`),
      });
    }
  }
});

test('a group for Mimir has at most 20 rules, in the order in which they read each other', () => {
  const of = service('kinds.slo.json');
  const [all, split] = [ruleTargets.prometheus, ruleTargets.mimir].map((target) => alertGroups(of, target));
  assert.ok(split!.every(({ rules }) => rules.length <= 20));
  assert.ok(split!.length > all!.length);
  assert.deepEqual(
    split!.flatMap(({ rules }) => rules),
    all!.flatMap(({ rules }) => rules),
  );
});

test('a group for Mimir holds the total that its bad events are taken from', () => {
  for (const { name, rules } of alertGroups(service('kinds.slo.json'), ruleTargets.mimir)) {
    const records = rules.map((rule) => ('record' in rule ? rule.record : ''));
    assert.doesNotMatch(records[0]!, /^slo:bad_events:/, name);
  }
});

test('Thanos gives up a rule rather than to count without a store', () => {
  for (const group of alertGroups(service('kinds.slo.json'), ruleTargets.thanos))
    assert.equal(
      (group as unknown as { partial_response_strategy: string }).partial_response_strategy,
      'abort',
    );
});

test('objectives that may not page are left out of pages, and those without alerts of all', () => {
  const alerts = alertGroups(service('kinds.slo.json'), ruleTargets.prometheus)
    .flatMap(({ rules }) => rules)
    .flatMap((rule) => ('alert' in rule && rule.alert === 'SloBurnRate' ? [rule] : []));
  const without = (tier: string) =>
    /slo!~"([^"]*)"/.exec(alerts.find(({ labels }) => labels.burnrate_tier === tier)!.expr)?.[1];
  assert.equal(without('page-1h'), 'goroutines|backup');
  assert.equal(without('ticket-3d'), 'backup');
});

test('VictoriaMetrics is told apart where an objective needs native histograms', () => {
  const of = service('kinds.slo.json');
  assert.match(
    targetProblem(of, ruleTargets.victoriametrics)!,
    /no native histograms, and slow would count nothing/,
  );
  assert.equal(targetProblem(of, ruleTargets.prometheus), undefined);
  const classic = { slos: of.slos.filter(({ id }) => id !== 'slow') };
  assert.equal(targetProblem(classic, ruleTargets.victoriametrics), undefined);
});

test('what an alert of the process says names only labels that its expression has', () => {
  const group = alertGroups(service('kinds.slo.json'), ruleTargets.prometheus, ['redis']).at(-1)!;
  const texts = group.rules.flatMap((rule) => ('annotations' in rule ? Object.values(rule.annotations) : []));
  const labels = new Set(
    texts.flatMap((text) => [...text.matchAll(/\$labels\.(\w+)/g)].map(([, name]) => name)),
  );
  assert.deepEqual([...labels], ['instance']);
  assert.ok(texts.some((text) => text.startsWith('shop is not scraped')));
});

test('an alert says which of the budgets of an objective burns', () => {
  const rules = planAlerts(service('kinds.slo.json')).get('prometheus/rules.yaml')!;
  assert.match(
    rules,
    /summary: .*\{\{ with \$labels\.region \}\} region=\{\{ \. \}\}\{\{ end \}\}: the error budget/,
  );
});

test('an alert links to the runbook of its objective and to its dashboard', () => {
  const rules = parse(planAlerts(service('kinds.slo.json')).get('prometheus/rules.yaml')!) as {
    groups: { rules: { alert?: string; annotations?: Record<string, string> }[] }[];
  };
  const { annotations } = rules.groups.flatMap((group) => group.rules).find((rule) => rule.alert)!;
  assert.equal(
    annotations!.runbook_url,
    '{{ if eq $labels.slo "checkout" }}https://example.com/runbooks/pay{{ else }}https://example.com/runbooks/shop{{ end }}',
  );
  assert.equal(
    annotations!.dashboard_url,
    'https://grafana.example.com/d/shop-slo?var-slo={{ $labels.slo | urlquery }}',
  );
});

test('the configuration of Alertmanager is one, with the receivers of the spec', (t) => {
  const amtool = tool(t, 'amtool');
  if (!amtool) return;
  const folder = mkdtempSync(join(tmpdir(), 'slo-alertmanager-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'alertmanager.yaml');
  writeFileSync(file, planAlerts(service('kinds.slo.json')).get('alertmanager/alertmanager.yaml')!);
  const asked = (...args: string[]) => spawnSync(amtool, args, { encoding: 'utf8' });
  assert.equal(asked('check-config', file).status, 0, asked('check-config', file).stdout);
  const receiver = (...labels: string[]) =>
    asked('config', 'routes', 'test', `--config.file=${file}`, ...labels).stdout.trim();
  assert.equal(receiver('service=shop', 'severity=page'), 'shop-pager');
  assert.equal(receiver('service=shop', 'severity=ticket'), 'shop-board');
});
