import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import {
  createProfiler,
  type ProfilerDeps,
  type ProfileTarget,
} from '../../../../collector/correlate/profiles/profiler.ts';
import { profileSets } from '../../../../collector/correlate/profiles/stored-profiles.ts';
import type { TakenProfiles } from '../../../../collector/formats/pprof/profile.ts';
import { recordedProfiles } from '../../../helpers/profiles.ts';
import { storeOf } from '../../../helpers/scenario.ts';

const SECOND = 1_000_000_000n;
const OPTIONS = { seconds: 10, quietAfter: 300, quietEvery: 3600, incidentEvery: 600 };
const quiet = recordedProfiles('quiet');

const target = (service: string, port = 8081): ProfileTarget => ({
  ...{ service, instance: `${service}:${port}`, url: `http://${service}:${port}` },
});

/** A profiler over a real store, with a clock that `pass` moves. */
async function made(
  t: TestContext,
  {
    targets = [target('shop')],
    take = async () => quiet,
    ...over
  }: { targets?: ProfileTarget[] } & Partial<Pick<ProfilerDeps, 'take' | 'store'>> = {},
) {
  const store = await storeOf(t, []);
  let now = 1_800_000_000n * SECOND;
  const asked: string[] = [];
  const counts = { taken: [] as string[], missed: [] as string[] };
  const profiler = createProfiler(OPTIONS, {
    ...{ store, clock: () => now, targets: () => targets, warn: () => {}, ...over },
    take: (one, seconds, signal) => {
      asked.push(`${one.instance} ${seconds}`);
      return take(one, seconds, signal);
    },
    taken: (kind) => counts.taken.push(kind),
    missed: (reason) => counts.missed.push(reason),
  });
  const pass = (seconds: number) => {
    now += BigInt(seconds) * SECOND;
  };
  return { profiler, store, asked, counts, pass, now: () => now };
}

test('a quiet set is taken after five quiet minutes and then every hour', async (t) => {
  const { profiler, asked, pass, store, counts } = await made(t);
  for (let minute = 0; minute < 70; minute++) {
    await profiler.tick();
    pass(60);
  }
  assert.deepEqual(asked, ['shop:8081 10', 'shop:8081 10']);
  assert.deepEqual(counts.taken.slice(0, 4).sort(), ['cpu', 'goroutine', 'heap', 'mutex']);
  const sets = await profileSets(store, 'shop', 'quiet');
  assert.equal(sets.length, 2);
  assert.equal(sets[0]!.takenUnixNano - sets[1]!.takenUnixNano, 3600n * SECOND);
});

test('no quiet set is taken while an incident is open, nor within five minutes of its end', async (t) => {
  const { profiler, asked, pass } = await made(t);
  profiler.observe({ service: 'shop' }, 'restored');
  for (let minute = 0; minute < 20; minute++, pass(60)) await profiler.tick();
  profiler.observe({ service: 'shop' }, 'closed');
  for (let minute = 0; minute < 5; minute++, pass(60)) await profiler.tick();
  assert.deepEqual(asked, []);
  await profiler.tick();
  assert.equal(asked.length, 1);
});

test('an incident has its profiles taken at once, three processes at the most, and kept together', async (t) => {
  const targets = [1, 2, 3, 4].map((port) => target('shop', port));
  const { profiler, asked, store } = await made(t, { targets: [...targets, target('cart')] });
  profiler.observe({ service: 'shop' }, 'opened');
  await profiler.idle();
  assert.deepEqual(asked, ['shop:1 10', 'shop:2 10', 'shop:3 10']);
  const [set] = await profileSets(store, 'shop', 'incident');
  assert.deepEqual(
    set?.instances.map(({ instance }) => instance),
    ['shop:1', 'shop:2', 'shop:3'],
  );
  assert.equal(set?.known, 4);
});

/** Opens incidents one after the other, each after the profiles of the one before are kept. */
async function open(of: Awaited<ReturnType<typeof made>>, times: number, apart: number) {
  for (let i = 0; i < times; i++) {
    of.profiler.observe({ service: 'shop' }, 'opened');
    await of.profiler.idle();
    of.pass(apart);
  }
}

