import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { MetTraces } from '../../../collector/storage/embedded/met-traces.ts';
import type { TraceIds } from '../../../collector/storage/embedded/reader.ts';
import { SeenSpans } from '../../../collector/storage/embedded/seen-spans.ts';

/** Ids out of few, with their bytes where differences are easily lost. */
const id = fc.record({ trace: fc.nat({ max: 5 }), span: fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1) });
const blocks = fc.array(fc.array(id, { minLength: 1, maxLength: 8 }), { maxLength: 6 });

/** What the walk needs of a block: its ids, as raw blocks or as sealed ones have them. */
function idsOf(spans: readonly { trace: number; span: number }[], isSealed = false) {
  const bytesOf = (traces: readonly number[]) =>
    new Uint8Array(new Uint32Array(traces.flatMap((trace) => [7, 0, 0, trace])).buffer);
  const all = spans.map(({ trace }) => trace);
  const spanId = new Uint8Array(new Uint32Array(spans.flatMap(({ span }) => [span, 1])).buffer);
  if (!isSealed) return { traces: { ids: bytesOf(all) }, index: { spanId } };
  const distinct = [...new Set(all)];
  const traces = {
    ids: bytesOf(distinct),
    index: Uint32Array.from(all, (trace) => distinct.indexOf(trace)),
    areDistinct: new Set(spans.map(({ trace, span }) => `${trace} ${span}`)).size === spans.length,
  };
  return { traces, index: { spanId } };
}

function metIn(blocks: readonly { traces: TraceIds }[]): MetTraces {
  const met = new MetTraces();
  for (const { traces } of blocks) met.meet(traces);
  return met;
}

it('two walks give every span once, and all of them', () => {
  fc.assert(
    fc.property(blocks, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (stored, areSealed) => {
      const ids = stored.map((spans, n) => idsOf(spans, areSealed[n]));
      const met = metIn(ids);
      const seen = new SeenSpans(stored.flat().length);
      const counted: string[] = [];
      const count = (spans: (typeof stored)[number], positions: Uint32Array) => {
        for (const i of positions) counted.push(`${spans[i]!.trace} ${spans[i]!.span}`);
      };
      const every = (spans: (typeof stored)[number]) => spans.map((_, i) => i);
      seen.begin(0);
      for (const [n, spans] of stored.entries()) {
        const { traces, index } = ids[n]!;
        count(spans, seen.first(met, traces, index, every(spans)));
      }
      seen.again();
      for (const [n, spans] of stored.entries()) {
        const { traces, index } = ids[n]!;
        count(spans, seen.second(met, traces, index, every(spans)));
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
      metIn([{ traces }]),
      traces,
      index,
      spans.map((_, i) => i),
    ).length,
    spans.length,
  );
  assert.equal(seen.hasDoubts, false);
});
