import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../../collector/own/traces.ts';
import { stopAll } from '../../collector/stop.ts';

test('a part that fails to stop is logged and keeps no other from stopping', async () => {
  const stopped: string[] = [];
  const logged: unknown[] = [];
  const part = (name: string, failure?: Error) => ({
    name,
    stop: async () => {
      stopped.push(name);
      if (failure) throw failure;
    },
  });
  const broken = new Error('broken');
  const parts = [part('store'), part('traces', broken), part('api')];
  const error = (fields: unknown) => logged.push(fields);
  await assert.rejects(stopAll(parts, { error }), (thrown) => {
    assert.ok(thrown instanceof AggregateError);
    assert.deepEqual(thrown.errors, [broken]);
    return true;
  });
  assert.deepEqual(stopped, ['api', 'traces', 'store']);
  assert.deepEqual(logged, [{ part: 'traces', err: broken }]);
  await stopAll(parts, { error });
  assert.equal(stopped.length, 3);
});

test('own traces that cannot be sent end with a warning, not with an error', async () => {
  const warned: unknown[] = [];
  const warn = (_message: string, fields: Record<string, unknown>) => warned.push(fields['error']);
  await settle(() => Promise.reject(new Error('connect ECONNREFUSED')), warn, 1_000);
  await settle(() => new Promise(() => {}), warn, 1);
  await settle(async () => {}, warn, 1_000);
  assert.deepEqual(warned, ['connect ECONNREFUSED', 'the destination did not answer within 1 ms']);
});
