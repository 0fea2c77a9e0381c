import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExplainQuestion, explainRange } from '../../../collector/correlate/explain.ts';
import type { Finding } from '../../../collector/correlate/incident.ts';
import type { Store } from '../../../collector/storage/store.ts';
import { storeOf } from '../../helpers/scenario.ts';
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
      'Requests with customer.id=c1: of 1 route none fails more often or is slower since 14:15:30 UTC; name the route to see more.',
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
