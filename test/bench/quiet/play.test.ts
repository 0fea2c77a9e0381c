import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Day, slotSeconds } from '../../../bench/quiet/day.ts';
import { Player } from '../../../bench/quiet/play.ts';
import { type Doing, type Recorded, runsOf } from '../../../bench/quiet/recording.ts';
import { toAttributes } from '../../../collector/formats/otlp-protobuf/attributes.ts';
import {
  logsCodec,
  metricsCodec,
  type OtlpMessage,
  tracesCodec,
} from '../../../collector/formats/otlp-protobuf/messages.ts';
import { toPairs } from '../../../collector/formats/otlp-protobuf/to-messages.ts';
import { randomFrom } from '../../../slo/index.ts';

const second = 1_000_000_000n;
const recordedAt = 1_700_000_000n * second;
const start = 1_800_000_000n * second;
const requests = 20;
const frames = 6;

const hex = (n: number, length: number) => n.toString(16).padStart(length, '0');
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

/** One request: two spans, an access line and an exemplar. */
function spansOf(n: number, at: bigint): OtlpMessage<'Span'>[] {
  const traceId = bytes(hex(n + 1, 32));
  const [root, child] = [bytes(hex(2 * n + 1, 16)), bytes(hex(2 * n + 2, 16))];
  const times = { startTimeUnixNano: at, endTimeUnixNano: at + 3_000_000n };
  return [
    { ...times, traceId, spanId: root, name: 'GET /a', kind: 2 },
    { ...times, traceId, spanId: child, parentSpanId: root, name: 'GET', kind: 3 },
  ];
}

function expositionOf(frame: number): Uint8Array {
  const n = frame * requests;
  const exemplar = `{trace_id="${hex(n || 1, 32)}",span_id="${hex(2 * (n || 1) - 1, 16)}"} 0.003`;
  return Buffer.from(`# TYPE http_server_request_duration_seconds histogram
http_server_request_duration_seconds_bucket{http_route="/a",le="0.005"} ${n} # ${exemplar}
http_server_request_duration_seconds_bucket{http_route="/a",le="+Inf"} ${n}
http_server_request_duration_seconds_sum{http_route="/a"} ${n * 0.003}
http_server_request_duration_seconds_count{http_route="/a"} ${n}
# TYPE process_start_time_seconds gauge
process_start_time_seconds 12
# EOF
`);
}

function recordedOf(doings: readonly Doing[]): Recorded {
  const scrapes = Array.from({ length: frames + 1 }, (_, frame) => ({
    atUnixNano: recordedAt + BigInt(frame * slotSeconds) * second,
    body: expositionOf(frame),
  }));
  const at = (n: number) => recordedAt + (BigInt(n) * BigInt(slotSeconds) * second) / BigInt(requests);
  const all = Array.from({ length: frames * requests }, (_, n) => n);
  const resource = { attributes: toPairs({ 'service.instance.id': 'a' }) };
  const spans = all.flatMap((n) => spansOf(n, at(n)));
  const lines = all.map((n) => {
    const ts = new Date(Number(at(n) / 1_000_000n)).toISOString();
    return JSON.stringify({ level: 'info', ts, msg: 'request', trace_id: hex(n + 1, 32) });
  });
  return {
    segments: doings.map((doing) => ({ instance: 'a', doing, isWhole: false, scrapes, fromStart: false })),
    traces: [tracesCodec.encode({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })],
    logs: new Map([['a', Buffer.from(`${lines.join('\n')}\n`)]]),
  };
}

const runs = runsOf(recordedOf(['usual', 'start']), slotSeconds, (name) => name.startsWith('http_server'));

/** Two instances that take turns with one that is restarted where it is. */
function dayOf(perSecond: number, slots = 60): Day {
  const shop = { service: 'shop', share: 1, isScraped: true };
  const [always, never] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return {
    slots,
    perSecond: new Float64Array(slots).fill(perSecond),
    processes: [
      { ...shop, instance: 'one', version: '1', fromSlot: always, toSlot: never },
      { ...shop, instance: 'two', version: '1', fromSlot: always, toSlot: 29 },
      { ...shop, instance: 'two', version: '2', fromSlot: 30, toSlot: never },
    ],
    stretches: [],
  };
}

function played(day: Day, seed = 1) {
  const player = new Player(day, runs, start, randomFrom(seed));
  return Array.from({ length: day.slots }, (_, slot) => {
    const told = player.play(slot, false);
    const spans = (told.traces ? (tracesCodec.decode(told.traces).resourceSpans ?? []) : []).flatMap(
      ({ scopeSpans = [] }) => scopeSpans.flatMap((scope) => scope.spans ?? []),
    );
    const lines = (told.logs ? (logsCodec.decode(told.logs).resourceLogs ?? []) : []).flatMap(
      ({ scopeLogs = [] }) => scopeLogs.flatMap((scope) => scope.logRecords ?? []),
    );
    const scrapes = (told.metrics ? (metricsCodec.decode(told.metrics).resourceMetrics ?? []) : []).map(
      ({ resource, scopeMetrics = [] }) => ({
        instance: String(toAttributes(resource?.attributes)['service.instance.id']),
        metrics: scopeMetrics.flatMap(({ metrics = [] }) => metrics),
      }),
    );
    return { slot, told, spans, lines, scrapes };
  });
}

