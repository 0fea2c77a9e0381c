import { type Service, serviceMetric } from '../../slo/index.ts';
import type { RowSpec } from '../model.ts';
import { databaseClient } from './database-client.ts';

/** The Redis client: its pool, its attempts, its latency. */
export function redis(service: Service): RowSpec {
  return databaseClient(service, {
    id: 1000,
    title: 'Redis',
    connections: serviceMetric.redisPoolConnections,
    maxConnections: serviceMetric.redisPoolMaxConnections,
    pending: serviceMetric.redisPoolPending,
    waits: serviceMetric.redisPoolWaits,
    timeouts: serviceMetric.redisPoolTimeouts,
    waitSeconds: serviceMetric.redisPoolWaitSeconds,
    attempts: serviceMetric.redisAttempts,
    duration: serviceMetric.redisOperationDuration,
  });
}
