import type { ConfidenceTier, Incident } from '../correlate/incident.ts';

/** What of an incident is told. */
export const NOTIFY_EVENTS = ['opened', 'updated', 'closed'] as const;
export type NotifyEvent = (typeof NOTIFY_EVENTS)[number];

/** From the least sure to the surest. */
export const CONFIDENCE_TIERS = [
  'insufficient evidence',
  'low',
  'medium',
  'high',
] as const satisfies ConfidenceTier[];

/** An incident as it is told: its findings stay in the store. */
export type ToldIncident = Omit<Incident, 'findings'>;

/** One message about an incident. */
export interface Notification {
  event: NotifyEvent;
  incident: ToldIncident;
  /** Where a reader opens it; '' when it is not known. */
  link: string;
}

/** The JSON body of a message, in one format. Pure. */
export type RenderNotification = (notification: Notification) => object;

/** What the detector's answer tells: an incident that opens has just been written for the first time. */
export function eventOf({ state, openedUnixNano, updatedUnixNano }: Incident): NotifyEvent {
  if (state === 'closed') return 'closed';
  return openedUnixNano === updatedUnixNano ? 'opened' : 'updated';
}

/** True when an incident is explained at least that surely. */
export function isSure(incident: Incident, least: ConfidenceTier): boolean {
  return CONFIDENCE_TIERS.indexOf(incident.confidence.tier) >= CONFIDENCE_TIERS.indexOf(least);
}
