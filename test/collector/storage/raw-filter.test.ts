import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeSpan } from '../../../collector/formats/otlp-protobuf/decode-record.ts';
import { spanCodec } from '../../../collector/formats/otlp-protobuf/messages.ts';
import { attributeText } from '../../../collector/storage/attribute-text.ts';
import { decodeOffsets } from '../../../collector/storage/embedded/block.ts';
import { rawFilter } from '../../../collector/storage/embedded/raw-filter.ts';
import { hashesOfPair, mayHoldPair } from '../../../collector/storage/embedded/sealed/pair-filter.ts';
import type { RawBlock } from '../../../collector/storage/embedded/sealed/raw-blocks.ts';
import { inflatedBody } from '../../../collector/storage/embedded/zstd-frame.ts';
import { leanSpanBlocks, request, spanBlocks, spanRequests } from './sealed/random-spans.ts';

const recordsOf = ({ meta, body, offsets }: RawBlock) => ({
  body: inflatedBody(body, meta.compression),
  offsets: decodeOffsets(offsets),
});

describe('the filter over an unsealed block', () => {
  it('lets every attribute of its spans and resources pass', () =>
    fc.assert(
      fc.property(spanRequests, fc.boolean(), (requests, isLean) => {
        for (const block of isLean ? leanSpanBlocks(requests) : spanBlocks(requests)) {
          const records = recordsOf(block);
          const filter = rawFilter(records);
          for (let i = 0; i < block.meta.count; i++) {
            const { attributes, resource } = decodeSpan(records.body, records.offsets, i);
            for (const [key, value] of [...Object.entries(attributes), ...Object.entries(resource)]) {
              const pair = { key, value: attributeText(value) };
              assert.ok(mayHoldPair(block.meta, filter, pair, hashesOfPair(pair.key, pair.value)), key);
            }
          }
        }
      }),
      { numRuns: 60 },
    ));

  it('lets little else pass', () => {
    const records = Array.from({ length: 100 }, (_, n) => {
      const value = n % 2 === 0 ? { stringValue: `order ${n}` } : { intValue: BigInt(n) };
      return new Uint8Array(spanCodec.encode({ attributes: [{ key: 'order', value }] }));
    });
    const group = { resource: [], scope: '', records };
    const [block] = spanBlocks([request([group])]);
    const filter = rawFilter(recordsOf(block!));
    const passing = (texts: readonly string[]) =>
      texts.filter((value) =>
        mayHoldPair(block!.meta, filter, { key: 'order', value }, hashesOfPair('order', value)),
      ).length;
    assert.equal(passing(['order 0', 'order 98', '1', '99']), 4);
    assert.ok(passing(Array.from({ length: 500 }, (_, n) => `order ${n * 2 + 101}`)) < 50);
    assert.ok(passing(Array.from({ length: 500 }, (_, n) => `${n * 2}`)) < 50);
  });
});

it('a body is inflated as it was, whether its frame tells its size or not', () =>
  fc.assert(
    fc.property(spanRequests, (requests) => {
      for (const { meta, body } of spanBlocks(requests))
        assert.deepEqual(
          Buffer.from(inflatedBody(body, meta.compression)),
          Buffer.from(inflatedBody(body, meta.compression)),
        );
    }),
    { numRuns: 30 },
  ));
