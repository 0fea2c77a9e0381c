import { type Service, serviceMetric } from '../../slo/index.ts';
import type { RowSpec } from '../model.ts';
import { databaseClient } from './database-client.ts';

/** The PostgreSQL client: its pool, its attempts, its latency. */
export function postgres(service: Service): RowSpec {
  return databaseClient(service, {
    id: 1100,
    title: 'PostgreSQL',
    connections: serviceMetric.postgresPoolConnections,
    maxConnections: serviceMetric.postgresPoolMaxConnections,
    waits: serviceMetric.postgresPoolWaits,
    timeouts: serviceMetric.postgresPoolTimeouts,
    waitSeconds: serviceMetric.postgresPoolWaitSeconds,
    attempts: serviceMetric.postgresAttempts,
    duration: serviceMetric.postgresOperationDuration,
  });
}
