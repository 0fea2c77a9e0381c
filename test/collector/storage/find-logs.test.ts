/** What log lines of files add to the contract: their fields and the stream they were written to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scanLogLines } from '../../../collector/formats/log-line/scan-log-lines.ts';
import type { FindLogsQuery } from '../../../collector/storage/store.ts';
import { stringAt } from '../../../collector/telemetry/columns.ts';
import { storeOf } from '../../helpers/scenario.ts';

const ALL = { fromUnixNano: 0n, toUnixNano: 2n ** 62n, order: 'oldest' } as const;
const LINES = [
  '{"ts":1,"level":"info","msg":"order 17 stored","caller":"orders/store.go:77","status":200,"user":{"id":1}}',
  '{"ts":2,"level":"error","msg":"order 18 failed","error":"dial tcp 10.0.0.1: refused","status":503}',
  'panic: not JSON at all',
];

test('lines are found by each of their fields, by the caller in two parts and by their stream', async (t) => {
  const resource = { 'service.name': 'shop', 'log.iostream': 'stderr' };
  const store = await storeOf(t, [scanLogLines(Buffer.from(LINES.join('\n')), resource, 1n).batch]);
  const found = async (query: Partial<FindLogsQuery>) => {
    const { columns, count } = await store.findLogs({ ...ALL, ...query });
    return Array.from({ length: count }, (_, i) => stringAt(columns.body, i));
  };
  const stored = 'order 17 stored';
  const failed = 'order 18 failed';
  const by = (key: string, value: string) => found({ attributes: [{ key, value }] });
  assert.deepEqual(await by('status', '200'), [stored]);
  assert.deepEqual(await by('code.file.path', 'orders/store.go'), [stored]);
  assert.deepEqual(await by('code.line.number', '77'), [stored]);
  assert.deepEqual(await by('user', '{"id":1}'), [stored]);
  assert.deepEqual(await by('exception.message', 'dial tcp 10.0.0.1: refused'), [failed]);
  assert.deepEqual(await by('error', 'dial tcp 10.0.0.1: refused'), []);
  assert.deepEqual(await by('log.iostream', 'stderr'), [stored, failed, LINES[2]]);
  assert.deepEqual(await by('log.iostream', 'stdout'), []);
  assert.deepEqual(await found({ template: 'order 1 stored' }), [stored]);
  assert.deepEqual(await found({ text: 'NOT json' }), [LINES[2]]);
  const { columns } = await store.findLogs({ ...ALL, minSeverityNumber: 17 });
  assert.deepEqual(columns.attributes, [
    { 'log.iostream': 'stderr', 'exception.message': 'dial tcp 10.0.0.1: refused', status: 503 },
  ]);
});