test('incidents close together are profiled once in ten minutes, and what was left out is counted', async (t) => {
  const all = await made(t);
  await open(all, 5, 200);
  assert.equal(all.asked.length, 2);
  assert.deepEqual(all.counts.missed, ['too-often', 'too-often', 'too-often']);
});

test('the newest four sets of a service are kept', async (t) => {
  const all = await made(t);
  const first = all.now();
  await open(all, 6, 600);
  const sets = await profileSets(all.store, 'shop', 'incident');
  assert.deepEqual(
    sets.map(({ takenUnixNano }) => Number((takenUnixNano - first) / SECOND)),
    [3000, 2400, 1800, 1200],
  );
});

test('an incident calls off a quiet set, which is tried again when it is calm', async (t) => {
  const begun = Promise.withResolvers<void>();
  let calls = 0;
  const all = await made(t, {
    take: async (_target, _seconds, signal): Promise<TakenProfiles> => {
      if (++calls > 1) return quiet;
      begun.resolve();
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      return quiet;
    },
  });
  await all.profiler.tick();
  all.pass(300);
  const ticking = all.profiler.tick();
  await begun.promise;
  all.profiler.observe({ service: 'shop' }, 'opened');
  await ticking;
  await all.profiler.idle();
  assert.deepEqual([all.asked.length, all.counts.missed], [2, ['cancelled']]);
  assert.equal((await profileSets(all.store, 'shop', 'quiet')).length, 0);
  assert.equal((await profileSets(all.store, 'shop', 'incident')).length, 1);
  all.profiler.observe({ service: 'shop' }, 'closed');
  all.pass(300);
  await all.profiler.tick();
  assert.equal((await profileSets(all.store, 'shop', 'quiet')).length, 1);
});

test('what could not be had is counted by reason and kept with the set; a quiet set without anything is not kept', async (t) => {
  const missed = [{ kind: 'cpu' as const, reason: 'too-slow', message: 'http://shop:8081 did not answer' }];
  const all = await made(t, { take: async () => ({ profiles: {}, missed }) });
  await all.profiler.tick();
  all.pass(300);
  await all.profiler.tick();
  await open(all, 1, 1);
  assert.deepEqual(all.counts, { taken: [], missed: ['too-slow', 'too-slow'] });
  assert.equal((await profileSets(all.store, 'shop', 'quiet')).length, 0);
  const [set] = await profileSets(all.store, 'shop', 'incident');
  assert.deepEqual(set?.instances[0]?.missed, [{ kind: 'cpu', message: 'http://shop:8081 did not answer' }]);
});

test('a store that does not take a set is told, and the next incident is profiled all the same', async (t) => {
  const store = await storeOf(t, []);
  let full = true;
  const all = await made(t, {
    store: {
      list: (kind, query) => store.list(kind, query),
      put: (kind, document) => (full ? Promise.reject(new Error('no room')) : store.put(kind, document)),
    },
  });
  await open(all, 1, 1);
  full = false;
  await open(all, 1, 1);
  assert.deepEqual(all.counts.missed, ['store-failed']);
  assert.equal((await profileSets(store, 'shop', 'incident')).length, 1);
});

test('services of which no process is known are left alone', async (t) => {
  const all = await made(t);
  all.profiler.observe({ service: 'cart' }, 'opened');
  await all.profiler.idle();
  assert.deepEqual([all.asked, all.counts.missed], [[], []]);
});

test('four services are profiled at the same time, more than sixteen that wait are too many, and counted', async (t) => {
  const names = Array.from({ length: 24 }, (_, i) => `s${i}`);
  const gate = Promise.withResolvers<void>();
  const all = await made(t, {
    targets: names.map((service) => target(service)),
    take: async () => {
      await gate.promise;
      return quiet;
    },
  });
  for (const service of names) all.profiler.observe({ service }, 'opened');
  assert.equal(all.counts.missed.filter((reason) => reason === 'overloaded').length, 4);
  // Reading the store for when they were profiled last takes some turns.
  while (all.asked.length < 4) await new Promise(setImmediate);
  gate.resolve();
  await all.profiler.idle();
  assert.equal(all.asked.length, 20);
});
