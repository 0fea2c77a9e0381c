import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { between, pan, ticks, zoom } from '../../../../collector/ui/trace/axis.ts';
import {
  buildModel,
  ERROR_BEGAN,
  ERROR_PASSED_ON,
  placeLogs,
  textOf,
} from '../../../../collector/ui/trace/model.ts';
import { createServiceColours } from '../../../../collector/ui/trace/palette.ts';
import { logOfRow, unfoldTo, visibleRows } from '../../../../collector/ui/trace/rows.ts';
import { nextSpan, searchSpans } from '../../../../collector/ui/trace/search.ts';
import { slowTrace, slowTraceLogs } from '../e2e/slow-trace.ts';

const trace = slowTrace();
const model = buildModel(trace);
const logs = placeLogs(model, trace.startTimeUnixNano, slowTraceLogs());
const nothingFolded = new Uint8Array(model.tree.count);

/** Rows as a reader sees them: labels, and log lines in brackets. */
function shown(folded: Uint8Array<ArrayBuffer>): string[] {
  const text = (row: number) => (row < 0 ? `[${logs.lines[logOfRow(row)]!.body}]` : textOf(model.label, row));
  return Array.from(visibleRows(model, logs, folded), text);
}

test('a trace’s times, errors and critical path come out of its columns', () => {
  assert.equal(textOf(model.label, model.main), 'GET /api/v2/verify');
  const errors = [...model.error];
  assert.equal(errors.filter((e) => e === ERROR_BEGAN).length, 2);
  assert.equal(errors.filter((e) => e === ERROR_PASSED_ON).length, 2);
  const waits = trace.label.index.map((label, i) =>
    trace.label.dictionary[label] === 'pool.Wait' ? model.onPath[i]! : 0,
  );
  assert.equal(
    waits.reduce((a, b) => a + b),
    804 + 802 + 207,
  );
  assert.equal(model.onPathBelow[model.main], 2312);
  assert.deepEqual([model.fromMs, model.toMs], [0, 2312]);
});

test('an empty trace is a model without a path', () => {
  const none = { dictionary: [], index: [] };
  const empty = buildModel({
    ...trace,
    ...{
      count: 0,
      spanId: [],
      parent: [],
      orphan: [],
      startMs: [],
      durationsMs: [],
      status: [],
      httpStatus: [],
    },
    ...{ name: none, service: none, label: none },
  });
  assert.equal(empty.main, -1);
  assert.equal(empty.toMs > empty.fromMs, true);
});

test('a span that starts before its parent is marked as skewed', () => {
  const skewed = buildModel({ ...trace, startMs: trace.startMs.map((ms, i) => (i === 5 ? -3 : ms)) });
  assert.deepEqual(
    [...skewed.skewed].flatMap((s, i) => (s ? [i] : [])),
    [5],
  );
  assert.equal(skewed.fromMs, -3);
});

test('log lines stand among the children of their span, in order of time', () => {
  const rows = shown(nothingFolded);
  assert.equal(rows.length, 44 + 4);
  const first = rows.indexOf('[redis: connection pool timeout]');
  assert.deepEqual(rows.slice(first - 2, first + 2), [
    'redis.GET',
    'pool.Wait',
    '[redis: connection pool timeout]',
    'backoff 25 ms',
  ]);
});

test('a line whose span is not stored comes last, not nowhere', () => {
  const [line] = slowTraceLogs().logs;
  const stray = placeLogs(model, trace.startTimeUnixNano, {
    matched: 1,
    examined: 1,
    logs: [{ ...line!, spanId: 'f00d' }],
  });
  const rows = visibleRows(model, stray, nothingFolded);
  assert.equal(logOfRow(rows.at(-1)!), 0);
});

test('a folded span hides its subtree and its lines; finding a span inside unfolds the way to it', () => {
  const load = trace.label.index.findIndex((l) => trace.label.dictionary[l] === 'verify.LoadSession');
  const folded = nothingFolded.slice();
  folded[load] = 1;
  const rows = shown(folded);
  assert.equal(rows.length, 48 - (model.tree.size[load]! - 1) - 3);
  const inside = model.tree.child[model.tree.childFrom[load]!]!;
  assert.deepEqual(unfoldTo(model, folded, inside), nothingFolded);
  assert.equal(unfoldTo(model, nothingFolded, inside), nothingFolded);
});

test('a search finds labels, services and log lines, in the order of the waterfall, and goes around', () => {
  const found = searchSpans(model, logs, 'REDIS.get');
  assert.equal(found.length, 3);
  assert.equal(searchSpans(model, logs, '  ').length, 0);
  assert.equal(searchSpans(model, logs, 'postgres').length, 5);
  assert.equal(searchSpans(model, logs, 'retry session').length, 1);
  const second = nextSpan(model, found, found[0]!);
  assert.equal(second, found[1]);
  assert.equal(nextSpan(model, found, found[2]!), found[0]);
  assert.equal(nextSpan(model, new Int32Array(0), 3), -1);
});

test('views stay inside the trace however they are zoomed and moved', () => {
  const whole = { fromMs: 0, toMs: 100 };
  assert.deepEqual(zoom(whole, 0.5, 50, whole), { fromMs: 25, toMs: 75 });
  assert.deepEqual(zoom({ fromMs: 25, toMs: 75 }, 4, 50, whole), whole);
  assert.deepEqual(pan({ fromMs: 0, toMs: 50 }, -1, whole), { fromMs: 0, toMs: 50 });
  assert.deepEqual(between(60, 20, whole), { fromMs: 20, toMs: 60 });
  const point = fc.double({ min: -50, max: 150, noNaN: true });
  fc.assert(
    fc.property(
      point,
      point,
      point,
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      (a, b, centre, factor) => {
        for (const view of [
          zoom(between(a, b, whole), factor, centre, whole),
          pan(between(a, b, whole), factor, whole),
        ]) {
          assert.ok(view.fromMs >= 0 && view.toMs <= 100.0000001 && view.toMs > view.fromMs);
        }
      },
    ),
  );
});

test('an axis has a few round points', () => {
  assert.deepEqual(ticks({ fromMs: 0, toMs: 2312 }, 5), [0, 500, 1000, 1500, 2000]);
  assert.deepEqual(ticks({ fromMs: 853, toMs: 861 }, 5), [854, 856, 858, 860]);
});

test('services keep their colours, and the thirteenth is grey', () => {
  const colour = createServiceColours();
  const first = Array.from({ length: 13 }, (_, i) => colour(`service-${i}`));
  assert.deepEqual(first, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0]);
  assert.equal(colour('service-4'), 5);
});
