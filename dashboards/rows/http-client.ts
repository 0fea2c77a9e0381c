import { errorKind, label, type Service, serviceMetric, suffix } from '../../slo/index.ts';
import type { RowSpec } from '../model.ts';
import { interval, line, select } from '../queries.ts';

/** The HTTP client: its attempts, its retries and its connections, by the service called. */
export function httpClient(service: Service): RowSpec {
  const { serverAddress, statusCode, errorType, connectionState, bucketBound } = label;
  const sum = (metric: string, by: string) => `sum by (${by}) (${select(metric, service)})`;
  const rate = (metric: string, by: string, ...more: string[]) =>
    `sum by (${by}) (rate(${select(metric, service, ...more)}${interval}))`;
  const attempts = `${serviceMetric.httpClientRequestDuration}${suffix.count}`;
  const buckets = `${serviceMetric.httpClientRequestDuration}${suffix.bucket}`;
  const called = `{{${serverAddress}}}`;
  return {
    id: 1200,
    title: 'HTTP client',
    panels: [
      line(
        'HTTP client attempts by answer',
        'reqps',
        'Attempts per second by the service called and its answer; without a code where no answer came.',
        [
          {
            expr: rate(attempts, `${serverAddress}, ${statusCode}`),
            legend: `${called} {{${statusCode}}}`,
          },
        ],
      ),
      line(
        'HTTP client errors by kind',
        'reqps',
        `Attempts per second that failed, by kind. Those that the caller gave up are no failures and left out.`,
        [
          {
            expr: rate(attempts, `${serverAddress}, ${errorType}`, `${errorType}!~"|${errorKind.canceled}"`),
            legend: `${called} {{${errorType}}}`,
          },
        ],
      ),
      line('HTTP client latency p99', 's', '99 % of the attempts took at most this, bodies included.', [
        {
          expr: `histogram_quantile(0.99, ${rate(buckets, `${serverAddress}, ${bucketBound}`)})`,
          legend: called,
          exemplars: true,
        },
      ]),
      line(
        'HTTP client retries',
        'percentunit',
        'Share of attempts that were retries. A budget keeps it near a sixth at most, however much fails.',
        [
          {
            expr: `${rate(serviceMetric.httpClientRetries, serverAddress)} / (${rate(attempts, serverAddress)} > 0)`,
            legend: called,
          },
        ],
      ),
      line('HTTP client connections', 'short', 'Open connections by state, and the most that may be open.', [
        {
          expr: sum(serviceMetric.httpClientOpenConnections, `${serverAddress}, ${connectionState}`),
          legend: `${called} {{${connectionState}}}`,
        },
        { expr: sum(serviceMetric.httpClientMaxConnections, serverAddress), legend: `${called} limit` },
      ]),
      line(
        'HTTP client requests in flight',
        'short',
        'Attempts under way, and those of them that wait for a connection.',
        [
          {
            expr: sum(serviceMetric.httpClientActiveRequests, serverAddress),
            legend: `${called} in flight`,
          },
          {
            expr: sum(serviceMetric.httpClientPendingRequests, serverAddress),
            legend: `${called} waiting`,
          },
        ],
      ),
    ],
  };
}
