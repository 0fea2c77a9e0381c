// The numbered requests of the soak: what is in request n follows from n alone, so that it can be looked for afterwards.
import { randomBytes } from 'node:crypto';
import { logsCodec, metricsCodec, tracesCodec } from '../../collector/formats/otlp-protobuf/messages.ts';

export const SPANS_MOST = 48;
export const LOGS_EACH = 8;
export const SERIES = 10;
/** Time of a pushed sample: request n stands n milliseconds behind this. */
export const PUSHED_FROM = 1_700_000_000_000_000_000n;

/** Spans in request `n`: 1 to SPANS_MOST. */
export function spansIn(n: number): number {
  return 1 + (((n * 2_654_435_761) >>> 0) % SPANS_MOST);
}

export function traceIdOf(stream: number, n: number): Buffer {
  const id = Buffer.alloc(16);
  id.writeUInt32BE(0x50a40000 + stream, 0);
  id.writeUInt32BE(n + 1, 12);
  return id;
}

export function spanIdOf(n: number, i: number): Buffer {
  const id = Buffer.alloc(8);
  id.writeUInt32BE(n + 1, 0);
  id.writeUInt32BE(i + 1, 4);
  return id;
}

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
const resourceOf = (service: string) => ({ attributes: [text('service.name', service)] });

export function tracesBody(service: string, stream: number, n: number, nowUnixNano: bigint): Uint8Array {
  const spans = Array.from({ length: spansIn(n) }, (_, i) => ({
    ...{ traceId: traceIdOf(stream, n), spanId: spanIdOf(n, i), name: `step ${i % 7}`, kind: 1 + (i % 5) },
    ...{ startTimeUnixNano: nowUnixNano, endTimeUnixNano: nowUnixNano + 1_000_000n * BigInt(i + 1) },
    attributes: [text('request', String(n)), text('user', `user-${(n * 31 + i) % 500}`)],
  }));
  return tracesCodec.encode({ resourceSpans: [{ resource: resourceOf(service), scopeSpans: [{ spans }] }] });
}

export function logsBody(service: string, n: number, nowUnixNano: bigint): Uint8Array {
  const logRecords = Array.from({ length: LOGS_EACH }, (_, i) => ({
    ...{
      timeUnixNano: nowUnixNano + BigInt(i),
      severityNumber: 9,
      body: { stringValue: `record ${n}.${i}` },
    },
    attributes: [text('part', `p${i}`)],
  }));
  return logsCodec.encode({ resourceLogs: [{ resource: resourceOf(service), scopeLogs: [{ logRecords }] }] });
}

export function metricsBody(service: string, n: number): Uint8Array {
  const dataPoints = Array.from({ length: SERIES }, (_, i) => ({
    ...{ timeUnixNano: PUSHED_FROM + BigInt(n) * 1_000_000n, asDouble: n },
    attributes: [text('lane', String(i))],
  }));
  const metrics = [{ name: 'soak.pushed', gauge: { dataPoints } }];
  return metricsCodec.encode({
    resourceMetrics: [{ resource: resourceOf(service), scopeMetrics: [{ metrics }] }],
  });
}

/** What makes the store too large: records that no compression makes smaller. */
export function loudBody(service: string, nowUnixNano: bigint, bytes: number): Uint8Array {
  const noise = randomBytes(Math.floor((bytes * 3) / 4)).toString('base64');
  const logRecords = [{ timeUnixNano: nowUnixNano, severityNumber: 9, body: { stringValue: noise } }];
  return logsCodec.encode({ resourceLogs: [{ resource: resourceOf(service), scopeLogs: [{ logRecords }] }] });
}
