import type { DatabaseSync } from 'node:sqlite';
import type { Signal } from '../../telemetry/model.ts';
import type { StoreStatus } from '../store.ts';
import type { Catalog } from './catalog.ts';

/** Services whose oldest time is told; names come from senders, who may make them up without end. */
const MAX_SERVICES = 1000;

/** What the store holds, from the catalogue; nothing of the blocks is read. */
export function describeStore(db: DatabaseSync, catalog: Catalog, bytes: number): StoreStatus {
  const signals: StoreStatus['signals'] = {
    traces: { records: 0, bytes: 0 },
    logs: { records: 0, bytes: 0 },
    metrics: { records: 0, bytes: 0 },
  };
  const services = new Set<string>();
  const oldest = new Map<string, bigint>();
  for (const block of catalog.all()) {
    const signal = signals[block.signal];
    signal.records += block.count;
    signal.bytes += block.bytes;
    if (signal.oldestUnixNano === undefined || block.minUnixNano < signal.oldestUnixNano) {
      signal.oldestUnixNano = block.minUnixNano;
    }
    if (signal.newestUnixNano === undefined || block.maxUnixNano > signal.newestUnixNano) {
      signal.newestUnixNano = block.maxUnixNano;
    }
    for (const service of block.services) {
      if (service === '') continue;
      services.add(service);
      const before = oldest.get(service);
      if (before === undefined || block.minUnixNano < before) oldest.set(service, block.minUnixNano);
    }
  }
  const evictions = db.prepare('SELECT signal, reason, service, records FROM evictions').all();
  return {
    signals,
    bytes,
    services: [...services],
    oldestByService: [...oldest]
      .slice(0, MAX_SERVICES)
      .map(([service, oldestUnixNano]) => ({ service, oldestUnixNano })),
    evictions: evictions.map((row) => ({
      signal: row['signal'] as Signal,
      reason: row['reason'] as 'age' | 'size',
      service: row['service'] as string,
      records: Number(row['records']),
    })),
  };
}
