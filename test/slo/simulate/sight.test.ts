import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  adviceOn,
  eventsPerMinute,
  parseSpec,
  type Sight,
  type Slo,
  sightOf,
  type Watched,
  watchedOf,
} from '../../../slo/index.ts';

const minute = 60;

/** Objectives of one service, by id. */
function slos(...more: readonly object[]): readonly Slo[] {
  const spec = parseSpec({
    ...{ schema: 'go-sre.slo/v1', service: 'shop', owner: 'team', runbook: 'https://example.com' },
    slos: more.map((one, n) => ({
      ...{ id: `slo-${n}`, kind: 'availability', route: `/${n}`, objective: 0.999, window: '30d' },
      ...one,
    })),
  });
  assert.ok(spec.ok, JSON.stringify(spec));
  return spec.service.slos;
}

const seen = new Map<string, Sight>();

/** `sightOf`, once for the same objective. */
function sight(watched: Watched): Sight {
  const key = JSON.stringify(watched);
  const found = seen.get(key) ?? sightOf(watched);
  seen.set(key, found);
  return found;
}

/** Advice on the first of the objectives, which get so many requests a minute. */
function advice(objectives: readonly Slo[], ...rpm: readonly number[]) {
  const all = objectives.map((slo, n) => ({ slo, rpm: eventsPerMinute(slo, rpm[n]!) }));
  return adviceOn(all[0]!, sight(watchedOf(all[0]!.slo, all[0]!.rpm)), all);
}

test('a busy route pages of a total outage within a minute', () => {
  const { drills, smallest } = sight({ budget: 0.001, rpm: 60, alerts: 'page' });
  assert.equal(drills[0]!.delay.page, minute);
  assert.deepEqual(smallest.page, { seconds: minute, badEvents: 60 });
  assert.ok(smallest.ticket!.seconds > minute);
});

test('a quiet route pages as soon as five failures are there', () => {
  assert.deepEqual(sight({ budget: 0.001, rpm: 1, alerts: 'page' }).smallest.page, {
    seconds: 4.5 * minute,
    badEvents: 5,
  });
});

test('what the budget allows is no drill', () => {
  const { drills } = sight({ budget: 0.02, rpm: 60, alerts: 'page' });
  assert.deepEqual(
    drills.map((drill) => drill !== undefined),
    [true, true, false, false],
  );
});

test('an objective that only opens tickets never pages, one without alerts is silent', () => {
  const ticket = sight({ budget: 0.001, rpm: 60, alerts: 'ticket' });
  assert.equal(ticket.smallest.page, undefined);
  assert.equal(ticket.drills[0]!.delay.page, undefined);
  assert.ok(ticket.drills[0]!.delay.ticket! > 0);
  const none = sight({ budget: 0.001, rpm: 60, alerts: 'none' });
  assert.deepEqual(none.smallest, { page: undefined, ticket: undefined });
});

test('a busy objective needs no advice', () => {
  assert.equal(advice(slos({}), 60), undefined);
  assert.equal(advice(slos({ kind: 'latency', thresholdSeconds: 1, objective: 0.95 }), 60), undefined);
});

test('a quiet route is advised to be grouped with the quietest ones that are enough and count the same', () => {
  const objectives = slos({}, {}, {}, { kind: 'latency', thresholdSeconds: 1 }, {});
  const given = advice(objectives, 0.01, 100, 0.2, 0.2, 0.3)!;
  assert.equal(given.problem, 'too few events');
  assert.deepEqual(given.group, ['slo-2', 'slo-4']);
  // 0.01 a minute in 30 days, of which a thousandth may fail.
  assert.ok(Math.abs(given.allowed - 0.432) < 1e-9);
});

test('what is advised helps', () => {
  const given = advice(slos({}), 0.1)!;
  assert.equal(advice(slos({}), given.enoughRpm!), undefined);
  assert.equal(advice(slos({}), 0.1 + 60 / given.probeSeconds!), undefined);
  const scarce = advice(slos({ alerts: 'ticket' }), 0.1)!;
  assert.equal(advice(slos({ alerts: 'ticket', window: `${scarce.windowDays}d` }), 0.1), undefined);
  assert.equal(advice(slos({ alerts: 'ticket', objective: scarce.objective }), 0.1), undefined);
});

test('an objective too low for any page is told the lowest that pages', () => {
  const low = advice(slos({ objective: 0.8 }), 600)!;
  assert.equal(low.problem, 'objective too low');
  assert.equal(low.objective, 0.85);
  const raised = sight({ budget: 0.15, rpm: 600, alerts: 'page' });
  assert.ok(raised.smallest.page !== undefined);
});

test('slices of time are neither grouped nor probed', () => {
  const full = { kind: 'saturation', gauge: 'queue_length', limit: 10, objective: 0.9999, route: undefined };
  const [slo] = slos(full);
  assert.equal(eventsPerMinute(slo!, 0), 2);
  const given = advice([slo!], 0)!;
  assert.deepEqual(Object.keys(given).sort(), ['allowed', 'objective', 'problem', 'windowDays']);
});

test('an objective without any event is told so, without numbers that are none', () => {
  const given = advice(slos({}), 0)!;
  assert.equal(given.allowed, 0);
  for (const value of Object.values(given)) assert.ok(typeof value !== 'number' || Number.isFinite(value));
});