const usualDay = played(dayOf(8));

test('a recording is cut into frames, each with its requests and what they did to the counters', () => {
  const [run] = runs;
  assert.equal(run!.frames.length, frames);
  assert.equal(run!.perSecond, requests / slotSeconds);
  for (const { units, growth } of run!.frames) {
    assert.equal(units.length, requests);
    assert.ok(units.every(({ spans, logs }) => spans.length === 2 && logs.length === 1));
    assert.equal([...growth.distributions.values()][0]!.count, requests);
  }
  assert.ok(run!.frames.flatMap(({ units }) => units).some(({ exemplars }) => exemplars.length === 1));
});

for (const perSecond of [1, 16]) {
  test(`traffic of ${perSecond} a second is played by thinning or doubling what was recorded`, () => {
    const all = played(dayOf(perSecond));
    const roots = all.flatMap(({ spans }) => spans).filter(({ kind }) => kind === 2);
    const wanted = perSecond * 60 * slotSeconds;
    assert.ok(Math.abs(roots.length / wanted - 1) < 0.15, `${roots.length} of ${wanted}`);
  });
}

test('every copy of a request has ids of its own, which its spans and lines share', () => {
  const all = played(dayOf(20, 12));
  const key = (id: Uint8Array | undefined) => Buffer.from(id ?? []).toString('hex');
  const spans = all.flatMap((one) => one.spans);
  const ids = new Set(spans.map(({ spanId }) => key(spanId)));
  assert.equal(ids.size, spans.length);
  const traces = Map.groupBy(spans, ({ traceId }) => key(traceId));
  assert.ok([...traces.values()].every((own) => own.length === 2));
  assert.ok(spans.filter(({ kind }) => kind === 3).every(({ parentSpanId }) => ids.has(key(parentSpanId))));
  assert.ok(all.every(({ lines }) => lines.every(({ traceId }) => traces.has(key(traceId)))));
});

test('records and scrapes carry the times of their slot', () => {
  for (const { slot, told, spans, scrapes } of usualDay) {
    const from = start + BigInt(slot * slotSeconds) * second;
    const to = from + BigInt(slotSeconds) * second;
    const ends = spans.map(({ endTimeUnixNano }) => endTimeUnixNano!);
    assert.ok(ends.every((at) => at >= from && at < to));
    for (const { metrics } of scrapes) {
      const at = metrics.find(({ name }) => name === 'up')!.gauge!.dataPoints![0]!.timeUnixNano!;
      assert.ok(at >= from && at < to);
    }
    assert.ok(told.newestUnixNano === undefined || told.newestUnixNano < to);
  }
});

test('counters of an instance only grow until it restarts, and then begin at 0 with a new start time', () => {
  const told = usualDay.flatMap(({ slot, scrapes }) =>
    scrapes.flatMap(({ instance, metrics }) => {
      const of = (name: string) => metrics.find((metric) => metric.name === name);
      const histogram = of('http_server_request_duration_seconds')?.histogram?.dataPoints?.[0];
      const started = of('process_start_time_seconds')?.gauge?.dataPoints?.[0]?.asDouble;
      const up = of('up')?.gauge?.dataPoints?.[0]?.asDouble;
      return [{ slot, instance, count: histogram?.count, started, up }];
    }),
  );
  const two = told.filter(({ instance }) => instance === 'two');
  assert.deepEqual(
    two.filter(({ up }) => up === 0).map(({ slot }) => slot),
    [29],
  );
  for (const [before, after] of [
    [0, 29],
    [30, 60],
  ] as const) {
    const own = two.filter(({ slot, up }) => slot >= before && slot < after && up === 1);
    const counts = own.map(({ count }) => count!);
    assert.ok(counts.length > 5 && counts.every((count, i) => i === 0 || count >= counts[i - 1]!));
    assert.equal(new Set(own.map(({ started }) => started)).size, 1);
  }
  const reborn = two.find(({ slot }) => slot >= 30)!;
  assert.ok(reborn.count! < two.findLast(({ slot, up }) => slot < 29 && up === 1)!.count!);
  assert.equal(reborn.started, Number(start / second) + 30 * slotSeconds);
});

test('the same chance plays the same day', () => {
  const bodies = (seed: number) =>
    played(dayOf(8, 12), seed).map(({ told }) => Buffer.from(told.traces ?? []).toString('base64'));
  assert.deepEqual(bodies(5), bodies(5));
  assert.notDeepEqual(bodies(5), bodies(6));
});
