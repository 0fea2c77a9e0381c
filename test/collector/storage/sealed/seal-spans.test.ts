import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeSpan } from '../../../../collector/formats/otlp-protobuf/decode-record.ts';
import { attributeText } from '../../../../collector/storage/attribute-text.ts';
import {
  type BlockMeta,
  decodeOffsets,
  decodeSpanIndex,
} from '../../../../collector/storage/embedded/block.ts';
import { hasAttributes, mentions } from '../../../../collector/storage/embedded/records.ts';
import { OLDER_MAGIC } from '../../../../collector/storage/embedded/sealed/layout.ts';
import type { RawBlock } from '../../../../collector/storage/embedded/sealed/raw-blocks.ts';
import { sealSpans } from '../../../../collector/storage/embedded/sealed/seal-spans.ts';
import type { SealedBlock } from '../../../../collector/storage/embedded/sealed/sealed-block.ts';
import { SealedSpans } from '../../../../collector/storage/embedded/sealed/view.ts';
import { inflatedBody } from '../../../../collector/storage/embedded/zstd-frame.ts';
import type { SpanIndex } from '../../../../collector/telemetry/batch.ts';
import { stringAt } from '../../../../collector/telemetry/columns.ts';
import { CollectorError } from '../../../../collector/telemetry/errors.ts';
import { toHex } from '../../../../collector/telemetry/ids.ts';
import { mayHold, rowsOf } from './may-hold.ts';
import { leanSpanBlocks, spanBlocks, spanRequests } from './random-spans.ts';

const RUNS = { numRuns: 35 };
/** So small that a few spans make several blocks. */
const limits = fc.record({
  maxRecords: fc.integer({ min: 1, max: 9 }),
  ownRecords: fc.integer({ min: 1, max: 6 }),
  ownBytes: fc.integer({ min: 1, max: 2000 }),
});

describe('sealed spans', () => {
  it('read back as what the raw blocks decode to, every record once and in order', () =>
    fc.assert(
      fc.property(spanRequests, limits, fc.boolean(), (requests, how, isLean) => {
        const expected = rawSpans(spanBlocks(requests));
        const blocks = isLean ? leanSpanBlocks(requests) : spanBlocks(requests);
        const found = new Map<string, unknown>();
        for (const view of viewsOf(sealSpans(blocks, how))) {
          let before = [-1, -1];
          for (let i = 0; i < view.meta.count; i++) {
            const place = [view.member(i), view.position(i)];
            assert.ok(place[0]! > before[0]! || (place[0] === before[0] && place[1]! > before[1]!));
            before = place;
            assert.ok(place[0]! >= view.meta.firstMember && place[0]! <= view.meta.lastMember);
            assert.ok(!found.has(`${place}`), 'a record is there twice');
            found.set(`${place}`, { ...indexRow(view.index, i), span: view.span(i), detail: view.detail(i) });
          }
        }
        assert.deepStrictEqual(sorted(found), sorted(expected));
      }),
      RUNS,
    ));

  it('have rows that tell their services, times and members as they are', () =>
    fc.assert(
      fc.property(spanRequests, limits, (requests, how) => {
        for (const view of viewsOf(sealSpans(spanBlocks(requests), how))) {
          const { meta, index } = view;
          const services = Array.from({ length: meta.count }, (_, i) => stringAt(index.service, i));
          assert.deepEqual([...meta.services].sort(), [...new Set(services)].sort());
          for (const [n, service] of meta.services.entries()) {
            assert.equal(meta.serviceRecords[n], services.filter((one) => one === service).length);
          }
          const times = [...index.startTimeUnixNano].sort((a, b) => (a < b ? -1 : 1));
          assert.deepEqual([meta.minUnixNano, meta.maxUnixNano], [times[0], times.at(-1)]);
          const members = Array.from({ length: meta.count }, (_, i) => view.member(i));
          assert.deepEqual([meta.firstMember, meta.lastMember], [members[0], members.at(-1)]);
          for (const last of [0, ...members]) {
            assert.equal(view.recordsUpTo(last), members.filter((member) => member <= last).length);
          }
          const ids = Array.from(
            { length: meta.count },
            (_, i) => toHex(index.traceId, i * 16, 16) + toHex(index.spanId, i * 8, 8),
          );
          assert.equal(view.hasDistinctIds, new Set(ids).size === ids.length);
          const traces = view.traces();
          assert.deepEqual(
            Array.from(traces.index, (n) => toHex(traces.ids, n * 16, 16)),
            ids.map((one) => one.slice(0, 32)),
          );
        }
      }),
      RUNS,
    ));

  it('answer attribute conditions, texts and searches as their details do', () =>
    fc.assert(
      fc.property(
        spanRequests,
        limits,
        fc.constantFrom('user', 'zone', '__proto__', '1', '', 'absent', 'service.name', 'größe'),
        fc.constantFrom(
          'Anna',
          '',
          '5',
          'true',
          '0',
          'NaN',
          '-1',
          'ANNA-west',
          'shop',
          '9007199254740993',
          '[1.5]',
        ),
        fc.constantFrom('anna', 'größe', 'user', '7', 'shop', '"'),
        (requests, how, key, value, text) => {
          for (const block of sealSpans(spanBlocks(requests), how)) {
            const view = viewOf(block);
            const all = Array.from({ length: view.meta.count }, (_, i) => i);
            const details = all.map((i) => view.detail(i));
            const matching = all.filter((i) => hasAttributes(details[i]!, [{ key, value }]));
            assert.deepEqual(view.matchAttribute(key, value, all), matching);
            assert.deepEqual(
              view.matchAttribute(key, value, all.slice(1)),
              matching.filter((i) => i > 0),
            );
            if (matching.length > 0) assert.ok(mayHold(block, key, value));
            const texts = view.attributeTexts(key);
            assert.deepEqual(
              all.map((i) => stringAt(texts, i)),
              details.map(({ attributes, resource }) => {
                const holder = Object.hasOwn(attributes, key) ? attributes : resource;
                return Object.hasOwn(holder, key) ? attributeText(holder[key]) : '';
              }),
            );
            assert.deepEqual(
              view.matchText(text, all),
              all.filter(
                (i) => mentions(details[i]!.attributes, text) || mentions(details[i]!.resource, text),
              ),
            );
          }
        },
      ),
      RUNS,
    ));

  it('are refused as damaged, and never read wrongly, when a byte of them is another', () =>
    fc.assert(
      fc.property(spanRequests, fc.nat(), fc.integer({ min: 1, max: 255 }), (requests, at, change) => {
        const [block] = sealSpans(spanBlocks(requests));
        if (block === undefined) return;
        const before = everything(viewOf(block));
        const blobs = [block.directory, ...rowsOf(block)];
        const total = blobs.reduce((sum, blob) => sum + blob.length, 0);
        let left = at % total;
        for (const blob of blobs) {
          if (left >= 0 && left < blob.length) blob[left]! ^= change;
          left -= blob.length;
        }
        try {
          assert.deepStrictEqual(everything(viewOf(block)), before);
          assert.fail('a changed byte was not noticed');
        } catch (error) {
          assert.ok(error instanceof CollectorError && error.code === 'store-damaged', String(error));
        }
      }),
      RUNS,
    ));

  it('are refused by name when they are of an older form', () => {
    const block = sealSpans(spanBlocks(fc.sample(spanRequests, { numRuns: 20, seed: 1 }).flat()))[0]!;
    new DataView(block.directory.buffer).setUint32(0, OLDER_MAGIC, true);
    assert.throws(() => viewOf(block), /store-damaged|never released/);
  });

  it('tell when a column is missing', () => {
    const body = spanRequests;
    fc.assert(
      fc.property(body, (requests) => {
        const [block] = sealSpans(spanBlocks(requests));
        if (block === undefined || block.columns.length === 1) return;
        const view = new SealedSpans({ ...block.meta, id: 1 }, block.directory, () => undefined);
        assert.throws(
          () => everything(view),
          (error: unknown) => error instanceof CollectorError && error.code === 'store-damaged',
        );
      }),
      { numRuns: 20 },
    );
  });
});

