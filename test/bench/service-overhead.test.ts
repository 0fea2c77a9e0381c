import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Costs, overheadFigures } from '../../bench/service-overhead.ts';

/** One round in which every stack costs the same. */
function evenCosts(): Costs {
  const cost = () => [{ cpuNs: 1000, allocations: 10 }];
  return {
    bare: cost(),
    oursSampledLog: cost(),
    peerSampledLog: cost(),
    oursFullLog: cost(),
    peerFullLog: cost(),
    oursKeep: cost(),
    oursUnsampled: cost(),
    oursParent: cost(),
    oursRecorded: cost(),
    peerRecorded: cost(),
  };
}

test('ratios are the median of the rounds, above the bare handler; a busy moment that meets one stack is left out', () => {
  const rounds = (cpuNs: readonly number[], allocations: number) =>
    cpuNs.map((ns, round) => ({ cpuNs: ns, allocations: allocations + round / 100 }));
  const costs: Costs = {
    ...evenCosts(),
    bare: rounds([500, 1000, 500], 3.3),
    oursSampledLog: rounds([1500, 3000, 4000], 9),
    peerSampledLog: rounds([10_500, 21_000, 10_500], 45),
    oursFullLog: rounds([3000, 6000, 3000], 9),
    peerFullLog: rounds([12_500, 25_000, 99_999], 51),
    oursKeep: rounds([1800, 3600, 4800], 9),
    oursUnsampled: rounds([1400, 1400, 1400], 7.32),
    oursParent: rounds([1900, 1900, 1900], 11.33),
  };
  assert.deepEqual(overheadFigures(costs), {
    ratioSampledLog: 0.1,
    ratioFullLog: 2500 / 12_000,
    ratioKeep: 1.2,
    allocsUnsampled: 4,
    allocsParent: 8,
  });
});

test('a peer without overhead gives no ratio', () => {
  assert.throws(() => overheadFigures(evenCosts()), RangeError);
});
