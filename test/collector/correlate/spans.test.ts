import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { loadRequests, type RequestTree } from '../../../collector/correlate/spans.ts';
import { storeOf } from '../../helpers/scenario.ts';
import { type PlainSpan, spanBatch } from '../../helpers/telemetry.ts';

const TRACE = 'ab'.repeat(16);
const MS = 1_000_000n;
const START = 1_790_000_000_000n * MS;
const id = (n: number) => n.toString(16).padStart(16, '0');

const span = (
  n: number,
  parent: number,
  startMs: number,
  ms: number,
  over: Partial<PlainSpan> = {},
): PlainSpan => ({
  ...{
    traceId: TRACE,
    spanId: id(n),
    parentSpanId: parent === 0 ? '' : id(parent),
    name: `s${n}`,
    service: 'shop',
  },
  ...{ start: START + BigInt(startMs) * MS, duration: BigInt(ms) * MS, kind: 1 },
  ...over,
});

async function load(t: TestContext, spans: PlainSpan[], entry = 1): Promise<RequestTree[]> {
  return loadRequests(await storeOf(t, [spanBatch(spans)]), new Map([[TRACE, id(entry)]]), {});
}

test('only what stands below the entry belongs to the request', async (t) => {
  const [request] = await load(t, [
    span(9, 0, 0, 500),
    span(1, 9, 10, 100),
    span(2, 1, 20, 30),
    span(3, 9, 200, 50),
  ]);
  assert.deepEqual(
    request!.spans.map((node) => node.name),
    ['s1', 's2'],
  );
  assert.equal(request!.durationMs, 100);
});

test("spans of a machine with another clock are moved into their caller's time", async (t) => {
  const [request] = await load(t, [
    span(1, 0, 0, 100),
    span(2, 1, -40, 60, { service: 'other' }),
    span(3, 1, 90, 60, { service: 'other' }),
  ]);
  const times = request!.entry.children.map((node) => [node.startMs, node.endMs]);
  assert.deepEqual(times, [
    [0, 20],
    [90, 100],
  ]);
});

test('an answer whose clock is off is moved into the middle of its call, with all that is below it', async (t) => {
  const far = 30_000;
  const other = { service: 'other' };
  const [request] = await load(t, [
    span(1, 0, 0, 100, { kind: 2 }),
    span(2, 1, 10, 80, { kind: 3 }),
    span(3, 2, far, 60, { ...other, kind: 2 }),
    span(4, 3, far + 5, 50, { ...other, kind: 3 }),
  ]);
  const times = request!.spans.map((node) => [node.startMs, node.endMs]);
  assert.deepEqual(times.slice(2), [
    [20, 80],
    [25, 75],
  ]);
});

test('an answer that took longer than its call waited is cut off, and begins with it when its clock is off', async (t) => {
  const times = async (startMs: number) => {
    const [request] = await load(t, [
      span(1, 0, 0, 100, { kind: 2 }),
      span(2, 1, 10, 40, { kind: 3 }),
      span(3, 2, startMs, 60, { service: 'other', kind: 2 }),
    ]);
    const answer = request!.spans[2]!;
    return [answer.startMs, answer.endMs];
  };
  assert.deepEqual(await times(12), [12, 50]);
  assert.deepEqual(await times(-5000), [10, 50]);
});

test('a database call is named by system and operation, in the older spelling too; others by their name', async (t) => {
  const [request] = await load(t, [
    span(1, 0, 0, 100),
    span(2, 1, 1, 5, { kind: 3, attributes: { 'db.system.name': 'redis', 'db.operation.name': 'GET' } }),
    span(3, 1, 10, 5, { kind: 3, attributes: { 'db.system': 'mysql', 'db.operation': 'SELECT' } }),
    span(4, 1, 20, 5, { kind: 3, attributes: { 'db.system.name': 'redis' } }),
  ]);
  assert.deepEqual(
    request!.entry.children.map((node) => node.label),
    ['redis.GET', 'mysql.SELECT', 's4'],
  );
});

