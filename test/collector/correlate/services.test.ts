import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDetector } from '../../../collector/correlate/detector.ts';
import { goldenSignals } from '../../../collector/correlate/services.ts';
import { scenario, storeOf } from '../../helpers/scenario.ts';

const SECOND = 1_000_000_000n;
const deps = { signal: new AbortController().signal };

test('quiet services are all normal, with rates, p99 and lines of every route', async (t) => {
  const made = scenario({ fault: 'none', quietSeconds: 120, faultSeconds: 0 });
  const store = await storeOf(t, made.batches);
  const health = await goldenSignals(
    store,
    { fromUnixNano: made.startUnixNano, toUnixNano: made.endUnixNano },
    deps,
  );
  assert.match(health.answer, /^All is normal: 3 routes of 1 service, 1\d\.\d req\/s\.$/);
  const [shop] = health.services;
  assert.deepEqual([health.matched, shop!.name, shop!.state, shop!.source], [1, 'shop', 'normal', 'metrics']);
  assert.equal(shop!.routes.length, 3);
  for (const { signals, state } of [...shop!.routes, shop!]) {
    assert.equal(state, 'normal');
    assert.ok(signals.perSecond! > 1 && signals.p99Ms! > 10 && signals.errorShare === 0);
    assert.equal(signals.traffic.at.length, signals.traffic.value.length);
    assert.ok(signals.latency.value.some((value) => value !== null));
  }
  const sum = shop!.routes.reduce((total, route) => total + route.signals.perSecond!, 0);
  assert.ok(Math.abs(shop!.signals.perSecond! - sum) < 0.01);
  assert.equal(shop!.saturation?.what, 'redis connection pool');
  assert.ok(shop!.saturation.share < 0.2);
});

test('the broken route comes first, with its usual p99, and the answer says who, since when and how badly', async (t) => {
  const made = scenario({ fault: 'slow-cache', quietSeconds: 120, faultSeconds: 60 });
  const store = await storeOf(t, made.batches);
  let now = made.endUnixNano - 20n * SECOND;
  const detector = createDetector(store, { clock: () => now, timeout: () => deps.signal });
  await detector.tick();
  now = made.endUnixNano;
  await detector.tick();
  const range = { fromUnixNano: made.faultUnixNano, toUnixNano: made.endUnixNano };
  const health = await goldenSignals(store, range, deps);
  const [route, ...others] = health.services[0]!.routes;
  assert.deepEqual([route!.route, route!.state], ['/api/v2/verify', 'failing']);
  assert.ok(route!.signals.p99Ms! > 20 * route!.signals.usualP99Ms!);
  assert.ok(others.every((other) => other.state === 'normal'));
  assert.equal(health.services[0]!.saturation?.share, 1);
  assert.match(
    health.answer,
    /^redis\.GET slow: .* Since \d\d:\d\d:\d\d: p99 [\d.]+ s, usually [\d.]+ ms, [\d.]+ % of requests fail\.$/,
  );
});

test('without metrics the stored spans answer, and say that they do', async (t) => {
  const made = scenario({ fault: 'none', quietSeconds: 60, faultSeconds: 0, without: ['metrics'] });
  const store = await storeOf(t, made.batches);
  const range = { fromUnixNano: made.startUnixNano, toUnixNano: made.endUnixNano };
  const [shop] = (await goldenSignals(store, range, deps)).services;
  assert.equal(shop!.source, 'spans');
  assert.ok(shop!.signals.perSecond! > 10 && shop!.signals.p99Ms! > 10);
});

test('an empty range is said to be empty', async (t) => {
  const store = await storeOf(t, []);
  const health = await goldenSignals(store, { fromUnixNano: SECOND, toUnixNano: 600n * SECOND }, deps);
  assert.deepEqual([health.answer, health.matched], ['No requests in this range.', 0]);
});
