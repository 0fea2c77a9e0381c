import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Incident } from '../../../collector/correlate/incident.ts';
import {
  incidentOfTrace,
  keepExplained,
  newestIncidents,
  openIncidents,
  readIncident,
} from '../../../collector/correlate/stored-incidents.ts';
import type { StoredDocument } from '../../../collector/storage/store.ts';
import { storeOf as embedded } from '../../helpers/scenario.ts';
import { smallIncident } from './share/small-incident.ts';

const TRACE = 'ab'.repeat(16);
const stored = (id: string, text: string): StoredDocument => ({
  ...{ id, timeUnixNano: 1n, bytes: Buffer.from(text) },
});
const referring = (id: string, traceId: string) =>
  stored(
    id,
    JSON.stringify({ id, title: `${TRACE} is only named`, findings: [{ references: [{ traceId }] }] }),
  );

function storeOf(documents: StoredDocument[]) {
  const asked: unknown[] = [];
  const list = async (_kind: string, query: { id?: string; limit?: number } = {}) => {
    asked.push(query);
    return documents.filter(({ id }) => query.id === undefined || query.id === id);
  };
  return { asked, list };
}

test('one incident is asked for by its id, not looked for among all', async () => {
  const store = storeOf([referring('a', TRACE), referring('b', TRACE), stored('broken', '{')]);
  assert.equal((await readIncident(store, 'b'))?.id, 'b');
  assert.equal(await readIncident(store, 'c'), undefined);
  assert.equal(await readIncident(store, 'broken'), undefined);
  assert.deepEqual(store.asked[0], { id: 'b', limit: 1 });
});

test('what is explained on demand is kept; of an incident that is stored only the explanation is renewed', async (t) => {
  const store = await embedded(t, []);
  const explained: Incident = {
    ...smallIncident.incident,
    ...{ id: 'a', openedBy: 'question', title: 'new', lacked: ['No log lines are stored.'] },
  };
  assert.deepEqual(await keepExplained(store, explained), explained);
  assert.deepEqual(await readIncident(store, 'a'), explained);
  const alerts = [{ fingerprint: 'f', name: 'n', slo: '', startsUnixNano: '5' }];
  const { openedBy: _, ...opened } = {
    ...explained,
    state: 'open',
    alerts,
    title: 'old',
  };
  const bytes = Buffer.from(JSON.stringify({ ...opened, id: 'b' }));
  await store.put('incident', { id: 'b', timeUnixNano: 5n, bytes });
  const kept = await keepExplained(store, { ...explained, id: 'b' });
  assert.deepEqual([kept.title, kept.state, kept.openedBy], ['new', 'open', undefined]);
  assert.deepEqual([kept.alerts, kept.lacked], [alerts, explained.lacked]);
  assert.deepEqual(await readIncident(store, 'b'), kept);
});

test('the incident of a trace is the first that refers to it, and others are not parsed', async (t) => {
  const others = Array.from({ length: 50 }, (_, i) => stored(`o${i}`, '{"findings":[]}'));
  const store = storeOf([...others, referring('named', 'cd'.repeat(16)), referring('hit', TRACE)]);
  const parse = t.mock.method(JSON, 'parse');
  assert.equal((await incidentOfTrace(store, TRACE))?.id, 'hit');
  assert.equal(parse.mock.callCount(), 2);
  assert.equal(await incidentOfTrace(store, 'ef'.repeat(16)), undefined);
});

test('the list says how many incidents are stored, also those it has no room for', async () => {
  const store = storeOf(Array.from({ length: 700 }, (_, i) => referring(String(i), TRACE)));
  const { matched, incidents } = await newestIncidents(store);
  assert.deepEqual([matched, incidents.length, incidents[0]?.id], [700, 500, '0']);
});

test('open incidents are those whose state is open, whatever their text quotes', async () => {
  const one = (id: string, state: string, title = '') =>
    stored(id, JSON.stringify({ id, title, state, findings: [] }));
  const store = storeOf([
    one('a', 'open'),
    one('b', 'closed'),
    one('c', 'closed', 'said "state":"open"'),
    stored('d', '{'),
  ]);
  assert.deepEqual(
    (await openIncidents(store)).map(({ id }) => id),
    ['a'],
  );
});