test('attempts are counted by their attribute, and else by failures of the same call before', async (t) => {
  const call = { kind: 3, name: 'call' };
  const [request] = await load(t, [
    span(1, 0, 0, 100),
    span(2, 1, 1, 5, { ...call, status: 2 }),
    span(3, 1, 10, 5, { ...call, status: 2 }),
    span(4, 1, 20, 5, call),
    span(5, 1, 30, 5, call),
    span(6, 1, 40, 5, {
      ...{ kind: 3, name: 'cache' },
      attributes: { 'db.system.name': 'redis', 'redis.attempt': '4' },
    }),
    span(7, 1, 50, 5, { kind: 3, name: 'http', attributes: { 'http.request.resend_count': '1' } }),
  ]);
  assert.deepEqual(
    request!.entry.children.map((node) => node.attempt),
    [1, 2, 3, 1, 4, 2],
  );
});

test('attempts of PostgreSQL are told by their own attribute, and the attribute is named', async (t) => {
  const call = (n: number, startMs: number, key: string, attempt: string, system: string) =>
    span(n, 1, startMs, 5, { kind: 3, status: 2, attributes: { 'db.system.name': system, [key]: attempt } });
  const [request] = await load(t, [
    span(1, 0, 0, 100),
    call(2, 1, 'postgres.attempt', '1', 'postgresql'),
    call(3, 10, 'postgres.attempt', '2', 'postgresql'),
    call(4, 20, 'postgres.attempt', '1', 'postgresql'),
    call(5, 30, 'redis.attempt', '3', 'redis'),
  ]);
  assert.deepEqual(
    request!.entry.children.map((node) => [node.attempt, node.attemptAttribute]),
    [
      [1, 'postgres.attempt'],
      [2, 'postgres.attempt'],
      [1, 'postgres.attempt'],
      [3, 'redis.attempt'],
    ],
  );
});

test('an HTTP request that counts no resends is a first attempt, even after a failed one', async (t) => {
  const get = (n: number, startMs: number, more: Record<string, string> = {}) =>
    span(n, 1, startMs, 5, {
      ...{ kind: 3, name: 'GET', status: 2 },
      attributes: { 'http.request.method': 'GET', 'server.address': 'shipping', ...more },
    });
  const [request] = await load(t, [
    span(1, 0, 0, 100),
    get(2, 1),
    get(3, 10, { 'http.request.resend_count': '1' }),
    get(4, 20),
    get(5, 30, { 'server.address': 'stock' }),
  ]);
  assert.deepEqual(
    request!.entry.children.map((node) => [node.label, node.attempt]),
    [
      ['GET shipping', 1],
      ['GET shipping', 2],
      ['GET shipping', 1],
      ['GET stock', 1],
    ],
  );
});

test('operations on different tables are different calls', async (t) => {
  const select = (n: number, table: string) =>
    span(n, 1, n * 10, 5, {
      ...{ kind: 3, name: `SELECT ${table}` },
      attributes: {
        'db.system.name': 'postgresql',
        'db.operation.name': 'SELECT',
        'db.collection.name': table,
      },
    });
  const [request] = await load(t, [span(1, 0, 0, 100), select(2, 'products'), select(3, 'orders')]);
  assert.deepEqual(
    request!.entry.children.map((node) => node.label),
    ['postgresql.SELECT products', 'postgresql.SELECT orders'],
  );
});

test('spans that name each other as parents end, and a missing entry gives no request', async (t) => {
  const circle = [span(1, 2, 0, 100), span(2, 1, 10, 50)];
  const [request] = await load(t, circle);
  assert.deepEqual(
    request!.spans.map((node) => node.name),
    ['s1', 's2'],
  );
  assert.deepEqual(await load(t, circle, 7), []);
});
