// OTLP as protobuf and as JSON against protobufjs, JSON.parse and the rules of a strict reader.
import fc from 'fast-check';
import {
  parseLogsJson,
  parseMetricsJson,
  parseTracesJson,
} from '../../../collector/formats/otlp-json/parse-request.ts';
import { decodeMetrics } from '../../../collector/formats/otlp-protobuf/decode-metrics.ts';
import { decodeLogRecord, decodeSpan } from '../../../collector/formats/otlp-protobuf/decode-record.ts';
import { MetricsDecoder } from '../../../collector/formats/otlp-protobuf/metrics-decoder.ts';
import { scanLogs } from '../../../collector/formats/otlp-protobuf/scan-logs.ts';
import { scanTraces } from '../../../collector/formats/otlp-protobuf/scan-traces.ts';
import type { LogBatch, SampleBatch, SpanBatch } from '../../../collector/telemetry/batch.ts';
import {
  naiveLog,
  naiveLogIndex,
  naiveSpan,
  naiveSpanIndex,
  recordsOf,
} from '../../collector/formats/naive.ts';
import {
  decodeByOracle,
  encodeByOracle,
  logsRequest,
  metricsRequest,
  type Plain,
  tracesRequest,
} from '../../collector/formats/oracle.ts';
import {
  logIndexRows,
  naiveValues,
  samplesOf,
  spanIndexRows,
  valuesOf,
} from '../../collector/formats/rows.ts';
import { hasMisfitHistogram, judge, plainOfJson } from '../../collector/formats/strict.ts';
import { toJson } from '../../collector/formats/tampering.ts';
import { inKernelMemory } from '../../helpers/kernel-body.ts';
import type { Property } from '../target.ts';
import { mustEqual, type Oracle, type Ours, oracle, ours, outcome } from './verdict.ts';

const SEEDS = { numRuns: 60, seed: 20260101 };

export type Message = 'TracesData' | 'LogsData' | 'MetricsData';

const requests = { TracesData: tracesRequest, LogsData: logsRequest, MetricsData: metricsRequest };

/** Bodies to begin with: random requests, and points that those have not. */
export function seedsOf(message: Message): Uint8Array[] {
  const drawn = fc.sample(requests[message], SEEDS);
  const more = message === 'MetricsData' ? [exponential] : [];
  return [...drawn, ...more].map((request) => encodeByOracle(message, request));
}

const exponential = {
  resourceMetrics: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeMetrics: [
        {
          metrics: [
            {
              name: 'latency',
              exponentialHistogram: {
                aggregationTemporality: 2,
                dataPoints: [
                  {
                    ...{
                      timeUnixNano: '1700000000000000001',
                      count: '13',
                      sum: 20,
                      scale: 4,
                      zeroCount: '2',
                    },
                    positive: { offset: -3, bucketCounts: ['3', '0', '4', '0'] },
                    negative: { offset: 1, bucketCounts: ['4'] },
                  },
                ],
              },
            },
          ],
        },
      ],
    },
  ],
};

/** What the oracle and the strict rules together say of a protobuf body. */
export function truthOf(message: Message, bytes: Uint8Array): Oracle<Plain> {
  const judged = judge(message, bytes);
  if (judged.verdict === 'either') return 'either';
  if (judged.verdict === 'refuse') return { refused: judged.why };
  const read = oracle<Plain>(() => decodeByOracle(message, bytes));
  return read !== 'either' && 'value' in read && hasMisfitHistogram(read.value)
    ? { refused: 'a misfit histogram' }
    : read;
}

function compareSpans(batch: SpanBatch, truth: Plain): void {
  const records = recordsOf(truth, 'resourceSpans', 'scopeSpans', 'spans');
  mustEqual(spanIndexRows(batch), records.map(naiveSpanIndex), 'index rows of spans');
  const spans = records.map((_, i) => decodeSpan(batch.body, batch.offsets, i));
  mustEqual(spans, records.map(naiveSpan), 'spans');
}

function compareLogs(batch: LogBatch, truth: Plain): void {
  const records = recordsOf(truth, 'resourceLogs', 'scopeLogs', 'logRecords');
  mustEqual(logIndexRows(batch), records.map(naiveLogIndex), 'index rows of logs');
  const logs = records.map((_, i) => decodeLogRecord(batch.body, batch.offsets, i));
  mustEqual(logs, records.map(naiveLog), 'log records');
}

