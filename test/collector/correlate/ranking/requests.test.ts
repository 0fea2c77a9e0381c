import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Covered } from '../../../../collector/correlate/ranking/covered.ts';
import { Names } from '../../../../collector/correlate/ranking/growing.ts';
import { requestsOf } from '../../../../collector/correlate/ranking/requests.ts';
import { SpanTree } from '../../../../collector/correlate/ranking/span-tree.ts';
import { IdTable } from '../../../../collector/telemetry/id-table.ts';
import { spanColumns } from '../../../helpers/scan-columns.ts';
import type { PlainSpan } from '../../../helpers/telemetry.ts';

const [INTERNAL, SERVER, CLIENT, PRODUCER] = [1, 2, 3, 4];
const TRACE = '0a'.repeat(16);
const spanId = (n: number) => (n + 1).toString(16).padStart(16, '0');

/** A span as `number, parent's number, service, kind, from ms, for ms`. */
type Row = readonly [number, number | undefined, string, number, number, number];

function spansOf(rows: readonly Row[]): PlainSpan[] {
  return rows.map(([number, parent, service, kind, from, ms]) => ({
    traceId: TRACE,
    spanId: spanId(number),
    ...(parent === undefined ? {} : { parentSpanId: spanId(parent) }),
    ...{ name: `op${number}`, service, kind },
    start: BigInt(Math.round((from + 20_000) * 1e6)),
    duration: BigInt(Math.round(ms * 1e6)),
  }));
}

function treeOf(rows: readonly Row[]): SpanTree {
  const tree = new SpanTree(new IdTable());
  const spans = spansOf(rows);
  const [traces, services, operations] = [new IdTable(), new Names(), new Names()];
  // In two pages, the first of them twice.
  for (const page of [spans.slice(0, 2), spans.slice(2), spans.slice(0, 2)])
    tree.add(spanColumns(page), traces, services, operations);
  return tree;
}

/** Own time by row, and the calls that others answer, one by one. */
function read(tree: SpanTree) {
  const { entries, selfMs, entryOf, gaps, leaves } = requestsOf(tree);
  const calls = Array.from(gaps.call, (call, n) => ({
    ...{ call, ms: gaps.ms[n]!, callees: Array.from(gaps.calleesOf(n)) },
  }));
  return {
    ...{ entries: Array.from(entries), entryOf, gaps: calls, leaves: Array.from(leaves) },
    selfMs: (row: number) => selfMs[entries.indexOf(row)]!,
  };
}

const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `${a}, not ${b}`);

test('a request enters by the span whose parent is missing or of another service', () => {
  const tree = treeOf([
    [0, undefined, 'shop', SERVER, 0, 100],
    [1, 0, 'shop', INTERNAL, 10, 80],
    [2, 1, 'shop', CLIENT, 20, 50],
    [3, 2, 'stock', SERVER, 25, 40],
    [4, 77, 'orders', SERVER, 30, 10],
  ]);
  assert.equal(tree.length, 5);
  assert.deepEqual(Array.from(tree.parents()), [-1, 0, 1, 2, -1]);
  assert.deepEqual(Array.from(tree.entries(tree.parents())), [0, 0, 0, 3, 4]);
});

test('a gap is what a call takes beyond who answers it, own time what no call takes', () => {
  const { gaps, selfMs, entries } = read(
    treeOf([
      [0, undefined, 'shop', SERVER, 0, 100],
      [1, 0, 'shop', CLIENT, 20, 50],
      [2, 1, 'stock', SERVER, 25, 40],
    ]),
  );
  assert.deepEqual(entries, [0, 2]);
  assert.deepEqual([gaps[0]?.call, gaps[0]?.callees], [1, [2]]);
  near(gaps[0]!.ms, 10);
  near(selfMs(0), 50);
  near(selfMs(2), 40);
});

test('calls at the same time are not counted twice in own time', () => {
  const { selfMs, leaves } = read(
    treeOf([
      [0, undefined, 'shop', SERVER, 0, 100],
      [1, 0, 'shop', CLIENT, 10, 40],
      [2, 0, 'shop', CLIENT, 30, 40],
      [3, 0, 'shop', INTERNAL, 80, 10],
    ]),
  );
  assert.deepEqual(leaves, [1, 2]);
  near(selfMs(0), 40);
});

