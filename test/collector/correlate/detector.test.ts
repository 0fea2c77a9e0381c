import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createDetector } from '../../../collector/correlate/detector.ts';
import type { Incident } from '../../../collector/correlate/incident.ts';
import { newestIncidents } from '../../../collector/correlate/stored-incidents.ts';
import { createRecentRequests } from '../../../collector/processors/recent-requests.ts';
import type { Store } from '../../../collector/storage/store.ts';
import type { SpanBatch } from '../../../collector/telemetry/batch.ts';
import type { RecentSpans } from '../../../collector/telemetry/recent-spans.ts';
import { type Scenario, type ScenarioOptions, scenario, storeOf } from '../../helpers/scenario.ts';

const SECOND = 1_000_000_000n;
const timeout = () => new AbortController().signal;

/** Ticks a detector every five seconds from one second of the scenario to another; tells what changed, and when. */
async function watch(
  store: Store,
  made: Scenario,
  from = 0,
  to = Number.POSITIVE_INFINITY,
  { recent, arrive }: { recent?: RecentSpans; arrive?: (now: bigint) => void } = {},
) {
  let now = made.startUnixNano + BigInt(from) * SECOND;
  const end = Number.isFinite(to) ? made.startUnixNano + BigInt(to) * SECOND : made.endUnixNano;
  const detector = createDetector(store, { clock: () => now, timeout, ...(recent ? { recent } : {}) });
  const seen: { afterSeconds: number; incident: Incident }[] = [];
  for (; now <= end; now += 5n * SECOND) {
    arrive?.(now);
    for (const incident of await detector.tick()) {
      seen.push({ afterSeconds: Number(now - made.faultUnixNano) / 1e9, incident });
    }
  }
  return seen;
}

async function watched(t: TestContext, options: ScenarioOptions) {
  const made = scenario({ quietSeconds: 120, faultSeconds: 60, ...options });
  const store = await storeOf(t, made.batches);
  return { made, store, seen: await watch(store, made) };
}

test('a slow cache after two quiet minutes opens one incident within half a minute, at the right moment', async (t) => {
  const { made, store, seen } = await watched(t, { fault: 'slow-cache' });
  const [first] = seen;
  assert.ok(first && first.afterSeconds > 0 && first.afterSeconds <= 35, `${first?.afterSeconds} s`);
  assert.equal(first.incident.route, '/api/v2/verify');
  assert.equal(first.incident.signal, 'latency');
  const off = Number(BigInt(first.incident.onsetUnixNano) - made.faultUnixNano) / 1e9;
  assert.ok(off > -10 && off <= 10, `onset ${off} s off`);
  const stored = (await newestIncidents(store)).incidents;
  assert.deepEqual(
    stored.map((incident) => [incident.id, incident.state]),
    [[first.incident.id, 'open']],
  );
  assert.match(stored[0]!.title, /^redis\.GET slow/);
});

test('an open incident is explained again as evidence grows, under the same id', async (t) => {
  const { store, seen } = await watched(t, { fault: 'slow-cache', faultSeconds: 90 });
  const [stored] = (await newestIncidents(store)).incidents;
  assert.equal(seen[0]!.incident.confidence.tier, 'medium');
  assert.equal(stored!.confidence.tier, 'high', stored!.confidence.reason);
  assert.equal(stored!.openedUnixNano, seen[0]!.incident.openedUnixNano);
  assert.ok(BigInt(stored!.updatedUnixNano) > BigInt(stored!.openedUnixNano));
  assert.ok(BigInt(stored!.incident.toUnixNano) > BigInt(seen[0]!.incident.incident.toUnixNano));
});

for (const fault of ['none', 'traffic'] as const) {
  for (const seed of [1, 2, 3]) {
    test(`${fault === 'none' ? 'quiet traffic' : 'four times the traffic'} opens no incident (seed ${seed})`, async (t) => {
      const { seen } = await watched(t, { fault, seed, faultSeconds: 120 });
      assert.deepEqual(
        seen.map(({ incident }) => incident.title),
        [],
      );
    });
  }
}

test('a few slow seconds are the weather, not an incident', async (t) => {
  const { seen } = await watched(t, { slowWhen: (second) => second >= 131 && second < 138 });
  assert.deepEqual(seen, []);
});

test('a route that is slow for a third of every minute is as usual when it is slow again', async (t) => {
  const { seen } = await watched(t, { slowWhen: (second) => second % 60 < 20, faultSeconds: 120 });
  assert.deepEqual(seen, []);
});

test('less than a minute of quiet data is not enough to call anything unusual', async (t) => {
  const { seen } = await watched(t, { fault: 'slow-cache', quietSeconds: 30, faultSeconds: 40 });
  assert.deepEqual(seen, []);
});

test('several broken routes of one service are one incident, led by one of them', async (t) => {
  const { store } = await watched(t, { fault: 'overload' });
  assert.equal((await newestIncidents(store)).incidents.length, 1);
});

test('failing at once is an incident of errors', async (t) => {
  const { seen } = await watched(t, { fault: 'cache-down' });
  assert.equal(seen[0]?.incident.signal, 'errors');
  assert.match(seen[0]!.incident.title, /^redis\.GET failing/);
});

test('without metrics the spans are watched', async (t) => {
  const { seen } = await watched(t, { fault: 'slow-cache', without: ['metrics'] });
  assert.match(seen[0]?.incident.title ?? '', /^redis\.GET slow/);
});

