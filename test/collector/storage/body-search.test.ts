import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { decodeSpan } from '../../../collector/formats/otlp-protobuf/decode-record.ts';
import { tracesCodec } from '../../../collector/formats/otlp-protobuf/messages.ts';
import { scanTraces } from '../../../collector/formats/otlp-protobuf/scan-traces.ts';
import { mayHoldAttributes } from '../../../collector/storage/embedded/body-search.ts';
import { hasAttributes } from '../../../collector/storage/embedded/records.ts';
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

it('a value that a number could have is looked for by its key', () => {
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

it('values of every type are told apart by their bytes as they are by decoding', () => {
  const value = fc.oneof(
    fc.constantFrom('7', '-1', 'true', '0', 'NaN', '1.5', 'x', '').map((stringValue) => ({ stringValue })),
    fc.constantFrom(0n, 7n, -1n, 127n, 128n, 2n ** 62n).map((intValue) => ({ intValue })),
    fc.constantFrom(0, -0, 7, 1.5, 1e21, Number.NaN).map((doubleValue) => ({ doubleValue })),
    fc.boolean().map((boolValue) => ({ boolValue })),
    fc.constant({}),
  );
  const attributes = fc.array(fc.record({ key: fc.constantFrom('a', 'ab', 'b'), value }), { maxLength: 3 });
  const asked = fc.record({
    key: fc.constantFrom('a', 'ab', 'b'),
    value: fc.constantFrom(
      '7',
      '-1',
      'true',
      'false',
      '0',
      'NaN',
      '1.5',
      'x',
      '',
      '128',
      '1e+21',
      `${2n ** 62n}`,
    ),
  });
  fc.assert(
    fc.property(fc.array(attributes, { minLength: 1, maxLength: 4 }), asked, (spans, wanted) => {
      const body = tracesCodec.encode({
        resourceSpans: [{ scopeSpans: [{ spans: spans.map((of) => ({ name: 'n', attributes: of })) }] }],
      });
      const { offsets } = scanTraces(body);
      const all = spans.map((_, i) => i);
      const left = mayHoldAttributes({ body, offsets }, all, [wanted]);
      const truly = all.filter((i) => hasAttributes(decodeSpan(body, offsets, i), [wanted]));
      assert.deepEqual(
        truly.filter((i) => !left.includes(i)),
        [],
      );
    }),
    { numRuns: 1000 },
  );
});

it('a number is told from others of its key without decoding', () => {
  const spans = [1n, 300n, 7n, 300n].map((intValue) => ({
    name: 'n',
    attributes: [{ key: 'size', value: { intValue } }],
  }));
  const body = tracesCodec.encode({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
  const { offsets } = scanTraces(body);
  assert.deepEqual(
    mayHoldAttributes({ body, offsets }, [0, 1, 2, 3], [{ key: 'size', value: '300' }]),
    [1, 3],
  );
});
