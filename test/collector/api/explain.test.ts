import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ApiDeps, type ApiRequest, isText } from '../../../collector/api/deps.ts';
import { explain, explainAndKeep } from '../../../collector/api/explain.ts';
import { createOneAtATime } from '../../../collector/api/one-at-a-time.ts';
import type { ExplainBody } from '../../../collector/api/types.ts';
import type { Incident } from '../../../collector/correlate/incident.ts';
import { keepExplained, readIncident } from '../../../collector/correlate/stored-incidents.ts';
import { storeOf } from '../../helpers/scenario.ts';

const NOW = 1_790_000_000_000_000_000n;
const options = { what: 'An explanation', deadlineMs: 60_000 };
const never = () => new AbortController().signal;
const reader = never();

/** Work that goes on until it is told to end. */
const endless = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

test('one is made at a time: who comes meanwhile is told when to come again', async () => {
  const { run } = createOneAtATime(options, never);
  let end = () => {};
  const first = run(reader, () => new Promise<void>((resolve) => (end = resolve)));
  await assert.rejects(
    run(reader, async () => 2),
    {
      ...{ code: 'overloaded', retryAfterSeconds: 5 },
      message: 'An explanation is under way, and one is made at a time; ask again in 5 s.',
    },
  );
  end();
  await first;
  assert.equal(await run(reader, async () => 3), 3);
  await assert.rejects(
    run(reader, () => Promise.reject(new Error('a defect'))),
    /a defect/,
  );
  assert.equal(await run(reader, async () => 4), 4, 'also after one that failed');
});

test('it ends at its deadline, and when its reader goes', async () => {
  const deadline = new AbortController();
  const late = createOneAtATime(options, () => deadline.signal).run(reader, endless);
  deadline.abort();
  const message = 'An explanation did not end within 60 s; ask for a shorter time.';
  await assert.rejects(late, { code: 'too-slow', message });
  const leaving = new AbortController();
  const left = createOneAtATime(options, never).run(leaving.signal, endless);
  leaving.abort();
  await assert.rejects(left, { code: 'cancelled' });
});

test('it is answered as itself, as a document in each format, and kept by a POST', async (t) => {
  const store = await storeOf(t, []);
  const deps = {
    store,
    clock: () => NOW,
    explaining: createOneAtATime(options, never),
    keepExplained: (explained: Incident) => keepExplained(store, explained),
  } as unknown as ApiDeps;
  const asked = { at: '2026-09-21T14:10:00Z', service: 'shop', route: 'GET /x' };
  const ask = (query: Record<string, string>, handler = explain) =>
    handler({ params: {}, query, signal: reader } satisfies ApiRequest, deps);
  const { incident, onset } = (await ask(asked)) as ExplainBody;
  assert.deepEqual([incident.service, incident.method, incident.route], ['shop', 'GET', '/x']);
  assert.deepEqual([incident.state, onset.found], ['closed', 'given']);
  assert.equal(await readIncident(store, incident.id), undefined);
  for (const [format, type, says] of [
    ['text', 'text/plain', /\nThe onset was given\.\n$/],
    ['markdown', 'text/markdown', /^# /],
    ['json', 'application/json', /"schema": "go-sre\.incident\/v1"[\s\S]*"onset": \{/],
    ['html', 'text/html', /^<!doctype html>/],
  ] as const) {
    const answer = await ask({ ...asked, format });
    assert.ok(isText(answer));
    assert.equal(answer.contentType, `${type}; charset=utf-8`);
    assert.match(answer.text, says);
    assert.equal(/sandbox$/.test(answer.headers?.['content-security-policy'] ?? ''), format === 'html');
  }
  await ask({ ...asked, format: 'text' }, explainAndKeep);
  assert.equal((await readIncident(store, incident.id))?.openedBy, 'question');
  await assert.rejects(async () => ask({ ...asked, format: 'pdf' }), { code: 'bad-request' });
  await assert.rejects(async () => ask({ at: 'noon' }), {
    code: 'bad-request',
    message: /^at=noon: must be a time/,
  });
});
