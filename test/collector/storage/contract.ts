/** What every engine must do; test/collector/storage/ENGINE.test.ts runs it over one. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_LIMITS, type Store } from '../../../collector/storage/store.ts';
import type { Batch } from '../../../collector/telemetry/batch.ts';
import { CollectorError, type ErrorCode } from '../../../collector/telemetry/errors.ts';
import { NaiveStore } from '../../helpers/naive-store.ts';
import {
  id,
  lineBatch,
  logBatch,
  type PlainLog,
  type PlainSpan,
  sampleBatch,
  spanBatch,
} from '../../helpers/telemetry.ts';
import {
  groupKeys,
  logBatches,
  logConditions,
  matchers,
  sampleBatches,
  spanBatches,
  spanFilter,
  T0,
  TRACE_IDS,
  timeRange,
} from './arbitraries.ts';
import {
  exemplarRows,
  groupRows,
  logRows,
  sampleRows,
  spanRows,
  templateRows,
  traceRows,
  walk,
} from './rows.ts';

/** An engine opened for one test. */
export interface OpenedStore {
  store: Store;
  /** Closes the store and opens it anew over what it left. */
  reopen(): Promise<Store>;
  /** Moves the store's clock. */
  advance(milliseconds: number): void;
  /** Closes it and removes what it left. */
  remove(): Promise<void>;
}

export type OpenStore = (limits: { retentionMs: number; maxBytes: number }) => Promise<OpenedStore>;

const ROOMY = { retentionMs: 86_400_000, maxBytes: 1e9 };
const ALL = { fromUnixNano: 0n, toUnixNano: 2n ** 63n - 1n };
const [TRACE_A = '', TRACE_B = ''] = TRACE_IDS;

export const refused = (code: ErrorCode) => (error: unknown) => {
  assert.ok(error instanceof CollectorError, `not one of the catalogue: ${error}`);
  assert.equal(error.code, code, error.message);
  return true;
};

const span = (over: Partial<PlainSpan>): PlainSpan => ({
  traceId: TRACE_A,
  spanId: '0000000000000001',
  name: 'GET',
  service: 'shop',
  start: T0,
  duration: 10n,
  ...over,
});

const log = (over: Partial<PlainLog>): PlainLog => ({
  time: T0,
  severityNumber: 9,
  service: 'shop',
  body: 'request',
  ...over,
});

/** Runs the whole contract over the engine that `open` makes; `share` of the random cases, where opening one takes long. */
export function storeContract(name: string, open: OpenStore, share = 1): void {
  const runs: Runs = (numRuns) => ({ numRuns: Math.ceil(numRuns * share) });
  /** A store for the length of `use`. */
  const using = async (use: (opened: OpenedStore) => Promise<void>, limits = ROOMY): Promise<void> => {
    const opened = await open(limits);
    try {
      await use(opened);
    } finally {
      await opened.remove();
    }
  };

  describe(`${name}: what is appended`, () => appending(using));
  describe(`${name}: queries against the naive truth`, () => truths(using, runs));
  describe(`${name}: details of records`, () => details(using));
  describe(`${name}: bounds of a query`, () => bounds(using));
  describe(`${name}: documents, checkpoints and status`, () => keeping(using));
  describe(`${name}: retention`, () => retention(using));
}

type Runs = (numRuns: number) => { numRuns: number };

type Using = (
  use: (opened: OpenedStore) => Promise<void>,
  limits?: { retentionMs: number; maxBytes: number },
) => Promise<void>;

