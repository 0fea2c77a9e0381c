import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRecentRequests } from '../../../collector/processors/recent-requests.ts';
import type { RecentGroup } from '../../../collector/telemetry/recent-spans.ts';
import { type PlainSpan, spanBatch } from '../../helpers/telemetry.ts';

const SECOND = 1_000_000_000n;
const STEP = 10n * SECOND;
const start = 1_764_204_780n * SECOND;
const quantiles = [0, 0.5, 0.99, 1];

const span = (over: Partial<PlainSpan> = {}): PlainSpan => ({
  ...{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), name: 'GET /x', service: 'shop', kind: 2 },
  ...{ start: start + SECOND, duration: 30_000_000n, route: '/x', method: 'GET', httpStatus: 200 },
  ...over,
});

/** A batch of senders that state no weights, which is known because it was looked at. */
function plainBatch(spans: PlainSpan[]) {
  const batch = spanBatch(spans);
  return { ...batch, index: { ...batch.index, statesWeights: false, hasTraceState: false } };
}

const memory = (newestUnixNano: bigint | undefined = start - 1n) => createRecentRequests({ newestUnixNano });
const minute = { fromUnixNano: start, toUnixNano: start + 6n * STEP, stepNano: STEP, quantiles };

const anySpan = fc.record({
  service: fc.constantFrom('shop', 'pay'),
  route: fc.constantFrom('/a', '/b'),
  method: fc.constantFrom('GET', 'POST'),
  kind: fc.constantFrom(2, 3),
  status: fc.constantFrom(0, 2),
  start: fc.bigInt(start, start + 6n * STEP - 1000n),
  duration: fc.bigInt(0n, 100n * SECOND),
});

test('counts and errors are those of the spans, quantiles within 1.6 %', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(anySpan, { maxLength: 20 })),
      fc.constantFrom(STEP, 2n * STEP),
      (parts, step) => {
        const recent = memory();
        for (const part of parts)
          if (part.length > 0) recent.observe(plainBatch(part.map((over) => span(over))));
        const groups = recent.read({ ...minute, stepNano: step })!;
        const expected = new Map<string, PlainSpan[]>();
        for (const one of parts.flat().map((over) => span(over))) {
          if (one.kind !== 2) continue;
          // Times are looked at as numbers, which are exact to 256 ns.
          const from = BigInt(Math.floor(Number(one.start) / Number(STEP))) * STEP;
          const stepFrom = from - ((from - start) % step);
          const key = [one.service, one.method, one.route, stepFrom].join(' ');
          expected.set(key, [...(expected.get(key) ?? []), one]);
        }
        assert.deepEqual(
          groups.map((group) => [keyOf(group), group.count, group.errors]).sort(),
          [...expected]
            .map(([key, spans]) => [key, spans.length, spans.filter(({ status }) => status === 2).length])
            .sort(),
        );
        for (const group of groups) {
          const sorted = expected
            .get(keyOf(group))!
            .map(({ duration }) => Number(duration) / 1e6)
            .sort((a, b) => a - b);
          for (const [n, quantile] of quantiles.entries()) {
            const exact = sorted[Math.round(quantile * (sorted.length - 1))]!;
            const told = group.quantilesMs[n]!;
            assert.ok(Math.abs(told - exact) <= exact * 0.016 + 0.0011, `${told} for ${exact}`);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

function keyOf({ service, method, route, fromUnixNano }: RecentGroup): string {
  return [service, method, route, fromUnixNano].join(' ');
}

test('what began before the memory did, or is not cut at its steps, is not answered', () => {
  const recent = memory();
  recent.observe(plainBatch([span()]));
  assert.equal(recent.read({ ...minute, fromUnixNano: start - STEP }), undefined);
  assert.equal(recent.read({ ...minute, stepNano: SECOND }), undefined);
  assert.equal(recent.read(minute)!.length, 1);
  assert.equal(recent.sinceUnixNano, start);
});

test('steps of which some was stored before are left to the store, and no others', () => {
  assert.equal(createRecentRequests({ newestUnixNano: undefined }).sinceUnixNano, 0n);
  assert.equal(memory(start - 1n).sinceUnixNano, start);
  assert.equal(memory(start).sinceUnixNano, start + STEP);
  assert.equal(memory(start).read(minute), undefined);
  assert.equal(memory(start + 3n * STEP).sinceUnixNano, start + 4n * STEP);
});

test('after two minutes a step is forgotten, and then not answered', () => {
  const recent = memory();
  for (let step = 0n; step < 13n; step++) recent.observe(plainBatch([span({ start: start + step * STEP })]));
  assert.equal(recent.read(minute), undefined);
  assert.equal(recent.read({ ...minute, fromUnixNano: start + STEP })!.length, 5);
});

test('spans that state weights, or routes above the limit, leave the whole step to the store', () => {
  const stating = memory();
  const batch = plainBatch([span()]);
  stating.observe({ ...batch, index: { ...batch.index, statesWeights: true } });
  assert.equal(stating.read(minute), undefined);
  const many = memory();
  many.observe(plainBatch(Array.from({ length: 2100 }, (_, i) => span({ route: `/${i}` }))));
  assert.equal(many.read(minute), undefined);
});

test('a trace state is told, as it may say that a span stands for several', () => {
  const recent = memory();
  const batch = plainBatch([span()]);
  recent.observe(batch);
  assert.equal(recent.read(minute)![0]!.mayBeSampled, false);
  recent.observe({ ...batch, index: { ...batch.index, hasTraceState: true } });
  assert.equal(recent.read(minute)![0]!.mayBeSampled, true);
});
