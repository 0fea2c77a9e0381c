import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExplainQuestion, explainRange } from '../../../collector/correlate/explain.ts';
import type { Finding } from '../../../collector/correlate/incident.ts';
import type { Store } from '../../../collector/storage/store.ts';
import { storeOf } from '../../helpers/scenario.ts';
import { spanBatch } from '../../helpers/telemetry.ts';
import { customers, endUnixNano, SLOW_CUSTOMER, slowUnixNano } from './customers.ts';

const deps = { clock: () => endUnixNano, signal: new AbortController().signal };
const range = { fromUnixNano: slowUnixNano, toUnixNano: endUnixNano };
const where = (value: string) => [{ key: 'customer.id', value }];
const ask = async (store: Store, question: Partial<ExplainQuestion>) =>
  explainRange({ range, ...question }, store, deps);
const outcomes = (findings: readonly Finding[], kinds: readonly Finding['kind'][]) =>
  kinds.map((kind) => findings.find((found) => found.kind === kind)?.outcome);

test('why one customer is slow is told from the requests of this customer alone, before and since', async (t) => {
  const store = await storeOf(t, customers());
  const { incident, onset } = await ask(store, { where: where(SLOW_CUSTOMER) });
  assert.deepEqual(onset, { unixNano: String(slowUnixNano), found: 'given', about: '' });
  assert.deepEqual([incident.service, incident.method, incident.route], ['shop', 'GET', '/orders/{id}']);
  assert.deepEqual(outcomes(incident.findings, ['symptom', 'difference', 'where']), [
    'holds',
    'holds',
    'holds',
  ]);
  assert.match(incident.title, /^redis\.GET slow: GET \/orders\/\{id\} with customer\.id=c2 of shop waits$/);
  const symptom = incident.findings.find(({ kind }) => kind === 'symptom')!;
  assert.match(
    symptom.statement,
    /^p99 of GET \/orders\/\{id\} with customer\.id=c2 rose from 17\.0 ms to 7\d\d ms/,
  );
  // One a second: of all customers it would be five times as many.
  assert.equal(symptom.incident.n, 60);
  assert.match(
    incident.lacked?.at(-1) ?? '',
    /^Services are ranked by all requests of that time, not by those with/,
  );
  assert.deepEqual([incident.state, incident.openedBy, incident.where], ['closed', 'question', where('c2')]);
  const whole = await ask(store, { onsetUnixNano: slowUnixNano, service: 'shop', route: '/orders/{id}' });
  assert.equal(whole.incident.method, 'GET', 'the method is found with the route');
  assert.equal(whole.incident.findings[0]!.incident.n, 300);
  assert.notEqual(whole.incident.id, incident.id, 'the route without the condition is another incident');
});

test('customers who are as before, and customers or routes that are not stored, are told so', async (t) => {
  const store = await storeOf(t, customers());
  await assert.rejects(ask(store, { where: where('c1') }), {
    code: 'nothing-changed',
    message:
      'Requests along any route with customer.id=c1: of 1 route none fails more often or is slower since 14:15:30 UTC; name the route to see more.',
  });
  await assert.rejects(ask(store, { where: where('c9') }), {
    code: 'nothing-changed',
    message: /^No requests along any route with customer\.id=c9 are stored on both sides of 14:15:30 UTC: /,
  });
  await assert.rejects(ask(store, { onsetUnixNano: slowUnixNano, route: '/order' }), {
    code: 'nothing-changed',
    message: 'No requests along /order are stored on both sides of 14:15:30 UTC.',
  });
  const named = await ask(store, { where: where('c1'), service: 'shop', route: '/orders/{id}' });
  assert.match(named.incident.title, /^GET \/orders\/\{id\} with customer\.id=c1 of shop is as usual$/);
});

test('without routes the services alone are told, and what that means for the harm', async (t) => {
  const store = await storeOf(t, customers({ route: '' }));
  const { incident } = await ask(store, { onsetUnixNano: slowUnixNano });
  assert.deepEqual([incident.method, incident.route, incident.service], ['', '', 'shop']);
  assert.match(
    incident.title,
    /^(shop: (what it waits for|its own code) is slower since 14:15:30|No service stands out)/,
  );
  assert.match(incident.harm, /^Not measured: no requests of a route are stored/);
  assert.deepEqual(
    incident.findings.map(({ kind }) => kind),
    ['suspects'],
  );
});

