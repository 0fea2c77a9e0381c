import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parser } from '@prometheus-io/lezer-promql';
import { parse, stringify } from 'yaml';
import { planAlerts } from '../../alerts/index.ts';
import { parseSpec, type Service } from '../../slo/index.ts';
import { tool } from '../helpers/tools.ts';

const testdata = join(import.meta.dirname, 'testdata');
const shopText = readFileSync(join(import.meta.dirname, '../slo/testdata/shop.json'), 'utf8');

interface RulesFile {
  groups: { name: string; interval: string; rules: { record?: string; alert?: string; expr: string }[] }[];
}

function spec(change: (raw: Record<string, unknown>) => void = () => {}): Service {
  const raw = JSON.parse(shopText);
  change(raw);
  const result = parseSpec(raw);
  assert.ok(result.ok, JSON.stringify(result));
  return result.service;
}

function rulesOf(service: Service): RulesFile {
  return parse(planAlerts(service).get('prometheus/rules.yaml')!);
}

/** Writes the rendered files into a folder of their own, which the test removes. */
function writeRules(t: TestContext, service: Service): string {
  const folder = mkdtempSync(join(tmpdir(), 'slo-rules-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of planAlerts(service)) {
    writeFileSync(join(folder, basename(path)), text);
  }
  return folder;
}

function promtool(
  binary: string,
  folder: string,
  ...args: string[]
): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(binary, args, { cwd: folder, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

// Refreshed by: node --test --test-update-snapshots test/alerts/rules.test.ts
for (const [path, golden] of [
  ['prometheus/rules.yaml', 'shop.rules.yaml'],
  ['prometheus/rules.test.yaml', 'shop.rules.test.yaml'],
  ['alertmanager/alertmanager.yaml', 'shop.alertmanager.yaml'],
] as const) {
  test(`the rendered ${path} is the golden one`, (t) => {
    const text = planAlerts(spec()).get(path)!;
    assert.match(text, /^# Code generated from slo\.json; DO NOT EDIT\./);
    t.assert.fileSnapshot(text, join(testdata, golden), { serializers: [String] });
  });
}

test('two renderings have the same bytes', () => {
  assert.deepEqual([...planAlerts(spec())], [...planAlerts(spec())]);
});

test('every expression parses as PromQL', () => {
  const expressions = rulesOf(spec()).groups.flatMap((group) => group.rules.map((rule) => rule.expr));
  assert.ok(expressions.length > 40);
  for (const expr of expressions) {
    parser.parse(expr).iterate({
      enter: (node) =>
        assert.ok(!node.type.isError, `near ${expr.slice(node.from, node.from + 20)}: ${expr}`),
    });
  }
});

test('the parser that judges the expressions sees a missing bracket', () => {
  let errors = 0;
  parser.parse('sum(rate(x[5m])').iterate({
    enter: (node) => {
      if (node.type.isError) errors++;
    },
  });
  assert.ok(errors > 0);
});

test('another objective changes its constants and nothing else, so that history stays valid', () => {
  const before = rulesOf(spec()).groups.flatMap((group) => group.rules);
  const after = rulesOf(
    spec((raw) => {
      (raw.slos as { objective: number }[])[1]!.objective = 0.9995;
    }),
  ).groups.flatMap((group) => group.rules);
  const changed = after.filter((rule, i) => rule.expr !== before[i]!.expr);
  assert.deepEqual(
    changed.map(({ record, expr }) => [record, expr]),
    [
      ['slo:objective:ratio', 'vector(0.9995)'],
      ['slo:error_budget:ratio', 'vector(0.0005)'],
    ],
  );
});

test('no group is evaluated less often than the lookback that reads its series', () => {
  for (const { interval } of rulesOf(spec()).groups)
    assert.ok(['30s', '1m', '4m'].includes(interval), interval);
});

test('more objectives add only the rules that read their own counters', () => {
  const count = (service: Service) =>
    rulesOf(service).groups.reduce((sum, group) => sum + group.rules.length, 0);
  const more = spec((raw) => {
    const slos = raw.slos as Record<string, unknown>[];
    slos.push({ ...slos[1]!, id: 'one-more', route: '/carts' });
  });
  assert.equal(count(more) - count(spec()), 8);
});

test('text of a runbook cannot become a template', () => {
  const service = spec((raw) => {
    raw.runbook = 'https://example.com/{{$value}}';
  });
  assert.match(JSON.stringify(rulesOf(service)), /\/\{\{ \\"\{\{\\" \}\}\$value\}\}/);
});

test('quotes and backslashes of a route stay inside its matcher', () => {
  const service = spec((raw) => {
    (raw.slos as { route: string }[])[1]!.route = '/a"b\\c';
  });
  const exprs = rulesOf(service).groups.flatMap((group) => group.rules.map((rule) => rule.expr));
  assert.ok(exprs.some((expr) => expr.includes('http_route="/a\\"b\\\\c"')));
});

const variants: Record<string, (raw: Record<string, unknown>) => void> = {
  'one objective of each kind, in all scenarios': (raw) => {
    raw.slos = (raw.slos as unknown[]).slice(1, 3);
  },
  'four objectives, two windows': () => {},
  'one objective of the whole service, three nines and a half': (raw) => {
    raw.slos = [{ id: 'all', kind: 'availability', objective: 0.9995, window: '28d' }];
  },
  'five nines, over a day': (raw) => {
    raw.slos = [{ id: 'all', kind: 'availability', objective: 0.99999, window: '1d' }];
  },
  'a low objective, which no burn rate of 14.4 can reach': (raw) => {
    raw.slos = [
      { id: 'a-lat', kind: 'latency', route: '/a', objective: 0.9, thresholdSeconds: 2.5, window: '30d' },
      { id: 'b-lat', kind: 'latency', objective: 0.6, thresholdSeconds: 10, window: '7d' },
    ];
  },
  'no objective': (raw) => {
    raw.slos = [];
  },
};

for (const [index, [name, change]] of Object.entries(variants).entries()) {
  test(`promtool accepts the rules and their tests pass: ${name}`, (t) => {
    const binary = tool(t, 'promtool');
    if (!binary) return;
    const folder = writeRules(t, spec(change));
    const check = promtool(binary, folder, 'check', 'rules', 'rules.yaml');
    assert.equal(check.status, 0, check.output);
    // The scenarios of days are run once: they take nine tenths of the time.
    const some = index === 0 ? [] : ['--run', 'outage|restart|no traffic'];
    const unit = promtool(binary, folder, 'test', 'rules', ...some, 'rules.test.yaml');
    assert.equal(unit.status, 0, unit.output);
  });
}

test('the hard cases hold: late errors, restarts, idle hours, missing buckets, removed objectives', (t) => {
  const binary = tool(t, 'promtool');
  if (!binary) return;
  const folder = writeRules(t, spec());
  cpSync(join(testdata, 'hard-cases.test.yaml'), join(folder, 'hard-cases.test.yaml'));
  const { status, output } = promtool(binary, folder, 'test', 'rules', 'hard-cases.test.yaml');
  assert.equal(status, 0, output);
});

/** What a wrong rule could look like: a change of every expression, and the scenario that must notice it. */
const damages: Record<string, { change: (expr: string) => string; scenario: string }> = {
  'client errors counted as ours': {
    change: (expr) => expr.replace('=~"5.."', '=~"[25].."'),
    scenario: 'outage',
  },
  'the guard of pages left out': {
    change: (expr) => expr.replaceAll(/>= [25]$/gm, '>= 0'),
    scenario: 'one failure',
  },
  'tickets that ignore coverage': {
    change: (expr) => expr.replace(/>= 0\.5$/, '>= 0'),
    scenario: 'slow burn',
  },
  'the fast page without its short window': {
    change: (expr) =>
      expr.replaceAll(/\nand ignoring \(owner\)\n.*increase5m\{service="shop"\}.*(> 14\.4|>= 2)$/gm, ''),
    scenario: 'outage',
  },
  'a restart taken for lost requests': {
    change: (expr) => expr.replaceAll(/\d+ \* sum\(rate\((.*?)\[(\w+)30s\]\)\)/g, 'sum($1 - $1 offset $2)'),
    scenario: 'restart',
  },
  'a failure that is missing where no series of failures is there': {
    change: (expr) => expr.replace(/\nor on \(\)\n0 \* .*$/, ''),
    scenario: 'appears late',
  },
};

for (const [name, { change, scenario }] of Object.entries(damages)) {
  test(`the rendered tests notice ${name}`, (t) => {
    const binary = tool(t, 'promtool');
    if (!binary) return;
    const oneObjective = spec((raw) => {
      raw.slos = (raw.slos as unknown[]).slice(1, 2);
    });
    const folder = writeRules(t, oneObjective);
    const rules = rulesOf(oneObjective);
    const before = JSON.stringify(rules);
    for (const rule of rules.groups.flatMap((group) => group.rules)) rule.expr = change(rule.expr);
    assert.notEqual(JSON.stringify(rules), before, 'the damage found nothing to change');
    writeFileSync(join(folder, 'rules.yaml'), stringify(rules));
    const { status, output } = promtool(
      binary,
      folder,
      'test',
      'rules',
      '--run',
      scenario,
      'rules.test.yaml',
    );
    assert.equal(status, 1, output);
    assert.match(output, /exp: /, 'it failed for another reason');
  });
}
