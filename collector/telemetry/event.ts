/** Something that happened to a service: a deploy, or what somebody tells through the API. */
export interface ServiceEvent {
  id: string;
  /** `deploy`, or another word of the one who tells: lower-case letters, digits, dashes. */
  kind: string;
  timeUnixNano: bigint;
  service: string;
  version: string;
  /** Where: service.instance.id, or what a scrape calls its instance; '' for all of it. */
  instance: string;
  environment: string;
  title: string;
  /** `telemetry` when it was seen in what a service sent, `api` when somebody told it. */
  source: 'telemetry' | 'api';
  attributes: Record<string, string>;
}

/** The event as the store keeps it. */
export function encodeEvent(event: ServiceEvent): Uint8Array {
  return Buffer.from(JSON.stringify({ ...event, timeUnixNano: String(event.timeUnixNano) }));
}

/** The event of stored bytes; undefined when another version wrote them unreadably. */
export function decodeEvent(bytes: Uint8Array): ServiceEvent | undefined {
  try {
    const { timeUnixNano, ...rest } = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return { ...rest, timeUnixNano: BigInt(timeUnixNano) };
  } catch {
    return undefined;
  }
}
