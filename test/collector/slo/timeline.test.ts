import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hourMs, stepMs, stepSeconds, Timeline } from '../../../collector/slo/timeline.ts';
import type { StepCounts } from '../../../slo/index.ts';

const hour = hourMs / stepMs;
const start = Date.UTC(2026, 2, 11, 14);

/** Events of one step that never come twice. */
function countsOf(from: number, to: number, seed: number): StepCounts {
  const steps = Array.from({ length: to - from }, (_, i) => (from + i) * 7 + seed);
  return {
    ...{ startUnixMs: start + from * stepMs, stepSeconds },
    bad: Float64Array.from(steps, (value) => Math.abs(value) % 5),
    total: Float64Array.from(steps, (value) => 5 + (Math.abs(value) % 11)),
    observed: Uint8Array.from(steps, (value) => (value % 3 === 0 ? 0 : 1)),
  };
}

test('whatever was read when, the recent steps and the hours are those of the newest reading of each step', () => {
  const spans = fc.record({
    // The first reading, in hours and steps after the start, then older ones of so many hours, then newer ones of so many steps.
    first: fc.integer({ min: 1, max: 3 * hour }),
    older: fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 12 }),
    newer: fc.array(fc.integer({ min: 1, max: 12 * hour }), { maxLength: 12 }),
  });
  fc.assert(
    fc.property(spans, ({ first, older, newer }) => {
      const timeline = new Timeline(start + first * stepMs);
      const naive = new Map<number, [number, number]>();
      const put = (from: number, to: number, seed: number) => {
        const counts = countsOf(from, to, seed);
        timeline.put(counts, 1);
        for (let step = from; step < to; step++) {
          const i = step - from;
          if (counts.observed[i]) naive.set(step, [counts.bad[i]!, counts.total[i]!]);
          else naive.delete(step);
        }
      };
      put(0, first, 1);
      let [from, to] = [0, first];
      older.forEach((hours, i) => {
        put(from - hours * hour, from, i);
        from -= hours * hour;
      });
      newer.forEach((steps, i) => {
        // Steps near the end are read again.
        put(Math.max(to - 11, from), to + steps, i);
        to += steps;
      });
      const { recent, hours } = timeline.read();
      const oldest = Math.floor(to / hour) * hour - 73 * hour;
      assert.ok((recent.startUnixMs - start) / stepMs <= oldest);
      assert.equal((recent.startUnixMs - start) / stepMs + recent.total.length, to);
      for (let step = Math.max(oldest, from); step < to; step++) {
        const i = step - (recent.startUnixMs - start) / stepMs;
        const [bad, total] = naive.get(step) ?? [0, 0];
        assert.equal(recent.observed[i] === 1, naive.has(step));
        if (naive.has(step)) assert.ok(recent.bad[i] === bad && recent.total[i] === total);
      }
      const sums = new Map<number, [number, number, number]>();
      for (const [step, [bad, total]] of naive) {
        const at = Math.floor(step / hour);
        const sum = sums.get(at) ?? [0, 0, 0];
        sums.set(at, [sum[0] + bad, sum[1] + total, sum[2] + 1]);
      }
      hours.measured.forEach((measured, i) => {
        const sum = sums.get(i + (hours.startUnixMs - start) / hourMs) ?? [0, 0, 0];
        assert.ok(hours.bad[i] === sum[0] && hours.total[i] === sum[1] && measured === sum[2]);
      });
    }),
    { numRuns: 15 },
  );
});

test('a gap of months leaves nothing of what was before it', () => {
  const timeline = new Timeline(start);
  timeline.put(countsOf(0, hour, 1), 1);
  timeline.put(countsOf(100 * 24 * hour, 100 * 24 * hour + 3, 1), 1);
  const { recent, hours } = timeline.read();
  assert.equal(recent.startUnixMs % hourMs, 0);
  assert.equal(
    recent.observed.reduce((sum, seen) => sum + seen, 0),
    2,
  );
  assert.equal(
    hours.measured.reduce((sum, steps) => sum + steps, 0),
    2,
  );
});
