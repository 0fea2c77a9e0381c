import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mask, readLines } from '../../../collector/correlate/log-lines.ts';
import { storeOf } from '../../helpers/scenario.ts';
import { logBatch } from '../../helpers/telemetry.ts';

test('lines that differ in their values alone have one masked text', () => {
  for (const [a, b] of [
    ['order 17 took 3.5 ms', 'order 9001 took 120 ms'],
    ['user "Ann" left', 'user "Bob B." left'],
    ['trace 4bf92f3577b34da6a3ce929d0e0e4736 kept', 'trace 00f067aa0ba902b7 kept'],
    ['dial tcp 10.0.0.1:6379: refused', 'dial tcp 10.20.30.40:16379: refused'],
    ['id 7d8f0a2c-1111-4222-8333-444455556666 gone', 'id 00000000-aaaa-4bbb-8ccc-dddddddddddd gone'],
  ]) {
    assert.equal(mask(a!), mask(b!));
    assert.match(mask(a!), /<\*>/);
  }
});

test('words stay apart: another message is another template', () => {
  assert.notEqual(mask('dial failed'), mask('read failed'));
  assert.equal(mask('feed added face decade'), 'feed added face decade');
});

test('lines of one place in the code share a template whatever they say, and pages follow each other', async (t) => {
  const line = (i: number) => ({
    ...{ time: BigInt(i + 1), severityNumber: 13, service: 'shop', body: 'attempt failed' },
    attributes: { 'code.file.path': 'cache.go', 'code.line.number': '88', error: `after ${i} ms` },
  });
  const store = await storeOf(t, [logBatch(Array.from({ length: 1500 }, (_, i) => line(i)))]);
  const query = { fromUnixNano: 0n, toUnixNano: 5000n, order: 'oldest' } as const;
  const signal = new AbortController().signal;
  const lines = await readLines(query, store, { clock: () => 0n, signal });
  assert.equal(lines.length, 1500);
  const [template, ...others] = new Set(lines.map(({ template }) => template.key));
  assert.deepEqual(others, []);
  assert.equal(template, 'WARN\u0000cache.go:88\u0000attempt failed');
});
