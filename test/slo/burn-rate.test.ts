import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  budgetLeft,
  burnRate,
  evaluateBurn,
  tiers,
  type WindowCounts,
  type WindowName,
  wilsonLower,
  wilsonZ,
  windows,
} from '../../slo/index.ts';
import { randomFrom } from '../helpers/random.ts';

const minute = 60;
const hour = 3_600;

interface Event {
  /** Seconds since some start. */
  readonly at: number;
  readonly bad: boolean;
}

/** Counts of every window that ends at `now`, straight from the events. */
function countsAt(events: readonly Event[], now: number, observedSeconds = Number.POSITIVE_INFINITY) {
  const counts = {} as Record<WindowName, WindowCounts>;
  for (const name of Object.keys(windows) as WindowName[]) {
    const { seconds } = windows[name];
    const inside = events.filter(({ at }) => at > now - seconds && at <= now);
    const coverage = Math.min(1, observedSeconds / seconds);
    counts[name] = { bad: inside.filter((event) => event.bad).length, total: inside.length, coverage };
  }
  return counts;
}

/** The tiers that wake someone. */
function paging(budget: number, counts: Partial<Record<WindowName, WindowCounts>>): string[] {
  return firing(budget, counts).filter((id) => id.startsWith('page'));
}

function firing(budget: number, counts: Partial<Record<WindowName, WindowCounts>>): string[] {
  return evaluateBurn(budget, counts)
    .filter(({ verdict }) => verdict === 'firing')
    .map(({ tier }) => tier.id);
}

/** Events at a fixed rate per hour from `from` to `to`; every nth is bad. */
function traffic(from: number, to: number, perHour: number, everyNthBad: number): Event[] {
  const count = Math.floor(((to - from) / hour) * perHour);
  const bad = (i: number) => everyNthBad > 0 && i % everyNthBad === everyNthBad - 1;
  return Array.from({ length: count }, (_, i) => ({ at: from + ((i + 1) * hour) / perHour, bad: bad(i) }));
}

/** The page and ticket conditions written out by hand, from the workbook and the guard. */
function naive(budget: number, events: readonly Event[], now: number): string[] {
  const within = (seconds: number) => events.filter(({ at }) => at > now - seconds && at <= now);
  const bad = (seconds: number) => within(seconds).filter((event) => event.bad).length;
  const burn = (seconds: number) => bad(seconds) / within(seconds).length / budget;
  const fired: string[] = [];
  if (burn(hour) > 14.4 && burn(5 * minute) > 14.4 && bad(hour) >= 5 && bad(5 * minute) >= 2) {
    fired.push('page-1h');
  }
  if (burn(6 * hour) > 6 && burn(30 * minute) > 6 && bad(6 * hour) >= 5 && bad(30 * minute) >= 2) {
    fired.push('page-6h');
  }
  return fired;
}

test('pages fire exactly when the written-out conditions hold over the raw events', () => {
  const event = fc.record({ at: fc.integer({ min: 0, max: 6 * hour }), bad: fc.boolean() });
  const recent = fc.record({ at: fc.integer({ min: 6 * hour - 600, max: 6 * hour }), bad: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 60 }),
      fc.array(recent, { maxLength: 12 }),
      fc.constantFrom(0.001, 0.01, 0.05, 0.1, 0.5),
      (spread, late, budget) => {
        const events = [...spread, ...late];
        const pages = paging(budget, countsAt(events, 6 * hour));
        assert.deepEqual(pages, naive(budget, events, 6 * hour));
      },
    ),
    { numRuns: 2_000 },
  );
});

test('the Wilson bound is the smaller root of its quadratic and lies at or below the ratio', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (total, share) => {
        const bad = Math.floor(total * share);
        const [p, ratio] = [wilsonLower(bad, total), bad / total];
        assert.ok(p >= -1e-12 && p <= ratio + 1e-12);
        const left = (p - ratio) ** 2;
        const right = (wilsonZ ** 2 * p * (1 - p)) / total;
        assert.ok(Math.abs(left - right) <= 1e-9 * Math.max(1, left));
      },
    ),
  );
});

test('the Wilson bound agrees with a published table', () => {
  // Wilson lower 90 % two-sided (z = 1.645) for 5 of 10: 0.2693.
  assert.equal(wilsonLower(5, 10).toFixed(4), '0.2693');
  assert.equal(wilsonLower(0, 0), 0);
});