function appending(using: Using): void {
  it('is there for every signal after the store was opened anew', () =>
    using(async ({ store, reopen }) => {
      const info = { name: 'up', labels: { job: 'shop' }, kind: 'gauge', temporality: 'none' } as const;
      await store.append([
        spanBatch([span({})]),
        logBatch([log({})]),
        sampleBatch([{ series: info, time: T0, value: 1 }]),
      ]);
      const again = await reopen();
      assert.equal((await again.trace({ traceIds: [id(TRACE_A)], detail: 'index' })).count, 1);
      assert.equal((await again.findLogs({ ...ALL, order: 'oldest' })).count, 1);
      assert.equal((await again.series({ ...ALL, matchers: [], exemplars: false })).count, 1);
    }));

  it('is all there when many appends run at the same time', () =>
    using(async ({ store }) => {
      const spans = Array.from({ length: 50 }, (_, n) =>
        span({ spanId: (n + 1).toString(16).padStart(16, '0') }),
      );
      await Promise.all(spans.map((one) => store.append([spanBatch([one])])));
      assert.equal((await store.trace({ traceIds: [id(TRACE_A)], detail: 'index' })).matched, 50);
    }));

  it('is kept as one unit: a batch that cannot be stored keeps the others of its append out', () =>
    using(async ({ store }) => {
      const broken: Batch = { ...spanBatch([span({})]), count: 2 };
      const checkpoint = { source: 'file', position: '7' };
      const good: Batch = { ...logBatch([log({})]), checkpoint };
      await assert.rejects(store.append([good, broken]), refused('bad-data'));
      assert.equal((await store.status()).signals.logs.records, 0);
      assert.equal(await store.checkpoint('file'), undefined);
    }));

  it('may come compressed and is read all the same', () =>
    using(async ({ store }) => {
      const { gzipSync, zstdCompressSync } = await import('node:zlib');
      const [one, two] = [log({ body: 'by gzip' }), log({ body: 'by zstd', time: T0 + 1n })];
      const [first, second] = [logBatch([one]), logBatch([two])];
      await store.append([
        { ...first, compression: 'gzip', body: gzipSync(first.body) },
        { ...second, compression: 'zstd', body: zstdCompressSync(second.body) },
      ]);
      const { columns } = await store.findLogs({ ...ALL, order: 'oldest' });
      assert.deepEqual(
        logRows(columns).map((row) => row.body),
        ['by gzip', 'by zstd'],
      );
    }));

  it('is refused once the store is closed', () =>
    using(async ({ store }) => {
      await store.close();
      await assert.rejects(store.append([spanBatch([span({})])]), refused('store-failed'));
    }));
}

