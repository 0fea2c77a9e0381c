import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  DEFAULT_RANGE,
  fixedRoute,
  formatRoute,
  NO_TRACE_FILTER,
  parseRoute,
  type Range,
  type Route,
  rangeEnds,
} from '../../../collector/ui/router.ts';

function parse(url: string): Route {
  const { pathname, search } = new URL(url, 'http://console.test');
  return parseRoute(pathname, search);
}

const text = fc.string({ maxLength: 20 });
const range: fc.Arbitrary<Range> = fc.oneof(
  fc.record({ kind: fc.constant('last' as const), seconds: fc.integer({ min: 1, max: 604_800 }) }),
  fc
    .tuple(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 1, max: 1e9 }))
    .map(([fromMs, long]) => ({ kind: 'fixed' as const, fromMs, toMs: fromMs + long })),
);
// A path holds ids; a dot alone would be resolved away by every browser.
const id = fc.string({ minLength: 1, maxLength: 40 }).filter((s) => !/^\.+$/.test(s));
const route: fc.Arbitrary<Route> = fc.oneof(
  fc.record({ view: fc.constant('home' as const), range }),
  fc.record({
    view: fc.constant('traces' as const),
    range,
    filter: fc.record({
      q: text,
      service: text,
      route: text,
      errors: fc.boolean(),
      minMs: fc.integer({ min: 0, max: 3_600_000 }),
      order: fc.constantFrom('newest' as const, 'slowest' as const),
    }),
  }),
  fc.record({
    view: fc.constant('trace' as const),
    range,
    traceId: id,
    spanId: text,
    find: text,
    tab: fc.constantFrom('waterfall' as const, 'table' as const, 'logs' as const),
  }),
  fc.record({
    view: fc.constant('logs' as const),
    range,
    filter: fc.record({ q: text, service: text, level: fc.constantFrom('' as const, 'warn' as const) }),
  }),
  fc.record({ view: fc.constant('incidents' as const), range }),
  fc.record({ view: fc.constant('incident' as const), range, id }),
  fc.record({ view: fc.constant('slos' as const), range }),
  fc.record({ view: fc.constant('slo' as const), range, service: id, id, group: text }),
);

test('every route survives being written as an address and read again', () => {
  fc.assert(
    fc.property(route, (r) => {
      assert.deepEqual(parse(formatRoute(r)), structuredClone(r));
    }),
  );
});

test('the addresses are the ones people share', () => {
  assert.equal(formatRoute({ view: 'home', range: DEFAULT_RANGE }), '/');
  const filter = { ...NO_TRACE_FILTER, service: 'shop', route: 'GET /orders/{id}', errors: true };
  assert.equal(
    formatRoute({ view: 'traces', range: { kind: 'last', seconds: 300 }, filter }),
    '/traces?last=300&service=shop&route=GET+%2Forders%2F%7Bid%7D&errors=1',
  );
  assert.equal(
    formatRoute({ view: 'trace', range: DEFAULT_RANGE, traceId: 'ab', spanId: 'cd', find: '', tab: 'logs' }),
    '/traces/ab?span=cd&tab=logs',
  );
  assert.equal(
    formatRoute({ view: 'slo', range: DEFAULT_RANGE, service: 'shop', id: 'get-orders', group: 'tenant=a' }),
    '/slos/shop/get-orders?group=tenant%3Da',
  );
});

test('an unknown path is not found, and unreadable parameters fall back to their defaults', () => {
  assert.equal(parse('/nowhere').view, 'not-found');
  assert.equal(parse('/traces/a/b').view, 'not-found');
  assert.equal(parse('/slos/shop').view, 'not-found');
  assert.equal(parse('/slos/shop/a/b').view, 'not-found');
  assert.deepEqual(parse('/?last=soon'), { view: 'home', range: DEFAULT_RANGE });
  assert.deepEqual(parse('/?last=99999999'), { view: 'home', range: DEFAULT_RANGE });
  assert.deepEqual(parse('/?from=2026-03-11T15:00:00Z&to=2026-03-11T14:00:00Z'), {
    view: 'home',
    range: DEFAULT_RANGE,
  });
  const traces = parse('/traces?min_ms=-3&order=sideways&errors=0');
  assert.deepEqual(traces, { view: 'traces', range: DEFAULT_RANGE, filter: NO_TRACE_FILTER });
  assert.equal(parse('/incidents/%E0%A4%A').view, 'incident');
});

test('a shared route keeps the data its sender saw', () => {
  const now = Date.UTC(2026, 2, 11, 14, 41);
  const live: Route = { view: 'home', range: { kind: 'last', seconds: 3600 } };
  assert.equal(
    formatRoute(fixedRoute(live, now)),
    '/?from=2026-03-11T13%3A41%3A00.000Z&to=2026-03-11T14%3A41%3A00.000Z',
  );
  assert.deepEqual(rangeEnds(fixedRoute(live, now).range, now + 999), {
    kind: 'fixed',
    fromMs: now - 3_600_000,
    toMs: now,
  });
});
