import { label, labelValue, type Service, serviceMetric, suffix } from '../../slo/index.ts';
import type { RowSpec } from '../panel.ts';
import { interval, line, select } from '../queries.ts';

/** The Redis client: its pool, its attempts, its latency. */
export function redis(service: Service): RowSpec {
  const sum = (metric: string, by: string) => `sum by (${by}) (${select(metric, service)})`;
  const rate = (metric: string, by: string) => `sum by (${by}) (rate(${select(metric, service)}${interval}))`;
  const { instance, poolState, attemptOutcome, dbOperation, bucketBound } = label;
  const buckets = `${serviceMetric.redisOperationDuration}${suffix.bucket}`;
  const failed = select(
    serviceMetric.redisAttempts,
    service,
    `${attemptOutcome}="${labelValue.attemptError}"`,
  );
  return {
    title: 'Redis',
    panels: [
      line(
        'Redis pool connections',
        'short',
        'Connections in use and idle, the most that the pool may open, and the attempts that wait for one.',
        [
          { expr: sum(serviceMetric.redisPoolConnections, poolState), legend: `{{${poolState}}}` },
          { expr: `sum(${select(serviceMetric.redisPoolMaxConnections, service)})`, legend: 'limit' },
          { expr: `sum(${select(serviceMetric.redisPoolPending, service)})`, legend: 'waiting' },
        ],
      ),
      line(
        'Redis pool waits',
        'ops',
        'Calls per second that waited for a connection, and that gave up waiting.',
        [
          { expr: rate(serviceMetric.redisPoolWaits, instance), legend: `{{${instance}}} waits` },
          { expr: rate(serviceMetric.redisPoolTimeouts, instance), legend: `{{${instance}}} timeouts` },
        ],
      ),
      line('Redis pool wait time', 's', 'Mean time that a waiting call waited for a connection.', [
        {
          expr: `${rate(serviceMetric.redisPoolWaitSeconds, instance)} / (${rate(serviceMetric.redisPoolWaits, instance)} > 0)`,
          legend: `{{${instance}}}`,
        },
      ]),
      line(
        'Redis attempts',
        'ops',
        'Attempts per second by outcome. More attempts at flat traffic are a retry storm.',
        [{ expr: rate(serviceMetric.redisAttempts, attemptOutcome), legend: `{{${attemptOutcome}}}` }],
      ),
      line('Redis errors', 'percentunit', 'Share of attempts that failed; no line where nothing was tried.', [
        {
          expr: `(sum(rate(${failed}${interval})) or vector(0)) / (sum(rate(${select(serviceMetric.redisAttempts, service)}${interval})) > 0)`,
          legend: 'failed',
        },
      ]),
      line(
        'Redis latency p99 by operation',
        's',
        '99 % of the operations took at most this, with all their attempts and the waits between them.',
        [
          {
            expr: `histogram_quantile(0.99, ${rate(buckets, `${dbOperation}, ${bucketBound}`)})`,
            legend: `{{${dbOperation}}}`,
            exemplars: true,
          },
        ],
      ),
    ],
  };
}
