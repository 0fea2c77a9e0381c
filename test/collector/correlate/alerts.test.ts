import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type AskedAlert, isHeldOpen, worstRoute } from '../../../collector/correlate/alerts.ts';
import { createDetector } from '../../../collector/correlate/detector.ts';
import type { Incident } from '../../../collector/correlate/incident.ts';
import { newestIncidents } from '../../../collector/correlate/stored-incidents.ts';
import { storeOf } from '../../helpers/scenario.ts';
import { spanBatch } from '../../helpers/telemetry.ts';
import { smallIncident } from './share/small-incident.ts';

const SECOND = 1_000_000_000n;
const T0 = 1_790_000_000_000_000_000n;

/** Half an hour of a quiet shop, a request every six seconds and route; in the last ten minutes `/pay` fails. Little to explain. */
const requests = spanBatch(
  Array.from({ length: 800 }, (_, i) => {
    const failed = i >= 600 && i % 2 === 1;
    return {
      ...{ traceId: (i + 1).toString(16).padStart(32, 'a'), spanId: (i + 1).toString(16).padStart(16, '0') },
      ...{ name: 'x', service: 'shop', kind: 2, method: 'GET', route: i % 2 === 0 ? '/verify' : '/pay' },
      ...{ start: T0 + BigInt(3 * i) * SECOND, duration: 20_000_000n },
      ...{ httpStatus: failed ? 500 : 200, status: failed ? 2 : 0 },
    };
  }),
);
const FAULT = T0 + 1_800n * SECOND;

const alert: AskedAlert = {
  ...{ fingerprint: '1a30ba71cca2921f', name: 'SloBurnRate', service: 'shop', slo: 'pay-availability' },
  ...{ route: '/pay', method: 'GET', signal: 'errors', startsUnixNano: FAULT + 500n * SECOND },
};

async function bench(t: TestContext) {
  const store = await storeOf(t, [requests]);
  let now = alert.startsUnixNano + 30n * SECOND;
  const timeout = () => new AbortController().signal;
  const cost = {
    slo: 'pay-availability',
    labels: {},
    objective: 0.99,
    window: '30d',
    source: 'spans' as const,
  };
  const ends: bigint[] = [];
  const costOf = async (_incident: Incident, end: bigint) => {
    ends.push(end);
    return [{ ...cost, badEvents: 80, totalEvents: 100, share: 0.4 }];
  };
  const detector = () => createDetector(store, { clock: () => now, timeout, costOf });
  const stored = async () => (await newestIncidents(store)).incidents;
  const pass = (seconds: number) => {
    now += BigInt(seconds) * SECOND;
  };
  return { detector, stored, pass, ends };
}

test('a firing alert opens an incident of its route at its start; told again, also after a restart, it changes nothing', async (t) => {
  const { detector, stored } = await bench(t);
  const { outcome, incident } = await detector().takeAlert(alert);
  assert.deepEqual([outcome, incident?.openedBy, incident?.route], ['opened', 'alert', '/pay']);
  assert.equal(incident?.onsetUnixNano, String(alert.startsUnixNano));
  assert.deepEqual(incident?.alerts, [
    {
      ...{ fingerprint: alert.fingerprint, name: 'SloBurnRate', slo: 'pay-availability' },
      startsUnixNano: String(alert.startsUnixNano),
    },
  ]);
  const again = await detector().takeAlert(alert);
  assert.deepEqual([again.outcome, again.incident?.id], ['known', incident?.id]);
  assert.equal((await stored()).length, 1);
});