test('of a span that calls without a span of the call, the time outside who answered is its own', () => {
  const { selfMs, gaps } = read(
    treeOf([
      [0, undefined, 'shop', SERVER, 0, 100],
      [1, 0, 'stock', SERVER, 25, 40],
    ]),
  );
  near(gaps[0]!.ms, 60);
  near(selfMs(0), 60);
});

test('one message that several services take is a call of each', () => {
  const { gaps } = read(
    treeOf([
      [0, undefined, 'shop', SERVER, 0, 20],
      [1, 0, 'shop', PRODUCER, 5, 5],
      [2, 1, 'stock', SERVER, 30, 40],
      [3, 1, 'mail', SERVER, 30, 40],
    ]),
  );
  assert.deepEqual(
    gaps.map(({ callees }) => callees),
    [[2, 3]],
  );
});

test('a clock that is wrong by seconds changes no gap and no own time', () => {
  const at = (skewMs: number) => {
    const { gaps, selfMs } = read(
      treeOf([
        [0, undefined, 'shop', SERVER, 0, 100],
        [1, 0, 'shop', CLIENT, 20, 50],
        [2, 1, 'stock', SERVER, 25 + skewMs, 40],
        [3, 2, 'stock', CLIENT, 30 + skewMs, 15],
      ]),
    );
    return [gaps[0]!.ms, selfMs(0), selfMs(2)];
  };
  for (const skewMs of [-10_000, -30, 7, 10_000]) {
    for (const [i, value] of at(skewMs).entries()) near(value, at(0)[i]!);
  }
});

test('parents in a ring, or a span that is its own parent, are one request and no call', () => {
  for (const rows of [
    [
      [0, 2, 'shop', SERVER, 0, 10],
      [1, 0, 'shop', CLIENT, 0, 10],
      [2, 1, 'shop', CLIENT, 0, 10],
      [3, 2, 'shop', INTERNAL, 0, 10],
    ],
    [[0, 0, 'shop', CLIENT, 0, 10]],
  ] as Row[][]) {
    const { entries, gaps, entryOf } = read(treeOf(rows));
    assert.equal(entries.length, 1);
    assert.equal(new Set(entryOf).size, 1);
    assert.deepEqual(gaps, []);
  }
});

const anyRows = fc
  .array(
    fc.record({
      parent: fc.option(fc.nat(11), { nil: undefined }),
      service: fc.constantFrom('a', 'b', 'c'),
      kind: fc.integer({ min: 0, max: 5 }),
      from: fc.integer({ min: -10_000, max: 10_000 }),
      ms: fc.nat(1000),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((spans) =>
    spans.map(({ parent, service, kind, from, ms }, i): Row => [i, parent, service, kind, from, ms]),
  );

test('of any spans: entries lie in their own service, and no time is negative or longer than its span', () => {
  fc.assert(
    fc.property(anyRows, (rows) => {
      const tree = treeOf(rows);
      const { entries, entryOf, gaps, leaves, selfMs } = read(tree);
      const [service, durationMs] = [tree.service.view(), tree.durationMs.view()];
      entryOf.forEach((entry, row) => {
        assert.equal(entryOf[entry], entry);
        assert.equal(service[entry], service[row]);
      });
      for (const entry of entries) {
        assert.ok(selfMs(entry) >= 0 && selfMs(entry) <= durationMs[entry]! + 1e-6);
      }
      for (const { call, callees, ms } of gaps) {
        assert.ok(ms >= 0 && ms <= durationMs[call]! + 1e-6);
        for (const callee of callees) assert.notEqual(service[callee], service[call]);
      }
      for (const row of leaves) assert.notEqual(entryOf[row], row);
    }),
    { numRuns: 100 },
  );
});

test('what covers a span is as much as its milliseconds that some stretch covers', () => {
  const covered = new Covered();
  const stretches = fc.array(fc.tuple(fc.integer({ min: -20, max: 60 }), fc.nat(70)), { maxLength: 40 });
  fc.assert(
    fc.property(stretches, fc.nat(40), (all, length) => {
      covered.of(0, length);
      const met = new Set<number>();
      for (const [start, ms] of all) {
        covered.add(start, ms);
        const kept = Math.min(ms, length);
        const from = Math.min(Math.max(start, 0), length - kept);
        for (let at = from; at < from + kept; at++) met.add(at);
      }
      assert.equal(covered.ms(), met.size);
    }),
  );
});
