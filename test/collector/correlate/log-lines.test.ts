import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLines, withTemplates } from '../../../collector/correlate/log-lines.ts';
import { storeOf } from '../../helpers/scenario.ts';
import { logBatch } from '../../helpers/telemetry.ts';

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

test('lines without a place in the code are told by their template, too, on both sides by the same', () => {
  const line = (text: string, caller = '') => ({
    ...{ timeUnixNano: 1n, severityNumber: 13, traceId: '', spanId: '', reason: '' },
    template: { key: ['WARN', caller, text].join('\u0000'), level: 'WARN', caller, text, access: false },
  });
  const sides = withTemplates([
    [line('user alice not found'), line('attempt one failed', 'cache.go:88')],
    [line('user bob not found'), line('cache is full')],
  ]);
  assert.deepEqual(
    sides.map((lines) => lines.map(({ template }) => template.text)),
    [
      ['user alice not found', 'user <*> not found', 'attempt one failed'],
      ['user bob not found', 'user <*> not found', 'cache is full'],
    ],
  );
  assert.equal(sides[0]![1]!.template.key, sides[1]![1]!.template.key);
});
