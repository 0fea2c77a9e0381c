import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Budget } from '../../../collector/slo/book.ts';
import { budgetState } from '../../../collector/slo/budget.ts';
import { standingOf } from '../../../collector/slo/evaluate.ts';
import { Ledger } from '../../../collector/slo/ledger.ts';
import { hourMs, stepMs } from '../../../collector/slo/timeline.ts';
import {
  errorBudget,
  evaluateBurn,
  label,
  type Service,
  type WindowCounts,
  windows,
} from '../../../slo/index.ts';
import { randomFrom } from '../../helpers/random.ts';
import { storeOf } from '../../helpers/scenario.ts';
import { sampleBatch, spanBatch } from '../../helpers/telemetry.ts';
import { type Request, scraped, shop, spansOf } from './telemetry.ts';

/** Ten in the morning, not at a full hour. */
const start = Date.UTC(2026, 2, 11, 10, 17);
const scrapeMs = 15_000;
const { signal } = new AbortController();

function ledgerAt(store: Awaited<ReturnType<typeof storeOf>>, service: Service, now: () => number) {
  const deps = { clock: () => BigInt(now()) * 1_000_000n, breathe: async () => {} };
  return new Ledger(store, [service], deps);
}

function requestsOf(seed: number, hours: number, perMinute: number): Request[] {
  const random = randomFrom(seed);
  const count = Math.round(hours * 60 * perMinute);
  return Array.from({ length: count }, () => ({
    atMs: start + Math.floor(random() * hours * hourMs),
    route: random() < 0.7 ? '/orders/{id}' : '/health',
    failed: random() < 0.1,
    slow: random() < 0.2,
  })).sort((a, b) => a.atMs - b.atMs);
}

function scrapes(hours: number): number[] {
  return Array.from({ length: (hours * hourMs) / scrapeMs + 1 }, (_, i) => start + i * scrapeMs);
}

const isBad: Record<string, (request: Request) => boolean> = {
  'orders-availability': ({ failed }) => failed,
  'orders-latency': ({ slow }) => slow,
  'all-availability': ({ failed }) => failed,
};

/** The requests of an objective between two moments, counted one by one. */
function naive(requests: readonly Request[], id: string, fromMs: number, toMs: number) {
  const own = requests
    .filter(({ route }) => id === 'all-availability' || route === '/orders/{id}')
    .filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
  return { total: own.length, bad: own.filter(isBad[id]!).length };
}

function near(actual: number, expected: number, what: string) {
  assert.ok(
    Math.abs(actual - expected) < 1e-6 * Math.max(1, expected),
    `${what}: ${actual}, not ${expected}`,
  );
}

function budgetOf(ledger: Ledger, id: string): Budget {
  return ledger.budgets().find(({ slo }) => slo.id === id)!;
}

test('however it is read in turns, an objective counts what a count of every request gives, and the tiers judge by it', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.double({ min: 0.01, max: 0.99, noNaN: true }), { maxLength: 3 }),
      async (seed, hours, stops) => {
        const requests = requestsOf(seed, hours, 4);
        const samples = scraped(requests, scrapes(hours));
        const store = await storeOf(t, []);
        const endMs = start + hours * hourMs;
        let nowMs = start;
        const ledger = ledgerAt(store, shop(), () => nowMs);
        let told = start - 1;
        for (const stop of [...stops.toSorted((a, b) => a - b), 1]) {
          nowMs = start + Math.floor((stop * hours * hourMs) / scrapeMs) * scrapeMs;
          const fresh = samples.filter(
            ({ time }) => Number(time / 1_000_000n) > told && Number(time / 1_000_000n) <= nowMs,
          );
          told = nowMs;
          if (fresh.length > 0) await store.append([sampleBatch(fresh)]);
          await ledger.advance(signal);
        }
        for (const budget of ledger.budgets()) {
          const { id, objective } = budget.slo;
          assert.equal(budget.source, 'metrics');
          const state = budgetState(objective, budget.counts, endMs);
          const all = naive(requests, id, start, endMs);
          near(state.total, all.total, `${id} total`);
          near(state.bad, all.bad, `${id} bad`);
          near(state.left!, 1 - all.bad / all.total / errorBudget(objective), `${id} left`);
          near(state.measuredSeconds, hours * 3_600, `${id} measured`);
          const short = (['5m', '30m', '1h'] as const).map((name) => {
            const seconds = windows[name].seconds;
            return [name, { ...naive(requests, id, endMs - seconds * 1_000, endMs), coverage: 1 }] as const;
          });
          const expected = evaluateBurn(
            errorBudget(objective),
            Object.fromEntries(short) as Record<string, WindowCounts>,
          );
          const [tier] = standingOf(budget, endMs).tiers;
          near(tier!.longBurn ?? 0, expected[0]!.longBurn ?? 0, `${id} long burn`);
          near(tier!.shortBurn ?? 0, expected[0]!.shortBurn ?? 0, `${id} short burn`);
        }
      },
    ),
    { numRuns: 4 },
  );
});

test('without metrics requests are counted from server spans, each for as many as it stands for', async (t) => {
  const requests = requestsOf(3, 2, 5);
  const endMs = start + 2 * hourMs;
  for (const [traceState, weight] of [
    ['', 1],
    ['ot=th:8', 2],
  ] as const) {
    const store = await storeOf(t, [spanBatch(spansOf(requests).map((span) => ({ ...span, traceState })))]);
    const ledger = ledgerAt(store, shop(), () => endMs);
    await ledger.advance(signal);
    for (const budget of ledger.budgets()) {
      const { id, objective } = budget.slo;
      const all = naive(requests, id, start - 1, endMs);
      const state = budgetState(objective, budget.counts, endMs);
      assert.deepEqual([budget.source, budget.counts?.weight], ['spans', weight]);
      near(state.total, weight * all.total, `${id} total`);
      near(state.bad, weight * all.bad, `${id} bad`);
    }
  }
});

