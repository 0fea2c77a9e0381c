import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rankRecords, rankServices } from '../../../../collector/correlate/ranking/ranking.ts';
import { readRecords, readWindows } from '../../../../collector/correlate/ranking/read.ts';
import { searchOnset } from '../../../../collector/correlate/ranking/search-onset.ts';
import { sideOf } from '../../../../collector/correlate/ranking/windows.ts';
import { suspectsFinding } from '../../../../collector/correlate/suspects.ts';
import type { Batch } from '../../../../collector/telemetry/batch.ts';
import { storeOf } from '../../../helpers/scenario.ts';
import { batchesOf, SECOND, START, smallSystem } from '../../../helpers/small-system.ts';
import { logBatch, spanBatch } from '../../../helpers/telemetry.ts';

const deps = { signal: new AbortController().signal };
const asked = ({ onset, end }: { onset: bigint; end: bigint }) => ({ onset, end, known: [] });

test('the instance that takes more CPU names its service, with samples and history', async (t) => {
  const system = smallSystem({ fault: 'cpu' });
  const store = await storeOf(t, batchesOf(system));
  const { suspects, tier, lacked } = await rankServices(store, asked(system), deps);
  const [evidence] = suspects[0]!.evidence;
  assert.deepEqual([suspects[0]?.service, evidence?.family, evidence?.about], ['stock', 'cpu', 'stock-2']);
  assert.match(
    evidence!.statement,
    /^CPU of stock-2: 0\.5\d cores, usually \d\d\.\d millicores \(robust z \d+\.\d; n = \d samples, 1\d before\)\.$/,
  );
  assert.equal(evidence!.references[0]?.kind, 'series');
  assert.equal(tier, 'high');
  assert.deepEqual(lacked, []);
});

test('a line that is new is told with the lines of its request around it', async (t) => {
  const system = smallSystem({ fault: 'error line', without: ['metrics'] });
  const store = await storeOf(t, batchesOf(system));
  const { suspects, lacked } = await rankServices(store, asked(system), deps);
  const [evidence] = suspects[0]!.evidence;
  assert.deepEqual(evidence?.between, ['stock/count.go:20', '']);
  assert.match(evidence!.statement, /It stands between stock\/count\.go:20 and nothing\.$/);
  assert.deepEqual(lacked, ['No CPU and memory of instances is stored with enough history.']);
});

test('reading part by part, and in batches that come in any order, gives the same records', async (t) => {
  const system = smallSystem({ fault: 'vanished line', without: ['metrics'], quietMinutes: 3 });
  const [a, b] = [system.spans.length / 2, system.logs.length / 3].map(Math.floor) as [number, number];
  const late: Batch[] = [
    logBatch(system.logs.slice(b)),
    spanBatch(system.spans.slice(a)),
    ...[logBatch(system.logs.slice(0, b)), spanBatch(system.spans.slice(0, a))],
  ];
  const [store, other] = [await storeOf(t, batchesOf(system)), await storeOf(t, late)];
  const windows = await readWindows(store, asked(system), deps);
  assert.deepEqual(await readWindows(other, asked(system), deps), windows);
  const read = (from: typeof store, spansPerPart: number, maxSpans = 1e6) => {
    const ranges = [...windows.quiet, windows.incident];
    return readRecords(from, ranges, sideOf(windows), deps, { spansPerPart, maxSpans });
  };
  const [whole, parts, shuffled] = [await read(store, 1e6), await read(store, 300), await read(other, 300)];
  assert.ok(whole.records.spans > 1200);
  for (const { records, share } of [parts, shuffled]) {
    assert.equal(share, 1);
    assert.deepEqual([records.spans, records.logs], [whole.records.spans, whole.records.logs]);
    assert.deepEqual(told(rankRecords(records, windows, [])), told(rankRecords(whole.records, windows, [])));
  }
  const some = await read(store, 1e6, 1000);
  assert.equal(some.share, 0.5);
  assert.ok(some.records.spans > 450 && some.records.spans < 900);
});

