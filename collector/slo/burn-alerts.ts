/** Objectives that page, as alerts that open incidents; what Alertmanager would send, without one. */
import { createHash } from 'node:crypto';
import type { AskedAlert } from '../correlate/alerts.ts';
import { NANOS_PER_MS } from '../telemetry/clock.ts';
import type { Budget } from './book.ts';
import type { Standing } from './evaluate.ts';

/** Remembers which objectives page, and tells what began and ended since the last look. */
export class BurnAlerts {
  #firing = new Map<string, AskedAlert>();

  /** Alerts that began to fire, and those that are over; `nowMs` is the moment of the standings. */
  since(standings: readonly Standing[], nowMs: number): AskedAlert[] {
    const firing = new Map(
      standings.flatMap((standing) => {
        const alert = alertOf(standing);
        // When it began is worked out anew each time; an alert keeps what was told first.
        return alert ? [[alert.fingerprint, this.#firing.get(alert.fingerprint) ?? alert] as const] : [];
      }),
    );
    const began = [...firing.values()].filter(({ fingerprint }) => !this.#firing.has(fingerprint));
    const over = [...this.#firing.values()]
      .filter(({ fingerprint }) => !firing.has(fingerprint))
      .map((alert) => ({ ...alert, resolvedUnixNano: BigInt(nowMs) * NANOS_PER_MS }));
    this.#firing = firing;
    return [...began, ...over];
  }
}

/** Tickets burn slowly: what they tell of began hours ago, and no moment explains it. */
function alertOf({ call, budget }: Standing): AskedAlert | undefined {
  const signal = signalOf(budget);
  if (call?.severity !== 'page' || !signal) return undefined;
  const { service, slo, labels } = budget;
  const identity = JSON.stringify([service.name, slo.id, Object.entries(labels).toSorted()]);
  return {
    fingerprint: createHash('sha256').update(identity).digest('hex').slice(0, 16),
    name: `${slo.id}, ${call.tier}`,
    service: service.job ?? service.name,
    slo: slo.id,
    route: slo.routes
      .map(({ method, path }) => (method === undefined ? path : `${method} ${path}`))
      .join(', '),
    method: '',
    signal,
    startsUnixNano: BigInt(call.sinceMs) * NANOS_PER_MS,
  };
}

/** Which golden signal an objective is about; undefined of those that count no requests. */
function signalOf({ slo }: Budget): AskedAlert['signal'] | undefined {
  if (slo.sli.kind === 'latency') return 'latency';
  return slo.sli.kind === 'availability' || slo.sli.kind === 'errors' ? 'errors' : undefined;
}