test('what an alert opened stays open while one of its alerts fires, and closes with how long it was bad', async (t) => {
  const { detector, stored, pass, ends } = await bench(t);
  const one = detector();
  // At the same time: one symptom is one incident.
  const all = [alert, { ...alert, fingerprint: 'b', signal: 'latency' as const }];
  const taken = await Promise.all(all.map((each) => one.takeAlert(each)));
  assert.deepEqual(
    taken.map(({ outcome }) => outcome),
    ['opened', 'updated'],
  );
  pass(10);
  await one.tick();
  assert.equal((await stored())[0]?.state, 'open');
  const { startsUnixNano } = alert;
  for (const each of all) {
    const { outcome } = await one.takeAlert({ ...each, resolvedUnixNano: startsUnixNano + 400n * SECOND });
    assert.equal(outcome, 'resolved');
  }
  const [closed] = await one.tick();
  assert.deepEqual([closed?.state, closed?.durationSeconds], ['closed', 400]);
  assert.deepEqual([closed?.budgetCost?.[0]?.share, ends], [0.4, [startsUnixNano + 400n * SECOND]]);
  assert.equal((await one.takeAlert(alert)).outcome, 'known');
});

test('an alert that fires before the detector is sure is compared with the quiet time the detector finds, however young the service', async (t) => {
  // A minute and a half of ten requests a second, then half a minute in which every second one fails.
  const began = T0 + 90n * SECOND;
  const young = spanBatch(
    Array.from({ length: 1_200 }, (_, i) => {
      const start = T0 + (BigInt(i) * SECOND) / 10n;
      const failed = start >= began && i % 2 === 0;
      return {
        ...{
          traceId: (i + 1).toString(16).padStart(32, 'b'),
          spanId: (i + 1).toString(16).padStart(16, '0'),
        },
        ...{
          name: 'x',
          service: 'shop',
          kind: 2,
          method: 'GET',
          route: '/pay',
          start,
          duration: 20_000_000n,
        },
        ...{ httpStatus: failed ? 500 : 200, status: failed ? 2 : 0 },
      };
    }),
  );
  const store = await storeOf(t, [young]);
  let now = began + 10n * SECOND;
  const timeout = () => new AbortController().signal;
  const detector = createDetector(store, { clock: () => now, timeout });
  const early = { ...alert, startsUnixNano: now };
  const { outcome, incident } = await detector.takeAlert(early);
  assert.deepEqual([outcome, incident?.findings[0]?.outcome], ['opened', 'untested']);
  now = began + 40n * SECOND;
  const [after, ...others] = await detector.tick();
  assert.deepEqual([others, after?.id, after?.openedBy, after?.route], [[], incident?.id, 'alert', '/pay']);
  assert.equal(after?.findings[0]?.outcome, 'holds');
  assert.ok(BigInt(after.onsetUnixNano) <= began && BigInt(after.onsetUnixNano) > began - 15n * SECOND);
  const [only, ...more] = (await newestIncidents(store)).incidents;
  assert.deepEqual([more, only?.onsetUnixNano, only?.alerts?.length], [[], after.onsetUnixNano, 1]);
  assert.equal((await detector.takeAlert(early)).outcome, 'known');
});

test('an alert holds open only what it opened, while it fires, and a day at most', () => {
  const [startsUnixNano, resolvedUnixNano] = [String(T0), String(T0 + SECOND)];
  const fires = { fingerprint: 'a', name: '', slo: '', startsUnixNano };
  const held = (over: Partial<Incident>, afterSeconds = 3_600) =>
    isHeldOpen({ ...smallIncident.incident, ...over }, T0 + BigInt(afterSeconds) * SECOND);
  assert.equal(held({ openedBy: 'alert', alerts: [fires] }), true);
  assert.equal(held({ openedBy: 'alert', alerts: [{ ...fires, resolvedUnixNano }] }), false);
  assert.equal(held({ openedBy: 'alert', alerts: [fires] }, 86_400), false);
  assert.equal(held({ alerts: [fires] }), false);
});