function truths(using: Using, runs: Runs): void {
  /** Appends the batches in two goes. */
  const fill = async (store: Store, batches: readonly Batch[]) => {
    await store.append(batches.slice(0, 2));
    await store.append(batches.slice(2));
  };
  const limit = fc.integer({ min: 1, max: 6 });
  const later = span({ traceId: TRACE_B, spanId: '00000000000000aa', start: T0 + 3n });

  it('finds the spans of traces in order of start, each once, page by page', () =>
    fc.assert(
      fc.asyncProperty(spanBatches, fc.subarray(TRACE_IDS), limit, (batches, wanted, size) =>
        using(async ({ store }) => {
          const naive = new NaiveStore();
          naive.spans.push(...batches.flat());
          await fill(store, batches.map(spanBatch));
          const query = { traceIds: wanted.map(id), detail: 'index' } as const;
          const answer = await walk(
            (options) => store.trace(query, options),
            (columns) => spanRows(columns).map(({ traceId, spanId, start }) => ({ traceId, spanId, start })),
            size,
            () => store.append([spanBatch([later])]),
          );
          const expected = naive
            .trace(wanted)
            .map(({ traceId, spanId, start }) => ({ traceId, spanId, start }));
          assert.deepEqual(answer.rows, expected);
          assert.ok(answer.matched.every((matched) => matched === expected.length));
          assert.ok(answer.pages.every((page) => page.examined >= page.matched));
        }),
      ),
      runs(40),
    ));

  it('finds traces by any conditions on one of their spans', () =>
    fc.assert(
      fc.asyncProperty(
        spanBatches,
        spanFilter,
        fc.constantFrom('newest', 'slowest'),
        limit,
        (batches, filter, order, size) =>
          using(async ({ store }) => {
            const naive = new NaiveStore();
            naive.spans.push(...batches.flat());
            await fill(store, batches.map(spanBatch));
            const expected = naive.findTraces({ filter, order });
            const answer = await walk(
              (options) => store.findTraces({ filter, order }, options),
              traceRows,
              size,
              () => store.append([spanBatch([later])]),
            );
            assert.deepEqual(answer.rows, expected);
            assert.ok(answer.matched.every((matched) => matched === expected.length));
          }),
      ),
      runs(120),
    ));

  it('finds log records by time, service, severity, trace, text and attributes', () =>
    fc.assert(
      fc.asyncProperty(logBatches, timeRange, logConditions, limit, (batches, range, conditions, size) =>
        using(async ({ store }) => {
          const { traceIds, ...others } = conditions;
          const given = Object.entries({ ...others, traceIds: traceIds?.map(id) });
          const query = {
            ...range,
            order: conditions.order,
            ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
          };
          const naive = new NaiveStore();
          naive.logs.push(...batches.flat());
          await fill(store, batches.map(logBatch));
          const expected = naive.findLogs(query).map((one) => ({
            ...one,
            traceId: (one.traceId ?? '').padStart(32, '0'),
            spanId: (one.spanId ?? '').padStart(16, '0'),
          }));
          const answer = await walk(
            (options) => store.findLogs(query, options),
            logRows,
            size,
            () => store.append([logBatch([log({ time: range.fromUnixNano })])]),
          );
          assert.deepEqual(answer.rows, expected);
          assert.ok(answer.matched.every((matched) => matched === expected.length));
        }),
      ),
      runs(80),
    ));

  it('finds samples and exemplars of series by label matchers', () =>
    fc.assert(
      fc.asyncProperty(sampleBatches, timeRange, matchers, limit, (batches, range, wanted, size) =>
        using(async ({ store }) => {
          const naive = new NaiveStore();
          naive.samples.push(...batches.flatMap((batch) => batch.samples));
          naive.exemplars.push(...batches.flatMap((batch) => batch.exemplars));
          await fill(
            store,
            batches.map((batch) => sampleBatch(batch.samples, batch.exemplars)),
          );
          const query = { ...range, matchers: wanted, exemplars: true };
          const expected = naive.series(query);
          const answer = await walk((options) => store.series(query, options), sampleRows, size);
          assert.deepEqual(answer.rows, expected.samples);
          assert.ok(answer.matched.every((matched) => matched === expected.samples.length));
          const [first, ...others] = answer.pages.map((page) => exemplarRows(page.columns));
          const byText = (rows: readonly object[]) =>
            rows.map((row) => JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? `${v}` : v))).sort();
          const plain = expected.exemplars.map(({ series, time, value, traceId, spanId }) => ({
            series,
            time,
            value,
            traceId,
            spanId,
          }));
          assert.deepEqual(byText(first ?? []), byText(plain));
          assert.ok(others.every((rows) => rows.length === 0));
        }),
      ),
      runs(80),
    ));

  it('scans all spans of a time range, each trace in one part', () =>
    fc.assert(
      fc.asyncProperty(
        spanBatches,
        timeRange,
        limit,
        fc.integer({ min: 1, max: 3 }),
        (batches, range, size, parts) =>
          using(async ({ store }) => {
            const naive = new NaiveStore();
            naive.spans.push(...batches.flat());
            await fill(store, batches.map(spanBatch));
            const idsOf = ({ traceId, spanId, start }: PlainSpan) => ({ traceId, spanId, start });
            const expected = naive.scanSpans(range).map(idsOf);
            const rows = [];
            for (let part = 0; part < parts; part++) {
              const query = { ...range, traces: { part, parts } };
              const answer = await walk(
                (options) => store.scanSpans(query, options),
                (columns) => spanRows(columns).map(idsOf),
                size,
              );
              rows.push(answer.rows);
            }
            const tracesOf = (part: readonly { traceId: string }[]) =>
              new Set(part.map((row) => row.traceId));
            const sum = rows.reduce((n, part) => n + tracesOf(part).size, 0);
            assert.equal(sum, tracesOf(expected).size, 'a trace stands in two parts');
            const byIds = (all: readonly { traceId: string; spanId: string }[]) =>
              all.toSorted((a, b) => (a.traceId + a.spanId < b.traceId + b.spanId ? -1 : 1));
            assert.deepEqual(byIds(rows.flat()), byIds(expected));
          }),
      ),
      runs(60),
    ));

  it('tells in which slices spans began, and about how many', () =>
    fc.assert(
      fc.asyncProperty(spanBatches, timeRange, fc.bigInt(1n, 40n), (batches, range, slices) =>
        using(async ({ store }) => {
          await fill(store, batches.map(spanBatch));
          const length = range.toUnixNano - range.fromUnixNano;
          const stepNano = length / slices + 1n;
          const within = batches
            .flat()
            .filter(({ start }) => start >= range.fromUnixNano && start < range.toUnixNano);
          const slice = (start: bigint) =>
            range.fromUnixNano + ((start - range.fromUnixNano) / stepNano) * stepNano;
          const expected = [...new Set(within.map(({ start }) => slice(start)))].sort((a, b) =>
            a < b ? -1 : 1,
          );
          const { columns, count } = await store.spanDensity({ ...range, stepNano });
          assert.deepEqual([...columns.bucketUnixNano], expected);
          assert.equal(count, expected.length);
          assert.equal(
            columns.count.reduce((sum, n) => sum + n, 0),
            within.length,
          );
        }),
      ),
      runs(80),
    ));

  it('refuses slices that are none, or too many', () =>
    using(async ({ store }) => {
      for (const stepNano of [0n, -1n, 1n])
        await assert.rejects(store.spanDensity({ ...ALL, stepNano }), refused('bad-request'));
      const query = { fromUnixNano: T0, toUnixNano: T0 + 30n, stepNano: 10n };
      await assert.rejects(store.spanDensity(query, { limit: 2 }), refused('bad-request'));
      assert.equal((await store.spanDensity(query, { limit: 3 })).count, 0);
    }));

  it('scans all log records of a time range by time', () =>
    fc.assert(
      fc.asyncProperty(logBatches, timeRange, limit, (batches, range, size) =>
        using(async ({ store }) => {
          const naive = new NaiveStore();
          naive.logs.push(...batches.flat());
          await fill(store, batches.map(logBatch));
          const answer = await walk((options) => store.scanLogs(range, options), templateRows, size);
          assert.deepEqual(answer.rows, naive.scanLogs(range));
        }),
      ),
      runs(60),
    ));

  it('counts spans and their durations by group and time bucket', () =>
    fc.assert(
      fc.asyncProperty(
        spanBatches,
        spanFilter,
        groupKeys,
        fc.option(fc.bigInt({ min: 1n, max: 20n }), { nil: undefined }),
        limit,
        (batches, filter, groupBy, stepNano, size) =>
          using(async ({ store }) => {
            const naive = new NaiveStore();
            naive.spans.push(...batches.flat());
            await fill(store, batches.map(spanBatch));
            const query = {
              filter,
              groupBy,
              quantiles: [0, 0.5, 0.99, 1],
              ...(stepNano === undefined ? {} : { stepNano }),
            };
            const answer = await walk((options) => store.aggregate(query, options), groupRows, size);
            const expected = naive.aggregate(query);
            assert.deepEqual(answer.rows, expected);
            assert.ok(answer.matched.every((matched) => matched === expected.length));
          }),
      ),
      runs(80),
    ));
}

