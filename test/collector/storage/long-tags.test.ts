import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { scanLogs } from '../../../collector/formats/otlp-protobuf/scan-logs.ts';
import { scanTraces } from '../../../collector/formats/otlp-protobuf/scan-traces.ts';
import { openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';

/** A tag in one byte, and in two, which protobuf allows and no sender is known to write. */
const tag = (field: number, wire: number, long: boolean) => {
  const short = (field << 3) | wire;
  return long ? [short | 0x80, 0] : [short];
};
const sized = (bytes: readonly number[]) => [bytes.length, ...bytes];
const text = (value: string) => [...Buffer.from(value)];
const time = (field: number, value: number) => [(field << 3) | 1, value, 0, 0, 0, 0, 0, 0, 0];

/** Which of the tags on the way to an attribute's value are long. */
interface Long {
  attribute?: boolean;
  key?: boolean;
  value?: boolean;
}

function keyValue(key: string, value: string, long: Long): number[] {
  const content = [...tag(1, 2, false), ...sized(text(value))];
  return [
    ...tag(1, 2, long.key === true),
    ...sized(text(key)),
    ...tag(2, 2, long.value === true),
    ...sized(content),
  ];
}

function request(record: readonly number[], long: Long): Uint8Array {
  const service = keyValue('service.name', 'shop', {});
  const zone = [...tag(1, 2, long.attribute === true), ...sized(keyValue('zone', 'eu', long))];
  const resource = [...tag(1, 2, false), ...sized(service), ...zone];
  const scope = [...tag(2, 2, false), ...sized(record)];
  const group = [...tag(1, 2, false), ...sized(resource), ...tag(2, 2, false), ...sized(scope)];
  return Uint8Array.from([...tag(1, 2, false), ...sized(group)]);
}

function attribute(field: number, long: Long): number[] {
  return [...tag(field, 2, long.attribute === true), ...sized(keyValue('user', 'ann', long))];
}

async function opened(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'long-tags-'));
  const settings = { path: join(folder, 't.sqlite'), retentionMs: 1e9, maxBytes: 1e9 };
  const store = await openEmbeddedStore(settings, { clock: () => 1_000_000_000n });
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  return store;
}

const range = { fromUnixNano: 0n, toUnixNano: 100n };
const ways: Long[] = [{}, { attribute: true }, { key: true }, { value: true }];

for (const long of ways) {
  const which = Object.keys(long)[0] ?? 'no';
  test(`a span and a log record are found by their attributes, with a long tag of ${which} part of them`, async (t) => {
    const store = await opened(t);
    const ids = [0x0a, ...sized(Array(16).fill(1)), 0x12, ...sized(Array(8).fill(2))];
    const span = [...ids, ...time(7, 9), ...time(8, 20), ...attribute(9, long)];
    const log = [...time(1, 9), ...attribute(6, long)];
    await store.append([scanTraces(request(span, long)), scanLogs(request(log, long))]);
    const found = async () => {
      const counts: number[] = [];
      for (const pair of [
        { key: 'user', value: 'ann' },
        { key: 'zone', value: 'eu' },
      ]) {
        const filter = { ...range, attributes: [pair] };
        counts.push((await store.findTraces({ filter, order: 'newest' })).count);
        counts.push((await store.findLogs({ ...filter, order: 'newest' })).count);
      }
      return counts;
    };
    // Twice: the first search makes the filter that the second goes by.
    for (const _ of [1, 2]) assert.deepEqual(await found(), [1, 1, 1, 1]);
    await store.seal();
    for (const _ of [1, 2]) assert.deepEqual(await found(), [1, 1, 1, 1]);
  });
}
