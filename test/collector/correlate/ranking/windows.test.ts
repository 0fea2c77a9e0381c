import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  GUARD_NANO,
  MOST_INCIDENT_NANO,
  SLICE_NANO,
  sideOf,
  thinned,
  windowsOf,
} from '../../../../collector/correlate/ranking/windows.ts';

const SECOND = 1_000_000_000n;
const minutes = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => BigInt(from + i) * SLICE_NANO);
const at = (seconds: number) => BigInt(seconds) * SECOND;
const seconds = ({ fromUnixNano, toUnixNano }: { fromUnixNano: bigint; toUnixNano: bigint }) => [
  Number(fromUnixNano / SECOND),
  Number(toUnixNano / SECOND),
];

test('quiet time is the minutes with data until a minute before the onset, what is too short left out', () => {
  const { incident, quiet, before } = windowsOf(at(630), at(700), minutes(5, 12), []);
  assert.deepEqual(seconds(incident), [630, 700]);
  assert.deepEqual(quiet.map(seconds), [
    [300, 360],
    [360, 420],
    [420, 480],
    [480, 540],
    [540, 570],
  ]);
  assert.equal(before, 5);
  assert.deepEqual(seconds(windowsOf(at(603), at(700), minutes(8, 12), [], 0).quiet.at(-1)!), [480, 540]);
});

test('a long incident is looked at where it begins', () => {
  const { incident } = windowsOf(at(600), at(9000), minutes(0, 10), []);
  assert.equal(incident.toUnixNano - incident.fromUnixNano, MOST_INCIDENT_NANO);
});

test('other incidents are no quiet time, and the rest of their minutes is', () => {
  const known = [{ fromUnixNano: at(70), toUnixNano: at(100) }];
  const { quiet } = windowsOf(at(600), at(700), minutes(0, 3), known);
  assert.deepEqual(quiet.map(seconds), [
    [0, 60],
    [60, 70],
    [100, 120],
    [120, 180],
  ]);
});

test('with little before the onset, as much after the incident is compared with', () => {
  const { quiet, before } = windowsOf(at(600), at(660), minutes(8, 30), []);
  assert.equal(before, 1);
  assert.deepEqual(quiet.map(seconds), [
    [480, 540],
    [840, 900],
    [900, 960],
    [960, 1020],
  ]);
});

test('of any minutes and incidents: slices do not overlap, keep away from what is known, and sides agree', () => {
  const range = fc.record({ from: fc.nat(3000), length: fc.integer({ min: 1, max: 300 }) });
  fc.assert(
    fc.property(fc.array(range, { maxLength: 4 }), fc.integer({ min: 60, max: 3000 }), (taken, onset) => {
      const known = taken.map(({ from, length }) => ({
        fromUnixNano: at(from),
        toUnixNano: at(from + length),
      }));
      const windows = windowsOf(at(onset), at(onset + 90), minutes(0, 60), known);
      const side = sideOf(windows);
      let last = 0n;
      for (const { fromUnixNano, toUnixNano } of windows.quiet) {
        assert.ok(fromUnixNano >= last && toUnixNano > fromUnixNano);
        last = toUnixNano;
        assert.ok(toUnixNano <= at(onset) - GUARD_NANO || fromUnixNano >= windows.incident.toUnixNano);
        for (const one of known) assert.ok(toUnixNano <= one.fromUnixNano || fromUnixNano >= one.toUnixNano);
        assert.equal(side(Number(fromUnixNano) / 1e6), 0);
      }
      assert.equal(side(onset * 1000), 1);
      assert.equal(side(onset * 1000 - 1), -1);
    }),
    { numRuns: 100 },
  );
});

test('of a busy system fewer quiet slices are compared with, evenly over their time, the newest among them', () => {
  const windows = windowsOf(at(1860), at(1900), minutes(0, 31), []);
  assert.equal(windows.quiet.length, 30);
  const starts = (spans: number) =>
    thinned(windows, () => spans).quiet.map((slice) => seconds(slice)[0]! / 60);
  assert.equal(starts(400_000 / 30).length, 30);
  assert.deepEqual(
    starts(20_000),
    [1, 2, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 20, 22, 23, 25, 26, 28, 29],
  );
  const fewest = thinned(windows, () => 10_000_000);
  assert.deepEqual([fewest.quiet.length, fewest.before, fewest.quiet.at(-1)], [12, 12, windows.quiet.at(-1)]);
  const later = thinned({ ...windows, before: 5 }, () => 20_000);
  assert.deepEqual([later.quiet.length, later.before], [20, 3]);
});