function details(using: Using): void {
  const full = span({
    parentSpanId: '00000000000000bb',
    traceState: 'ot=th:8',
    statusMessage: 'i/o timeout',
    status: 2,
    kind: 3,
    httpStatus: 503,
    route: '/orders/{id}',
    method: 'GET',
    attributes: { 'db.system.name': 'redis' },
    resource: { 'service.version': '1.2.3' },
    events: [{ time: T0 + 5n, name: 'exception', attributes: { 'exception.type': 'timeout' } }],
  });

  it('gives every index column of a span', () =>
    using(async ({ store }) => {
      await store.append([spanBatch([full])]);
      const { columns } = await store.trace({ traceIds: [id(TRACE_A)], detail: 'index' });
      const { attributes, resource, events, statusMessage, traceState, ...index } = full;
      assert.deepEqual(spanRows(columns), [index]);
      assert.equal(columns.attributes, undefined);
    }));

  it('gives attributes, resource, events, status message and trace state when they are asked for', () =>
    using(async ({ store }) => {
      await store.append([spanBatch([full])]);
      const { columns } = await store.trace({ traceIds: [id(TRACE_A)], detail: 'full' });
      assert.equal(columns.attributes?.[0]?.['db.system.name'], 'redis');
      assert.equal(columns.attributes?.[0]?.['http.response.status_code'], 503);
      assert.deepEqual(columns.resource, [{ 'service.name': 'shop', 'service.version': '1.2.3' }]);
      assert.deepEqual(columns.events, [
        [{ timeUnixNano: T0 + 5n, name: 'exception', attributes: { 'exception.type': 'timeout' } }],
      ]);
      assert.deepEqual(columns.statusMessage?.dictionary.at(-1), 'i/o timeout');
      assert.deepEqual(columns.traceState?.dictionary.at(-1), 'ot=th:8');
    }));

  it('reads lines of a log file, with the resource that their file was configured with', () =>
    using(async ({ store }) => {
      const line = log({ traceId: TRACE_A, body: 'redis attempt failed', attributes: { attempt: '2' } });
      await store.append([lineBatch([line], 'shop')]);
      const query = { ...ALL, order: 'newest' as const, traceIds: [id(TRACE_A)], text: 'ATTEMPT failed' };
      const found = await store.findLogs({ ...query, attributes: [{ key: 'service.name', value: 'shop' }] });
      assert.equal(found.count, 1);
      assert.deepEqual(found.columns.attributes[0]?.['attempt'], '2');
      assert.equal(
        (await store.findLogs({ ...query, attributes: [{ key: 'service.name', value: 'pay' }] })).count,
        0,
      );
    }));

  it('reads only what may hold the answer', () =>
    using(async ({ store }) => {
      await store.append([spanBatch([span({}), span({ spanId: '0000000000000002' })])]);
      await store.append([spanBatch([span({ traceId: TRACE_B, service: 'pay', start: T0 + 1_000n })])]);
      const early = { fromUnixNano: T0, toUnixNano: T0 + 10n };
      const found = await store.findTraces({ filter: early, order: 'newest' });
      assert.deepEqual([found.matched, found.examined], [1, 2]);
      const nothing = await store.trace({ traceIds: [id(`${'00'.repeat(15)}aa`)], detail: 'index' });
      assert.deepEqual([nothing.matched, nothing.examined], [0, 0]);
    }));

  it('finds nothing for the zero id, which stands for none', () =>
    using(async ({ store }) => {
      await store.append([logBatch([log({})]), spanBatch([span({ traceId: '' })])]);
      const zero = [new Uint8Array(16)];
      assert.equal((await store.findLogs({ ...ALL, traceIds: zero, order: 'oldest' })).matched, 0);
      assert.equal((await store.trace({ traceIds: zero, detail: 'index' })).matched, 0);
      assert.equal((await store.findTraces({ filter: ALL, order: 'newest' })).matched, 0);
    }));
}

