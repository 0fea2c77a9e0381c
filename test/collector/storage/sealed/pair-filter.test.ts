import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  PairFilterWriter,
  readPairFilter,
} from '../../../../collector/storage/embedded/sealed/pair-filter.ts';

it('a filter of attributes of which a byte is another is refused', () => {
  const writer = new PairFilterWriter();
  writer.addText(1, 2);
  const bytes = writer.build();
  assert.equal(readPairFilter(bytes).length, 1);
  for (const at of bytes.keys()) {
    const changed = bytes.slice();
    changed[at]! ^= 1;
    assert.throws(() => readPairFilter(changed), RangeError);
  }
  assert.throws(() => readPairFilter(bytes.subarray(4)), RangeError);
});