/** The naive reading knows no exponential histograms; of a request with one it is only asked whether it is taken. */
function compareSamples(batch: SampleBatch, truth: Plain): void {
  const metrics = (truth.resourceMetrics ?? [])
    .flatMap((group: Plain) => group.scopeMetrics ?? [])
    .flatMap((scope: Plain) => scope.metrics ?? []);
  if (metrics.some((metric: Plain) => metric.exponentialHistogram !== undefined)) return;
  mustEqual(valuesOf(batch), naiveValues(truth), 'times and values');
}

function protobufProperty<B>(
  message: Message,
  read: (bytes: Uint8Array) => B,
  compare: (batch: B, truth: Plain) => void,
): () => Property {
  return () => ({
    seeds: seedsOf(message),
    check: (bytes) =>
      outcome(
        ours(() => read(bytes)),
        truthOf(message, bytes),
        compare,
      ),
  });
}

/** JSON.parse that keeps long integers, as our reader promises to. */
function parseExactly(text: string): unknown {
  return JSON.parse(text, (_key, value, context?: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? BigInt(context!.source!)
      : value,
  );
}

function jsonTruth(message: Message, bytes: Uint8Array): Oracle<Plain> {
  const text = oracle(() => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  if (text === 'either' || 'refused' in text) return text;
  const json = oracle(() => parseExactly(text.value));
  if (json === 'either' || 'refused' in json) return json;
  const plain = plainOfJson(message, json.value);
  if (plain === 'either') return 'either';
  if (plain === undefined) return { refused: 'no OTLP/JSON' };
  return hasMisfitHistogram(plain) ? { refused: 'a misfit histogram' } : { value: plain };
}

function jsonProperty<B>(
  message: Message,
  read: (bytes: Uint8Array) => B,
  compare: (batch: B, truth: Plain) => void,
): () => Property {
  return () => ({
    seeds: seedsOf(message).map((bytes) => Buffer.from(toJson(decodeByOracle(message, bytes)))),
    tokens: jsonTokens,
    check: (bytes) => {
      const mine: Ours<B> = ours(() => read(bytes));
      return outcome(mine, jsonTruth(message, bytes), compare);
    },
  });
}

const jsonTokens = [
  ...[
    'null',
    'true',
    '-0',
    '1e3',
    '1E400',
    '0.1',
    '"NaN"',
    '"-Infinity"',
    '18446744073709551615',
    '9007199254740993',
  ],
  ...['[]', '{}', '\\u0000', '\\ud800', '\\u00e4', '\\"', '"traceId":', '"kind":"2",', '"__proto__":{}', ' '],
  ...['"intValue":"-9223372036854775808"', '"name":"a",'],
];

/** JSON is compared with the same request as protobuf, which has its own oracle. */
function compareJsonSamples(batch: SampleBatch, truth: Plain): void {
  mustEqual(samplesOf(batch), samplesOf(decodeMetrics(encodeByOracle('MetricsData', truth))), 'samples');
}

/** As receivers have bodies: among others' leftovers in the memory of the kernels, which read there without a copy. */
function inPlace<B extends SpanBatch | LogBatch>(scan: (bytes: Uint8Array) => B): (bytes: Uint8Array) => B {
  return (bytes) => ({ ...inKernelMemory(bytes, scan), body: bytes });
}

/** The decoder that receivers have, which remembers what came before: whatever that was, it must read the same. */
function rememberedMetrics(): Property {
  const decoder = new MetricsDecoder();
  return protobufProperty('MetricsData', (body) => decoder.decode(body), compareSamples)();
}

export const otlpProperties = {
  'otlp-traces': protobufProperty('TracesData', scanTraces, compareSpans),
  'otlp-logs': protobufProperty('LogsData', scanLogs, compareLogs),
  'otlp-traces-in-place': protobufProperty('TracesData', inPlace(scanTraces), compareSpans),
  'otlp-logs-in-place': protobufProperty('LogsData', inPlace(scanLogs), compareLogs),
  'otlp-metrics': protobufProperty('MetricsData', decodeMetrics, compareSamples),
  'otlp-metrics-again': rememberedMetrics,
  'json-traces': jsonProperty('TracesData', parseTracesJson, compareSpans),
  'json-logs': jsonProperty('LogsData', parseLogsJson, compareLogs),
  'json-metrics': jsonProperty('MetricsData', parseMetricsJson, compareJsonSamples),
} satisfies Record<string, () => Property>;