test('metrics and spans never make one number: when metrics are found, those counted from spans begin anew', async (t) => {
  const requests = requestsOf(5, 30, 1);
  const endMs = start + 30 * hourMs;
  const store = await storeOf(t, [spanBatch(spansOf(requests))]);
  // Scraped in the first hours only: the newest readings find spans and no metrics.
  await store.append([sampleBatch(scraped(requests, scrapes(3)))]);
  const ledger = ledgerAt(store, shop(), () => endMs);
  await ledger.advance(signal, () => true);
  assert.equal(budgetOf(ledger, 'orders-availability').source, 'spans');
  await ledger.advance(signal);
  for (const budget of ledger.budgets()) {
    const all = naive(requests, budget.slo.id, start, start + 3 * hourMs);
    assert.equal(budget.source, 'metrics');
    near(budgetState(budget.slo.objective, budget.counts, endMs).total, all.total, budget.slo.id);
    assert.equal(standingOf(budget, endMs).state, 'not observed');
  }
});

test('an objective that the store knows nothing of says so, and its budget is not full', async (t) => {
  const store = await storeOf(t, []);
  const slos = [
    { id: 'queue', kind: 'custom', badRatio: 'avg(rate(x_total[$window]))', objective: 0.9, window: '30d' },
    { id: 'orders', kind: 'availability', objective: 0.9, window: '30d' },
  ];
  const ledger = ledgerAt(store, shop({ slos }), () => start);
  await ledger.advance(signal);
  const [queue, orders] = ledger.budgets();
  assert.match(queue!.why ?? '', /expression/);
  const standing = standingOf(orders!, Math.floor(start / stepMs) * stepMs);
  assert.deepEqual(
    [orders!.source, standing.state, standing.spent.left],
    [undefined, 'not observed', undefined],
  );
});

test('where missing time is bad, nothing is said of the time before the store has any sample', async (t) => {
  const at = Math.ceil(start / stepMs) * stepMs + 5_000;
  const series = {
    name: 'queue_depth',
    kind: 'gauge',
    temporality: 'none',
    labels: { [label.job]: 'shop' },
  } as const;
  const samples = [0, 15_000].map((ms) => ({ series, time: BigInt(at + ms) * 1_000_000n, value: 1 }));
  const store = await storeOf(t, [sampleBatch(samples)]);
  const objective = { limit: 5, missing: 'bad', objective: 0.9, window: '7d' };
  const slos = [{ id: 'queue', kind: 'saturation', gauge: 'queue_depth', ...objective }];
  const nowMs = at + 55_000;
  const ledger = ledgerAt(store, shop({ slos }), () => nowMs);
  await ledger.advance(signal);
  const { bad, total } = standingOf(budgetOf(ledger, 'queue'), Math.floor(nowMs / stepMs) * stepMs).spent;
  assert.deepEqual([bad, total], [0, 2]);
});

test('other targets and owners keep the counts, another threshold does not', async (t) => {
  const requests = requestsOf(7, 1, 5);
  const endMs = start + hourMs;
  const store = await storeOf(t, [sampleBatch(scraped(requests, scrapes(1)))]);
  const ledger = ledgerAt(store, shop(), () => endMs);
  await ledger.advance(signal);
  const before = budgetOf(ledger, 'orders-latency').counts?.recent.total.reduce((a, b) => a + b);
  const changed = (change: object) => {
    const { slos, ...service } = shop();
    ledger.replace([{ ...service, slos: slos.map((slo) => ({ ...slo, ...change })) }]);
    return budgetOf(ledger, 'orders-latency');
  };
  const other = changed({ objective: { ratio: 0.5, window: { kind: 'rolling', days: 1 } }, owner: 'team-x' });
  assert.equal(
    other.counts?.recent.total.reduce((a, b) => a + b),
    before,
  );
  assert.equal(other.slo.objective.ratio, 0.5);
  assert.equal(changed({ sli: { kind: 'availability' } }).counts, undefined);
});

test('each combination of the labels in `by` has a budget of its own, up to a bound that is told', async (t) => {
  const requests = requestsOf(9, 1, 1);
  const endMs = start + hourMs;
  const one = scraped(requests, scrapes(1));
  const of = (instance: string) =>
    one.map(({ series, ...rest }) => ({
      ...rest,
      series: { ...series, labels: { ...series.labels, instance } },
    }));
  const slos = [{ id: 'by', kind: 'availability', objective: 0.9, window: '30d', by: ['instance'] }];
  const store = await storeOf(t, [sampleBatch([...of('a'), ...of('b')])]);
  const ledger = ledgerAt(store, shop({ slos }), () => endMs);
  await ledger.advance(signal);
  const all = naive(requests, 'all-availability', start, endMs);
  assert.deepEqual(
    ledger.budgets().map(({ labels, slo, counts }) => {
      const { bad, total } = budgetState(slo.objective, counts, endMs);
      return [labels.instance, Math.round(bad), Math.round(total)];
    }),
    ['a', 'b'].map((instance) => [instance, all.bad, all.total]),
  );
  const ends = scraped(requests, [endMs - 15_000, endMs]);
  const many = Array.from({ length: 510 }, (_, i) =>
    ends.map(({ series, ...rest }) => ({
      ...rest,
      series: { ...series, labels: { ...series.labels, instance: `i${i}` } },
    })),
  );
  const crowded = ledgerAt(await storeOf(t, [sampleBatch(many.flat())]), shop({ slos }), () => endMs);
  await crowded.advance(signal);
  assert.deepEqual([crowded.budgets().length, crowded.leftOut], [500, 10]);
});
