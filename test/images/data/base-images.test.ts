import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageInDays, isDay, parseBaseImages, shippedBaseImages } from '../../../images/data/base-images.ts';

test('the shipped dates have every product that the gate knows, the newest cycle first', () => {
  const { products } = shippedBaseImages;
  for (const name of ['alpine', 'debian', 'ubuntu', 'go', 'nodejs', 'python']) {
    const released = products[name]!.map((cycle) => cycle.released);
    assert.deepEqual(released, [...released].sort().reverse(), name);
  }
});

test('no cycle ends before it began, and its newest release is one of it', () => {
  for (const [name, cycles] of Object.entries(shippedBaseImages.products)) {
    for (const { cycle, released, eol, latest } of cycles) {
      assert.ok(eol === undefined || eol > released, `${name} ${cycle}`);
      assert.ok(latest === cycle || latest.startsWith(`${cycle}.`), `${name} ${cycle}: ${latest}`);
    }
  }
});

test('a Go release is supported until two newer ones are out', () => {
  const go = shippedBaseImages.products['go']!.slice(0, 15);
  for (const [at, { cycle, eol }] of go.entries()) assert.equal(eol, go[at - 2]?.released, cycle);
});

test('dates of one’s own are refused with every problem and its path', () => {
  const text = JSON.stringify({
    made: '2026-02-30',
    source: 'me',
    products: { go: [{ cycle: '1.26', released: '2026-02-10', latest: 7, end: 'never' }], alpine: {} },
    more: true,
  });
  const parsed = parseBaseImages(text);
  assert.deepEqual(parsed, {
    ok: false,
    problems: [
      'more: unknown key',
      'made: 2026-02-30 is no day like 2026-11-26',
      'products.go[0].end: unknown key',
      'products.go[0].latest: a text is expected',
      'products.alpine: a list of cycles is expected',
    ],
  });
});

test('dates that are no JSON, or no object, are refused', () => {
  const problem = (text: string) => {
    const parsed = parseBaseImages(text);
    return parsed.ok ? '' : parsed.problems[0]!;
  };
  assert.match(problem('{'), /^not JSON: /);
  assert.equal(problem('[]'), 'the file: an object is expected');
});

test('what is written is read again', () => {
  const parsed = parseBaseImages(JSON.stringify(shippedBaseImages));
  assert.deepEqual(parsed, { ok: true, value: shippedBaseImages });
});

test('the age of the data is told in days', () => {
  const data = { ...shippedBaseImages, made: '2026-11-26' };
  assert.equal(ageInDays(data, '2027-05-26'), 181);
  assert.equal(ageInDays(data, '2026-11-25'), -1);
  assert.deepEqual(['2024-02-29', '2026-02-29', '26-1-1', 'x'].map(isDay), [true, false, false, false]);
});
