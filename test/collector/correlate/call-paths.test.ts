import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { criticalSelf, mainLabel, pathTimes } from '../../../collector/correlate/call-paths.ts';
import type { RequestTree, SpanNode } from '../../../collector/correlate/spans.ts';

let spans = 0;

function node(label: string, startMs: number, endMs: number, children: SpanNode[] = []): SpanNode {
  const database = label.includes('.');
  return {
    ...{ traceId: 't', spanId: `s${spans++}`, name: label, label, service: 'a', startMs, endMs, children },
    kind: database ? 'client' : 'internal',
    startUnixNano: 0n,
    failed: false,
    attempt: 1,
    attemptAttribute: '',
    attributes: database ? { 'db.system.name': label.split('.')[0]! } : {},
    resource: {},
  };
}

function request(entry: SpanNode): RequestTree {
  const all: SpanNode[] = [];
  const visit = (span: SpanNode): void => {
    all.push(span);
    span.children.forEach(visit);
  };
  visit(entry);
  return { traceId: 't', entry, spans: all, durationMs: entry.endMs - entry.startMs, weight: 1 };
}

const byLabel = (entry: SpanNode) =>
  Object.fromEntries([...criticalSelf(entry)].map(([span, ms]) => [span.label, Math.round(ms * 1e6) / 1e6]));

test('calls one after another are all on the critical path, the gaps belong to the caller', () => {
  const entry = node('GET', 0, 100, [node('a', 10, 40), node('b', 50, 90)]);
  assert.deepEqual(byLabel(entry), { GET: 30, a: 30, b: 40 });
});

test('of parallel calls only the one that ends last is waited for', () => {
  const entry = node('GET', 0, 100, [node('short', 10, 40), node('long', 10, 90)]);
  assert.deepEqual(byLabel(entry), { GET: 20, long: 80 });
});

test('a call that ends an instant after the next began was still waited for', () => {
  const entry = node('GET', 0, 100, [node('a', 0, 50.005), node('b', 50, 100)]);
  assert.deepEqual(byLabel(entry), { GET: 0, a: 50, b: 50 });
});

test('the pause before another attempt is of the attempt that failed, one between other calls of the caller', () => {
  const attempt = (n: number, start: number, end: number) => ({
    ...node('db.SELECT', start, end),
    attempt: n,
  });
  const entry = node('GET', 0, 100, [
    node('a', 0, 5),
    attempt(1, 10, 20),
    attempt(2, 50, 60),
    node('b', 70, 90),
  ]);
  const self = new Map<string, number>();
  for (const [span, ms] of criticalSelf(entry)) self.set(span.label, (self.get(span.label) ?? 0) + ms);
  assert.deepEqual(Object.fromEntries(self), { GET: 5 + 10 + 10, a: 5, 'db.SELECT': 10 + 30 + 10, b: 20 });
  // Two calls that each succeed at once are two calls: what is between them is the caller's.
  const twice = node('GET', 0, 100, [attempt(1, 10, 20), attempt(1, 50, 60)]);
  assert.equal(criticalSelf(twice).get(twice), 80);
});

test('the critical path is as long as the request, whatever the tree', () => {
  const time = fc.integer({ min: 0, max: 100 });
  const grow = (children: fc.Arbitrary<SpanNode[]>) =>
    fc.tuple(time, time, children).map(([a, b, below]) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)];
      const clamp = (span: SpanNode): SpanNode => ({
        ...span,
        startMs: Math.min(Math.max(span.startMs, start), end),
        endMs: Math.min(Math.max(span.endMs, start), end),
        children: span.children.map(clamp),
      });
      return node('x', start, end, below.map(clamp));
    });
  let tree = grow(fc.constant([]));
  for (let depth = 0; depth < 3; depth++) tree = grow(fc.array(tree, { maxLength: 3 }));
  fc.assert(
    fc.property(tree, (entry) => {
      const self = [...criticalSelf(entry).values()];
      const sum = self.reduce((total, ms) => total + ms, 0);
      assert.ok(Math.abs(sum - (entry.endMs - entry.startMs)) < 1e-6);
      assert.ok(self.every((ms) => ms >= -1e-9));
    }),
  );
});

test('attempts of one call are one path, counted and summed', () => {
  const entry = node('GET', 0, 100, [node('redis.GET', 0, 40), node('redis.GET', 45, 95)]);
  const path = [...pathTimes(request(entry)).values()].find((time) => time.example.label === 'redis.GET')!;
  assert.deepEqual([path.calls, path.totalMs, path.criticalMs], [2, 90, 90]);
});

test('the main part is found below functions around it, and not inside of a database call', () => {
  const call = node('redis.GET', 5, 95, [node('connect', 6, 94)]);
  const entry = node('GET', 0, 100, [node('load', 2, 97, [call]), node('pg.SELECT', 97, 99)]);
  assert.equal(mainLabel(request(entry)).label, 'redis.GET');
});

test('a request that waits for nothing is its own main part', () => {
  assert.equal(mainLabel(request(node('GET', 0, 100, [node('pg.SELECT', 10, 30)]))).label, 'GET');
});
