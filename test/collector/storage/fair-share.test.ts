import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import {
  fairShare,
  planEviction,
  recordsByService,
  roomOf,
  type SharedBlock,
} from '../../../collector/storage/embedded/fair-share.ts';

const SERVICES = ['a', 'b', 'c', 'd'];
const bytes = fc.integer({ min: 1, max: 100_000 });

/** Blocks in order of arrival, most of them of one service. */
const blocks: fc.Arbitrary<SharedBlock[]> = fc
  .array(
    fc.record({
      bytes,
      services: fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(...SERVICES).map((one) => [one]) },
        { weight: 1, arbitrary: fc.subarray(SERVICES, { minLength: 2 }) },
        { weight: 1, arbitrary: fc.constant<string[]>([]) },
      ),
      each: fc.integer({ min: 1, max: 50 }),
    }),
    { maxLength: 60 },
  )
  .map((drawn) =>
    drawn.map(({ bytes, services, each }, id) => ({
      ...{ id, bytes, services, serviceRecords: services.map((_, i) => each + i), serviceBytes: [] },
      count: Math.max(
        1,
        services.reduce((sum, _, i) => sum + each + i, 0),
      ),
    })),
  );

/** Bytes each service has of the blocks. */
function usageOf(of: readonly SharedBlock[]): Map<string, number> {
  const usage = new Map<string, number>();
  for (const block of of) {
    for (const [service, records] of recordsByService(block)) {
      usage.set(service, (usage.get(service) ?? 0) + (roomOf(block) * records) / block.count);
    }
  }
  return usage;
}

const total = (of: readonly SharedBlock[]) => of.reduce((sum, block) => sum + roomOf(block), 0);

it('the shares add up to the capacity, and nobody below the common bound is cut', () => {
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1, maxLength: 20 }), bytes, (usage, capacity) => {
      const share = fairShare(usage, capacity);
      const given = usage.map((used) => Math.min(used, share)).reduce((a, b) => a + b, 0);
      const all = usage.reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(given - Math.min(all, capacity)) < 1e-6 * all, `${given} of ${capacity}`);
    }),
  );
});

it('what is left fits, and nothing more is deleted than the last block', async () => {
  await fc.assert(
    fc.asyncProperty(blocks, fc.integer({ min: 0, max: 1_000_000 }), async (all, capacity) => {
      const due = await planEviction(all, capacity, async () => {});
      const gone = new Set(due);
      const left = all.filter((block) => !gone.has(block));
      assert.ok(total(left) <= capacity || left.length === 0);
      if (due.length > 0)
        assert.ok(total(left) + roomOf(due.at(-1)!) > capacity, 'one more than needed went');
    }),
  );
});

it('where blocks are of one service, a service below its share loses nothing, and the others end near the bound', async () => {
  const ofOne = blocks.map((all) => all.filter(({ services }) => services.length === 1));
  await fc.assert(
    fc.asyncProperty(ofOne, fc.integer({ min: 100_000, max: 1_000_000 }), async (all, capacity) => {
      const before = usageOf(all);
      const share = fairShare([...before.values()], capacity);
      const gone = new Set(await planEviction(all, capacity, async () => {}));
      const after = usageOf(all.filter((block) => !gone.has(block)));
      const largest = Math.max(0, ...all.map(roomOf));
      for (const [service, used] of before) {
        const kept = after.get(service) ?? 0;
        if (used <= share) assert.equal(kept, used, `${service} is below its share`);
        else assert.ok(kept > share - largest, `${service} kept ${kept} of a share of ${share}`);
        const ids = all.filter((block) => block.services[0] === service);
        const first = ids.findIndex((block) => !gone.has(block));
        assert.ok(first < 0 || ids.slice(first).every((block) => !gone.has(block)), 'not the oldest first');
      }
    }),
  );
});

it('a block of an older store, which does not say whose its records are, is split evenly', () => {
  const block = {
    id: 1,
    bytes: 1,
    count: 7,
    services: ['a', 'b', 'c'],
    serviceRecords: [],
    serviceBytes: [],
  };
  assert.deepEqual(recordsByService(block), [
    ['a', 3],
    ['b', 2],
    ['c', 2],
  ]);
});

it('a plan over very many blocks lets others have their turn', async () => {
  const many = Array.from({ length: 20_000 }, (_, id) => ({
    ...{ id, count: 1, bytes: 10_000, services: [`s${id % 7}`], serviceRecords: [1], serviceBytes: [1] },
  }));
  let breaths = 0;
  const breathe = async () => void breaths++;
  await planEviction(many, 100_000_000, breathe);
  assert.ok(breaths >= 10, `${breaths} breaths`);
});

it('a service whose records are few and large has the room that they take', async () => {
  const mixed = { bytes: 100_000, count: 100, services: ['loud', 'quiet'], serviceRecords: [1, 99] };
  const all = [
    { id: 1, bytes: 50_000, count: 500, services: ['quiet'], serviceRecords: [500], serviceBytes: [50_000] },
    { id: 2, ...mixed, serviceBytes: [99_000, 1000] },
    { id: 3, bytes: 90_000, count: 1, services: ['loud'], serviceRecords: [1], serviceBytes: [90_000] },
  ];
  const due = await planEviction(all, 170_000, async () => {});
  assert.deepEqual(
    due.map(({ id }) => id),
    [3],
    'by their numbers of records the quiet one would be the loud one',
  );
});
