// Batches as plain rows, to be compared with what a naive reading gives.
import type { LogBatch, SampleBatch, SpanBatch } from '../../../collector/telemetry/batch.ts';
import { stringAt } from '../../../collector/telemetry/columns.ts';
import { naiveAttributes, naiveHex } from './naive.ts';
import type { Plain } from './oracle.ts';

export function spanIndexRows({ index, count }: SpanBatch) {
  return Array.from({ length: count }, (_, i) => ({
    traceId: naiveHex(index.traceId.subarray(i * 16, i * 16 + 16)),
    spanId: naiveHex(index.spanId.subarray(i * 8, i * 8 + 8)),
    parentSpanId: naiveHex(index.parentSpanId.subarray(i * 8, i * 8 + 8)),
    start: index.startTimeUnixNano[i],
    duration: index.durationNano[i],
    kind: index.kind[i],
    status: index.status[i],
    name: stringAt(index.name, i),
    service: stringAt(index.service, i),
    route: stringAt(index.route, i),
    method: stringAt(index.method, i),
    httpStatus: index.httpStatus[i],
  }));
}

export function logIndexRows({ index, count }: LogBatch) {
  return Array.from({ length: count }, (_, i) => ({
    time: index.timeUnixNano[i],
    severity: index.severityNumber[i],
    service: stringAt(index.service, i),
    traceId: naiveHex(index.traceId.subarray(i * 16, i * 16 + 16)),
    spanId: naiveHex(index.spanId.subarray(i * 8, i * 8 + 8)),
  }));
}

/** Every sample with its series, and every exemplar. */
export function samplesOf({ index, count }: SampleBatch) {
  const { exemplars } = index;
  return {
    samples: Array.from({ length: count }, (_, i) => [
      index.series[index.seriesIndex[i]!],
      index.timeUnixNano[i],
      index.value[i],
    ]),
    exemplars: Array.from(exemplars.value, (value, i) => [
      index.series[exemplars.seriesIndex[i]!],
      exemplars.timeUnixNano[i],
      value,
      naiveHex(exemplars.traceId.subarray(i * 16, i * 16 + 16)),
      naiveHex(exemplars.spanId.subarray(i * 8, i * 8 + 8)),
    ]),
  };
}

export const valuesOf = ({ index, count }: SampleBatch) =>
  Array.from({ length: count }, (_, i) => [index.timeUnixNano[i], index.value[i]]);

/** Values and times of a request, point by point, in the order of the request. */
export function naiveValues(request: Plain): [bigint, number][] {
  const max = 2n ** 63n - 1n;
  const out: [bigint, number][] = [];
  for (const group of request.resourceMetrics ?? []) {
    const before = out.length;
    const put = (p: Plain, value: number) => {
      const time = BigInt(p.timeUnixNano ?? 0);
      out.push([time > max ? max : time, ((p.flags ?? 0) & 1) === 1 ? Number.NaN : value]);
    };
    for (const metric of (group.scopeMetrics ?? []).flatMap((s: Plain) => s.metrics ?? [])) {
      for (const p of metric.gauge?.dataPoints ?? metric.sum?.dataPoints ?? [])
        put(p, Number(p.asDouble ?? p.asInt ?? 0));
      for (const p of metric.summary?.dataPoints ?? []) {
        for (const q of p.quantileValues) put(p, q.value ?? 0);
        put(p, p.sum ?? 0);
        put(p, Number(p.count ?? 0));
      }
      for (const p of metric.histogram?.dataPoints ?? []) {
        let total = 0;
        for (const [i, count] of p.bucketCounts.slice(0, -1).entries()) {
          total += Number(count);
          if (Number.isFinite(p.explicitBounds[i])) put(p, total);
        }
        put(p, Number(p.count ?? 0));
        if (p.sum !== undefined) put(p, p.sum);
        put(p, Number(p.count ?? 0));
      }
    }
    const newest = out.slice(before).reduce((a, [t]) => (t > a ? t : a), 0n);
    if (newest > 0n && hasTargetInfo(group.resource)) out.push([newest, 1]);
  }
  return out;
}

function hasTargetInfo(resource: Plain): boolean {
  const own = new Set(['service.name', 'service.namespace', 'service.instance.id']);
  return Object.entries(naiveAttributes(resource?.attributes)).some(
    ([key, value]) => !own.has(key) && key !== '' && value !== null && value !== '' && key !== '__proto__',
  );
}
