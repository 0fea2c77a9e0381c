import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Bits, packBits, unpackBits } from '../../../../collector/storage/embedded/sealed/bits.ts';

/** Few or many, small or large, alone or in runs. */
const columns = fc
  .record({
    bits: fc.integer({ min: 0, max: 32 }),
    run: fc.integer({ min: 1, max: 40 }),
    count: fc.integer({ min: 0, max: 3000 }),
    skew: fc.integer({ min: 1, max: 12 }),
    seed: fc.integer(),
  })
  .map(({ bits, run, count, skew, seed }) => {
    let state = seed;
    const next = () => {
      state = (Math.imul(state, 1103515245) + 12345) | 0;
      return state >>> 0;
    };
    const values = new Uint32Array(count);
    for (let from = 0; from < count; from += run) {
      const value = next() % skew === 0 ? (next() & (2 ** bits - 1)) >>> 0 : 0;
      values.fill(value, from, from + run);
    }
    return values;
  });

describe('numbers as bits', () => {
  it('read back as they were, all at once and one by one', () =>
    fc.assert(
      fc.property(columns, (values) => {
        const { main } = packBits(values, values.length);
        assert.deepEqual(unpackBits(main, values.length), values);
        const bits = new Bits(main, values.length);
        for (let i = 0; i < values.length; i += 7) assert.equal(bits.at(i), values[i]);
      }),
      { numRuns: 60 },
    ));

  it('take no more room than their largest needs', () => {
    const values = Uint32Array.from({ length: 1000 }, (_, i) => (i * 7) % 13);
    assert.equal(packBits(values, 1000).main.length, 1 + 500 + 3);
    assert.equal(packBits(new Uint32Array(1000), 1000).main.length, 0);
    assert.ok(packBits(new Uint32Array(1000).fill(9), 1000).main.length < 8);
  });

  it('are refused where there are fewer or more of them', () => {
    const { main } = packBits(Uint32Array.of(1, 2, 3), 3);
    assert.throws(() => unpackBits(main, 300), RangeError);
    assert.throws(() => unpackBits(main.subarray(1), 3), RangeError);
    assert.throws(() => unpackBits(packBits(new Uint32Array(64).fill(5), 64).main, 63), RangeError);
  });
});