test('an alert of a whole service is about its worst route, one of several routes about those', () => {
  const point = { fromUnixNano: 0n, seconds: 60, requests: 9, weight: 1, cumulative: new Float64Array() };
  const of = (route: string, errors: number, p99Ms: number) => ({
    ...{ service: 'shop', method: 'GET', route, source: 'metrics' as const, bounds: [] },
    points: [{ ...point, errors, p99Ms }],
  });
  const now = [of('/a', 1, 900), of('/b', 5, 100), of('/c', 2, 2_000)];
  const quiet = [of('/a', 0, 30), of('/b', 0, 90), of('/c', 0, 1_900)];
  const worst = (over: Partial<AskedAlert>) =>
    worstRoute({ ...alert, method: '', ...over }, now, quiet)?.route;
  assert.equal(worst({ route: '' }), '/b');
  assert.equal(worst({ route: '', signal: 'latency' }), '/a');
  assert.equal(worst({ route: 'GET /a, GET /c' }), '/c');
  assert.equal(worst({ route: '/a', method: 'GET' }), '/a');
  assert.equal(worst({ route: '/a', method: 'PUT' }), undefined);
});

for (const [name, over] of [
  ['a service that sends nothing here', { service: 'pay' }],
  ['a route without requests', { route: '/nowhere' }],
  ['another method', { method: 'DELETE' }],
  ['a time before anything was stored', { startsUnixNano: T0 - 7_200n * SECOND }],
] as const) {
  test(`ignored with its reason: ${name}`, async (t) => {
    const { detector, stored, pass } = await bench(t);
    // Of the oldest alert nothing may be stored between ten minutes before it and now.
    if ('startsUnixNano' in over) pass(-9_400);
    const { outcome, reason } = await detector().takeAlert({ ...alert, ...over });
    assert.equal(outcome, 'ignored');
    assert.match(reason, /^no requests of .* are stored since ten minutes before it started/);
    assert.deepEqual(await stored(), []);
  });
}

test('an alert of another day, or of a clock that is ahead, is ignored with its reason', async (t) => {
  const { detector } = await bench(t);
  const of = async (startsUnixNano: bigint) =>
    (await detector().takeAlert({ ...alert, startsUnixNano })).reason;
  assert.equal(await of(alert.startsUnixNano - 86_400n * SECOND), 'it started more than a day ago');
  assert.match(await of(alert.startsUnixNano + 331n * SECOND), /^it starts in the future/);
});

test('an alert of another day is no part of an incident that lasts', async (t) => {
  const { detector, stored } = await bench(t);
  const one = detector();
  await one.takeAlert(alert);
  const old = { ...alert, fingerprint: 'old', startsUnixNano: alert.startsUnixNano - 3n * 86_400n * SECOND };
  assert.equal((await one.takeAlert(old)).outcome, 'ignored');
  assert.equal((await stored())[0]?.alerts?.length, 1);
});

test('ten incidents a minute are opened by alerts, and as many again at once after a clock was set back', async (t) => {
  const services = Array.from({ length: 12 }, (_, i) => `s${i}`);
  const few = spanBatch(
    services.map((service, i) => ({
      ...{ traceId: (i + 1).toString(16).padStart(32, 'e'), spanId: (i + 1).toString(16).padStart(16, '0') },
      ...{ name: 'x', service, kind: 2, method: 'GET', route: '/pay', httpStatus: 500, status: 2 },
      ...{ start: FAULT, duration: 20_000_000n },
    })),
  );
  const store = await storeOf(t, [few]);
  let now = FAULT + 120n * SECOND;
  const timeout = () => new AbortController().signal;
  const detector = createDetector(store, { clock: () => now, timeout });
  const take = (service: string) =>
    detector.takeAlert({ ...alert, service, fingerprint: service, startsUnixNano: FAULT + 60n * SECOND });
  for (const service of services.slice(0, 10)) assert.equal((await take(service)).outcome, 'opened');
  await assert.rejects(take('s10'), { code: 'overloaded' });
  now -= 50n * SECOND;
  assert.equal((await take('s11')).outcome, 'opened');
});

test('what was never told is not resolved', async (t) => {
  const { detector } = await bench(t);
  const { outcome, reason } = await detector().takeAlert({ ...alert, resolvedUnixNano: 1n });
  assert.deepEqual([outcome, /no open incident has this alert/.test(reason)], ['ignored', true]);
});
