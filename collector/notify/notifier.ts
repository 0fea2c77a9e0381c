import type { ConfidenceTier, Incident } from '../correlate/incident.ts';
import { NOTIFY_FORMATS, type NotifyFormat } from './formats.ts';
import { eventOf, isSure, type NotifyEvent } from './notification.ts';
import { Webhook, type WebhookDeps } from './webhook.ts';

/** Incidents of which a target remembers that it passed them over. */
const REMEMBERED = 1_000;

/** One place that is told of incidents. */
export interface NotifyTarget {
  url: string;
  on: readonly NotifyEvent[];
  format: NotifyFormat;
  /** Less sure incidents are not told; one that becomes sure enough is told as opened then. */
  minConfidence: ConfidenceTier;
  /** Where readers find the console; messages link to the incident there. */
  consoleUrl?: string | undefined;
}

export interface Notifier {
  /** Queues a message about each of the incidents for every target that wants it; never waits. */
  tell(incidents: readonly Incident[]): void;
  counts(): ReturnType<Webhook['counts']>[];
  stop(): Promise<void>;
}

/** Tells of incidents by webhooks; the name of a target is its place in the configuration, `notify[0]`. */
export function createNotifier(targets: readonly NotifyTarget[], deps: WebhookDeps): Notifier {
  const told = targets.map((target, i) => {
    const render = NOTIFY_FORMATS[target.format];
    const webhook = new Webhook({ name: `notify[${i}]`, url: target.url, render }, deps);
    return { webhook, tell: telling(target, webhook) };
  });
  return {
    tell: (incidents) => {
      for (const incident of incidents) for (const { tell } of told) tell(incident);
    },
    counts: () => told.map(({ webhook }) => webhook.counts()),
    stop: async () => {
      await Promise.all(told.map(({ webhook }) => webhook.stop()));
    },
  };
}

function telling(target: NotifyTarget, webhook: Webhook): (incident: Incident) => void {
  const passedOver = new Set<string>();
  return (incident) => {
    const { id } = incident;
    const isKnown = !passedOver.has(id);
    let event = eventOf(incident);
    if (event === 'closed' && !isKnown) {
      passedOver.delete(id);
      return;
    }
    if (event !== 'closed' && !isSure(incident, target.minConfidence)) {
      if (event === 'opened') remember(passedOver, id);
      return;
    }
    if (event === 'updated' && !isKnown) {
      passedOver.delete(id);
      event = 'opened';
    }
    if (!target.on.includes(event)) return;
    // Messages wait in memory, and findings are long.
    const { findings: _findings, ...head } = incident;
    webhook.tell({ event, incident: head, link: linkOf(target, id) });
  };
}

function remember(ids: Set<string>, id: string): void {
  const [oldest] = ids;
  if (ids.size >= REMEMBERED && oldest !== undefined) ids.delete(oldest);
  ids.add(id);
}

function linkOf({ consoleUrl }: NotifyTarget, id: string): string {
  return consoleUrl === undefined
    ? ''
    : `${consoleUrl.replace(/\/+$/, '')}/incidents/${encodeURIComponent(id)}`;
}