function bounds(using: Using): void {
  /** Every query, asked for all there is. */
  const queries = (store: Store) => ({
    trace: store.trace.bind(store, { traceIds: [id(TRACE_A)], detail: 'full' }),
    findTraces: store.findTraces.bind(store, { filter: { ...ALL, text: 'a' }, order: 'newest' }),
    findLogs: store.findLogs.bind(store, { ...ALL, order: 'newest' }),
    series: store.series.bind(store, { ...ALL, matchers: [], exemplars: true }),
    aggregate: store.aggregate.bind(store, { filter: ALL, groupBy: ['name'], quantiles: [] }),
  });

  for (const query of ['trace', 'findTraces', 'findLogs', 'series', 'aggregate'] as const) {
    it(`${query} is given up at its deadline, when its reader is gone, and for a bad limit or cursor`, () =>
      using(async ({ store }) => {
        const ask = queries(store)[query];
        await assert.rejects(ask({ timeoutMs: 0 }), refused('too-slow'));
        await assert.rejects(ask({ signal: AbortSignal.abort() }), refused('cancelled'));
        await assert.rejects(ask({ limit: 0 }), refused('bad-request'));
        await assert.rejects(ask({ limit: 1.5 }), refused('bad-request'));
        await assert.rejects(ask({ cursor: 'not a cursor' }), refused('bad-request'));
        assert.equal((await ask({})).count, 0);
      }));
  }

  it('takes no cursor of another query', () =>
    using(async ({ store }) => {
      await store.append([logBatch([log({}), log({ time: T0 + 1n })])]);
      const { nextCursor } = await store.findLogs({ ...ALL, order: 'oldest' }, { limit: 1 });
      assert.ok(nextCursor);
      await assert.rejects(
        store.findLogs({ ...ALL, order: 'newest' }, { limit: 1, cursor: nextCursor }),
        refused('bad-request'),
      );
    }));

  it('holds a page to the default limit when none is given', () =>
    using(async ({ store }) => {
      const count = DEFAULT_LIMITS.findLogs + 1;
      await store.append([logBatch(Array.from({ length: count }, (_, n) => log({ time: T0 + BigInt(n) })))]);
      const page = await store.findLogs({ ...ALL, order: 'oldest' });
      assert.deepEqual([page.count, page.matched], [DEFAULT_LIMITS.findLogs, count]);
      assert.ok(page.nextCursor);
    }));

  it('refuses ids of a wrong length, quantiles out of range and expressions it cannot read', () =>
    using(async ({ store }) => {
      const traceIds = [new Uint8Array(8)];
      await assert.rejects(store.trace({ traceIds, detail: 'index' }), refused('bad-request'));
      await assert.rejects(store.findLogs({ ...ALL, traceIds, order: 'oldest' }), refused('bad-request'));
      const filter = ALL;
      await assert.rejects(
        store.aggregate({ filter, groupBy: [], quantiles: [1.1] }),
        refused('bad-request'),
      );
      await assert.rejects(
        store.aggregate({ filter, groupBy: [], quantiles: [], stepNano: 0n }),
        refused('bad-request'),
      );
      await assert.rejects(
        store.series({ ...ALL, matchers: [{ label: 'job', op: '=~', value: '(' }], exemplars: false }),
        refused('bad-request'),
      );
    }));
}

