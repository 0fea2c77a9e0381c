import { openIncidents } from '../correlate/stored-incidents.ts';
import { SIGNALS } from '../own/intake.ts';
import type { LooksTaken } from '../own/looks.ts';
import type { Handler } from './deps.ts';
import type { StatusBody } from './types.ts';

/** GET /api/v1/status: what arrived, what was lost and why, how far back the store reaches. */
export const getStatus: Handler = async (_request, deps): Promise<StatusBody> => {
  const store = await deps.store.status();
  const open = await openIncidents(deps.store);
  const signals = SIGNALS.map((signal) => {
    const oldest = store.signals[signal].oldestUnixNano;
    const evicted = (['age', 'size'] as const).flatMap((reason) => {
      const of = store.evictions.filter((e) => e.signal === signal && e.reason === reason);
      const records = of.reduce((sum, e) => sum + e.records, 0);
      return records > 0 ? [{ reason: `evicted by ${reason}`, records }] : [];
    });
    const intake = deps.intake.signal(signal);
    return [
      signal,
      {
        ...intake,
        dropped: [...intake.dropped, ...evicted],
        ...(oldest === undefined ? {} : { oldestUnixNano: String(oldest) }),
      },
    ];
  });
  return {
    version: deps.version,
    startedUnixNano: String(deps.startedUnixNano),
    nowUnixNano: String(deps.clock()),
    store: {
      bytes: store.bytes,
      limitBytes: deps.limits.storeBytes,
      retentionSeconds: deps.limits.retentionSeconds,
    },
    memoryBytes: process.memoryUsage.rss(),
    signals: Object.fromEntries(signals) as StatusBody['signals'],
    targets: deps.targets(),
    discoveries: deps.discoveries(),
    openIncidents: open.length,
    ...(deps.looks ? { detector: detectorBody(deps.looks()) } : {}),
  };
};

function detectorBody({ looks, seconds, lookedUnixNano }: LooksTaken): NonNullable<StatusBody['detector']> {
  return {
    looks,
    seconds,
    ...(lookedUnixNano === undefined ? {} : { lookedUnixNano: String(lookedUnixNano) }),
  };
}
