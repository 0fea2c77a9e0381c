/** Objectives that page, as alerts that open incidents; what Alertmanager would send, without one. */
import { createHash } from 'node:crypto';
import type { AskedAlert } from '../correlate/alerts.ts';
import type { IncidentAlert } from '../correlate/incident.ts';
import { NANOS_PER_MS } from '../telemetry/clock.ts';
import type { Budget } from './book.ts';
import type { Standing } from './evaluate.ts';

/** An alert that fires, and whether it was taken. */
interface Firing {
  alert: AskedAlert;
  isTaken: boolean;
}

/** Remembers which objectives page, and tells what began and ended until it is taken. */
export class BurnAlerts {
  #firing: Map<string, Firing> | undefined;
  #over: AskedAlert[] = [];

  /**
   * Alerts that began to fire, and those that are over, again at each look until `taken` is told of them; `nowMs` is the
   * moment of the standings. The first look learns from `noted`, the alerts of incidents that are open, what was taken
   * before this process began.
   */
  since(standings: readonly Standing[], nowMs: number, noted: readonly IncidentAlert[] = []): AskedAlert[] {
    const before = this.#firing ?? notedBefore(standings, noted);
    const firing = new Map<string, Firing>();
    for (const { call, budget } of standings) {
      const alert = call?.severity === 'page' ? alertOf(budget, call) : undefined;
      const fingerprint = fingerprintOf(budget);
      const known = before.get(fingerprint);
      // When it began is worked out anew each time; an alert keeps what was told first. While the store is still read
      // nothing is known to be over.
      if (known && (alert || !isRead(budget))) firing.set(fingerprint, known);
      else if (alert) firing.set(fingerprint, { alert, isTaken: false });
    }
    for (const [fingerprint, { alert, isTaken }] of before) {
      if (isTaken && !firing.has(fingerprint))
        this.#over.push({ ...alert, resolvedUnixNano: BigInt(nowMs) * NANOS_PER_MS });
    }
    this.#firing = firing;
    return [
      ...[...firing.values()].filter(({ isTaken }) => !isTaken).map(({ alert }) => alert),
      ...this.#over,
    ];
  }

  /** What `since` told was taken: it is not told again. */
  taken(alert: AskedAlert): void {
    if (alert.resolvedUnixNano !== undefined) {
      this.#over = this.#over.filter((one) => one !== alert);
      return;
    }
    const own = this.#firing?.get(alert.fingerprint);
    if (own) own.isTaken = true;
  }
}

function isRead({ counts, read }: Budget): boolean {
  return counts !== undefined && (read === undefined || read.isWhole);
}

/** Alerts of ours that open incidents have, as firing. */
function notedBefore(standings: readonly Standing[], noted: readonly IncidentAlert[]): Map<string, Firing> {
  const lasting = noted.filter(({ resolvedUnixNano }) => resolvedUnixNano === undefined);
  return new Map(
    standings.flatMap(({ budget }) => {
      const own = lasting.find(({ fingerprint }) => fingerprint === fingerprintOf(budget));
      const sinceMs = own && Number(BigInt(own.startsUnixNano) / NANOS_PER_MS);
      const alert = sinceMs === undefined ? undefined : alertOf(budget, { tier: '', sinceMs });
      if (!own || !alert) return [];
      const startsUnixNano = BigInt(own.startsUnixNano);
      return [[alert.fingerprint, { alert: { ...alert, startsUnixNano }, isTaken: true }] as const];
    }),
  );
}

/** The same for every collector and every life of one. 16 hex digits of SHA-256. */
function fingerprintOf({ service, slo, labels }: Budget): string {
  const identity = JSON.stringify([service.name, slo.id, Object.entries(labels).toSorted()]);
  return createHash('sha256').update(identity).digest('hex').slice(0, 16);
}

/** Undefined of objectives that count no requests. Tickets burn slowly: what they tell of began hours ago, and no moment explains it. */
function alertOf(budget: Budget, call: { tier: string; sinceMs: number }): AskedAlert | undefined {
  const signal = signalOf(budget);
  if (!signal) return undefined;
  const { service, slo } = budget;
  return {
    fingerprint: fingerprintOf(budget),
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
