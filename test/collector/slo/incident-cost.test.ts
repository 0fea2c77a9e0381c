import assert from 'node:assert/strict';
import { test } from 'node:test';
import { standingOf } from '../../../collector/slo/evaluate.ts';
import { budgetCosts } from '../../../collector/slo/incident-cost.ts';
import { Timeline } from '../../../collector/slo/timeline.ts';
import { smallIncident } from '../correlate/share/small-incident.ts';
import { shop } from './telemetry.ts';

const HOUR = Date.UTC(2026, 2, 11, 10);
const NOW = HOUR + 1_800_000;
const incident = {
  ...smallIncident.incident,
  ...{ service: 'shop', method: 'GET', route: '/orders/{id}' },
  onsetUnixNano: `${HOUR + 600_000}000000`,
};
const end = BigInt(HOUR + 900_000) * 1_000_000n;

/** A standing of each objective of the shop: 100 events a step, of which ten are bad in the ten steps from the onset on. */
const standings = shop().slos.map((slo) => {
  const timeline = new Timeline(NOW);
  const steps = 60;
  const bad = Float64Array.from({ length: steps }, (_, i) => (i >= 20 && i < 30 ? 10 : 0));
  const [total, observed] = [new Float64Array(steps).fill(100), new Uint8Array(steps).fill(1)];
  timeline.put({ startUnixMs: HOUR, stepSeconds: 30, bad, total, observed }, 1);
  const budget = {
    ...{ service: shop(), slo, labels: {}, source: 'metrics' as const, counts: timeline.read() },
    ...{ why: undefined, read: undefined, problem: undefined },
  };
  return standingOf(budget, NOW);
});

test('the cost is what was bad between onset and end, as a share of what the objective allows; the costliest first', () => {
  const costs = budgetCosts(incident, end, standings);
  assert.deepEqual(
    costs.map(({ slo, badEvents, totalEvents, share }) => [slo, badEvents, totalEvents, share?.toFixed(3)]),
    [
      // 1 % of 6,000 events are 60, 5 % are 300, 10 % are 600.
      ['orders-availability', 100, 1_000, '1.667'],
      ['all-availability', 100, 1_000, '0.333'],
      ['orders-latency', 100, 1_000, '0.167'],
    ],
  );
});

test('objectives of other routes and services cost nothing, and neither does a time of which nothing was counted', () => {
  const ids = (over: object) => budgetCosts({ ...incident, ...over }, end, standings).map(({ slo }) => slo);
  assert.deepEqual(ids({ route: '/health' }), ['all-availability']);
  assert.deepEqual(ids({ service: 'pay' }), []);
  assert.deepEqual(ids({ onsetUnixNano: `${NOW + 60_000}000000` }), []);
});