function keeping(using: Using): void {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text));

  it('keeps documents by kind and id, replaces them, and lists them newest first', () =>
    using(async ({ store, reopen }) => {
      await store.put('incident', { id: 'a', timeUnixNano: T0, bytes: bytes('one') });
      await store.put('incident', { id: 'b', timeUnixNano: T0 + 1n, bytes: bytes('two') });
      await store.put('incident', { id: 'a', timeUnixNano: T0 + 2n, bytes: bytes('three') });
      await store.put('note', { id: 'a', timeUnixNano: T0, bytes: bytes('note') });
      const again = await reopen();
      const told = async (query: Parameters<Store['list']>[1]) =>
        (await again.list('incident', query)).map((one) => `${one.id} ${Buffer.from(one.bytes)}`);
      assert.deepEqual(await told({}), ['a three', 'b two']);
      assert.deepEqual(await told({ id: 'b' }), ['b two']);
      assert.deepEqual(await told({ limit: 1 }), ['a three']);
      assert.deepEqual(await told({ fromUnixNano: T0, toUnixNano: T0 + 2n }), ['b two']);
      assert.equal((await again.list('incident'))[0]?.timeUnixNano, T0 + 2n);
    }));

  it('keeps the newest checkpoint of every source, also of a batch without records', () =>
    using(async ({ store, reopen }) => {
      const at = (source: string, position: string) => ({
        ...logBatch([log({})]),
        checkpoint: { source, position },
      });
      await store.append([at('a', '1'), at('b', '5')]);
      await store.append([at('a', '2')]);
      await store.append([{ ...logBatch([]), checkpoint: { source: 'b', position: '6' } }]);
      const again = await reopen();
      assert.equal(await again.checkpoint('a'), '2');
      assert.equal(await again.checkpoint('b'), '6');
      assert.equal(await again.checkpoint('c'), undefined);
    }));

  it('tells records, times and services', () =>
    using(async ({ store, reopen }) => {
      await store.append([
        spanBatch([span({ service: 'pay' }), span({ spanId: '00000000000000cc', start: T0 + 9n })]),
      ]);
      await store.append([logBatch([log({ service: 'cache', time: T0 - 5n })])]);
      const check = async (one: Store) => {
        const status = await one.status();
        assert.deepEqual(status.services, ['pay', 'shop', 'cache']);
        const { traces, logs, metrics } = status.signals;
        assert.deepEqual([traces.records, traces.oldestUnixNano, traces.newestUnixNano], [2, T0, T0 + 9n]);
        assert.deepEqual([logs.records, logs.oldestUnixNano, logs.newestUnixNano], [1, T0 - 5n, T0 - 5n]);
        assert.deepEqual(
          [metrics.records, metrics.oldestUnixNano, metrics.newestUnixNano],
          [0, undefined, undefined],
        );
        assert.ok(status.bytes > 0 && traces.bytes > 0);
        assert.deepEqual(status.evictions, []);
      };
      await check(store);
      await check(await reopen());
    }));
}

