import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { EventBody, EventsBody } from '../../../collector/api/types.ts';
import { folderOf, startCollector } from '../../helpers/collector.ts';
import { until } from '../../helpers/until.ts';

async function started(t: TestContext) {
  const { apiPort, otlpHttpPort } = await startCollector(t, folderOf(t), {});
  const address = `http://127.0.0.1:${apiPort}/api/v1/events`;
  const post = async (body: string, type = 'application/json') => {
    const response = await fetch(address, { method: 'POST', body, headers: { 'content-type': type } });
    const answer = (await response.json()) as EventBody & { error?: { code: string; message: string } };
    return { status: response.status, answer };
  };
  const list = async (query = '') => (await (await fetch(address + query)).json()) as EventsBody;
  return { post, list, otlpHttpPort };
}

test('an event that is told is listed, newest first, and the same told twice is one', async (t) => {
  const { post, list } = await started(t);
  const deploy = { service: 'shop', version: '1.2.3', time: '2026-11-27T01:00:00Z' };
  const first = await post(JSON.stringify(deploy));
  assert.equal(first.status, 200);
  assert.deepEqual(
    [first.answer.kind, first.answer.timeUnixNano, first.answer.title, first.answer.source],
    ['deploy', '1795741200000000000', 'shop 1.2.3 deploy', 'api'],
  );
  assert.equal((await post(JSON.stringify(deploy))).answer.id, first.answer.id);
  const flag = {
    id: 'flag-7',
    kind: 'feature-flag',
    service: 'pay',
    time: '1795741300000000000',
    attributes: { flag: 'x' },
  };
  await post(JSON.stringify(flag));
  const all = await list();
  assert.deepEqual([all.matched, all.events.map(({ kind }) => kind)], [2, ['feature-flag', 'deploy']]);
  assert.deepEqual((await list('?service=pay')).events[0]?.attributes, { flag: 'x' });
  assert.equal((await list('?kind=deploy&limit=1')).events[0]?.id, first.answer.id);
  assert.equal((await list('?to=1795741250000000000')).matched, 1);
});

test('what is no event is refused with what is wrong of it', async (t) => {
  const { post, list } = await started(t);
  for (const [body, says] of [
    ['{}', /service is missing/],
    ['[]', /must be a JSON object/],
    ['{"service":"shop","verison":"1"}', /verison is not a key of an event; did you mean version\?/],
    ['{"service":"shop","kind":"Big Bang"}', /kind: must be lower-case letters/],
    ['{"service":"shop","time":"yesterday"}', /time=yesterday: must be nanoseconds/],
    ['{"service":7}', /service: must be text/],
    ['{"service":', /./],
  ] as const) {
    const { status, answer } = await post(body);
    assert.deepEqual([status, answer.error?.code], [400, 'bad-request'], body);
    assert.match(answer.error?.message ?? '', says);
  }
  const large = await post(JSON.stringify({ service: 'shop', title: 'x'.repeat(70_000) }));
  assert.deepEqual([large.status, large.answer.error?.code], [413, 'too-large']);
  const text = await post('{"service":"shop"}', 'text/plain');
  assert.deepEqual([text.status, text.answer.error?.code], [415, 'unsupported-media']);
  assert.equal((await list()).matched, 0);
});

test('the first sight of a version in telemetry is an event', async (t) => {
  const { list, otlpHttpPort } = await started(t);
  const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
  const resource = { attributes: [text('service.name', 'shop'), text('service.version', '1.2.3')] };
  const span = {
    traceId: 'ab'.repeat(16),
    spanId: 'cd'.repeat(8),
    name: 'x',
    startTimeUnixNano: '1',
    endTimeUnixNano: '2',
  };
  const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
  const headers = { 'content-type': 'application/json' };
  await fetch(`http://127.0.0.1:${otlpHttpPort}/v1/traces`, { method: 'POST', body, headers });
  const { events } = await until('the deploy', 5_000, async () => {
    const found = await list();
    return found.matched > 0 ? found : undefined;
  });
  assert.deepEqual(
    [events[0]?.service, events[0]?.version, events[0]?.source],
    ['shop', '1.2.3', 'telemetry'],
  );
});
