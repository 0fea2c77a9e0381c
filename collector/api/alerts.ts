import { CollectorError } from '../telemetry/errors.ts';
import { parseAlertmanager } from './alertmanager.ts';
import type { ApiDeps, Handler } from './deps.ts';
import type { AlertsBody } from './types.ts';

type Take = NonNullable<ApiDeps['takeAlert']>;

/**
 * POST /api/v1/alerts: takes the message of Alertmanager's webhook. Firing alerts open incidents or are added to those that
 * last, resolved ones are noted; the same message again changes nothing.
 */
export const postAlerts: Handler = async (request, deps): Promise<AlertsBody> => {
  const { alerts, truncated } = parseAlertmanager(request.body);
  const take = takeOf(deps);
  const answer: AlertsBody = { opened: [], updated: [], known: [], resolved: [], ignored: [], truncated };
  const ignore = (name: string, fingerprint: string, reason: string) => {
    deps.alerts.add('ignored');
    answer.ignored.push({ name, fingerprint, reason });
  };
  for (const read of alerts) {
    if ('why' in read) {
      ignore(read.name, read.fingerprint, read.why);
      continue;
    }
    const { outcome, reason, incident } = await taken(take, read.alert);
    if (outcome === 'ignored') {
      ignore(read.alert.name, read.alert.fingerprint, reason);
      continue;
    }
    deps.alerts.add(outcome);
    const ids = answer[outcome];
    if (incident && !ids.includes(incident.id)) ids.push(incident.id);
  }
  return answer;
};

/** A sender that went away is no reason to stop: it comes again, and finds the incident known. */
async function taken(take: Take, alert: Parameters<Take>[0]): ReturnType<Take> {
  try {
    return await take(alert);
  } catch (cause) {
    if (!(cause instanceof DOMException)) throw cause;
    const message = `Alert ${alert.fingerprint} could not be explained in time, or the collector is stopping; send it again.`;
    throw new CollectorError('too-slow', message, { cause });
  }
}

function takeOf({ takeAlert }: ApiDeps): Take {
  if (takeAlert) return takeAlert;
  throw new CollectorError(
    'bad-request',
    'Incidents are switched off here (incidents.enabled: false), so no alert can open one.',
  );
}
