import type { Store } from '../storage/store.ts';
import { type Clock, NANOS_PER_SECOND } from '../telemetry/clock.ts';
import { CollectorError } from '../telemetry/errors.ts';
import {
  type AlertTaken,
  type AskedAlert,
  earliestOnset,
  isPartOf,
  isSame,
  noted,
  outOfTime,
  questionOfAlert,
  quietBefore,
  withAlert,
  worstRoute,
} from './alerts.ts';
import { incidentId } from './engine.ts';
import { routeName } from './format.ts';
import { readTotals } from './golden-signals.ts';
import type { OpenIncidents } from './open-incidents.ts';
import { incidentOfAlert, readIncident } from './stored-incidents.ts';

/** Incidents that alerts may open in a minute: each is explained from thousands of records. */
const OPENED_PER_MINUTE = 10;
/** Alerts of one incident; a storm of them says no more. */
const MAX_ALERTS = 50;

/** Takes one alert: opens an incident, adds to one that lasts, or says why neither. Rejects with `overloaded` above the rate. */
export type TakeAlert = (alert: AskedAlert, signal: AbortSignal) => Promise<AlertTaken>;

/** Alerts of another system, joined to the incidents that last. */
export function createAlertIntake(store: Store, open: OpenIncidents, { clock }: { clock: Clock }): TakeAlert {
  const opened: bigint[] = [];
  return async (alert, signal) => {
    if (alert.resolvedUnixNano !== undefined) return resolve(alert, open);
    const known = await incidentOfAlert(store, alert.fingerprint, String(alert.startsUnixNano));
    if (known) return { outcome: 'known', reason: '', incident: known };
    const untimely = outOfTime(alert, clock());
    if (untimely !== '') return ignored(untimely);
    const entry = (await open.all()).find(({ incident }) => isPartOf(alert, incident));
    if (entry) {
      if ((entry.incident.alerts?.length ?? 0) >= MAX_ALERTS)
        return ignored(`incident ${entry.incident.id} has ${MAX_ALERTS} alerts already`);
      const incident = await open.change(entry, withAlert(entry.incident, alert));
      return { outcome: 'updated', reason: '', incident };
    }
    const route = await routeOf(alert, store, clock(), signal);
    if (!route) return ignored(noRequests(alert));
    const asked = questionOfAlert(alert, route, clock());
    const past = await readIncident(store, incidentId(asked));
    if (past) return { outcome: 'known', reason: '', incident: past };
    admit(opened, clock());
    const incident = await open.open(asked, { openedBy: 'alert', alerts: [noted(alert)] }, signal);
    return { outcome: 'opened', reason: '', incident };
  };
}

async function resolve(alert: AskedAlert, open: OpenIncidents): Promise<AlertTaken> {
  const entry = (await open.all()).find(({ incident }) => incident.alerts?.some((one) => isSame(one, alert)));
  if (!entry) return ignored('no open incident has this alert: it is closed, or the alert was never told');
  const incident = await open.change(entry, withAlert(entry.incident, alert));
  const end = alert.resolvedUnixNano ?? 0n;
  if (incident.openedBy === 'alert' && end > entry.lastBadUnixNano) entry.lastBadUnixNano = end;
  return { outcome: 'resolved', reason: '', incident };
}

async function routeOf(alert: AskedAlert, store: Store, now: bigint, signal: AbortSignal) {
  const since = { fromUnixNano: earliestOnset(alert), toUnixNano: now };
  if (since.toUnixNano <= since.fromUnixNano) return undefined;
  const during = await readTotals(store, alert.service, since, { signal });
  if (during.length === 0) return undefined;
  return worstRoute(alert, during, await readTotals(store, alert.service, quietBefore(alert), { signal }));
}

function noRequests({ service, route, method }: AskedAlert): string {
  const of = route === '' ? 'any route' : routeName({ method, route });
  return `no requests of ${of} of service ${service} are stored since ten minutes before it started; is the service's telemetry sent here, under this name?`;
}

/** Counts an opening. Throws `overloaded` when there were too many in the last minute. */
function admit(opened: bigint[], now: bigint): void {
  const minute = 60n * NANOS_PER_SECOND;
  // Openings that a clock has not come to yet were before it was set back.
  while (opened[0] !== undefined && (now - opened[0] >= minute || opened[0] > now)) opened.shift();
  if (opened.length >= OPENED_PER_MINUTE) {
    const message = `Alerts opened ${OPENED_PER_MINUTE} incidents in the last minute, more are not explained; send it again.`;
    throw new CollectorError('overloaded', message, { retryAfterSeconds: 60 });
  }
  opened.push(now);
}

function ignored(reason: string): AlertTaken {
  return { outcome: 'ignored', reason };
}
