// The rendered rules in Prometheus's own engine, and the replay: the same alerts at the same times.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stringify } from 'yaml';
import { planAlerts } from '../../alerts/index.ts';
import {
  cadences,
  type Firing,
  parseSpec,
  replay,
  type Service,
  type StepCounts,
  tiers,
} from '../../slo/index.ts';
import { tool } from '../helpers/tools.ts';

const step = 30;
const hour = 120;

/** [steps, requests per step, bad ones per step]; undefined: not scraped. */
type Part = readonly [steps: number, total: number, bad: number] | readonly [steps: number];
const on: Part = [4, 100, 70];
const off: Part = [4, 100, 0];

interface Case {
  readonly objective: number;
  /** How often promtool evaluates all groups: it knows no interval of a group. */
  readonly every: number;
  readonly parts: readonly Part[];
}

const cases: Record<string, Case> = {
  'an outage': {
    objective: 0.999,
    every: 30,
    parts: [
      [40, 100, 0],
      [10, 100, 100],
      [80, 100, 0],
    ],
  },
  'trouble that comes and goes, with scrapes missing': {
    objective: 0.99,
    every: 60,
    parts: [
      [30, 100, 1],
      ...Array.from({ length: 5 }, () => [on, off]).flat(),
      [30],
      [40, 100, 30],
      [9],
      [80, 100, 0],
    ],
  },
  'an idle route that fails for half a day': {
    objective: 0.999,
    every: 300,
    parts: Array.from({ length: 7 }, (): Part[] => [
      [1, 1, 1],
      [2 * hour - 1, 0, 0],
    ]).flat(),
  },
};

function countsOf(parts: readonly Part[]): StepCounts {
  const steps = parts.flatMap((part) => Array.from({ length: part[0] }, () => part.slice(1)));
  const column = (n: number) => Float64Array.from(steps, (one) => one[n] ?? 0);
  const observed = Uint8Array.from(steps, (one) => (one.length > 0 ? 1 : 0));
  return { startUnixMs: 0, stepSeconds: step, total: column(0), bad: column(1), observed };
}

function spec(objective: number): Service {
  const slo = { id: 'all', kind: 'availability', objective, window: '30d' };
  const head = { schema: 'go-sre.slo/v1', service: 'shop', owner: 'team', runbook: 'https://example.com' };
  const result = parseSpec({ ...head, slos: [slo] });
  assert.ok(result.ok);
  return result.service;
}

/** A counter as the scraper sees it: one sample at 0 and one at the end of every step that was measured. */
function samples(increases: Float64Array, observed: Uint8Array): string {
  let value = 0;
  const texts = Array.from(increases, (increase, at) => {
    value += increase;
    return observed[at] ? String(value) : '_';
  });
  return ['0', ...texts].join(' ');
}

function inputSeries({ bad, total, observed }: StepCounts) {
  const series = (code: string) =>
    `http_server_request_duration_seconds_count{job="shop",instance="a",http_response_status_code="${code}"}`;
  const good = total.map((all, at) => all - bad[at]!);
  return [
    { series: series('200'), values: samples(good, observed) },
    { series: series('500'), values: samples(bad, observed) },
  ];
}

/** Whether a tier fires around each border that the replay found: one evaluation of its group before and after. */
function expectations(firings: readonly Firing[], steps: number, every: number) {
  return tiers.flatMap((tier) => {
    const { seconds } = cadences.find((cadence) => cadence.tiers.includes(tier))!;
    const slack = Math.max(seconds, every) / step;
    const own = firings.filter((one) => one.tier === tier);
    const firesAt = (at: number) => own.some(({ from, to }) => at >= from && at < to);
    const borders = own.flatMap(({ from, to }) => [from, to]).filter((at) => at < steps);
    const steady = (at: number) =>
      at >= 0 && at < steps && borders.every((border) => at < border - slack || at >= border + slack);
    const asked = [...borders.flatMap((at) => [at - slack - 1, at + slack]), steps >> 1, steps - 1].filter(
      steady,
    );
    return [...new Set(asked)].map((at) => ({
      expr: `count by (burnrate_tier) (ALERTS{alertname="SloBurnRate",alertstate="firing",burnrate_tier="${tier.id}"})`,
      eval_time: `${(at + 1) * step}s`,
      exp_samples: firesAt(at) ? [{ labels: `{burnrate_tier="${tier.id}"}`, value: 1 }] : [],
    }));
  });
}

function writeRules(t: TestContext, service: Service, tests: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'slo-replay-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const rules = [...planAlerts(service)].find(([path]) => basename(path) === 'rules.yaml')![1];
  writeFileSync(join(folder, 'rules.yaml'), rules);
  writeFileSync(join(folder, 'tests.yaml'), stringify(tests));
  return folder;
}

for (const [name, { objective, every, parts }] of Object.entries(cases)) {
  test(`promtool sees the alerts of the rules when the replay does: ${name}`, (t) => {
    const binary = tool(t, 'promtool');
    if (!binary) return;
    const service = spec(objective);
    const counts = countsOf(parts);
    const firings = replay(Number((1 - objective).toPrecision(9)), counts);
    assert.ok(firings.length > 0, 'nothing fires, so nothing is compared');
    const expected = expectations(firings, counts.total.length, every);
    assert.ok(expected.some(({ exp_samples }) => exp_samples.length > 0));
    const folder = writeRules(t, service, {
      rule_files: ['rules.yaml'],
      evaluation_interval: `${every}s`,
      group_eval_order: cadences.map((cadence) => `slo-shop-${cadence.name}`),
      tests: [{ interval: '30s', input_series: inputSeries(counts), promql_expr_test: expected }],
    });
    const { status, stdout, stderr } = spawnSync(binary, ['test', 'rules', 'tests.yaml'], {
      cwd: folder,
      encoding: 'utf8',
    });
    assert.equal(
      status,
      0,
      `${stdout}${stderr}\n${firings.map((f) => `${f.tier.id} ${f.from}-${f.to}`).join('\n')}`,
    );
  });
}
