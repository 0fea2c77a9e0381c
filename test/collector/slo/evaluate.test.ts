import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Budget } from '../../../collector/slo/book.ts';
import { burndown, burndownPoints, windowSpan } from '../../../collector/slo/budget.ts';
import { caveatsOf } from '../../../collector/slo/caveats.ts';
import { standingOf } from '../../../collector/slo/evaluate.ts';
import { burnLines } from '../../../collector/slo/lines.ts';
import { hourMs, stepMs, Timeline } from '../../../collector/slo/timeline.ts';
import {
  countSums,
  drawn,
  errorBudget,
  evaluateBurn,
  type Fault,
  type ObjectiveWindow,
  randomFrom,
  replay,
  type StepCounts,
  simulate,
  windowCountsAt,
} from '../../../slo/index.ts';
import { shop } from './telemetry.ts';

const service = shop();
const day = 86_400;

/** A budget of which these steps were counted. */
function budgetOf(counts: StepCounts, change: object = {}, weight = 1): Budget {
  const timeline = new Timeline(counts.startUnixMs + counts.total.length * stepMs);
  timeline.put(counts, weight);
  const slo = { ...service.slos[0]!, ...change };
  const read = { fromMs: 0, toMs: 0, isWhole: true };
  const rest = { labels: {}, source: 'metrics', why: undefined, problem: undefined, read } as const;
  return { service, slo, ...rest, counts: timeline.read() };
}

function traffic(rpm: number, seconds: number, faults: readonly Fault[], seed = 1): StepCounts {
  return simulate({ rpm, seconds, healthyRatio: 0.0005, faults }, drawn(randomFrom(seed)));
}

const endOf = (counts: StepCounts) => counts.startUnixMs + counts.total.length * stepMs;