const SECOND = 1_000_000_000n;
const T0 = 1_790_000_000_000_000_000n;
const at = (seconds: number) => T0 + BigInt(seconds) * SECOND;

/** Requests of one route, two a second for `seconds`; those of the stretches fail to a share. */
function failing(seconds: number, stretches: readonly { from: number; to: number; every: number }[]) {
  return spanBatch(
    Array.from({ length: seconds * 2 }, (_, i) => {
      const own = stretches.find(({ from, to }) => i / 2 >= from && i / 2 < to);
      const failed = own !== undefined && i % own.every === 0;
      return {
        ...{
          traceId: (i + 1).toString(16).padStart(32, 'c'),
          spanId: (i + 1).toString(16).padStart(16, '0'),
        },
        ...{ name: 'x', service: 'shop', kind: 2, method: 'GET', route: '/pay' },
        ...{ start: T0 + (BigInt(i) * SECOND) / 2n, duration: 20_000_000n },
        ...{ httpStatus: failed ? 500 : 200, status: failed ? 2 : 0 },
      };
    }),
  );
}

const secondsOf = ({ fromUnixNano, toUnixNano }: { fromUnixNano: string; toUnixNano: string }) =>
  [fromUnixNano, toUnixNano].map((one) => Number((BigInt(one) - T0) / SECOND));

test('harm and end are those of the whole range, as long as it was bad, also where the moment is named early', async (t) => {
  const store = await storeOf(t, [failing(3600, [{ from: 1200, to: 2400, every: 2 }])]);
  const whole = { fromUnixNano: at(1200), toUnixNano: at(3000) };
  const { incident } = await explainRange({ range: whole, onsetUnixNano: at(1200) }, store, deps);
  assert.deepEqual(secondsOf(incident.incident), [1200, 2400]);
  assert.match(incident.harm, /^1,200 requests failed, 50\.0 % of GET \/pay\./);
  assert.equal(incident.closedUnixNano, String(at(2400)));
  const range = { fromUnixNano: at(900), toUnixNano: at(2700) };
  const early = await explainRange({ range, onsetUnixNano: at(900) }, store, deps);
  assert.deepEqual([early.incident.route, early.incident.signal], ['/pay', 'errors']);
  assert.deepEqual(secondsOf(early.incident.incident), [900, 2400]);
});

test('the time of an earlier incident is no quiet time to compare with', async (t) => {
  const before = { from: 600, to: 3000, every: 2 };
  const store = await storeOf(t, [failing(4000, [before, { from: 3480, to: 3800, every: 4 }])]);
  const range = { fromUnixNano: at(600), toUnixNano: at(3000) };
  const first = await explainRange({ range, onsetUnixNano: at(600) }, store, deps);
  const bytes = Buffer.from(JSON.stringify(first.incident));
  await store.put('incident', { id: first.incident.id, timeUnixNano: at(600), bytes });
  const later = { fromUnixNano: at(3480), toUnixNano: at(3780) };
  const { incident } = await explainRange({ range: later, onsetUnixNano: at(3480) }, store, deps);
  const [from, to] = secondsOf(incident.baseline);
  assert.ok(from! >= 3000 && to === 3420, `${from} to ${to}`);
  assert.deepEqual([incident.route, incident.findings[0]!.outcome], ['/pay', 'holds']);
});

for (const [name, question, message] of [
  ['a service', { service: 'shopp' }, 'Nothing of a service shopp is stored. Did you mean shop?'],
  [
    'a method of such a service',
    { service: 'shopp', method: 'GET' },
    'Nothing of a service shopp is stored. Did you mean shop?',
  ],
  [
    'a method',
    { method: 'POST' },
    'No requests along any route with POST are stored on both sides of 14:33:20 UTC.',
  ],
  [
    'a signal',
    { signal: 'latency' },
    'Requests along any route: of 1 route none is slower since 14:33:20 UTC; name the route to see more.',
  ],
] as const) {
  test(`where ${name} is asked about that is not there or did not change, nothing else is an answer`, async (t) => {
    const store = await storeOf(t, [failing(1500, [{ from: 1200, to: 1500, every: 2 }])]);
    const range = { fromUnixNano: at(1200), toUnixNano: at(1500) };
    const asked = explainRange({ range, onsetUnixNano: at(1200), ...question }, store, deps);
    await assert.rejects(asked, { code: 'nothing-changed', message });
  });
}
