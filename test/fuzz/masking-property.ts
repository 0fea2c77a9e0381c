import { scanLogLines } from '../../collector/formats/log-line/scan-log-lines.ts';
import { scanLogs } from '../../collector/formats/otlp-protobuf/scan-logs.ts';
import { scanTraces } from '../../collector/formats/otlp-protobuf/scan-traces.ts';
import { isDropped } from '../../collector/processors/processor.ts';
import { createRecordSize } from '../../collector/processors/record-size.ts';
import { createRedact } from '../../collector/processors/redact.ts';
import type { Batch } from '../../collector/telemetry/batch.ts';
import { CollectorError } from '../../collector/telemetry/errors.ts';
import { logBatch, spanBatch } from '../helpers/telemetry.ts';
import type { Property } from './target.ts';

const SECRETS = ['ann@example.com', 'Bearer abcdefghij123', '4111 1111 1111 1111', 'password=abc&x=1'];
const TOKENS = [...SECRETS, 'eyJhbGciOi.eyJzdWIiOi.sig', '"token":"x"', 'cookie', '://a:b@', '"', '\\u0040'];
const LARGE = 'x'.repeat(200);

/** The readers of bodies, by the first byte of an input. */
const SCANS: readonly ((body: Uint8Array) => Batch)[] = [
  scanTraces,
  scanLogs,
  (body) => scanLogLines(body, { 'service.name': 'shop' }, 0n).batch,
];

/** Bodies with secrets in every kind of place, and one record that is too large. */
function seeds(): Uint8Array[] {
  const [a, b, c, d] = SECRETS as [string, string, string, string];
  const span = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), service: 'shop', start: 1n, duration: 2n };
  const events = [{ time: 1n, name: c, attributes: { cookie: d } }];
  const spans = spanBatch([
    { ...span, name: a, attributes: { b, token: 'x', plain: 'y' }, events },
    { ...span, name: LARGE },
  ]);
  const log = { time: 1n, severityNumber: 9, service: 'shop' };
  const logs = logBatch([
    { ...log, body: a, attributes: { authorization: b, c } },
    { ...log, body: LARGE },
  ]);
  const lines = [{ ts: 1, msg: a, token: [1, { d }], n: 4111111111111111 }, { msg: LARGE }, { msg: b, c }];
  const text = Buffer.from(`${lines.map((line) => JSON.stringify(line)).join('\n')}\nE ${d}\n`);
  return [spans.body, logs.body, text].map((body, i) => Buffer.concat([Buffer.from([i]), body]));
}

/**
 * What the processors make of a body that a reader has accepted: the same reader reads it again and finds every record
 * where it was; what is masked stays so; what came is not changed.
 */
function masking(): Property {
  const options = {
    tokens: true,
    headers: true,
    mails: true,
    cards: true,
    patterns: [],
    keys: [],
    allow: [],
  };
  const redact = createRedact(options, { masked: () => {} });
  const size = createRecordSize({ maxRecordBytes: 180 });
  const deps = { clock: () => 0n };
  return {
    seeds: seeds(),
    tokens: TOKENS,
    check: (input) => {
      const scan = SCANS[(input[0] ?? 0) % SCANS.length]!;
      const body = Buffer.from(input.subarray(1));
      let came: Batch;
      try {
        came = scan(body);
      } catch (error) {
        if (error instanceof CollectorError) return error.code;
        throw error;
      }
      const before = Buffer.from(body);
      const masked = redact.process(came, deps) as Batch;
      if (!before.equals(body)) throw new Error('what came was changed');
      sameRecords(scan(masked.body), came);
      if (!Buffer.from((redact.process(masked, deps) as Batch).body).equals(masked.body)) {
        throw new Error('what was masked was masked again');
      }
      const sized = size.process(masked, deps);
      if (isDropped(sized)) sameRecords(scan(sized.rest!.body), sized.rest!);
      return `${masked === came ? 'clean' : 'masked'}, ${isDropped(sized) ? 'cut' : 'whole'}`;
    },
  };
}

function sameRecords(found: Batch, wanted: Batch): void {
  for (const column of ['offset', 'length', 'resources', 'scopes'] as const) {
    if (String(found.offsets[column]) !== String(wanted.offsets[column])) throw new Error(`${column} differ`);
  }
}

/** The property of the processors by name. */
export const maskingProperties = { masking } satisfies Record<string, () => Property>;
