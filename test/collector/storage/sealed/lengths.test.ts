import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  LENGTHS_BELOW,
  packLengths,
  unpackLengths,
} from '../../../../collector/storage/embedded/sealed/lengths.ts';

const numbers = fc.oneof(
  fc.array(fc.maxSafeNat().map((n) => n % LENGTHS_BELOW)),
  fc.array(fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 70_000 }), fc.nat({ max: 2 ** 31 - 1 }))),
);

describe('numbers by their length', () => {
  it('read back as they were', () =>
    fc.assert(
      fc.property(numbers, (values) => {
        const words = unpackLengths(packLengths(Float64Array.from(values), values.length), values.length);
        assert.deepEqual(
          values.map((_, i) => words[i * 2 + 1]! * 2 ** 32 + words[i * 2]!),
          values,
        );
      }),
    ));

  it('are refused where there are fewer or more of them', () => {
    const packed = packLengths(Float64Array.of(1, 1000, 2 ** 40), 3);
    for (const count of [0, 2, 4, 40]) assert.throws(() => unpackLengths(packed, count), RangeError);
    for (let end = 0; end < packed.length; end++)
      assert.throws(() => unpackLengths(packed.subarray(0, end), 3), RangeError);
    assert.throws(() => unpackLengths(packed.with(0, 9), 3), RangeError);
  });
});
