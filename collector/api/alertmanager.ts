import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { ruleLabel } from '../../slo/index.ts';
import type { AskedAlert } from '../correlate/alerts.ts';
import { NANOS_PER_MS } from '../telemetry/clock.ts';
import { CollectorError } from '../telemetry/errors.ts';

/** Alerts of one message, and labels of one alert; a group of more is cut by Alertmanager's `max_alerts`. */
export const ALERT_LIMITS = { alerts: 500, labels: 100, length: 2_000 } as const;

/** An alert that says which incident it is about, or why it is about none. */
export type ReadAlert = { alert: AskedAlert } | { name: string; fingerprint: string; why: string };

const text = v.pipe(
  v.string('must be text'),
  v.maxLength(ALERT_LIMITS.length, `must have at most ${ALERT_LIMITS.length} characters`),
);
const time = v.pipe(
  v.string('must be text'),
  v.check(
    (t) => /^\d{4}-\d\d-\d\dT/.test(t) && t.length <= 40 && !Number.isNaN(Date.parse(t)),
    'must be a time like 2026-01-31T14:22:00Z',
  ),
);

/**
 * What is read of Alertmanager's message; its other keys are passed over, as newer versions add some.
 * Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
const Message = v.object({
  version: v.literal('4', 'must be "4", the version of Alertmanager since 0.5'),
  truncatedAlerts: v.optional(v.pipe(v.number('must be a number'), v.minValue(0, 'must be 0 or more')), 0),
  alerts: v.pipe(
    v.array(
      v.object({
        status: v.picklist(['firing', 'resolved'], 'must be firing or resolved'),
        labels: v.pipe(
          v.record(text, text, 'must be a mapping of texts'),
          v.check(
            (labels) => Object.keys(labels).length <= ALERT_LIMITS.labels,
            `must have at most ${ALERT_LIMITS.labels} labels`,
          ),
        ),
        startsAt: time,
        endsAt: v.optional(time),
        fingerprint: v.optional(v.pipe(text, v.regex(/^[0-9a-f]{1,64}$/, 'must be hex digits'))),
      }),
      'must be a list',
    ),
    v.maxLength(
      ALERT_LIMITS.alerts,
      `must have at most ${ALERT_LIMITS.alerts} entries; set max_alerts of the webhook_config`,
    ),
  ),
});
type MessageAlert = v.InferOutput<typeof Message>['alerts'][number];

/**
 * Reads the JSON that Alertmanager's webhook sends (version 4). Throws `bad-request` with every fault and its path.
 * @returns its alerts in order, and how many Alertmanager left out
 */
export function parseAlertmanager(body: unknown): { alerts: ReadAlert[]; truncated: number } {
  // To the schema a list is an object, too.
  const result = v.safeParse(Message, Array.isArray(body) ? undefined : body);
  if (!result.success) {
    const faults = result.issues.slice(0, 10).map(problemOf).join(' ');
    throw new CollectorError('bad-request', `This is no message of Alertmanager's webhook. ${faults}`);
  }
  return { alerts: result.output.alerts.map(readAlert), truncated: result.output.truncatedAlerts };
}

function problemOf(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  if (path === null) return 'The body must be a JSON object.';
  return issue.received === 'undefined' ? `${path} is missing.` : `${path}: ${issue.message}.`;
}

function readAlert({ status, labels, startsAt, endsAt, fingerprint }: MessageAlert): ReadAlert {
  const of = {
    name: labels['alertname'] ?? '',
    fingerprint: fingerprint ?? fingerprintOf(labels),
  };
  const service = labels[ruleLabel.service] ?? '';
  if (service === '') return { ...of, why: `it has no label ${ruleLabel.service}` };
  const signal = signalOf(labels);
  if (!signal) return { ...of, why: noSignal(labels) };
  const resolved = status === 'resolved' ? { resolvedUnixNano: nanos(endsAt ?? startsAt) } : {};
  return {
    alert: {
      ...{ ...of, service, signal, startsUnixNano: nanos(startsAt) },
      slo: labels[ruleLabel.slo] ?? '',
      route: labels[ruleLabel.route] ?? '',
      method: labels[ruleLabel.method] ?? '',
      ...resolved,
    },
  };
}

/** The golden signal: of an objective by its kind, of any other alert by a label `signal`. */
function signalOf(labels: Record<string, string>): AskedAlert['signal'] | undefined {
  const kind = labels['signal'] ?? labels[ruleLabel.sli];
  if (kind === 'latency') return 'latency';
  return kind === 'availability' || kind === 'errors' ? 'errors' : undefined;
}

function noSignal(labels: Record<string, string>): string {
  const kind = labels[ruleLabel.sli];
  return kind === undefined
    ? `it has no label ${ruleLabel.sli} (availability, errors or latency) and no label signal (errors or latency)`
    : `an objective of the kind ${kind} is about no requests of a route`;
}

/** Of versions that send none: labels are an alert's identity. */
function fingerprintOf(labels: Record<string, string>): string {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 16);
}

function nanos(rfc3339: string): bigint {
  return BigInt(Date.parse(rfc3339)) * NANOS_PER_MS;
}
