import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { planAlerts, ruleTargets } from '../../alerts/index.ts';
import { parseSpec } from '../../slo/index.ts';
import { runGoSreInProcess } from '../helpers/scaffold.ts';

const shop = readFileSync(join(import.meta.dirname, '../slo/testdata/shop.json'), 'utf8');
const sloth = `version: prometheus/v1
service: mails
slos:
  - name: sent
    objective: 99.5
    description: Mails are sent.
    sli:
      events:
        error_query: sum(rate(mails_failed_total[{{.window}}]))
        total_query: sum(rate(mails_total[{{.window}}]))
    alerting: { name: Mails }
`;

function folder(t: TestContext, files: Record<string, string>): string {
  const dir = mkdtempSync(join(tmpdir(), 'slo-rules-command-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

const openSlo = {
  apiVersion: 'openslo/v1',
  kind: 'SLO',
  metadata: { name: 'sent' },
  spec: {
    ...{ service: 'mails', budgetingMethod: 'Occurrences', objectives: [{ target: 0.99 }] },
    indicator: {
      metadata: { name: 'sent' },
      spec: { ratioMetric: { counter: true, bad: counter('failed_total'), total: counter('mails_total') } },
    },
    timeWindow: [{ duration: '30d', isRolling: true }],
  },
};

function counter(query: string) {
  return { metricSource: { type: 'Prometheus', spec: { query } } };
}

interface Rules {
  groups: { name: string; rules: unknown[] }[];
}

test('slo rules prints the rules of a file, as slo render does for a service that is not ours', async (t) => {
  const ran = await runGoSreInProcess(['slo', 'rules', 'slo.json'], folder(t, { 'slo.json': shop }));
  assert.equal(ran.exitCode, 0, ran.stderr);
  const spec = parseSpec(shop);
  assert.ok(spec.ok);
  assert.deepEqual(
    parse(ran.stdout),
    parse(planAlerts(spec.service, ruleTargets.prometheus, 'unknown').get('prometheus/rules.yaml')!),
  );
});

test('the process is watched where the spec says its job, and nobody is called about a job that was guessed', async (t) => {
  const named = JSON.stringify({ ...JSON.parse(shop), job: 'shop-prod' });
  const dir = folder(t, { 'guessed.json': shop, 'named.json': named });
  const guessed = await runGoSreInProcess(['slo', 'rules', 'guessed.json'], dir);
  assert.doesNotMatch(guessed.stdout, /ServiceNotScraped/);
  const known = await runGoSreInProcess(['slo', 'rules', 'named.json'], dir);
  assert.match(known.stdout, /absent\(up\{job="shop-prod"\}\)/);
});

test('files of several formats and services are one file of rules', async (t) => {
  const dir = folder(t, { 'slo.json': shop, 'mails.yaml': sloth });
  const ran = await runGoSreInProcess(
    ['slo', 'rules', 'slo.json', 'mails.yaml', '--target', 'mimir', '--out', 'r.yaml'],
    dir,
  );
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.equal(ran.stdout, '');
  assert.match(ran.stderr, /mails\.yaml/, 'Sloth names no runbook, and that is told');
  const { groups } = parse(readFileSync(join(dir, 'r.yaml'), 'utf8')) as Rules;
  assert.ok(groups.some(({ name }) => name.startsWith('slo-shop-')));
  assert.ok(groups.some(({ name }) => name.startsWith('slo-mails-')));
  assert.ok(groups.every(({ rules }) => rules.length <= 20));
});

const refusals: Record<string, { argv: string[]; exitCode: number; says: RegExp }> = {
  'no file': { argv: [], exitCode: 2, says: /Name the files of objectives/ },
  'a file that is not there': { argv: ['other.json'], exitCode: 1, says: /There is no other\.json/ },
  'a wrong objective': {
    argv: ['bad.json'],
    exitCode: 1,
    says: /bad\.json: slos\[0\]\.objective: 99\.9 is not/,
  },
  'a wrong line of YAML': { argv: ['bad.yaml'], exitCode: 1, says: /bad\.yaml:\d+/ },
  'a target that is none': {
    argv: ['slo.json', '--target', 'mimr'],
    exitCode: 2,
    says: /--target mimr is no target; did you mean mimir\?/,
  },
};

test('slo rules takes JSON of another format too', async (t) => {
  const dir = folder(t, { 'mails.json': JSON.stringify(openSlo) });
  const ran = await runGoSreInProcess(['slo', 'rules', 'mails.json'], dir);
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.equal((parse(ran.stdout) as Rules).groups[0]!.name, 'slo-mails-fast');
});

for (const [name, { argv, exitCode, says }] of Object.entries(refusals)) {
  test(`refused by slo rules, and nothing is written: ${name}`, async (t) => {
    const bad = shop.replace('0.999,', '99.9,');
    const dir = folder(t, { 'slo.json': shop, 'bad.json': bad, 'bad.yaml': `${sloth}  : [` });
    const ran = await runGoSreInProcess(['slo', 'rules', ...argv, '--out', 'rules.yaml'], dir);
    assert.equal(ran.exitCode, exitCode);
    assert.match(ran.stderr, says);
    assert.equal(existsSync(join(dir, 'rules.yaml')), false);
  });
}
