import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SloHead } from '../../../collector/api/types.ts';
import {
  countScale,
  decades,
  heightOf,
  nearestAt,
  plotPath,
  plotTicks,
  shareScale,
} from '../../../collector/ui/charts/plot-scale.ts';
import { formatBurn, formatLeft, formatObjective } from '../../../collector/ui/format.ts';
import { DEFAULT_RANGE, formatRoute } from '../../../collector/ui/router.ts';
import {
  badTraces,
  barOf,
  goodOf,
  markOf,
  promiseOf,
  sloRoute,
  subjectOf,
  windowOf,
} from '../../../collector/ui/views/slo-words.ts';

const slo = {
  ...{ service: 'shop', id: 'orders', labels: {}, kind: 'latency', objective: 0.999, thresholdSeconds: 0.3 },
  ...{ routes: [{ method: 'GET', route: '/orders/{id}' }], window: '30d' },
};

test('budgets, burn rates and objectives are written as people say them', () => {
  assert.deepEqual(
    [0.657, 1, -2.43, -0.0004, 0, null].map((left) => formatLeft(left)),
    ['65.7 %', '100 %', '−243 %', '−0.0 %', '0 %', '–'],
  );
  assert.deepEqual(
    [62.4, 14.4, 6, 0.24, 0.01, 0, null].map((burn) => formatBurn(burn)),
    ['62×', '14.4×', '6×', '0.2×', '<0.1×', '0×', '–'],
  );
  assert.deepEqual([0.999, 0.9995, 0.99].map(formatObjective), ['99.9 %', '99.95 %', '99 %']);
});

test('an objective is called by what it speaks of, and says what it promises', () => {
  assert.equal(subjectOf(slo), 'GET /orders/{id}');
  assert.equal(subjectOf({ ...slo, routes: [] }), slo.id);
  assert.equal(subjectOf({ ...slo, routes: [...slo.routes, ...slo.routes] }), 'GET /orders/{id} and 1 more');
  assert.equal(subjectOf({ ...slo, labels: { tenant: 'a' } }), 'GET /orders/{id} (tenant=a)');
  assert.equal(promiseOf(slo), 'latency 99.9 % < 300 ms');
  assert.deepEqual([windowOf(slo), windowOf({ ...slo, window: 'month' })], ['30 days', 'the month']);
  assert.match(goodOf(slo), /within 300 ms/);
  assert.equal(
    formatRoute(sloRoute({ ...slo, labels: { a: 'b' } }, DEFAULT_RANGE)),
    '/slos/shop/orders?group=a%3Db',
  );
});

test('a state has its mark and its word, with since when where somebody is called', () => {
  const now = Date.UTC(2026, 2, 11, 14, 41);
  const sinceUnixNano = `${Date.UTC(2026, 2, 11, 14, 36)}000000`;
  const call: SloHead['call'] = {
    severity: 'page',
    tier: 'page-1h',
    owner: 'x',
    receiver: 'y',
    sinceUnixNano,
  };
  assert.deepEqual(markOf({ state: 'paging', call }, now), { mark: 'failing', says: 'paging since 14:36' });
  assert.deepEqual(markOf({ state: 'not observed' }, now), { mark: 'no data', says: 'not observed' });
  assert.deepEqual(barOf(-2), { width: 100, tone: 'e' });
  assert.deepEqual(barOf(0.25), { width: 25, tone: 'w' });
  assert.equal(barOf(null).width, 0);
});

test('the traces of bad requests are the failed or the slow ones of its routes', () => {
  const addresses = (change: Partial<typeof slo>) =>
    badTraces({ ...slo, ...change }, DEFAULT_RANGE).map(({ to }) => formatRoute(to));
  assert.deepEqual(addresses({}), ['/traces?service=shop&route=GET+%2Forders%2F%7Bid%7D&min_ms=300']);
  assert.deepEqual(addresses({ kind: 'availability', routes: [] }), ['/traces?service=shop&errors=1']);
  assert.deepEqual(addresses({ kind: 'saturation' }), []);
});

test('scales have round ends, and 0 is a gridline also where a budget is overspent', () => {
  assert.deepEqual(plotTicks(countScale([0, 3, null])), [0, 1, 2, 3, 4]);
  assert.deepEqual(plotTicks(countScale([33])), [0, 10, 20, 30, 40]);
  assert.deepEqual(plotTicks(shareScale([1, 0.2])), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(plotTicks(shareScale([1, -2.43])), [-4, -2, 0, 1]);
  assert.deepEqual(plotTicks(decades([[0.2, 340]], 0.1, 100)), [0.1, 1, 10, 100, 1000]);
});

test('a line leaves gaps where nothing was measured, and the crosshair finds the nearest moment', () => {
  const scale = { min: 0, max: 10, log: false };
  assert.equal(plotPath([0, 1, 2, 3, 4], [0, 10, null, 5, null], scale), 'M0 100L250 0M750 50h4');
  assert.equal(plotPath([], [], scale), '');
  assert.deepEqual([heightOf(20, scale), heightOf(-1, scale), heightOf(0, decades([], 0.1, 100))], [1, 0, 0]);
  assert.equal(nearestAt([0, 10, 20], 0.4), 1);
  assert.equal(nearestAt([], 0.4), -1);
});
