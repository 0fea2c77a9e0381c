import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { logRates } from '../../../../collector/correlate/ranking/log-rate.ts';
import { network } from '../../../../collector/correlate/ranking/network.ts';
import { dependencies, selfTime } from '../../../../collector/correlate/ranking/own-time.ts';
import { rank, tierOf } from '../../../../collector/correlate/ranking/rank.ts';
import { shares } from '../../../../collector/correlate/ranking/shares.ts';
import { bySide, shiftOf } from '../../../../collector/correlate/ranking/shift.ts';
import type { Suspicion } from '../../../../collector/correlate/ranking/suspicion.ts';
import { mannWhitney } from '../../../../collector/correlate/stats.ts';
import { recordsOf, SECOND, START, smallSystem, windowsIn } from '../../../helpers/small-system.ts';
import type { PlainLog, PlainSpan } from '../../../helpers/telemetry.ts';

const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9, `${a}, not ${b}`);
const suspicion = (service: string, family: Suspicion['family'], strength: number): Suspicion => ({
  ...{ service, family, strength, about: 'it', statement: `${service} changed.` },
  ...{ baseline: { value: 0, n: 9 }, incident: { value: 1, n: 9 }, references: [] },
});

test('a shift is nothing without enough values, and 0 where times fell', () => {
  assert.equal(shiftOf(Float64Array.of(1, 2, 3, 4), Float64Array.of(9, 9, 9)), undefined);
  assert.equal(shiftOf(Float64Array.of(1, 2, 3, 4, 5), Float64Array.of(9, 9)), undefined);
  assert.equal(shiftOf(Float64Array.of(9, 9, 9, 9, 9), Float64Array.of(1, 1, 1))?.strength, 0);
});

test('a shift is as sure as Mann and Whitney say, times the doublings of median and p90', () => {
  const times = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 5, maxLength: 30 });
  fc.assert(
    fc.property(times, times, (before, now) => {
      const shift = shiftOf(Float64Array.from(before), Float64Array.from(now))!;
      const [na, nb] = [before.length, now.length];
      const { auc } = mannWhitney(before, now);
      const sure = Math.max(0, 2 * auc - 1 - 2 * Math.sqrt((na + nb + 1) / (12 * na * nb)));
      const doublings =
        Math.log2((shift.now.p50 + 1) / (shift.before.p50 + 1)) +
        Math.log2((shift.now.p90 + 1) / (shift.before.p90 + 1));
      near(shift.strength, sure * Math.max(0, doublings));
    }),
    { numRuns: 60 },
  );
});

