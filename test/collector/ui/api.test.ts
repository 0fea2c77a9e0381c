import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, createApi, incidentDocumentPath } from '../../../collector/ui/api.ts';
import { NO_TRACE_FILTER } from '../../../collector/ui/router.ts';

const between = { fromMs: 1000, toMs: 2000 };
const { signal } = new AbortController();

/** An API whose every request is kept and answered with `answer`. */
function asked(answer: () => Response | Promise<Response>) {
  const paths: string[] = [];
  const methods: (string | undefined)[] = [];
  const api = createApi(async (path, { method }) => {
    paths.push(path);
    methods.push(method);
    return answer();
  });
  return { api, paths, methods };
}

test('a search asks for what the filter says, and a route is split into method and path', async () => {
  const { api, paths } = asked(() => Response.json({}));
  const filter = { ...NO_TRACE_FILTER, service: 'shop', route: 'GET /orders/{id}', errors: true, minMs: 300 };
  await api.traces(filter, between, 'next', signal);
  await api.traces({ ...NO_TRACE_FILTER, route: '/orders/{id}' }, between, undefined, signal);
  const [first, second] = paths.map((path) =>
    Object.fromEntries(new URL(path, 'http://c.test').searchParams),
  );
  assert.deepEqual(first, {
    service: 'shop',
    method: 'GET',
    route: '/orders/{id}',
    status: 'error',
    min_ms: '300',
    order: 'newest',
    limit: '100',
    cursor: 'next',
    from: '1000000000',
    to: '2000000000',
  });
  assert.equal(second?.route, '/orders/{id}');
  assert.equal(second?.method, undefined);
});

test('a time is explained and kept by a POST: at a moment, or somewhere in the range', async () => {
  const { api, paths, methods } = asked(() => Response.json({ incident: { id: 'x' } }));
  const all = { atMs: undefined, service: '', route: '', where: '' };
  await api.explain(all, between, signal);
  await api.explain({ atMs: 1500, service: 'shop', route: 'GET /x', where: 'customer=a,b' }, between, signal);
  assert.deepEqual(methods, ['POST', 'POST']);
  const [first, second] = paths.map((path) =>
    Object.fromEntries(new URL(path, 'http://c.test').searchParams),
  );
  assert.deepEqual(first, { from: '1000000000', to: '2000000000' });
  assert.deepEqual(second, {
    ...{ at: '1500000000', service: 'shop', route: 'GET /x' },
    where: String.raw`customer=a\,b`,
  });
});

test('an id cannot leave its place in the path', async () => {
  const { api, paths } = asked(() => Response.json({}));
  await api.span('../status', 'a/b?c', signal);
  assert.deepEqual(paths, ['/api/v1/traces/..%2Fstatus/spans/a%2Fb%3Fc']);
});

test("an error carries the API's code and message, and a stranger's answer its status", async () => {
  const busy = asked(() =>
    Response.json({ error: { code: 'store-busy', message: 'Compacting, 20 s.' } }, { status: 503 }),
  );
  await assert.rejects(busy.api.status(signal), new ApiError('store-busy', 'Compacting, 20 s.', 503));
  const proxy = asked(() => new Response('<h1>Bad gateway</h1>', { status: 502 }));
  await assert.rejects(proxy.api.status(signal), /answered 502/);
  const gone = asked(() => Promise.reject(new TypeError('fetch failed')));
  await assert.rejects(
    gone.api.status(signal),
    (error: ApiError) => error.code === 'no-answer' && error.status === 0,
  );
});

test('an incident is fetched as Markdown, and its documents have addresses of their own', async () => {
  const { api, paths } = asked(() => new Response('# redis.GET slow'));
  assert.equal(await api.incidentMarkdown('a/b', signal), '# redis.GET slow');
  assert.deepEqual(paths, ['/api/v1/incidents/a%2Fb?format=markdown']);
  assert.equal(incidentDocumentPath('x', 'html'), '/api/v1/incidents/x?format=html');
});
