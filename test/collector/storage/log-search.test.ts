import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeLogLine } from '../../../collector/formats/log-line/decode-log-line.ts';
import { scanLogLines } from '../../../collector/formats/log-line/scan-log-lines.ts';
import { decodeLogRecord } from '../../../collector/formats/otlp-protobuf/decode-record.ts';
import { scanLogs } from '../../../collector/formats/otlp-protobuf/scan-logs.ts';
import { attributeText } from '../../../collector/storage/attribute-text.ts';
import type { BlockMeta } from '../../../collector/storage/embedded/block.ts';
import { LogSearch } from '../../../collector/storage/embedded/log-search.ts';
import type { LogBatch } from '../../../collector/telemetry/batch.ts';
import type { Attributes } from '../../../collector/telemetry/model.ts';
import { encodeByOracle, logsRequest } from '../formats/oracle.ts';

const RESOURCE = { 'service.name': 'shop' };
const searchOf = ({ body, offsets, encoding, resource }: LogBatch) =>
  new LogSearch({ encoding, resource, stage: 'raw' } as BlockMeta, { body, offsets });

const words = fc.constantFrom(
  ...[
    'redis',
    'Attempt',
    '42',
    '1e999',
    'İ',
    '\u212a',
    'ä',
    '"',
    '\\',
    '/',
    '\n',
    ' ',
    'null',
    'infinity',
    '{}',
    ':',
  ],
);
const message = fc.array(words, { maxLength: 4 }).map((parts) => parts.join(''));
/** JSON of a value as an encoder may write it: some characters as escapes, some space. */
const written = fc
  .tuple(
    fc.oneof(
      message,
      message,
      fc.constantFrom(1e21, 42, null, true, { redis: [1, null, 'Attempt 42'] }, [1, 42]),
    ),
    fc.constantFrom('', '\\u'),
  )
  .map(([value, escapes]) => {
    const json = JSON.stringify(value);
    return escapes ? json.replace(/[i2]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`) : json;
  })
  .filter((json) => isJson(json));
const numbers = fc.constantFrom(
  '1e999',
  '-1e999',
  '4.2e1',
  '100000000000000000000000',
  '{"a":1e999}',
  '{ "a" : 42 }',
);
const key = fc.constantFrom('msg', 'message', 'user', 'error', 'caller', 'k', 'logger');
const value = fc.oneof(written, written, numbers, fc.constantFrom('"cache/redis.go:42"'));
const line = fc.oneof(
  fc
    .array(fc.tuple(key, fc.constantFrom(':', ' : '), value), { minLength: 1, maxLength: 4 })
    .map((pairs) => `{${pairs.map((pair) => `"${pair[0]}"${pair[1]}${pair[2]}`).join(',')}}`),
  message.map((text) => text.replaceAll('\n', ' ') || 'x'),
);
const asked = fc.oneof(
  message,
  fc.constantFrom('e+21', '1e+21', '42', 'nul', 'k', 'i', 'inf', ':[1', 'REDIS'),
);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('bodies of lines are read as whole records have them, and none that contains a text is passed over', () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), asked, asked, (lines, text, other) => {
      const { batch } = scanLogLines(Buffer.from(lines.join('\n')), RESOURCE, 1n);
      const search = searchOf(batch);
      const mayHold = search.bodyFinder([text, other]);
      for (let i = 0; i < batch.count; i++) {
        const from = batch.offsets.offset[i]!;
        const bytes = batch.body.subarray(from, from + batch.offsets.length[i]!);
        const body = attributeText(decodeLogLine(bytes, RESOURCE).body);
        assert.equal(search.text(i), body);
        const lower = body.toLowerCase();
        if (lower.includes(text.toLowerCase()) && lower.includes(other.toLowerCase()))
          assert.ok(mayHold(i), body);
        else mayHold(i);
      }
    }),
    { numRuns: 600 },
  );
});

test('no line that has an attribute is passed over', () => {
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), fc.nat({ max: 20 }), (lines, pick) => {
      const { batch } = scanLogLines(Buffer.from(lines.join('\n')), RESOURCE, 1n);
      const records = lines.map((text) => ({
        ...RESOURCE,
        ...decodeLogLine(Buffer.from(text), {}).attributes,
      }));
      const pairs = records.flatMap((attributes) =>
        Object.entries(attributes).map(([key, value]) => ({ key, value: attributeText(value) })),
      );
      const wanted = pairs[pick % pairs.length]!;
      const search = searchOf(batch);
      const mayHold = search.attributesFinder([wanted]);
      const decided = search.undecided([wanted]).length === 0;
      for (const [i, attributes] of records.entries()) {
        const has = Object.entries(attributes).some(
          ([key, value]) => key === wanted.key && attributeText(value) === wanted.value,
        );
        const found = mayHold(i);
        assert.ok(decided ? found === has : found || !has, `${JSON.stringify(wanted)} in ${lines[i]}`);
      }
    }),
    { numRuns: 600 },
  );
});

test('of OTLP records too, whatever their bodies are', () => {
  fc.assert(
    fc.property(logsRequest, fc.nat({ max: 20 }), fc.nat({ max: 5 }), (request, pick, from) => {
      const batch = scanLogs(encodeByOracle('LogsData', request));
      const search = searchOf(batch);
      const records = Array.from({ length: batch.count }, (_, i) =>
        decodeLogRecord(batch.body, batch.offsets, i),
      );
      const bodies = records.map((record) => attributeText(record.body));
      const text = (bodies[pick % bodies.length] ?? '').slice(from, from + 3);
      const mayHold = search.bodyFinder([text]);
      const pairs = records.flatMap((record) => [...pairsOf(record.attributes), ...pairsOf(record.resource)]);
      const wanted = pairs[pick % pairs.length];
      const mayHave = search.attributesFinder(wanted ? [wanted] : []);
      for (const [i, record] of records.entries()) {
        assert.equal(search.text(i), bodies[i]);
        assert.ok(mayHold(i) || !bodies[i]!.toLowerCase().includes(text.toLowerCase()));
        const has = [...pairsOf(record.attributes), ...pairsOf(record.resource)].some(
          ({ key, value }) => key === wanted?.key && value === wanted.value,
        );
        assert.ok(mayHave(i) || !has);
      }
    }),
    { numRuns: 150 },
  );
});

function pairsOf(attributes: Attributes): { key: string; value: string }[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: attributeText(value) }));
}
