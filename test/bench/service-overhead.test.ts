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

test('figures are of the least disturbed round, above the bare handler', () => {
  const costs: Costs = {
    ...evenCosts(),
    bare: [
      { cpuNs: 900, allocations: 3.31 },
      { cpuNs: 500, allocations: 3.3 },
    ],
    oursSampledLog: [
      { cpuNs: 1500, allocations: 9 },
      { cpuNs: 4000, allocations: 9 },
    ],
    peerSampledLog: [{ cpuNs: 10_500, allocations: 45 }],
    oursFullLog: [{ cpuNs: 3000, allocations: 9 }],
    peerFullLog: [{ cpuNs: 12_500, allocations: 51 }],
    oursKeep: [{ cpuNs: 1800, allocations: 9 }],
    oursUnsampled: [{ cpuNs: 1400, allocations: 7.32 }],
    oursParent: [{ cpuNs: 1900, allocations: 11.33 }],
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