test('no traffic is no verdict and no number', () => {
  const empty = countsAt([], 3 * 24 * hour);
  for (const { verdict, longBurn } of evaluateBurn(0.001, empty)) {
    assert.equal(verdict, 'no traffic');
    assert.equal(longBurn, undefined);
  }
  assert.equal(burnRate(empty['1h'], 0.001), undefined);
  assert.equal(budgetLeft(empty['1h'], 0.001), 1);
});

test('a window without counts was not observed', () => {
  assert.ok(evaluateBurn(0.001, {}).every(({ verdict }) => verdict === 'not observed'));
});

test('an outage pages at its fifth failure, and stops when the short window is clean', () => {
  const events = [...traffic(0, 6 * hour, 60, 0), ...traffic(6 * hour, 7 * hour, 60, 1)];
  assert.deepEqual(paging(0.001, countsAt(events, 6 * hour + 4 * minute)), []);
  assert.ok(paging(0.001, countsAt(events, 6 * hour + 5 * minute)).includes('page-1h'));
  const recovered = [...events, ...traffic(7 * hour, 8 * hour, 60, 0)];
  assert.deepEqual(paging(0.001, countsAt(recovered, 7 * hour + 6 * minute, 8 * hour)), ['page-6h']);
  assert.deepEqual(paging(0.001, countsAt(recovered, 7 * hour + 31 * minute, 8 * hour)), []);
});

test('a slow burn opens a ticket, only once half of the day was observed', () => {
  const events = traffic(0, 24 * hour, 3_600, 250);
  const now = 24 * hour;
  assert.deepEqual(firing(0.001, countsAt(events, now, 24 * hour)), ['ticket-1d']);
  assert.deepEqual(firing(0.001, countsAt(events, now, 11 * hour)), []);
});

test('one failure in a quiet day is no ticket, however far its ratio lies over the limit', () => {
  const events = traffic(0, 72 * hour, 8, 0).map((event, i, all) => ({
    ...event,
    bad: i === all.length - 4,
  }));
  const counts = countsAt(events, 72 * hour, 72 * hour);
  assert.ok(burnRate(counts['1d'], 0.001)! > 5 && burnRate(counts['2h'], 0.001)! > 50);
  assert.deepEqual(firing(0.001, counts), []);
});

test('an idle route that fails always opens the ticket by count, even between its requests', () => {
  const events = Array.from({ length: 5 }, (_, i) => ({ at: (i + 1) * 5 * hour, bad: true }));
  const now = 28 * hour;
  assert.deepEqual(firing(0.001, countsAt(events, now, now)), ['ticket-count']);
});

test('a healthy quiet route is never paged for: 140 service-days at one request a minute', () => {
  const random = randomFrom(7);
  const minutes = 140 * 24 * 60;
  // Half of the budget is spent by single failures: an ordinary, healthy service.
  const badUntil = new Uint32Array(minutes + 1);
  for (let i = 0; i < minutes; i++) badUntil[i + 1] = badUntil[i]! + (random() < 0.0005 ? 1 : 0);
  let [pageMinutes, unguardedMinutes] = [0, 0];
  for (let now = 3 * 24 * 60; now <= minutes; now++) {
    const counts = {} as Record<WindowName, WindowCounts>;
    for (const name of Object.keys(windows) as WindowName[]) {
      const size = windows[name].seconds / minute;
      counts[name] = { bad: badUntil[now]! - badUntil[now - size]!, total: size, coverage: 1 };
    }
    if (burnRate(counts['5m'], 0.001)! > 14.4 && burnRate(counts['1h'], 0.001)! > 14.4) unguardedMinutes++;
    if (paging(0.001, counts).length > 0) pageMinutes++;
  }
  assert.ok(unguardedMinutes > 0, 'without the guard this data would page');
  assert.equal(pageMinutes, 0);
});

test('every tier has its source, a stable id, and windows in order', () => {
  assert.equal(new Set(tiers.map((tier) => tier.id)).size, tiers.length);
  for (const tier of tiers) {
    assert.match(tier.source, /^https:\/\//);
    assert.ok(windows[tier.longWindow].seconds > windows[tier.shortWindow].seconds);
  }
});
