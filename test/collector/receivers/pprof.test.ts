import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import test from 'node:test';
import { PROFILE_LIMITS } from '../../../collector/formats/pprof/limits.ts';
import { createPprof } from '../../../collector/receivers/pprof.ts';
import type { Schedule } from '../../../collector/receivers/receiver.ts';
import { recordedAnswers, servedProfiles as served } from '../../helpers/profiles.ts';

const never = new AbortController().signal;
const take = createPprof({ fetch });
const reasons = (missed: readonly { kind: string; reason: string }[]) =>
  missed.map(({ kind, reason }) => `${kind} ${reason}`).sort();

test('goroutines and heap are taken at once, then CPU, mutex and block over the same seconds', async (t) => {
  const { asked, target } = await served(t);
  const { profiles, missed } = await take(target, 3, never);
  assert.deepEqual(missed, []);
  assert.deepEqual(Object.keys(profiles).sort(), ['block', 'cpu', 'goroutine', 'heap', 'mutex']);
  assert.deepEqual(asked.slice(0, 2), ['/debug/pprof/goroutine', '/debug/pprof/heap']);
  assert.deepEqual(asked.toSorted(), Object.keys(recordedAnswers(3)).sort());
});

test('one profile that is refused, damaged or too large leaves the others', async (t) => {
  const { target } = await served(t, {
    '/debug/pprof/heap': (_, response) => response.end('<html>'),
    '/debug/pprof/profile?seconds=3': (_, response) => response.writeHead(500).end('already in use'),
    '/debug/pprof/mutex?seconds=3': (_, response) => response.end(Buffer.alloc(PROFILE_LIMITS.bytes + 1)),
  });
  const { profiles, missed } = await take(target, 3, never);
  assert.deepEqual(Object.keys(profiles).sort(), ['block', 'goroutine']);
  assert.deepEqual(reasons(missed), ['cpu refused', 'heap bad-data', 'mutex too-large']);
  assert.match(missed.find(({ kind }) => kind === 'cpu')!.message, /answered 500, not 200/);
});

test('where there are no profiles only one is asked for', async (t) => {
  const gone: RequestListener = (_, response) => response.writeHead(404).end();
  const { asked, target } = await served(t, { '/debug/pprof/goroutine': gone });
  const { missed } = await take(target, 3, never);
  assert.equal(asked.length, 1);
  assert.deepEqual(
    reasons(missed),
    ['block', 'cpu', 'goroutine', 'heap', 'mutex'].map((kind) => `${kind} refused`),
  );
});

test('nobody is followed to another place, and nobody there is unreachable', async (t) => {
  const away: RequestListener = (_, response) => response.writeHead(302, { location: '/x' }).end();
  const { asked, target } = await served(t, { '/debug/pprof/goroutine': away });
  const { missed } = await take(target, 3, never);
  assert.deepEqual([asked.length, missed[0]?.reason], [1, 'unreachable']);
  const nobody = await take({ instance: 'x', url: 'http://127.0.0.1:1' }, 3, never);
  assert.equal(nobody.missed[0]?.reason, 'unreachable');
});

test('a process that does not answer in time is not waited for, and what comes after it is asked', async (t) => {
  const hung = Promise.withResolvers<void>();
  const { target } = await served(t, { '/debug/pprof/goroutine': () => hung.resolve() });
  const waits: number[] = [];
  const schedule: Schedule = (task, ms) => {
    waits.push(ms);
    if (waits.length === 1) void hung.promise.then(task);
    return () => {};
  };
  const { profiles, missed } = await createPprof({ fetch, schedule })(target, 3, never);
  assert.deepEqual(reasons(missed), ['goroutine too-slow']);
  assert.deepEqual(Object.keys(profiles).sort(), ['block', 'cpu', 'heap', 'mutex']);
  assert.deepEqual(waits, [5000, 5000, 8000, 8000, 8000]);
});

test('an abort ends it with its reason', async (t) => {
  const hung = Promise.withResolvers<void>();
  const { target } = await served(t, { '/debug/pprof/profile?seconds=3': () => hung.resolve() });
  const stopping = new AbortController();
  const taking = take(target, 3, stopping.signal);
  await hung.promise;
  stopping.abort(new Error('the collector stops'));
  await assert.rejects(taking, /the collector stops/);
});
