import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { loadCohorts } from '../../../collector/correlate/cohort.ts';
import { explain } from '../../../collector/correlate/engine.ts';
import { readTotals } from '../../../collector/correlate/golden-signals.ts';
import type { Incident } from '../../../collector/correlate/incident.ts';
import { QUANTILES, quantileOfAll } from '../../../collector/correlate/weights.ts';
import { type Scenario, type ScenarioOptions, scenario, storeOf } from '../../helpers/scenario.ts';

const deps = { signal: new AbortController().signal };
/** One request in twenty is sampled, and all that fail are kept; there are no metrics that count the others. */
const KEPT: ScenarioOptions = {
  ...{ sampled: 0.05, keepFailed: true, without: ['metrics'] },
  ...{ quietSeconds: 240, faultSeconds: 120, fault: 'none' },
};

function questionOf(made: Scenario) {
  return {
    ...{ service: 'shop', method: 'GET', route: '/api/v2/verify', signal: 'errors' as const },
    onsetUnixNano: made.faultUnixNano,
    incident: { fromUnixNano: made.faultUnixNano, toUnixNano: made.endUnixNano },
    baseline: { fromUnixNano: made.startUnixNano, toUnixNano: made.faultUnixNano },
  };
}

async function explained(t: TestContext, options: ScenarioOptions): Promise<Incident> {
  const made = scenario({ ...KEPT, ...options });
  const store = await storeOf(t, made.batches);
  return explain(questionOf(made), store, { ...deps, clock: () => made.endUnixNano });
}

const found = (incident: Incident, kind: string) => incident.findings.find((f) => f.kind === kind)!;

test('a twentieth that fails is a twentieth of all requests, not half of the stored ones', async (t) => {
  const made = scenario({ ...KEPT, refused: () => 0.05 });
  const store = await storeOf(t, made.batches);
  const range = { fromUnixNano: made.startUnixNano, toUnixNano: made.endUnixNano };
  const routes = await readTotals(store, 'shop', range, deps);
  const [point] = routes.find(({ route }) => route === '/api/v2/verify')!.points;
  const share = point!.errors / point!.requests;
  assert.ok(share > 0.03 && share < 0.08, `${share} of the requests fail`);
  assert.ok(point!.requests > 2700 && point!.requests < 4500, `${point!.requests} of about 3,600 requests`);
  const whole = scenario({ ...KEPT, sampled: 1, keepFailed: false, refused: () => 0.05 });
  const [all] = (await readTotals(await storeOf(t, whole.batches), 'shop', range, deps)).filter(
    ({ route }) => route === '/api/v2/verify',
  );
  const ratio = point!.p99Ms! / all!.points[0]!.p99Ms!;
  assert.ok(ratio > 0.8 && ratio < 1.25, `p99 ×${ratio} of what it is`);
});

test('without a change there is neither a symptom nor a retry storm, and calls are repeated as they are', async (t) => {
  const incident = await explained(t, { refused: () => 0.05 });
  assert.equal(found(incident, 'symptom').outcome, 'refuted');
  const storm = found(incident, 'retry-storm');
  assert.equal(storm.outcome, 'refuted', storm.statement);
  for (const attempts of [storm.facts['attempts'], storm.facts['attemptsBefore']])
    assert.ok(Number(attempts) > 1.03 && Number(attempts) < 1.2, `${attempts} attempts, 1.1 are made`);
});

test('failures that grow from one in two hundred to one in twenty are no storm of retries', async (t) => {
  const incident = await explained(t, { refused: (second) => (second < 240 ? 0.005 : 0.05) });
  const storm = found(incident, 'retry-storm');
  assert.equal(storm.outcome, 'refuted', storm.statement);
  assert.ok(storm.effect < 1.2, storm.statement);
});

test('the usual p95 is that of all requests, not that of the failed ones that were kept', async (t) => {
  const refused = () => 0.02;
  const [whole, kept] = [
    scenario({ ...KEPT, sampled: 1, keepFailed: false, refused }),
    scenario({ ...KEPT, refused }),
  ];
  const slowMs = async (made: Scenario) => {
    const question = { ...questionOf(made), before: [] };
    return (await loadCohorts(question, await storeOf(t, made.batches), deps)).cohorts!.slowMs;
  };
  const ratio = (await slowMs(kept)) / (await slowMs(whole));
  assert.ok(ratio > 0.75 && ratio < 1.3, `×${ratio} of what it is`);
});

test('requests that are all sampled alike are counted, but not taken for more evidence than were stored', async (t) => {
  const made = scenario({ ...KEPT, keepFailed: false, sampled: 0.25 });
  const store = await storeOf(t, made.batches);
  const range = { fromUnixNano: made.startUnixNano, toUnixNano: made.endUnixNano };
  const routes = await readTotals(store, 'shop', range, deps);
  const [point] = routes.find(({ route }) => route === '/api/v2/verify')!.points;
  assert.equal(point!.weight, 4);
  assert.ok(point!.requests > 3000 && point!.requests < 4200);
  const incident = await explain(questionOf(made), store, { ...deps, clock: () => made.endUnixNano });
  assert.ok(found(incident, 'symptom').incident.n < 450, 'n counts requests that were never seen');
});

test('a quantile of groups lies where the requests they stand for lie', () => {
  const even = (low: number, high: number) => QUANTILES.map((q) => low + q * (high - low));
  const quick = { requests: 900, quantilesMs: even(0, 10) };
  const slow = { requests: 100, quantilesMs: even(100, 200) };
  assert.ok(Math.abs(quantileOfAll([quick, slow], 0.95) - 150) < 0.01);
  assert.ok(Math.abs(quantileOfAll([quick, slow], 0.5) - 0.5 / 0.09) < 0.01);
  assert.equal(quantileOfAll([quick], 0.95), 9.5);
  assert.ok(Number.isNaN(quantileOfAll([], 0.95)));
});
