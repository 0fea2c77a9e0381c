import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BurnAlerts } from '../../../collector/slo/burn-alerts.ts';
import { standingOf } from '../../../collector/slo/evaluate.ts';
import { Timeline } from '../../../collector/slo/timeline.ts';
import { shop } from './telemetry.ts';

const HOUR = Date.UTC(2026, 2, 11, 10);
const NOW = HOUR + 3_600_000;

/** Standings of the shop's objectives after an hour in which every step had so many bad of 100 events. */
function standings(bad: number) {
  return shop().slos.map((slo) => {
    const timeline = new Timeline(NOW);
    const steps = 120;
    const [total, observed] = [new Float64Array(steps).fill(100), new Uint8Array(steps).fill(1)];
    const counts = { bad: new Float64Array(steps).fill(bad), total, observed };
    timeline.put({ startUnixMs: HOUR, stepSeconds: 30, ...counts }, 1);
    const budget = {
      ...{ service: shop(), slo, labels: {}, source: 'metrics' as const, counts: timeline.read() },
      ...{ why: undefined, read: undefined, problem: undefined },
    };
    return standingOf(budget, NOW);
  });
}

test('an objective that begins to page is told once, with its routes and its signal, and once when it is over', () => {
  const alerts = new BurnAlerts();
  assert.deepEqual(alerts.since(standings(0), NOW), []);
  const began = alerts.since(standings(90), NOW);
  const orders = began.find(({ slo }) => slo === 'orders-availability')!;
  assert.deepEqual(
    [orders.service, orders.route, orders.signal, orders.resolvedUnixNano],
    ['shop', 'GET /orders/{id}', 'errors', undefined],
  );
  assert.ok(orders.startsUnixNano >= BigInt(HOUR) * 1_000_000n);
  for (const alert of began) alerts.taken(alert);
  assert.deepEqual(alerts.since(standings(90), NOW + 30_000), []);
  const over = alerts.since(standings(0), NOW + 60_000);
  assert.deepEqual(
    over.map(({ fingerprint, startsUnixNano }) => [fingerprint, startsUnixNano]).sort(),
    began.map(({ fingerprint, startsUnixNano }) => [fingerprint, startsUnixNano]).sort(),
  );
  assert.ok(over.every(({ resolvedUnixNano }) => resolvedUnixNano === BigInt(NOW + 60_000) * 1_000_000n));
  for (const alert of over) alerts.taken(alert);
  assert.deepEqual(alerts.since(standings(0), NOW + 90_000), []);
});

test('what was not taken is told again as it was, until it is or is over', () => {
  const alerts = new BurnAlerts();
  const began = alerts.since(standings(90), NOW);
  const [first, ...others] = began;
  for (const alert of others) alerts.taken(alert);
  assert.deepEqual(alerts.since(standings(90), NOW + 30_000), [first]);
  // Nobody knows of it: there is nothing to be told as over.
  const over = alerts.since(standings(0), NOW + 60_000);
  assert.equal(
    over.some(({ fingerprint }) => fingerprint === first!.fingerprint),
    false,
  );
  assert.equal(over.length, others.length);
  assert.deepEqual(alerts.since(standings(0), NOW + 90_000), over);
});

test('after a restart what open incidents have of it goes on, and is over when it is, but not before the store is read', () => {
  const before = new BurnAlerts().since(standings(90), NOW);
  const noted = before.map(({ fingerprint, name, slo, startsUnixNano }) => ({
    ...{ fingerprint, name, slo, startsUnixNano: String(startsUnixNano - 7n) },
  }));
  const strange = { fingerprint: 'of another', name: 'x', slo: '', startsUnixNano: '1' };
  const goesOn = new BurnAlerts();
  assert.deepEqual(goesOn.since(standings(90), NOW, [...noted, strange]), []);
  const unread = standings(0).map((one) => ({ ...one, budget: { ...one.budget, counts: undefined } }));
  const ended = new BurnAlerts();
  assert.deepEqual(ended.since(unread, NOW, noted), []);
  const over = ended.since(standings(0), NOW);
  assert.deepEqual(
    over.map(({ fingerprint, startsUnixNano }) => [fingerprint, String(startsUnixNano)]).sort(),
    noted.map(({ fingerprint, startsUnixNano }) => [fingerprint, startsUnixNano]).sort(),
  );
});

test('an objective of latency asks about latency', () => {
  const began = new BurnAlerts().since(standings(90), NOW);
  assert.equal(began.find(({ slo }) => slo === 'orders-latency')?.signal, 'latency');
});
