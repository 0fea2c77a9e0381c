import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Alarm,
  alarmsOf,
  detect,
  drawn,
  expected,
  type Firing,
  randomFrom,
  replayWorkbook,
  scenarios,
  simulate,
  tiers,
} from '../../../slo/index.ts';

const hour = 3_600;
const sum = (values: Float64Array) => values.reduce((all, value) => all + value, 0);

test('the same seed gives the same requests', () => {
  const [scenario] = scenarios;
  const once = simulate(scenario!, drawn(randomFrom(3)));
  assert.deepEqual(once, simulate(scenario!, drawn(randomFrom(3))));
  assert.notDeepEqual(once.bad, simulate(scenario!, drawn(randomFrom(4))).bad);
});

test('every scenario begins without trouble, ends without it, and has one stretch at most', () => {
  assert.ok(scenarios.length >= 28);
  for (const { name, faults, seconds } of scenarios) {
    assert.ok(faults.length <= 1, name);
    for (const { from, to } of faults) assert.ok(from > 0 && to > from && to < seconds, name);
  }
});

test('a diurnal day has as many requests as a steady one, a tenth in the night', () => {
  const day = { rpm: 60, healthyRatio: 0, faults: [], seconds: 24 * hour };
  const diurnal = simulate({ ...day, diurnal: true }, expected);
  assert.ok(Math.abs(sum(diurnal.total) - 60 * 1_440) < 1);
  assert.ok(Math.abs(diurnal.total[(3 * hour) / 30]! - 3) < 0.01);
});

test('faults fail, grow, pulse, bring more traffic, and fail by number as they say', () => {
  const of = (fault: object) =>
    simulate(
      { rpm: 60, healthyRatio: 0, seconds: 360, faults: [{ from: 60, to: 300, ratio: 0.5, ...fault }] },
      expected,
    );
  assert.deepEqual([...of({}).bad], [0, 0, 15, 15, 15, 15, 15, 15, 15, 15, 0, 0]);
  assert.deepEqual([...of({ ratio: 0, toRatio: 0.8 }).bad].slice(2, 5), [0, 3, 6]);
  assert.deepEqual([...of({ pulse: { every: 60, on: 30 } }).bad].slice(2, 6), [15, 0, 15, 0]);
  assert.deepEqual([...of({ traffic: 4 }).total].slice(1, 3), [30, 120]);
  assert.deepEqual([...of({ ratio: 0, failures: 2 }).bad].slice(1, 5), [0, 2, 0, 0]);
});

test('the workbook pages for one failure of a quiet route, and not without traffic', () => {
  const quiet = {
    rpm: 1,
    healthyRatio: 0,
    seconds: 9 * hour,
    faults: [{ from: 7 * hour, to: 7 * hour + 30, ratio: 0, failures: 1 }],
  };
  const [page] = replayWorkbook(0.001, simulate(quiet, expected));
  // Nine increases of half a request each stand in a range of ten samples.
  assert.deepEqual(page, { severity: 'page', from: 840, to: 849 });
  assert.deepEqual(replayWorkbook(0.001, simulate({ ...quiet, rpm: 0, faults: [] }, expected)), []);
});

const page = (from: number, to: number): Alarm => ({ severity: 'page', from, to });
const fault = { from: 3_000, to: 6_000, ratio: 1 };

for (const [what, alarms, expectedOf] of [
  ['nothing fires', [], [undefined, undefined, 0]],
  ['a page comes at once and ends later', [page(100, 230)], [30, 930, 0]],
  ['a page comes long before', [page(10, 20)], [undefined, undefined, 1]],
  ['a second page comes long after', [page(101, 190), page(260, 270)], [60, 0, 1]],
] as const) {
  test(`delay, reset and false pages are told where ${what}`, () => {
    const { delay, reset, falsePages } = detect({ faults: [fault] }, alarms);
    assert.deepEqual([delay.page, reset, falsePages], expectedOf);
  });
}

test('tiers of one severity that overlap or touch are one alarm', () => {
  const firing = (tier: number, from: number, to: number): Firing => ({ tier: tiers[tier]!, from, to });
  const alarms = alarmsOf([firing(0, 1, 5), firing(2, 2, 9), firing(1, 5, 7), firing(0, 8, 9)]);
  assert.deepEqual(alarms, [page(1, 7), { severity: 'ticket', from: 2, to: 9 }, page(8, 9)]);
});
