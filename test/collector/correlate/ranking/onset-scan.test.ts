import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findChanges } from '../../../../collector/correlate/ranking/onset-scan.ts';
import { withSides } from '../../../../collector/correlate/ranking/records.ts';
import { UsualShares } from '../../../../collector/correlate/ranking/usual-shares.ts';
import { randomFrom, shuffled } from '../../../helpers/random.ts';
import { recordsOf, type SmallSystem, START, smallSystem } from '../../../helpers/small-system.ts';

/** The last two quiet minutes and the incident are searched, the minutes before are quiet. */
function changesOf(system: SmallSystem) {
  const from = Number(system.onset / 1_000_000n) - 120_000;
  return findChanges(withSides(recordsOf(system), (ms) => (ms >= from ? 1 : 0)));
}

const offset = (system: SmallSystem, onset: bigint) => Number(onset - system.onset) / 1e9;

test('the strongest change begins within 15 s of the fault, in a service that it touches', () => {
  for (const fault of ['vanished line', 'slow hop', 'slow cache', 'failure'] as const) {
    const system = smallSystem({ fault, quietMinutes: 5, seed: 2 });
    const [first] = changesOf(system);
    assert.ok(first, fault);
    assert.ok(Math.abs(offset(system, first.onsetUnixNano)) < 15, `${fault}: ${first.about}`);
  }
});

test('nothing is told of quiet time, nor without quiet time to compare with', () => {
  for (let seed = 1; seed <= 2; seed++)
    assert.deepEqual(changesOf(smallSystem({ seed, quietMinutes: 5 })), []);
  const system = smallSystem({ fault: 'error line' });
  assert.deepEqual(findChanges(withSides(recordsOf(system), () => 1)), []);
});

test('the order of arrival changes no onset', () => {
  const system = smallSystem({ fault: 'vanished line', quietMinutes: 5 });
  const random = randomFrom(3);
  const mixed = { ...system, spans: shuffled(system.spans, random), logs: shuffled(system.logs, random) };
  assert.deepEqual(changesOf(mixed), changesOf(system));
});

test('what happened in the worst quiet slice is usual, too', () => {
  const usual = new UsualShares();
  const start = Number(START / 1_000_000n);
  for (let i = 0; i < 120; i++) usual.add(start + i * 1000, new Set(i >= 60 && i < 90 ? [7] : []));
  const { share, least, most } = usual.of(7);
  assert.ok(share > 0.24 && share < 0.26);
  assert.ok(least < 0.02);
  assert.ok(most > 0.45 && most < 0.5);
  assert.ok(usual.of(8).most < 0.01);
});