function retention(using: Using): void {
  it('deletes what arrived before the retention, whatever time its records have, and counts it', () =>
    using(
      async ({ store, reopen, advance }) => {
        await store.append([spanBatch([span({ start: T0 + 10n ** 18n })]), logBatch([log({}), log({})])]);
        advance(600);
        await store.append([spanBatch([span({ traceId: TRACE_B, start: 5n })])]);
        assert.equal(await store.evict(), 0);
        advance(600);
        assert.equal(await store.evict(), 3);
        const again = await reopen();
        assert.equal((await again.trace({ traceIds: [id(TRACE_A)], detail: 'index' })).matched, 0);
        assert.equal((await again.trace({ traceIds: [id(TRACE_B)], detail: 'index' })).matched, 1);
        const { evictions } = await again.status();
        assert.deepEqual(
          evictions.toSorted((a, b) => (a.signal < b.signal ? -1 : 1)),
          [
            { signal: 'logs', reason: 'age', service: 'shop', records: 2 },
            { signal: 'traces', reason: 'age', service: 'shop', records: 1 },
          ],
        );
      },
      { retentionMs: 1000, maxBytes: 1e9 },
    ));

  it('deletes the oldest above the size, until it takes up no more than that', () =>
    using(
      async ({ store }) => {
        const random = (n: number) =>
          Buffer.from(crypto.getRandomValues(new Uint8Array(n))).toString('base64');
        for (let n = 0; n < 40; n++) {
          await store.append([logBatch([log({ time: T0 + BigInt(n), body: random(20_000) })])]);
        }
        assert.ok((await store.status()).bytes > 400_000);
        const evicted = await store.evict();
        const status = await store.status();
        assert.ok(status.bytes <= 400_000, `${status.bytes} bytes are left`);
        assert.ok(evicted > 0 && evicted < 40, `${evicted} of 40 went`);
        assert.deepEqual(status.evictions, [
          { signal: 'logs', reason: 'size', service: 'shop', records: evicted },
        ]);
        const left = await store.findLogs({ ...ALL, order: 'oldest' });
        assert.equal(left.columns.timeUnixNano[0], T0 + BigInt(evicted));
        assert.equal(left.matched, 40 - evicted);
      },
      { retentionMs: 86_400_000, maxBytes: 400_000 },
    ));

  it('evicts the service that takes more than its share, and all of a quiet one stays, whatever its age', () =>
    using(
      async ({ store }) => {
        const random = (n: number) =>
          Buffer.from(crypto.getRandomValues(new Uint8Array(n))).toString('base64');
        for (let n = 0; n < 6; n++) {
          await store.append([
            logBatch([log({ service: 'quiet', time: T0 + BigInt(n), body: random(5000) })]),
          ]);
          await store.append([
            spanBatch([
              span({
                service: 'quiet',
                spanId: `${n + 1}`.padStart(16, '0'),
                attributes: { n: random(5000) },
              }),
            ]),
          ]);
        }
        for (let n = 0; n < 60; n++) {
          await store.append([
            logBatch([log({ service: 'loud', time: T0 + 9n + BigInt(n), body: random(20_000) })]),
          ]);
        }
        const evicted = await store.evict();
        const { evictions, oldestByService } = await store.status();
        assert.deepEqual(evictions, [{ signal: 'logs', reason: 'size', service: 'loud', records: evicted }]);
        assert.ok(evicted > 20 && evicted < 60, `${evicted} of 60 went`);
        assert.equal((await store.findLogs({ ...ALL, service: 'quiet', order: 'oldest' })).matched, 6);
        assert.equal((await store.trace({ traceIds: [id(TRACE_A)], detail: 'index' })).matched, 6);
        const left = await store.findLogs({ ...ALL, service: 'loud', order: 'oldest' }, { limit: 1 });
        assert.equal(left.columns.timeUnixNano[0], T0 + 9n + BigInt(evicted), 'the oldest of it went first');
        assert.deepEqual(
          oldestByService.toSorted((a, b) => (a.service < b.service ? -1 : 1)),
          [
            { service: 'loud', oldestUnixNano: T0 + 9n + BigInt(evicted) },
            { service: 'quiet', oldestUnixNano: T0 },
          ],
        );
      },
      { retentionMs: 86_400_000, maxBytes: 600_000 },
    ));

  it('keeps documents and checkpoints', () =>
    using(
      async ({ store, advance }) => {
        await store.put('incident', { id: 'a', timeUnixNano: 1n, bytes: new Uint8Array(1) });
        await store.append([{ ...logBatch([log({})]), checkpoint: { source: 'file', position: '1' } }]);
        advance(5000);
        assert.equal(await store.evict(), 1);
        assert.equal((await store.list('incident')).length, 1);
        assert.equal(await store.checkpoint('file'), '1');
      },
      { retentionMs: 1000, maxBytes: 1e9 },
    ));

  it('lets a page that follows go on without what was deleted', () =>
    using(
      async ({ store, advance }) => {
        await store.append([logBatch([log({})])]);
        advance(600);
        await store.append([logBatch([log({ time: T0 + 1n }), log({ time: T0 + 2n })])]);
        const query = { ...ALL, order: 'newest' as const };
        const first = await store.findLogs(query, { limit: 1 });
        advance(600);
        await store.evict();
        const next = await store.findLogs(query, { limit: 5, cursor: first.nextCursor ?? '' });
        assert.deepEqual([...next.columns.timeUnixNano], [T0 + 1n]);
        assert.equal(next.nextCursor, undefined);
      },
      { retentionMs: 1000, maxBytes: 1e9 },
    ));
}
