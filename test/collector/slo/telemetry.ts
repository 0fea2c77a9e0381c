// A shop whose requests are known one by one: the same as scraped counters and as spans.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Service } from '../../../slo/index.ts';
import { label, parseSpec, serviceMetric, suffix } from '../../../slo/index.ts';
import type { PlainSample, PlainSpan } from '../../helpers/telemetry.ts';

const spec = join(import.meta.dirname, 'testdata/shop.slo.json');
const MS = 1_000_000n;

export interface Request {
  atMs: number;
  route: string;
  failed: boolean;
  slow: boolean;
}

/** The objectives that the tests speak of. */
export function shop(more: Record<string, unknown> = {}): Service {
  const result = parseSpec({ ...JSON.parse(readFileSync(spec, 'utf8')), ...more });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.service;
}

/** What a scrape at each of the times sees: counters by code, and those answered within 100 ms. */
export function scraped(requests: readonly Request[], timesMs: readonly number[]): PlainSample[] {
  const series = (name: string, labels: Record<string, string>) => ({
    ...({
      name: `${serviceMetric.requestDuration}${name}`,
      kind: 'histogram',
      temporality: 'cumulative',
    } as const),
    labels: { [label.job]: 'shop', instance: 'shop-0', [label.method]: 'GET', ...labels },
  });
  return timesMs.flatMap((timeMs) => {
    const before = requests.filter(({ atMs }) => atMs <= timeMs);
    return ['/orders/{id}', '/health'].flatMap((route) =>
      [false, true].flatMap((failed): PlainSample[] => {
        const own = before.filter((one) => one.route === route && one.failed === failed);
        const labels = { [label.route]: route, [label.statusCode]: failed ? '500' : '200' };
        const time = BigInt(timeMs) * MS;
        const quick = own.filter(({ slow }) => !slow).length;
        return [
          { series: series(suffix.count, labels), time, value: own.length },
          { series: series(suffix.bucket, { ...labels, [label.bucketBound]: '0.1' }), time, value: quick },
          {
            series: series(suffix.bucket, { ...labels, [label.bucketBound]: '+Inf' }),
            time,
            value: own.length,
          },
        ];
      }),
    );
  });
}

/** A server span for each request. */
export function spansOf(requests: readonly Request[]): PlainSpan[] {
  return requests.map(({ atMs, route, failed, slow }, i) => ({
    ...{ traceId: i.toString(16).padStart(32, '1'), spanId: i.toString(16).padStart(16, '2') },
    ...{ name: `GET ${route}`, service: 'shop', route, method: 'GET', kind: 2 },
    ...{ start: BigInt(atMs) * MS, duration: (slow ? 250n : 20n) * MS, status: failed ? 2 : 0 },
    httpStatus: failed ? 500 : 200,
  }));
}
