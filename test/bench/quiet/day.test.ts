import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf, kinds, planDay, slotSeconds } from '../../../bench/quiet/day.ts';
import { randomFrom } from '../../../slo/index.ts';

const day = planDay(24, randomFrom(1));
const slotAt = (hour: number) => (hour * 3600) / slotSeconds;
const mean = (from: number, to: number) => {
  const part = day.perSecond.subarray(slotAt(from), slotAt(to));
  return part.reduce((sum, rate) => sum + rate, 0) / part.length;
};

test('at night a few percent of the traffic are left', () => {
  const share = mean(14, 16) / mean(0, 6);
  assert.ok(share > 0.01 && share < 0.06, String(share));
});

test('traffic is uneven: minutes differ, and bursts stand out', () => {
  const rates = Array.from({ length: 60 }, (_, i) => day.perSecond[i * 12]!);
  assert.ok(new Set(rates).size > 50);
  assert.ok(Math.max(...day.perSecond) > 1.5 * mean(0, 1));
});

test('the scraped service is deployed twice, on every instance, and gets one instance more', () => {
  const shop = day.processes.filter(({ service }) => service === 'shop');
  const alive = (slot: number) => shop.filter(({ fromSlot, toSlot }) => slot >= fromSlot && slot < toSlot);
  const versionsAt = (hour: number) => alive(slotAt(hour)).map(({ version }) => version);
  assert.deepEqual(versionsAt(1), ['1.0.0', '1.0.0']);
  assert.deepEqual(versionsAt(7), ['1.0.0', '1.0.0', '1.0.0']);
  assert.deepEqual(versionsAt(12), ['1.1.0', '1.1.0', '1.1.0']);
  assert.deepEqual(versionsAt(23), ['1.2.0', '1.2.0', '1.2.0']);
  for (let slot = 0; slot < day.slots; slot++) assert.ok(alive(slot).length >= 2);
});

test('every kind of time is there, in a day of one hour, too', () => {
  for (const hours of [1, 24]) {
    const planned = planDay(hours, randomFrom(3));
    assert.equal(planned.slots, slotAt(hours));
    const seen = new Set(Array.from({ length: planned.slots }, (_, slot) => kindOf(planned, slot)));
    assert.deepEqual(
      kinds.filter((kind) => !seen.has(kind)),
      [],
    );
  }
});

test('the same chance plans the same day', () => {
  assert.deepEqual(planDay(2, randomFrom(9)), planDay(2, randomFrom(9)));
});