test('a request that goes on in the next part is one request, counted once', async (t) => {
  const border = START + 60n * SECOND;
  const span = (spanId: string, service: string, start: bigint, kind: number, parentSpanId = '') => ({
    ...{ traceId: 'ab'.repeat(16), spanId: spanId.repeat(8), service, name: service, start, kind },
    ...{ parentSpanId: parentSpanId.repeat(8), duration: SECOND },
  });
  const spans = [
    span('01', 'gateway', border - SECOND / 2n, 2),
    span('02', 'gateway', border - SECOND / 4n, 3, '01'),
    span('03', 'orders', border + SECOND / 4n, 2, '02'),
  ];
  const store = await storeOf(t, [spanBatch(spans)]);
  const ranges = [
    { fromUnixNano: START, toUnixNano: border },
    { fromUnixNano: border, toUnixNano: border + 60n * SECOND },
  ];
  const { records } = await readRecords(store, ranges, () => 0, deps, { spansPerPart: 1 });
  const counted = ({ side }: { side: Int8Array }) => side.filter((one) => one === 0).length;
  assert.deepEqual([counted(records.entries), counted(records.gaps), counted(records.leaves)], [2, 1, 0]);
  assert.equal(records.spans, 3);
});

const told = (suspects: ReturnType<typeof rankRecords>) =>
  suspects.map(({ service, score, evidence }) => [service, score.toFixed(9), evidence[0]!.statement]);

test('without traces, lines alone name the service, and what was missing is said', async (t) => {
  const system = smallSystem({ fault: 'error line', without: ['traces', 'metrics'], quietMinutes: 6 });
  const store = await storeOf(t, batchesOf(system));
  const ranking = await rankServices(store, asked(system), deps);
  assert.equal(ranking.suspects[0]?.service, 'stock');
  assert.equal(ranking.suspects[0].evidence[0]?.family, 'log-rate');
  assert.notEqual(ranking.tier, 'insufficient evidence');
  assert.notEqual(ranking.tier, 'high');
  assert.deepEqual(ranking.lacked.slice(0, 2), [
    'No spans are stored: services are told by log lines and by CPU and memory alone.',
    'The log lines belong to no stored request: compared by service and time.',
  ]);
});

test('an empty store ranks nobody, and the finding says that it was not tested; a reader can call it off', async (t) => {
  const store = await storeOf(t, []);
  const times = asked({ onset: START, end: START + 90n * SECOND });
  const signal = AbortSignal.abort();
  await assert.rejects(rankServices(store, times, { signal }), /cancelled/);
  const ranking = await rankServices(store, times, deps);
  assert.deepEqual([ranking.suspects, ranking.tier], [[], 'insufficient evidence']);
  const { incident, quiet } = ranking.windows;
  const question = {
    ...{ service: 'shop', method: '', route: '/', signal: 'errors' as const, before: [] },
    ...{ onsetUnixNano: START, incident, baseline: quiet[0] ?? incident },
  };
  const { outcome, statement } = suspectsFinding(question, ranking);
  assert.equal(outcome, 'untested');
  assert.match(statement, /^Not tested: no quiet time with data is stored to compare with\. No spans/);
  assert.match(statement, /No CPU and memory of instances/);
});

test('an onset that is searched for is found within 15 s, and none in quiet time', async (t) => {
  const system = smallSystem({ fault: 'slow code', quietMinutes: 6 });
  const store = await storeOf(t, batchesOf(system));
  const from = system.onset - 90n * SECOND;
  const found = await searchOnset({ fromUnixNano: from, toUnixNano: system.end }, [], store, deps);
  assert.equal(found?.service, 'stock');
  assert.ok(Math.abs(Number(found.onsetUnixNano - system.onset)) / 1e9 < 15);
  assert.equal(
    await searchOnset({ fromUnixNano: from, toUnixNano: system.onset }, [], store, deps),
    undefined,
  );
});
