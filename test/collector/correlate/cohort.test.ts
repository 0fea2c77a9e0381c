import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadCohorts, weightedShare } from '../../../collector/correlate/cohort.ts';
import type { Question } from '../../../collector/correlate/incident.ts';
import type { RequestTree } from '../../../collector/correlate/spans.ts';
import { type Scenario, scenario, storeOf } from '../../helpers/scenario.ts';

const deps = { signal: new AbortController().signal };

function questionOf(made: Scenario, signal: 'latency' | 'errors'): Question {
  return {
    ...{ service: 'shop', method: 'GET', route: '/api/v2/verify', signal, before: [] },
    onsetUnixNano: made.faultUnixNano,
    incident: { fromUnixNano: made.faultUnixNano, toUnixNano: made.endUnixNano },
    baseline: { fromUnixNano: made.startUnixNano, toUnixNano: made.faultUnixNano },
  };
}

test('a share counts every stored request for as many as it stands for, hits are stored requests', () => {
  const request = (weight: number, durationMs: number) => ({ weight, durationMs }) as RequestTree;
  const requests = [request(20, 5), request(20, 5), request(1, 900), request(1, 900)];
  const slow = weightedShare(requests, (r) => r.durationMs > 100);
  assert.deepEqual(slow, { share: 2 / 42, hits: 2 });
  assert.deepEqual(
    weightedShare([], () => true),
    { share: 0, hits: 0 },
  );
});

test('the weight of a sampled request comes from its trace state', async (t) => {
  const made = scenario({ fault: 'slow-cache', quietSeconds: 60, faultSeconds: 30, sampled: 0.5 });
  const { cohorts } = await loadCohorts(questionOf(made, 'latency'), await storeOf(t, made.batches), deps);
  assert.ok(cohorts!.bad.requests.every((request) => request.weight === 2));
});

test('bad requests are slower than the usual p95 or failed; when errors are asked about, failed alone', async (t) => {
  const made = scenario({ fault: 'slow-cache', quietSeconds: 60, faultSeconds: 30 });
  const store = await storeOf(t, made.batches);
  const latency = (await loadCohorts(questionOf(made, 'latency'), store, deps)).cohorts!;
  const errors = (await loadCohorts(questionOf(made, 'errors'), store, deps)).cohorts!;
  assert.ok(latency.bad.requests.every((r) => r.durationMs > latency.slowMs || r.entry.failed));
  assert.ok(latency.bad.requests.some((r) => !r.entry.failed));
  assert.ok(errors.bad.requests.length > 10 && errors.bad.requests.every((r) => r.entry.failed));
});

test('a cohort is drawn evenly over its window, not from its newest end', async (t) => {
  const made = scenario({ fault: 'slow-cache', quietSeconds: 120, faultSeconds: 30 });
  const { cohorts } = await loadCohorts(questionOf(made, 'latency'), await storeOf(t, made.batches), deps);
  const { requests, stored } = cohorts!.baseline;
  assert.ok(requests.length <= 300 && stored > 1000);
  const half = made.startUnixNano + (made.faultUnixNano - made.startUnixNano) / 2n;
  const early = requests.filter((r) => r.entry.startUnixNano < half).length / requests.length;
  assert.ok(early > 0.4 && early < 0.6, `${early} of them from the first half`);
});

test('a side with too few traces is said to be missing', async (t) => {
  const made = scenario({ fault: 'none', quietSeconds: 60, faultSeconds: 1 });
  const { missing } = await loadCohorts(questionOf(made, 'errors'), await storeOf(t, made.batches), deps);
  assert.equal(missing, 'no traces of this route (failed since the onset) are stored');
});
