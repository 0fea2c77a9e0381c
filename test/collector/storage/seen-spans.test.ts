import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { SeenSpans } from '../../../collector/storage/embedded/seen-spans.ts';
import type { SpanIndex } from '../../../collector/telemetry/batch.ts';

/** Ids out of few, with their bytes where differences are easily lost. */
const id = fc.record({ trace: fc.nat({ max: 3 }), span: fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1) });
const blocks = fc.array(fc.array(id, { minLength: 1, maxLength: 8 }), { maxLength: 6 });

/** What the walk needs of a block: its ids. */
function idsOf(spans: readonly { trace: number; span: number }[]) {
  const traceId = new Uint8Array(new Uint32Array(spans.flatMap(({ trace }) => [7, 0, 0, trace])).buffer);
  const spanId = new Uint8Array(new Uint32Array(spans.flatMap(({ span }) => [span, 1])).buffer);
  return { traces: { ids: traceId }, index: { traceId, spanId } as unknown as SpanIndex };
}

it('two walks give every span once, and all of them', () => {
  fc.assert(
    fc.property(blocks, (stored) => {
      const seen = new SeenSpans(stored.flat().length);
      const counted: string[] = [];
      const count = (spans: (typeof stored)[number], positions: Uint32Array) => {
        for (const i of positions) counted.push(`${spans[i]!.trace} ${spans[i]!.span}`);
      };
      const every = (spans: (typeof stored)[number]) => spans.map((_, i) => i);
      seen.begin(0);
      for (const spans of stored) {
        const { traces, index } = idsOf(spans);
        count(spans, seen.first(traces, index, every(spans)));
      }
      seen.again();
      for (const spans of stored) {
        const { traces, index } = idsOf(spans);
        count(spans, seen.second(traces, index, every(spans)));
      }
      const distinct = new Set(stored.flat().map(({ trace, span }) => `${trace} ${span}`));
      assert.deepEqual(counted.toSorted(), [...distinct].toSorted());
    }),
    { numRuns: 300 },
  );
});

it('spans that are told apart are not walked over twice', () => {
  const spans = Array.from({ length: 5000 }, (_, n) => ({ trace: n % 700, span: n }));
  const { traces, index } = idsOf(spans);
  const seen = new SeenSpans(spans.length);
  seen.begin(0);
  assert.equal(
    seen.first(
      traces,
      index,
      spans.map((_, i) => i),
    ).length,
    spans.length,
  );
  assert.equal(seen.hasDoubts, false);
});
