import { label, labelValue, type Service, suffix } from '../../slo/index.ts';
import type { RowSpec } from '../model.ts';
import { interval, line, select } from '../queries.ts';

/** How a database client's metrics are called; the emitted clients of all databases measure the same. */
interface DatabaseClient {
  readonly id: number;
  readonly title: string;
  readonly connections: string;
  readonly maxConnections: string;
  /** Attempts that wait for a connection now, where the client's library tells it. */
  readonly pending?: string;
  readonly waits: string;
  readonly timeouts: string;
  readonly waitSeconds: string;
  readonly attempts: string;
  readonly duration: string;
}

/** A database client: its pool, its attempts, its latency. */
export function databaseClient(service: Service, client: DatabaseClient): RowSpec {
  const sum = (metric: string, by: string) => `sum by (${by}) (${select(metric, service)})`;
  const rate = (metric: string, by: string) => `sum by (${by}) (rate(${select(metric, service)}${interval}))`;
  const { instance, poolState, attemptOutcome, dbOperation, bucketBound } = label;
  const { title, pending } = client;
  const failed = select(client.attempts, service, `${attemptOutcome}="${labelValue.attemptError}"`);
  return {
    id: client.id,
    title,
    panels: [
      line(
        `${title} pool connections`,
        'short',
        `Connections in use and idle, and the most that the pool may open${pending ? ', and the attempts that wait for one' : ''}.`,
        [
          { expr: sum(client.connections, poolState), legend: `{{${poolState}}}` },
          { expr: `sum(${select(client.maxConnections, service)})`, legend: 'limit' },
          ...(pending ? [{ expr: `sum(${select(pending, service)})`, legend: 'waiting' }] : []),
        ],
      ),
      line(
        `${title} pool waits`,
        'ops',
        'Calls per second that waited for a connection, and that gave up waiting.',
        [
          { expr: rate(client.waits, instance), legend: `{{${instance}}} waits` },
          { expr: rate(client.timeouts, instance), legend: `{{${instance}}} timeouts` },
        ],
      ),
      line(
        `${title} pool wait time`,
        's',
        'Mean time that a waiting call waited for a connection; 0 where none waited.',
        [
          {
            expr: `${rate(client.waitSeconds, instance)} / (${rate(client.waits, instance)} > 0) or 0 * ${rate(client.waits, instance)}`,
            legend: `{{${instance}}}`,
          },
        ],
      ),
      line(
        `${title} attempts`,
        'ops',
        'Attempts per second by outcome. More attempts at flat traffic are a retry storm.',
        [{ expr: rate(client.attempts, attemptOutcome), legend: `{{${attemptOutcome}}}` }],
      ),
      line(
        `${title} errors`,
        'percentunit',
        'Share of attempts that failed; no line where nothing was tried.',
        [
          {
            expr: `(sum(rate(${failed}${interval})) or vector(0)) / (sum(rate(${select(client.attempts, service)}${interval})) > 0)`,
            legend: 'failed',
          },
        ],
      ),
      line(
        `${title} latency p99 by operation`,
        's',
        '99 % of the operations took at most this, with all their attempts and the waits between them.',
        [
          {
            expr: `histogram_quantile(0.99, ${rate(`${client.duration}${suffix.bucket}`, `${dbOperation}, ${bucketBound}`)})`,
            legend: `{{${dbOperation}}}`,
            exemplars: true,
          },
        ],
      ),
    ],
  };
}