function viewsOf(blocks: readonly SealedBlock[]): SealedSpans[] {
  return blocks.map(viewOf);
}

function viewOf({ meta, directory, columns }: SealedBlock): SealedSpans {
  const rows = new Map(columns.map(({ number, bytes }) => [number, bytes]));
  return new SealedSpans({ ...meta, id: 1 } as BlockMeta, directory, (number) => rows.get(number));
}

function everything(view: SealedSpans): unknown {
  return Array.from({ length: view.meta.count }, (_, i) => [
    indexRow(view.index, i),
    view.span(i),
    view.matchAttribute('user', 'Anna', [i]),
    view.member(i),
    view.position(i),
  ]);
}

function rawSpans(blocks: readonly RawBlock[]): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const { meta, columns, offsets, body } of blocks) {
    const index = decodeSpanIndex(columns);
    const plain = inflatedBody(body, meta.compression);
    for (let i = 0; i < meta.count; i++) {
      const span = decodeSpan(plain, decodeOffsets(offsets), i);
      const { attributes, resource, events, statusMessage, traceState } = span;
      const detail = { attributes, resource, events, statusMessage, traceState };
      found.set(`${[meta.id, i]}`, { ...indexRow(index, i), span, detail });
    }
  }
  return found;
}

function indexRow(index: SpanIndex, i: number): object {
  return {
    traceId: toHex(index.traceId, i * 16, 16),
    spanId: toHex(index.spanId, i * 8, 8),
    parentSpanId: toHex(index.parentSpanId, i * 8, 8),
    start: index.startTimeUnixNano[i],
    duration: index.durationNano[i],
    kind: index.kind[i],
    status: index.status[i],
    name: stringAt(index.name, i),
    service: stringAt(index.service, i),
    route: stringAt(index.route, i),
    method: stringAt(index.method, i),
    httpStatus: index.httpStatus[i],
  };
}

function sorted(found: ReadonlyMap<string, unknown>): [string, unknown][] {
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}