test('spans that were counted as they came open the same incident, and hardly any is read for it', async (t) => {
  const { made, seen } = await watched(t, { fault: 'slow-cache', without: ['metrics'] });
  const store = await storeOf(t, made.batches);
  const recent = createRecentRequests({ newestUnixNano: made.startUnixNano - 60n * SECOND });
  const coming = made.batches.filter((batch) => batch.signal === 'traces');
  const asked: bigint[] = [];
  const beforeFault: bigint[] = [];
  const counting: Store = {
    ...store,
    aggregate: (query, bounds) => {
      asked.push(query.filter.toUnixNano);
      return store.aggregate(query, bounds);
    },
  };
  const arrive = (now: bigint) => {
    while (coming[0] && coming[0].index.startTimeUnixNano[0]! < now)
      recent.observe(stateless(coming.shift()!));
    if (now <= made.faultUnixNano) beforeFault.splice(0, beforeFault.length, ...asked);
  };
  const [opened] = await watch(counting, made, 0, Number.POSITIVE_INFINITY, { recent, arrive });
  const headline = (incident: Incident) => incident.title.replace(/[\d.,]+/g, '');
  assert.equal(headline(opened!.incident), headline(seen[0]!.incident));
  // Only what was there before the memory began.
  assert.ok(beforeFault.length > 0);
  assert.ok(beforeFault.every((to) => to <= recent.sinceUnixNano));
});

/** As the scanner makes it of spans without weights and trace states. */
function stateless(batch: SpanBatch): SpanBatch {
  return { ...batch, index: { ...batch.index, statesWeights: false, hasTraceState: false } };
}

test('an incident closes two minutes after the route is as usual again, and stays closed', async (t) => {
  const broken = scenario({ fault: 'slow-cache', quietSeconds: 120, faultSeconds: 60, recoverySeconds: 200 });
  const store = await storeOf(t, broken.batches);
  const seen = await watch(store, broken);
  const closed = seen.at(-1)!;
  assert.equal(closed.incident.state, 'closed');
  assert.ok(closed.afterSeconds > 60 + 110 && closed.afterSeconds <= 60 + 150, `${closed.afterSeconds} s`);
  const stored = (await newestIncidents(store)).incidents;
  assert.deepEqual(
    stored.map((incident) => incident.state),
    ['closed'],
  );
  assert.equal(stored[0]!.closedUnixNano, closed.incident.closedUnixNano);
});

test('a detector that starts anew goes on with the open incident', async (t) => {
  const made = scenario({ fault: 'slow-cache', quietSeconds: 120, faultSeconds: 90 });
  const store = await storeOf(t, made.batches);
  const [before] = await watch(store, made, 0, 160);
  await watch(store, made, 165);
  const stored = (await newestIncidents(store)).incidents;
  assert.deepEqual(
    stored.map((incident) => [incident.id, incident.state]),
    [[before!.incident.id, 'open']],
  );
});

test('a clock that is set back does not blind the detector until it is late again', async (t) => {
  const made = scenario({ fault: 'slow-cache', quietSeconds: 120, faultSeconds: 60 });
  const store = await storeOf(t, made.batches);
  let now = made.endUnixNano + 3600n * SECOND;
  const detector = createDetector(store, { clock: () => now, timeout });
  await detector.tick();
  now = made.endUnixNano;
  const [incident] = await detector.tick();
  assert.match(incident?.title ?? '', /^redis\.GET slow/);
});

test('a look that is to stop ends at once, and the next one is as good as before', async (t) => {
  const made = scenario({ fault: 'slow-cache', quietSeconds: 120, faultSeconds: 60 });
  const store = await storeOf(t, made.batches);
  const detector = createDetector(store, { clock: () => made.endUnixNano, timeout });
  await assert.rejects(detector.tick(AbortSignal.abort()));
  const [incident] = await detector.tick(new AbortController().signal);
  assert.match(incident?.title ?? '', /^redis\.GET slow/);
});

test('what a look opened before it failed is answered by the next one', async (t) => {
  const made = [1, 2].map((n) =>
    scenario({ fault: 'slow-cache', quietSeconds: 120, faultSeconds: 60, service: `shop${n}` }),
  );
  const store = await storeOf(
    t,
    made.flatMap(({ batches }) => batches),
  );
  let opened = 0;
  const failing: Store = {
    ...store,
    put: async (kind, document) => {
      if (kind === 'incident' && ++opened === 2) throw new Error('the disk is full');
      await store.put(kind, document);
    },
  };
  const detector = createDetector(failing, { clock: () => made[0]!.endUnixNano, timeout });
  await assert.rejects(detector.tick(), /the disk is full/);
  const services = (await detector.tick()).map(({ service }) => service);
  assert.deepEqual(services.sort(), ['shop1', 'shop2']);
});

test('an explanation that is kept renews an incident that lasts, and does not open one again that has closed', async (t) => {
  const made = scenario({ fault: 'slow-cache', quietSeconds: 120, faultSeconds: 60, recoverySeconds: 300 });
  const store = await storeOf(t, made.batches);
  let now = made.faultUnixNano + 60n * SECOND;
  const detector = createDetector(store, { clock: () => now, timeout });
  const [incident] = await detector.tick();
  const kept = await detector.keep({ ...incident!, state: 'closed', title: 'explained again' });
  assert.deepEqual([kept.state, kept.title], ['open', 'explained again']);
  now += 300n * SECOND;
  const closing = detector.tick();
  await Promise.all([closing, detector.keep({ ...incident!, title: 'and again' })]);
  const [only, ...others] = (await newestIncidents(store)).incidents;
  assert.deepEqual([only?.state, only?.title, others], ['closed', 'and again', []]);
});

test('incidents that cannot be read are left out', async (t) => {
  const store = await storeOf(t, []);
  await store.put('incident', { id: 'x', timeUnixNano: 1n, bytes: Buffer.from('{not json') });
  assert.deepEqual((await newestIncidents(store)).incidents, []);
});
