import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { mayHoldAttributes } from '../../../collector/storage/embedded/body-search.ts';
import { attributePairs } from '../../helpers/naive-store.ts';
import { spanBatch } from '../../helpers/telemetry.ts';
import { attributePair, spanBatches } from './arbitraries.ts';

it('no span that has the attributes, itself or by its resource, is passed over', () => {
  fc.assert(
    fc.property(spanBatches, fc.array(attributePair, { minLength: 1, maxLength: 2 }), (batches, wanted) => {
      for (const spans of batches) {
        const all = spans.map((_, i) => i);
        const left = mayHoldAttributes(spanBatch(spans), all, wanted);
        const truly = all.filter((i) =>
          wanted.every(({ key, value }) =>
            attributePairs(spans[i]!).some(([k, v]) => k === key && v === value),
          ),
        );
        assert.deepEqual(
          truly.filter((i) => !left.includes(i)),
          [],
        );
      }
    }),
    { numRuns: 500 },
  );
});

it('a span without the text of the value is passed over', () => {
  const span = { traceId: 'ab'.repeat(16), name: 'n', service: 's', start: 1n, duration: 1n };
  const users = ['user-1', 'user-2', 'user-1', 'user-3'];
  const batch = spanBatch(
    users.map((user, n) => ({ ...span, spanId: `${n}`.padStart(16, '0'), attributes: { user } })),
  );
  assert.deepEqual(mayHoldAttributes(batch, [0, 1, 2, 3], [{ key: 'user', value: 'user-1' }]), [0, 2]);
});

it('a value that a number could have is not looked for in the bytes', () => {
  const span = {
    traceId: 'ab'.repeat(16),
    spanId: 'cd'.repeat(8),
    name: 'n',
    service: 's',
    start: 1n,
    duration: 1n,
  };
  const batch = spanBatch([{ ...span, httpStatus: 503 }]);
  const wanted = [{ key: 'http.response.status_code', value: '503' }];
  assert.deepEqual(mayHoldAttributes(batch, [0], wanted), [0]);
});
