import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeLogLine } from '../../../../collector/formats/log-line/decode-log-line.ts';
import { decodeLogRecord } from '../../../../collector/formats/otlp-protobuf/decode-record.ts';
import { attributeText } from '../../../../collector/storage/attribute-text.ts';
import {
  type BlockMeta,
  decodeLogIndex,
  decodeOffsets,
} from '../../../../collector/storage/embedded/block.ts';
import { hasAttributes } from '../../../../collector/storage/embedded/records.ts';
import { SealedLogs } from '../../../../collector/storage/embedded/sealed/logs-view.ts';
import type { RawBlock } from '../../../../collector/storage/embedded/sealed/raw-blocks.ts';
import { sealLogs } from '../../../../collector/storage/embedded/sealed/seal-logs.ts';
import type { SealedBlock } from '../../../../collector/storage/embedded/sealed/sealed-block.ts';
import { inflatedBody } from '../../../../collector/storage/embedded/zstd-frame.ts';
import type { LogIndex } from '../../../../collector/telemetry/batch.ts';
import { stringAt } from '../../../../collector/telemetry/columns.ts';
import { CollectorError } from '../../../../collector/telemetry/errors.ts';
import { toHex } from '../../../../collector/telemetry/ids.ts';
import type { LogRecord } from '../../../../collector/telemetry/model.ts';
import { mayHold, rowsOf } from './may-hold.ts';
import { lineBlocks, otlpLogBlocks } from './random-logs.ts';

const RUNS = { numRuns: 35 };
const limits = fc.record({
  maxRecords: fc.integer({ min: 1, max: 9 }),
  ownRecords: fc.integer({ min: 1, max: 6 }),
  ownBytes: fc.integer({ min: 1, max: 2000 }),
});

for (const [name, blocks] of [
  ['sealed OTLP logs', otlpLogBlocks],
  ['sealed lines', lineBlocks],
] as const) {
  describe(name, () => {
    it('read back as what the raw blocks decode to, every record once and in order', () =>
      fc.assert(
        fc.property(blocks, limits, (raw, how) => {
          const found = new Map<string, unknown>();
          for (const view of sealLogs(raw, how).map(viewOf)) {
            for (let i = 0; i < view.meta.count; i++) {
              const place = `${[view.member(i), view.position(i)]}`;
              assert.ok(!found.has(place), 'a record is there twice');
              const { attributes, resource, body, scope } = view.record(i);
              assert.deepStrictEqual(view.detail(i), { attributes, resource, body, scope });
              found.set(place, { ...indexRow(view.index, i), record: view.record(i) });
            }
          }
          assert.deepStrictEqual(sorted(found), sorted(rawLogs(raw)));
        }),
        RUNS,
      ));

    it('answer attribute conditions and searches of bodies as their details do', () =>
      fc.assert(
        fc.property(
          blocks,
          limits,
          fc.constantFrom(
            'user',
            'zone',
            'event.name',
            '',
            'absent',
            'service.name',
            'größe',
            'error',
            'level',
            'msg',
          ),
          fc.constantFrom(
            'Anna',
            '',
            '5',
            'true',
            'cart.emptied',
            'ANNA-west',
            'shop',
            '1e+21',
            '[1,"x"]',
            '-5',
          ),
          fc.constantFrom('anna', 'größe', 'plain', '{', 'x', '"'),
          (raw, how, key, value, text) => {
            for (const block of sealLogs(raw, how)) {
              const view = viewOf(block);
              const all = Array.from({ length: view.meta.count }, (_, i) => i);
              const details = all.map((i) => view.detail(i));
              const matching = all.filter((i) => hasAttributes(details[i]!, [{ key, value }]));
              assert.deepEqual(view.matchAttribute(key, value, all), matching);
              if (matching.length > 0) assert.ok(mayHold(block, key, value));
              const bodies = details.map(({ body }) => attributeText(body));
              assert.deepEqual(
                all.map((i) => view.bodyText(i)),
                bodies,
              );
              assert.deepEqual(
                view.matchBody(text, all),
                all.filter((i) => bodies[i]!.toLowerCase().includes(text)),
              );
            }
          },
        ),
        RUNS,
      ));

    it('are refused as damaged when a byte of them is another', () =>
      fc.assert(
        fc.property(blocks, fc.nat(), fc.integer({ min: 1, max: 255 }), (raw, at, change) => {
          const [block] = sealLogs(raw);
          if (block === undefined) return;
          const blobs = [block.directory, ...rowsOf(block)];
          let left = at % blobs.reduce((sum, blob) => sum + blob.length, 0);
          for (const blob of blobs) {
            if (left >= 0 && left < blob.length) blob[left]! ^= change;
            left -= blob.length;
          }
          assert.throws(
            () => everything(viewOf(block)),
            (error: unknown) => error instanceof CollectorError && error.code === 'store-damaged',
          );
        }),
        { numRuns: 30 },
      ));
  });
}

function viewOf({ meta, directory, columns }: SealedBlock): SealedLogs {
  const rows = new Map(columns.map(({ number, bytes }) => [number, bytes]));
  return new SealedLogs({ ...meta, id: 1 } as BlockMeta, directory, (number) => rows.get(number));
}

function everything(view: SealedLogs): unknown {
  return Array.from({ length: view.meta.count }, (_, i) => [
    indexRow(view.index, i),
    view.record(i),
    view.matchAttribute('user', 'Anna', [i]),
    view.member(i),
    view.position(i),
  ]);
}

function rawLogs(blocks: readonly RawBlock[]): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const { meta, columns, offsets, body } of blocks) {
    const index = decodeLogIndex(columns);
    const plain = inflatedBody(body, meta.compression);
    const places = decodeOffsets(offsets);
    for (let i = 0; i < meta.count; i++) {
      let record: LogRecord;
      if (meta.encoding === 'otlp-protobuf') record = decodeLogRecord(plain, places, i);
      else {
        const from = places.offset[i]!;
        const line = plain.subarray(from, from + places.length[i]!);
        record = decodeLogLine(line, meta.resource, index.timeUnixNano[i]!);
      }
      found.set(`${[meta.id, i]}`, { ...indexRow(index, i), record });
    }
  }
  return found;
}

function indexRow(index: LogIndex, i: number): object {
  return {
    traceId: toHex(index.traceId, i * 16, 16),
    spanId: toHex(index.spanId, i * 8, 8),
    time: index.timeUnixNano[i],
    severity: index.severityNumber[i],
    service: stringAt(index.service, i),
  };
}

function sorted(found: ReadonlyMap<string, unknown>): [string, unknown][] {
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}
