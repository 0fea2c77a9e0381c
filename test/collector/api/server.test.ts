import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ROUTES } from '../../../collector/api/routes.ts';
import { createApi } from '../../../collector/ui/api.ts';
import { folderOf, startCollector } from '../../helpers/collector.ts';

async function started(t: TestContext) {
  const { apiPort } = await startCollector(t, folderOf(t), {});
  return async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${apiPort}${path}`);
    const text = await response.text();
    const json = response.headers.get('content-type')?.startsWith('application/json');
    const error = json
      ? (JSON.parse(text) as { error?: { code: string; message: string } }).error
      : undefined;
    return { status: response.status, headers: response.headers, text, error };
  };
}

test('a parameter that the path does not know is refused with those it knows and the one that was meant', async (t) => {
  const ask = await started(t);
  const mistyped = await ask('/api/v1/logs?servce=shop');
  assert.deepEqual([mistyped.status, mistyped.error?.code], [400, 'bad-request']);
  assert.match(
    mistyped.error?.message ?? '',
    /^servce is not a parameter; did you mean service\? \(known here are service, q, /,
  );
  assert.match((await ask('/api/v1/status?x=1')).error?.message ?? '', /this path takes none/);
  assert.match((await ask('/api/v1/logs?toString=1')).error?.message ?? '', /^toString is not a parameter/);
  assert.match((await ask('/api/v1/logs?q=a&q=b')).error?.message ?? '', /^q is given twice/);
  assert.equal((await ask('/api/v1/logs?q=a')).status, 200);
});

test('every answer has the security headers, and an error our form, also where no route was reached', async (t) => {
  const ask = await started(t);
  for (const path of [
    '/api/v1/traces/%zz',
    '/metrics',
    '/metrics/red',
    '/api/v1/none',
    '/api/v1/status',
    '/',
  ]) {
    const { headers } = await ask(path);
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/, path);
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
  }
  const broken = await ask('/api/v1/traces/%zz');
  assert.deepEqual([broken.status, broken.error?.code], [400, 'bad-request']);
});

test('the collector says its own name in its metrics', async (t) => {
  const { text } = await (await started(t))('/metrics');
  assert.doesNotMatch(text, /unknown_service/);
});

test('every parameter that the console sends is known to its path', async () => {
  const sent: string[] = [];
  const api = createApi(async (path) => {
    sent.push(path);
    return Response.json({});
  });
  const { signal } = new AbortController();
  const between = { fromMs: 1, toMs: 2 };
  const traces = { q: 'a', service: 'b', route: 'GET /c', errors: true, minMs: 1, order: 'newest' as const };
  const logs = { q: 'a', service: 'b', level: 'warn' as const, trace: 'c' };
  await api.traces(traces as Parameters<typeof api.traces>[0], between, 'd', signal);
  await api.logs(logs as Parameters<typeof api.logs>[0], between, 'd', signal);
  await Promise.all([api.services(between, signal), api.traceLogs('a', signal), api.incident('a', signal)]);
  for (const address of sent) {
    const { pathname, searchParams } = new URL(address, 'http://host');
    const pattern = (path: string) => new RegExp(`^${path.replace(/:\w+/g, '[^/]+')}$`);
    const route = ROUTES.find(({ path }) => pattern(path).test(pathname));
    for (const name of searchParams.keys()) assert.ok(route?.query.includes(name), `${pathname} ${name}`);
  }
});
