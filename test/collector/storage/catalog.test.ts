import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import type { BlockMeta } from '../../../collector/storage/embedded/block.ts';
import { Catalog } from '../../../collector/storage/embedded/catalog.ts';

const block = (id: number, firstMember: number) =>
  ({ id, firstMember, lastMember: firstMember, signal: id % 2 === 0 ? 'traces' : 'logs' }) as BlockMeta;
const idsOf = (blocks: readonly BlockMeta[]) => blocks.map(({ id }) => id);

/** What is done to a catalogue: a block of an older or a new member comes, blocks go, somebody looks. */
const steps = fc.array(
  fc.oneof(
    fc.record({ add: fc.nat({ max: 30 }) }),
    fc.record({ remove: fc.array(fc.nat({ max: 20 }), { maxLength: 3 }) }),
    fc.constant({ look: true as const }),
  ),
  { maxLength: 25 },
);

it('a catalogue is in order of arrival, and what was seen of it stays as it was', () =>
  fc.assert(
    fc.property(steps, (done) => {
      const catalog = new Catalog();
      let expected: BlockMeta[] = [];
      let lastId = 0;
      const seen: { snapshot: Catalog; ids: number[] }[] = [];
      for (const step of done) {
        if ('add' in step) {
          const meta = block(++lastId, step.add);
          catalog.add(meta);
          expected.push(meta);
        } else if ('remove' in step) {
          const gone = new Set(step.remove);
          catalog.remove(gone);
          expected = expected.filter(({ id }) => !gone.has(id));
        } else seen.push({ snapshot: catalog.snapshot(), ids: idsOf(catalog.all()) });
        const inOrder = expected.toSorted((a, b) => a.firstMember - b.firstMember || a.id - b.id);
        assert.deepEqual(idsOf(catalog.all()), idsOf(inOrder));
        const traces = inOrder.filter(({ signal }) => signal === 'traces');
        assert.deepEqual(idsOf(catalog.select('traces', Infinity)), idsOf(traces));
      }
      for (const { snapshot, ids } of seen) assert.deepEqual(idsOf(snapshot.all()), ids);
    }),
    { numRuns: 200 },
  ));
