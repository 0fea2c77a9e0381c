import assert from 'node:assert/strict';
import { it } from 'node:test';
import { buildBloom, hashId, mayContain } from '../../../collector/storage/embedded/bloom.ts';
import { IdTable, wordsOf } from '../../../collector/telemetry/id-table.ts';

type Words = [number, number, number, number, number, number];

it('numbers thousands of ids by first appearance, whichever of their words they differ in', () => {
  const table = new IdTable();
  const known = new Map<string, number>();
  // Few values in six words: every pair of words collides in the table's slots sooner or later.
  for (let n = 0; n < 40_000; n++) {
    const words = Array.from(
      { length: 6 },
      (_, word) => (Math.imul(n, 2654435761 + word * 40503) >>> 26) * 0x3ff_ffff,
    ) as Words;
    const key = words.join();
    if (!known.has(key)) known.set(key, known.size);
    assert.equal(table.add(...words), known.get(key), `id ${key}`);
  }
  assert.equal(table.size, known.size);
  assert.equal(table.find(1, 2, 3, 4, 5, 6), -1);
});

for (let word = 0; word < 6; word++) {
  it(`tells ids apart that differ in word ${word} only`, () => {
    const table = new IdTable();
    for (let n = 0; n < 5000; n++) {
      const words: Words = [7, 7, 7, 7, 7, 7];
      words[word] = n;
      assert.equal(table.add(...words), n);
      assert.equal(table.find(...words), n);
    }
  });
}

it('a trace id comes back byte for byte', () => {
  const table = new IdTable();
  const id = Uint8Array.from({ length: 16 }, (_, n) => 255 - n);
  const words = wordsOf(id);
  assert.deepEqual(table.traceId(table.add(words[0]!, words[1]!, words[2]!, words[3]!)), id);
});

it('a bloom filter holds every id of its block, and few others', () => {
  const ids = new Uint8Array(512 * 16);
  for (let n = 0; n < 512; n++) new DataView(ids.buffer).setUint32(n * 16 + 12, n + 1);
  const filter = buildBloom(ids);
  const words = wordsOf(ids);
  for (let n = 0; n < 512; n++) assert.ok(mayContain(filter, hashId(words, n * 4)));
  let passed = 0;
  for (let n = 0; n < 100_000; n++) {
    if (mayContain(filter, hashId(Uint32Array.of(1, 2, 3, n), 0))) passed++;
  }
  assert.ok(passed < 300, `${passed} of 100000 absent ids passed, about 94 should`);
  assert.equal(mayContain(buildBloom(new Uint8Array(16)), hashId(words, 0)), false);
});
