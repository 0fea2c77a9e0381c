import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  formatBytes,
  formatCount,
  formatDay,
  formatDuration,
  formatLevel,
  formatMoment,
  formatRange,
  formatRate,
  formatShare,
  formatTick,
  formatTime,
  msToNano,
  nanoToMs,
  shortId,
} from '../../../collector/ui/format.ts';

/** Checks a whole table of values and texts, so that one look shows the rule. */
function texts<T>(format: (value: T) => string, table: [T, string][]): void {
  assert.deepEqual(
    table.map(([value]) => [value, format(value)]),
    table,
  );
}

test('durations are written with up to three figures and the unit that fits', () => {
  texts(formatDuration, [
    [0, '0 ms'],
    [0.0004, '0.4 µs'],
    [0.045, '45 µs'],
    [0.12, '0.12 ms'],
    [1, '1 ms'],
    [7.1, '7.1 ms'],
    [7.96, '8 ms'],
    [9.96, '10 ms'],
    [142.4, '142 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [2310, '2.31 s'],
    [9999, '10.0 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min'],
    [65_000, '1 min 5 s'],
    [3_599_700, '1 h'],
    [22_200_000, '6 h 10 min'],
    [7 * 86_400_000, '7 d'],
    [-12, '−12 ms'],
  ]);
  assert.equal(formatDuration(null), '–');
  assert.equal(formatDuration(Number.NaN), '–');
});

test('axis labels drop zeros that say nothing', () => {
  texts(formatTick, [
    [0, '0'],
    [500, '500 ms'],
    [1000, '1 s'],
    [1500, '1.5 s'],
    [20_000, '20 s'],
  ]);
});

test('counts keep every digit up to a hundred thousand', () => {
  texts(formatCount, [
    [0, '0'],
    [1284, '1,284'],
    [99_999, '99,999'],
    [412_300, '412 k'],
    [999_600, '1.00 M'],
    [17_300_000, '17.3 M'],
    [6_950_000, '6.95 M'],
    [1_200_000_000, '1.20 G'],
  ]);
});

test('shares are per cent and never round a little to nothing or almost all to everything', () => {
  texts(formatShare, [
    [0, '0 %'],
    [0.00001, '<0.01 %'],
    [0.0002, '0.02 %'],
    [0.009, '0.9 %'],
    [0.062, '6.2 %'],
    [0.73, '73.0 %'],
    [0.9999, '>99.9 %'],
    [1, '100 %'],
  ]);
  assert.equal(formatShare(null), '–');
  assert.equal(formatLevel(0.344), '34 %');
});

test('rates and bytes are short', () => {
  texts(formatRate, [
    [0, '0'],
    [0.004, '<0.01'],
    [0.05, '0.05'],
    [0.42, '0.4'],
    [22.4, '22'],
    [4812, '4,812'],
  ]);
  texts(formatBytes, [
    [0, '0 B'],
    [1500, '1.5 kB'],
    [212e6, '212 MB'],
    [3.1e9, '3.1 GB'],
    [8e9, '8 GB'],
  ]);
});

test('nanoseconds become milliseconds without passing through an inexact number', () => {
  assert.equal(nanoToMs('1773239077204000000'), 1773239077204);
  assert.equal(nanoToMs('1500000'), 1.5);
  assert.equal(nanoToMs('not a time'), 0);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => nanoToMs(msToNano(ms)) === ms),
  );
});

test('times are UTC and carry the day only when it is another one', () => {
  const now = Date.UTC(2026, 2, 11, 14, 41);
  assert.equal(formatTime(now + 204, 'milli'), '14:41:00.204');
  assert.equal(formatMoment(now - 60_000, now), '14:40:00');
  assert.equal(formatMoment(now - 86_400_000, now, 'minute'), '10 Mar 14:41');
  assert.equal(formatDay(Date.UTC(2025, 11, 31), now), '31 Dec 2025');
  assert.equal(formatRange(now - 3_600_000, now, now), '13:41 – 14:41');
  assert.equal(formatRange(now - 60_000, now, now), '14:40:00 – 14:41:00');
  assert.equal(formatRange(now - 86_400_000, now, now), '10 Mar 14:41 – 14:41');
  assert.equal(shortId('4bf92f3577b34da6a3ce929d0e0e4736'), '4bf92f3577b3');
});

test('a time that no calendar holds does not throw', () => {
  fc.assert(fc.property(fc.double(), (ms) => typeof formatTime(ms) === 'string'));
});