test('values are told apart by key and side, those of neither side left out', () => {
  const rows = fc.array(fc.record({ key: fc.nat(4), side: fc.integer({ min: -1, max: 1 }), ms: fc.nat(9) }));
  fc.assert(
    fc.property(rows, (all) => {
      const found = bySide(
        all.length,
        Int8Array.from(all, ({ side }) => side),
        (i) => all[i]!.key,
        (i) => all[i]!.ms,
      );
      const naive = Map.groupBy(
        all.filter(({ side }) => side >= 0),
        ({ key }) => key,
      );
      assert.deepEqual(new Set(found.keys()), new Set(naive.keys()));
      for (const [key, sides] of found) {
        for (const side of [0, 1] as const) {
          const own = naive.get(key)!.filter((row) => row.side === side);
          assert.deepEqual(
            Array.from(sides[side]),
            own.map(({ ms }) => ms),
          );
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('a hop that is slow speaks against who is called in full, and against the caller by less', () => {
  const found = network(recordsOf(smallSystem({ fault: 'slow hop' })));
  const of = (service: string) => found.find((one) => one.service === service)!;
  assert.deepEqual([of('payments').about, of('orders').about], ['orders to payments', 'orders to payments']);
  assert.ok(of('payments').strength > 2 * of('orders').strength);
  assert.match(of('payments').statement, /n = 69 and 126; 1 of 1 edges of payments grew\.$/);
  assert.match(of('orders').statement, /1 of 3 edges of orders grew\.$/);
  assert.equal(of('payments').references[0]?.kind, 'trace');
});

test('slow own code and a slow cache are told of the service and the operation where they are', () => {
  const [code] = selfTime(recordsOf(smallSystem({ fault: 'slow code' }))).sort(
    (a, b) => b.strength - a.strength,
  );
  assert.deepEqual([code?.service, code?.about], ['stock', 'GET /stock']);
  assert.match(code!.statement, /^GET \/stock spends 1\d\d ms \(p90 1\d\d ms\) in its own code, before \d/);
  const cache = dependencies(recordsOf(smallSystem({ fault: 'slow cache' })));
  assert.deepEqual(
    cache.map(({ service, about }) => [service, about]),
    [['orders', 'GET']],
  );
});

test('of the slowest call of the incident the trace is told', () => {
  const system = smallSystem({ fault: 'slow code' });
  const [worst] = system.spans
    .filter(({ service, start }) => service === 'stock' && start >= system.onset)
    .sort((a, b) => Number(b.duration - a.duration));
  const [code] = selfTime(recordsOf(system)).filter(({ service }) => service === 'stock');
  const [reference] = code!.references;
  assert.ok(reference?.kind === 'trace');
  assert.equal(reference.traceId, worst!.traceId);
});

test('a failure is of the service where it begins, not of those that called it', () => {
  const system = smallSystem({ fault: 'failure' });
  const failing = new Set(system.spans.filter(({ status }) => status === 2).map(({ traceId }) => traceId));
  const spans = system.spans.map((span) =>
    failing.has(span.traceId) && ['gateway', 'orders'].includes(span.service) ? { ...span, status: 2 } : span,
  );
  const failures = shares(recordsOf({ ...system, spans })).filter(({ family }) => family === 'failures');
  assert.deepEqual(
    failures.map(({ service }) => service),
    ['stock'],
  );
});

test('an evidence of a line shows the first of the incident', () => {
  const system = smallSystem({ fault: 'error line' });
  const [line] = shares(recordsOf(system)).filter(({ about }) => about === 'stock/count.go:44');
  const first = system.logs.find(({ body }) => body === 'stock is negative')!;
  const [reference] = line!.references;
  assert.ok(reference?.kind === 'log');
  assert.deepEqual(
    [reference.traceId, reference.spanId, reference.timeUnixNano],
    [first.traceId, first.spanId, String(first.time)],
  );
});

test('a share counts with what is surely left of its difference: errors that rose by a quarter more', () => {
  const [line] = shares(recordsOf(smallSystem({ fault: 'error line' }))).filter(
    ({ about }) => about === 'stock/count.go:44',
  );
  const { baseline: a, incident: b, strength } = line!;
  // One-sided 95 % interval of two proportions, half a hit and half a miss added to each.
  const variance = ({ value, n }: typeof a) => {
    const share = (value * n + 0.5) / (n + 1);
    return (share * (1 - share)) / n;
  };
  const sure = b.value - a.value - 1.64 * Math.sqrt(variance(a) + variance(b));
  assert.ok(sure > 0.5 && Math.abs(strength - 1.25 * sure) < 1e-12, `${strength}, ${sure}`);
});

/** Lines of one service without any request, at the given seconds since the beginning. */
function loose(seconds: readonly number[], body: string, severityNumber = 17): PlainLog[] {
  return seconds.map((at) => ({
    ...{ service: 'shop', severityNumber, body, time: START + BigInt(Math.round(at * 1000)) * 1_000_000n },
  }));
}

const window = { onset: START + 600n * SECOND, end: START + 720n * SECOND };
const every = (step: number, from: number, to: number) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);

function rates(logs: readonly PlainLog[]) {
  return logRates(recordsOf({ ...window, spans: [], logs: [...logs] }), windowsIn(window));
}

test('lines without a request are compared by the seconds in which they come', () => {
  const usual = loose(every(2, 0, 720), 'alive', 9);
  const [found, ...others] = rates([...usual, ...loose(every(4, 601, 720), 'disk is full')]);
  assert.deepEqual(others, []);
  assert.equal(
    found?.statement,
    'shop writes ERROR "disk is full" in 30 of 120 seconds (25.0 %), before in 0 of 540 (0 %); joined by service and time.',
  );
  assert.ok(found.strength > 4 && found.strength <= 6);
});

test('a burst of one moment, and lines that came twice, are one second', () => {
  const usual = loose(every(2, 0, 720), 'alive', 9);
  const burst = loose(every(0.001, 650, 650.5), 'disk is full');
  assert.deepEqual(rates([...usual, ...burst, ...burst]), []);
});

test('what comes unevenly in quiet time, too, is no change, and a service that is new is not loud', () => {
  const usual = loose(every(2, 0, 720), 'alive', 9);
  const uneven = [0, 200, 400, 640].flatMap((at) => every(1, at, at + 25));
  assert.deepEqual(rates([...usual, ...loose(uneven, 'compaction')]), []);
  assert.deepEqual(rates(loose(every(1, 600, 720), 'started')), []);
});

test('a service that falls silent is told', () => {
  const [found] = rates(loose(every(1, 0, 600), 'alive', 9));
  assert.match(
    found!.statement,
    /^shop writes INFO "alive" in 0 of 120 seconds \(0 %\), before in 540 of 540/,
  );
});

test('services are ranked by the strongest that speaks against each, equals by name', () => {
  const found = rank([
    suspicion('b', 'logs', 0.4),
    suspicion('a', 'self-time', 5),
    suspicion('c', 'cpu', 12),
    suspicion('c', 'logs', 0.1),
  ]);
  assert.deepEqual(
    found.map(({ service, score, evidence }) => [service, score, evidence.map(({ family }) => family)]),
    [
      ['c', 2, ['cpu', 'logs']],
      ['a', 1, ['self-time']],
      ['b', 1, ['logs']],
    ],
  );
});

test('each doubt takes a tier, and the reason tells all of them', () => {
  const alone = rank([suspicion('a', 'cpu', 60)]);
  assert.deepEqual(tierOf(alone, 9), { tier: 'high', reason: 'score 10.00 of 1.' });
  assert.equal(tierOf(alone, 1).tier, 'medium');
  const close = rank([suspicion('a', 'cpu', 60), suspicion('b', 'cpu', 59)]);
  assert.deepEqual(tierOf(close, 1), {
    tier: 'low',
    reason:
      'score 10.00 of 1, 1.0 times that of b; less than 1.5 times the next; 1 minute of quiet time before, 3 are needed.',
  });
  assert.deepEqual(tierOf(rank([suspicion('a', 'cpu', 3)]), 9), {
    tier: 'insufficient evidence',
    reason: 'the strongest, a, scores 0.50 of 1.',
  });
});

test('a request has a template once, however its lines stand between those of another', () => {
  const line = (traceId: string, spanId: string, time: bigint, body: string): PlainLog => ({
    ...{ time, service: 'shop', severityNumber: 9, body, traceId, spanId, attributes: {} },
  });
  const [spans, logs]: [PlainSpan[], PlainLog[]] = [[], []];
  const end = START + 330n * SECOND;
  for (let n = 0; n < 100; n++) {
    const start = START + BigInt(n) * 3n * SECOND;
    const [traceId, spanId] = [
      (n + 1).toString(16).padStart(32, 'd'),
      (n + 1).toString(16).padStart(16, '0'),
    ];
    spans.push({ traceId, spanId, name: 'x', service: 'shop', kind: 2, start, duration: 20_000_000n });
  }
  // Two requests write at the same time; only in the incident, and both of them two texts of one template.
  for (let n = 80; n < 100; n += 2)
    for (const fruit of ['apple', 'pear', 'plum'])
      for (const { traceId, spanId, start } of spans.slice(n, n + 2))
        logs.push(line(traceId, spanId, start + 1n, `loaded product ${fruit} from shelf`));
  const times = { onset: START + 240n * SECOND, end };
  const records = recordsOf({ spans, logs, ...times });
  const pairs = Array.from(records.had.entry, (entry, i) => `${entry} ${records.had.feature[i]}`);
  assert.equal(new Set(pairs).size, pairs.length);
  const found = shares(records).filter(({ family }) => family === 'logs');
  assert.ok(found.length > 0);
  for (const { strength, incident } of found) assert.ok(strength > 0 && incident.value <= 1, `${strength}`);
});

test('a strength that is no number names nobody', () => {
  const ranked = rank([suspicion('a', 'logs', Number.NaN), suspicion('b', 'logs', 1)]);
  assert.deepEqual(
    ranked.map(({ service }) => service),
    ['b'],
  );
});

test('seconds that have not passed are no silence: a rate is told from half a minute on, of what can be seen', () => {
  const times = { onset: START + 600n * SECOND, end: START + 690n * SECOND };
  const beats = (until: number): PlainLog[] =>
    Array.from({ length: until }, (_, i) => ({
      ...{ time: START + BigInt(i) * SECOND, service: 'worker', severityNumber: 9, body: 'beat' },
      attributes: {},
    }));
  const ratesAt = (seconds: number, until = seconds) => {
    const records = recordsOf({ spans: [], logs: beats(600 + until), ...times });
    return logRates(records, {
      ...windowsIn(times),
      seenUntilUnixNano: times.onset + BigInt(seconds) * SECOND,
    });
  };
  assert.deepEqual([ratesAt(2), ratesAt(29, 0), ratesAt(60)], [[], [], []]);
  assert.equal(ratesAt(60, 0)[0]?.service, 'worker');
});
