import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { detect } from '../../../collector/correlate/detection.ts';
import type { SeriesInfo } from '../../../collector/telemetry/model.ts';
import { durationBoundaries, label, serviceMetric } from '../../../slo/index.ts';
import { randomFrom } from '../../helpers/random.ts';
import { storeOf } from '../../helpers/scenario.ts';
import { type PlainSample, type PlainSpan, sampleBatch, spanBatch } from '../../helpers/telemetry.ts';

const SECOND = 1_000_000_000n;
const START = 1_790_000_000n * SECOND;
const WINDOW_SECONDS = 10n;
const bounds = [...durationBoundaries, Number.POSITIVE_INFINITY];

/** Milliseconds of the requests of each window. */
type Windows = readonly (readonly number[])[];

function repeated(windows: number, requests: (window: number) => number[]): number[][] {
  return Array.from({ length: windows }, (_, window) => requests(window));
}

/** Most requests take 3 ms, and the slowest of every window something else: its p99 says little. */
function noisy(windows: number, seed: number, slowest = 1): number[][] {
  const random = randomFrom(seed);
  const odd = [8, 20, 40, 70, 90, 150, 240];
  const one = () => odd[Math.floor(random() * odd.length)]!;
  return repeated(windows, () => [...Array(60).fill(3), ...Array.from({ length: slowest }, one)]);
}

/** Scraped twice a window. */
function asMetrics(windows: Windows) {
  const labels = { [label.job]: 'shop', [label.instance]: 'a', [label.method]: 'GET', [label.route]: '/a' };
  const series = bounds.map((bound): SeriesInfo => {
    const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound);
    const name = `${serviceMetric.requestDuration}_bucket`;
    const all = { ...labels, [label.statusCode]: '200', [label.bucketBound]: le };
    return { name, labels: all, kind: 'histogram', temporality: 'cumulative' };
  });
  const totals = bounds.map(() => 0);
  const samples: PlainSample[] = [];
  const scrape = (time: bigint) =>
    series.forEach((info, i) => {
      samples.push({ series: info, time, value: totals[i]! });
    });
  windows.forEach((requests, window) => {
    const from = START + BigInt(window) * WINDOW_SECONDS * SECOND;
    scrape(from);
    bounds.forEach((bound, i) => {
      totals[i]! += requests.filter((ms) => ms <= bound * 1000).length;
    });
    scrape(from + 5n * SECOND);
  });
  return [sampleBatch(samples)];
}

function asSpans(windows: Windows) {
  const spans = windows.flatMap((requests, window) =>
    requests.map((ms, i): PlainSpan => {
      const id = (window * 1000 + i + 1).toString(16);
      const start = START + BigInt(window) * WINDOW_SECONDS * SECOND + BigInt(i) * (SECOND / 100n);
      const ids = { traceId: id.padStart(32, '0'), spanId: id.padStart(16, '0') };
      const about = { name: 'GET /a', service: 'shop', kind: 2, method: 'GET', route: '/a', httpStatus: 200 };
      return { ...ids, ...about, start, duration: BigInt(Math.round(ms * 1e6)) };
    }),
  );
  return [spanBatch(spans)];
}

async function symptomsOf(t: TestContext, batches: Parameters<typeof storeOf>[1], windows: number) {
  const store = await storeOf(t, batches);
  const clock = () => START + BigInt(windows) * WINDOW_SECONDS * SECOND + 5n * SECOND;
  const { symptoms } = await detect(store, { clock, signal: new AbortController().signal });
  return symptoms.map(({ signal, onsetUnixNano }) => ({
    signal,
    window: Number((onsetUnixNano - START) / SECOND) / Number(WINDOW_SECONDS),
  }));
}

for (const [source, batchesOf] of [
  ['metrics', asMetrics],
  ['spans', asSpans],
] as const) {
  test(`all requests slow is seen although single ones make every p99 another one (${source})`, async (t) => {
    const windows = [...noisy(40, 1), ...repeated(3, () => Array(60).fill(280))];
    assert.deepEqual(await symptomsOf(t, batchesOf(windows), windows.length), [
      { signal: 'latency', window: 40 },
    ]);
  });

  test(`single slow requests alone are the usual, a few more of them, too (${source})`, async (t) => {
    const windows = [...noisy(40, 2), ...noisy(3, 12, 2)];
    assert.deepEqual(await symptomsOf(t, batchesOf(windows), windows.length), []);
  });

  test(`a stall that doubles the slowest few is no symptom, one that makes them many times slower is (${source})`, async (t) => {
    const mixed = (windows: number, ms: number, n: number) =>
      repeated(windows, () => [...Array(60).fill(3), ...Array(n).fill(ms)]);
    // More than ten minutes: a grown baseline is held against few requests, too.
    const quiet = mixed(66, 14, 2);
    const ended = quiet.length + 3;
    assert.deepEqual(await symptomsOf(t, batchesOf([...quiet, ...mixed(3, 35, 6)]), ended), []);
    assert.deepEqual(await symptomsOf(t, batchesOf([...quiet, ...mixed(3, 120, 6)]), ended), [
      { signal: 'latency', window: 66 },
    ]);
  });

  test(`a slow request in each of two windows of a sparse route is no symptom, all of them are (${source})`, async (t) => {
    const sparse = repeated(30, () => Array(12).fill(3));
    const one = repeated(2, () => [...Array(11).fill(3), 250]);
    assert.deepEqual(await symptomsOf(t, batchesOf([...sparse, ...one]), 32), []);
    const all = repeated(2, () => Array(12).fill(250));
    assert.deepEqual(await symptomsOf(t, batchesOf([...sparse, ...all]), 32), [
      { signal: 'latency', window: 30 },
    ]);
  });
}
