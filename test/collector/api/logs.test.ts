import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiDeps } from '../../../collector/api/deps.ts';
import { findLogs } from '../../../collector/api/logs.ts';
import type { LogsBody } from '../../../collector/api/types.ts';
import { scanLogLines } from '../../../collector/formats/log-line/scan-log-lines.ts';
import { storeOf } from '../../helpers/scenario.ts';

test('logs are asked for by text, template, level and attributes', async (t) => {
  const lines = ['order 17 failed', 'order 18 failed', 'order 18 stored'].map((msg, i) =>
    JSON.stringify({ ts: i + 1, level: i === 1 ? 'error' : 'info', msg, caller: 'orders/store.go:77', n: i }),
  );
  const { batch } = scanLogLines(Buffer.from(lines.join('\n')), { 'service.name': 'shop' }, 1n);
  const store = await storeOf(t, [batch]);
  const deps = { store, clock: () => 10_000_000_000n } as ApiDeps;
  const ask = async (query: Record<string, string>) => {
    const range = { from: '0', order: 'oldest' };
    const request = { params: {}, query: { ...range, ...query }, signal: new AbortController().signal };
    return ((await findLogs(request, deps)) as LogsBody).logs;
  };
  const bodies = async (query: Record<string, string>) => (await ask(query)).map((log) => log.body);
  assert.deepEqual(await bodies({ template: 'order <*> failed' }), ['order 17 failed', 'order 18 failed']);
  assert.deepEqual(await bodies({ template: 'order 1 stored' }), ['order 18 stored']);
  assert.deepEqual(await bodies({ q: 'FAILED', level: 'error' }), ['order 18 failed']);
  assert.deepEqual(await bodies({ attr: 'n=2' }), ['order 18 stored']);
  assert.equal((await ask({ q: 'stored' }))[0]?.caller, 'orders/store.go:77');
});
