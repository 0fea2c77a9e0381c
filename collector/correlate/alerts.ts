/** Alerts of another system as questions: which incident they are part of, or which one they open. Pure. */
import { NANOS_PER_SECOND } from '../telemetry/clock.ts';
import { DETECTION } from './detection.ts';
import type { Asked } from './engine.ts';
import type { RouteSignals } from './golden-signals.ts';
import type { Incident, IncidentAlert } from './incident.ts';

/** An alert that fires or is over, as far as incidents are concerned. */
export interface AskedAlert {
  fingerprint: string;
  name: string;
  service: string;
  /** Id of the objective; '' when it is about none. */
  slo: string;
  /** A path, or several as `GET /a, POST /b`; '' when the alert is about the whole service. */
  route: string;
  /** '' when it is about all. */
  method: string;
  signal: 'latency' | 'errors';
  startsUnixNano: bigint;
  /** When it ended; absent while it fires. */
  resolvedUnixNano?: bigint;
}

/** What became of an alert. */
export interface AlertTaken {
  outcome: 'opened' | 'updated' | 'known' | 'resolved' | 'ignored';
  /** Why it was ignored, with what to do; '' otherwise. */
  reason: string;
  /** The incident that it is part of, as it is now. */
  incident?: Incident;
}

/**
 * A burn-rate alert fires when its short window (5 min at least, see slo/burn-rate.ts) is bad enough, and is evaluated every
 * 30 s: the fault is older than the alert by minutes. Quiet time ends before that, and incidents that began since are the same.
 */
export const LATE_SECONDS = 600;
/** Bad for certain, however young the alert is: the end of its short window. */
const BAD_BEFORE_SECONDS = 120n;
/** An Alertmanager that went away never tells that an alert is over; it may hold an incident open for this long. */
const HOLDS_SECONDS = 86_400n;

/** Clocks of two machines may differ by so much. */
const AHEAD_SECONDS = 300n;

/** Why an alert is too old, or too young, to be explained; '' when it is neither. */
export function outOfTime({ startsUnixNano }: Pick<AskedAlert, 'startsUnixNano'>, now: bigint): string {
  if (now - startsUnixNano >= HOLDS_SECONDS * NANOS_PER_SECOND) return 'it started more than a day ago';
  if (startsUnixNano - now > AHEAD_SECONDS * NANOS_PER_SECOND)
    return 'it starts in the future; are the clocks right, and is this no replay?';
  return '';
}

/** From when on a fault that an alert tells of may have begun. */
export function earliestOnset({ startsUnixNano }: Pick<AskedAlert, 'startsUnixNano'>): bigint {
  return startsUnixNano - BigInt(LATE_SECONDS) * NANOS_PER_SECOND;
}

/** The quiet time that an alert is compared with. */
export function quietBefore(alert: Pick<AskedAlert, 'startsUnixNano'>): Asked['baseline'] {
  const toUnixNano = earliestOnset(alert);
  return { fromUnixNano: toUnixNano - BigInt(DETECTION.historySeconds) * NANOS_PER_SECOND, toUnixNano };
}

/** The question that an alert asks of one route. */
export function questionOfAlert(
  alert: AskedAlert,
  of: { method: string; route: string },
  now: bigint,
): Asked {
  const { service, signal, startsUnixNano } = alert;
  const fromUnixNano = startsUnixNano - BAD_BEFORE_SECONDS * NANOS_PER_SECOND;
  return {
    ...{ service, signal, method: of.method, route: of.route },
    onsetUnixNano: startsUnixNano,
    incident: { fromUnixNano, toUnixNano: now > startsUnixNano ? now : startsUnixNano },
    baseline: quietBefore(alert),
  };
}

/** Is an alert part of an incident: of the same signal of its route, or begun with it in the same service? */
export function isPartOf(alert: AskedAlert, incident: Incident): boolean {
  if (incident.service !== alert.service) return false;
  if (incident.signal === alert.signal && speaksOf(alert, incident)) return true;
  const onset = BigInt(incident.onsetUnixNano);
  return onset >= earliestOnset(alert) && onset <= alert.startsUnixNano + 180n * NANOS_PER_SECOND;
}

/** True where an alert names the route, or none. */
function speaksOf({ route, method }: AskedAlert, of: { method: string; route: string }): boolean {
  if (route === '') return true;
  const named = route.split(', ');
  return (
    named.includes(`${of.method} ${of.route}`) ||
    (named.includes(of.route) && (method === '' || method === of.method))
  );
}

/**
 * Of the routes that an alert speaks of, the one that is worst: most failed requests, or the p99 that grew most against the
 * quiet time. Undefined where none had a request.
 */
export function worstRoute(
  alert: AskedAlert,
  now: readonly RouteSignals[],
  quiet: readonly RouteSignals[],
): { method: string; route: string } | undefined {
  const badness = ({ method, route, points }: RouteSignals) => {
    if (alert.signal === 'errors') return points.reduce((sum, { errors }) => sum + errors, 0);
    const before = quiet.find((one) => one.method === method && one.route === route);
    return p99(points) / Math.max(p99(before?.points ?? []), 1);
  };
  return now
    .filter((one) => speaksOf(alert, one) && one.points.some(({ requests }) => requests > 0))
    .toSorted((a, b) => badness(b) - badness(a))[0];
}

function p99(points: RouteSignals['points']): number {
  return points.reduce((most, { p99Ms }) => Math.max(most, p99Ms ?? 0), 0);
}

/** An incident with an alert added to it, or marked as over. */
export function withAlert(incident: Incident, alert: AskedAlert): Incident {
  const others = (incident.alerts ?? []).filter((known) => !isSame(known, alert));
  return { ...incident, alerts: [...others, noted(alert)] };
}

/** An alert as an incident keeps it. */
export function noted(alert: AskedAlert): IncidentAlert {
  const { fingerprint, name, slo, startsUnixNano, resolvedUnixNano } = alert;
  return {
    ...{ fingerprint, name, slo, startsUnixNano: String(startsUnixNano) },
    ...(resolvedUnixNano === undefined ? {} : { resolvedUnixNano: String(resolvedUnixNano) }),
  };
}

/** One firing of an alert: its repeats and its end have the same start. */
export function isSame(
  known: IncidentAlert,
  alert: Pick<AskedAlert, 'fingerprint' | 'startsUnixNano'>,
): boolean {
  return known.fingerprint === alert.fingerprint && known.startsUnixNano === String(alert.startsUnixNano);
}

/** Does an alert that opened the incident still fire? Those that came to one of the detector's only tell of it. */
export function isHeldOpen({ openedBy, alerts = [] }: Incident, now: bigint): boolean {
  return (
    openedBy === 'alert' &&
    alerts.some(
      ({ resolvedUnixNano, startsUnixNano }) =>
        resolvedUnixNano === undefined && now - BigInt(startsUnixNano) < HOLDS_SECONDS * NANOS_PER_SECOND,
    )
  );
}