test('every tier is judged as evaluateBurn judges all of the counts, and fires since when replay says', () => {
  const scenes = fc.record({
    rpm: fc.constantFrom(0.2, 5, 60, 600),
    // Minutes before the end at which the trouble begins, and how long it lasts.
    before: fc.integer({ min: 1, max: 3_000 }),
    minutes: fc.integer({ min: 1, max: 3_000 }),
    ratio: fc.constantFrom(0.03, 0.08, 0.2, 1),
    hours: fc.integer({ min: 1, max: 130 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
  });
  fc.assert(
    fc.property(scenes, ({ rpm, before, minutes, ratio, hours, seed }) => {
      const seconds = hours * 3_600 + 1_230;
      const from = Math.max(seconds - before * 60, 0);
      const counts = traffic(rpm, seconds, [{ from, to: from + minutes * 60, ratio }], seed);
      const budget = budgetOf(counts);
      const share = errorBudget(budget.slo.objective);
      const last = counts.total.length - 1;
      const expected = evaluateBurn(share, windowCountsAt(countSums(counts), last));
      const firings = replay(share, counts);
      const { tiers, call } = standingOf(budget, endOf(counts));
      expected.forEach((verdict, i) => {
        const own = tiers[i]!;
        assert.deepEqual([own.tier.id, own.verdict], [verdict.tier.id, verdict.verdict]);
        assert.ok(Math.abs((own.longBurn ?? -1) - (verdict.longBurn ?? -1)) < 1e-6);
        assert.ok(Math.abs((own.shortBurn ?? -1) - (verdict.shortBurn ?? -1)) < 1e-6);
        const firing = firings.findLast(({ tier, to }) => tier === verdict.tier && to === last + 1);
        if (verdict.verdict !== 'firing') assert.equal(own.sinceMs, undefined);
        // Of what fires for days only the days are known.
        else if (!firing || last - firing.from < (2 * day * 1_000) / stepMs)
          assert.equal(own.sinceMs, firing ? (firing.from + 1) * stepMs : endOf(counts));
      });
      assert.equal(call?.tier, expected.find(({ verdict }) => verdict === 'firing')?.tier.id);
    }),
    { numRuns: 20 },
  );
});

test('who is called follows the objective: a ticket where it may not page, nobody where it sends nothing', () => {
  const counts = traffic(600, 2 * day, [{ from: day, to: 2 * day, ratio: 1 }]);
  const called = (alerts: string) => {
    const { state, call } = standingOf(budgetOf(counts, { alerts }), endOf(counts));
    return [state, call?.severity, call?.receiver, call?.owner];
  };
  assert.deepEqual(called('page'), ['paging', 'page', 'shop-on-call', 'team-shop']);
  assert.deepEqual(called('ticket'), ['ticket', 'ticket', 'ticket', 'team-shop']);
  assert.deepEqual(called('none'), ['ok', undefined, undefined, undefined]);
});

test('few requests and no measurement are told apart, and neither is a full budget', () => {
  const quiet = traffic(0.2, day, []);
  const oneFailure = { ...quiet, bad: quiet.bad.slice(), total: quiet.total.slice() };
  for (const step of [quiet.total.length - 2, quiet.total.length - 3]) {
    oneFailure.bad[step] = 1;
    oneFailure.total[step] = 1;
  }
  assert.equal(standingOf(budgetOf(oneFailure), endOf(quiet)).state, 'too few requests');
  const none = {
    ...quiet,
    bad: new Float64Array(quiet.bad.length),
    total: new Float64Array(quiet.total.length),
  };
  assert.equal(standingOf(budgetOf(none), endOf(quiet)).state, 'too few requests');
  const unseen = { ...none, observed: new Uint8Array(none.total.length) };
  const standing = standingOf(budgetOf(unseen), endOf(quiet));
  assert.deepEqual(
    [standing.state, standing.spent.left, standing.burn],
    ['not observed', undefined, undefined],
  );
});

test('sampled spans are evidence for themselves alone: one failure that stands for twenty pages nobody', () => {
  const quiet = traffic(2, day, []);
  const counts = { ...quiet, bad: quiet.bad.map(() => 0), total: quiet.total.map(() => 20) };
  for (let step = counts.bad.length - 6; step < counts.bad.length; step++) counts.total[step] = 20;
  counts.bad[counts.bad.length - 2] = 20;
  counts.bad[counts.bad.length - 1] = 20;
  const change = { objective: { ratio: 0.9999, window: { kind: 'rolling', days: 7 } } };
  assert.equal(standingOf(budgetOf(counts, change, 1), endOf(quiet)).state, 'paging');
  const sampled = standingOf(budgetOf(counts, change, 20), endOf(quiet));
  assert.equal(sampled.state, 'too few requests');
  assert.equal(sampled.spent.bad, 40);
});

test('a burndown begins full, ends at what is left, never rises, and has at most 300 points', () => {
  const windows: readonly ObjectiveWindow[] = [
    { kind: 'month' },
    ...[1, 7, 30, 90].map((days) => ({ kind: 'rolling', days }) as const),
  ];
  const counts = traffic(60, 10 * day + 4_000, [{ from: 9.5 * day, to: 9.6 * day, ratio: 0.5 }]);
  for (const window of windows) {
    const budget = budgetOf(counts, { objective: { ratio: 0.99, window } });
    const { at, left, ideal } = burndown(budget.slo.objective, budget.counts, endOf(counts));
    const { spent } = standingOf(budget, endOf(counts));
    assert.ok(at.length <= burndownPoints && at.length === left.length && at.length === ideal.length);
    const known = left.filter((value) => value !== null);
    assert.ok(known.every((value, i) => value <= (known[i - 1] ?? 1) + 1e-12));
    assert.ok(Math.abs(known.at(-1)! - spent.left!) < 1e-9);
    assert.ok(at.every((ms, i) => i === 0 || ms > at[i - 1]!));
    assert.equal(ideal[0], 1);
    assert.equal(ideal.at(-1)! > 0, window.kind === 'month');
  }
});

test('the month begins at its first day in UTC, and a rolling window at a full hour', () => {
  const now = Date.UTC(2026, 1, 10, 5, 30);
  assert.deepEqual(windowSpan({ window: { kind: 'month' } }, now), {
    ...{ fromMs: Date.UTC(2026, 1, 1), nowMs: now, endMs: Date.UTC(2026, 2, 1), seconds: 28 * day },
  });
  const { fromMs } = windowSpan({ window: { kind: 'rolling', days: 30 } }, now);
  assert.equal(now - fromMs, 30 * 24 * hourMs + hourMs / 2);
});

test('lines of a range add up to its events, and leave a gap where nothing was measured', () => {
  const counts = traffic(60, day, []);
  counts.observed.fill(0, 2_400, 2_500);
  const lines = burnLines(budgetOf(counts), 18 * hourMs, endOf(counts))!;
  assert.ok(lines.at.length <= 240);
  const sum = lines.total.reduce<number>((all, value) => all + (value ?? 0), 0);
  const expected = counts.total.reduce(
    (all, value, i) => all + (i >= 2_160 && counts.observed[i] ? value : 0),
    0,
  );
  assert.equal(Math.round(sum), expected);
  assert.ok(lines.total.includes(null));
  assert.equal(burnLines(budgetOf(counts), -9 * day * 1_000, -8 * day * 1_000), undefined);
});

test('what the reader must know is said in sentences: the source, and how much of the window was measured', () => {
  const counts = traffic(60, 2 * day, []);
  const metrics = budgetOf(counts);
  const { spent } = standingOf(metrics, endOf(counts));
  const said = (change: Partial<Budget>, retention = 90 * day) =>
    caveatsOf({ budget: { ...metrics, ...change }, spent }, retention);
  assert.deepEqual(said({}), ['2d are measured of 7d: the budget is of that time only.']);
  assert.deepEqual(said({}, day), [
    '2d are measured of 7d; the store keeps 1d, less than the window: the budget is of that time only.',
  ]);
  const spans: Budget = { ...metrics, source: 'spans', counts: { ...metrics.counts!, weight: 20 } };
  assert.match(
    said(spans)[0]!,
    /^Counted from stored spans, each for at least 20 requests, because no metrics/,
  );
  assert.match(said({ why: 'x is an expression' }).join(), /^Not counted here: x is an expression\. /);
  assert.match(said({ source: undefined }).join(), /no series of it, nor spans/);
  assert.match(
    said({ read: { fromMs: 0, toMs: 0, isWhole: false } }).join(),
    /Older hours are still being read/,
  );
});
