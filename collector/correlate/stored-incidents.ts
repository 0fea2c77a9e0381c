import type { Store } from '../storage/store.ts';
import type { Incident } from './incident.ts';

/** Incidents of one answer at the most; the store keeps more. */
const LISTED = 500;

/** The newest incidents, and how many the store lists (a thousand at the most); what another version stored unreadably is left out of the list. */
export async function newestIncidents(
  store: Pick<Store, 'list'>,
): Promise<{ matched: number; incidents: Incident[] }> {
  const documents = await store.list('incident');
  const read = documents.slice(0, LISTED).map(({ bytes }) => parse(bytes));
  return { matched: documents.length, incidents: read.filter((incident) => incident !== undefined) };
}

/** The incidents that are open, newest first. Closed ones are told by their text and not parsed: they are many and long. */
export async function openIncidents(store: Pick<Store, 'list'>): Promise<Incident[]> {
  const documents = await store.list('incident');
  const maybe = documents.filter(({ bytes }) => textIncludes(bytes, '"state":"open"'));
  return maybe.flatMap(({ bytes }) => parse(bytes) ?? []).filter(({ state }) => state === 'open');
}

/** The incident of this id; undefined when none is stored, or one that another version stored unreadably. */
export async function readIncident(store: Pick<Store, 'list'>, id: string): Promise<Incident | undefined> {
  const [document] = await store.list('incident', { id, limit: 1 });
  return document && parse(document.bytes);
}

/**
 * The newest incident that refers to a trace (lower-case hex). Only the incidents whose stored text has the id in it
 * are parsed: every trace that is opened asks, and an incident with its evidence is long.
 */
export async function incidentOfTrace(
  store: Pick<Store, 'list'>,
  traceId: string,
): Promise<Incident | undefined> {
  for (const { bytes } of await store.list('incident')) {
    if (!textIncludes(bytes, traceId)) continue;
    const incident = parse(bytes);
    const refers = incident?.findings.some((finding) =>
      finding.references.some((reference) => 'traceId' in reference && reference.traceId === traceId),
    );
    if (refers) return incident;
  }
  return undefined;
}

/** The incident that an alert is part of, by its fingerprint and when it began to fire (decimal nanoseconds). */
export async function incidentOfAlert(
  store: Pick<Store, 'list'>,
  fingerprint: string,
  startsUnixNano: string,
): Promise<Incident | undefined> {
  for (const { bytes } of await store.list('incident')) {
    if (!textIncludes(bytes, JSON.stringify(fingerprint)) || !textIncludes(bytes, startsUnixNano)) continue;
    const incident = parse(bytes);
    const has = incident?.alerts?.some(
      (alert) => alert.fingerprint === fingerprint && alert.startsUnixNano === startsUnixNano,
    );
    if (has) return incident;
  }
  return undefined;
}

/**
 * Keeps an incident that was explained on demand; answers what is stored now. One that is stored already keeps its state,
 * its times, alerts and costs: only its explanation is renewed.
 */
export async function keepExplained(
  store: Pick<Store, 'list' | 'put'>,
  explained: Incident,
): Promise<Incident> {
  const stored = await readIncident(store, explained.id);
  const incident = stored ? renewed(stored, explained) : explained;
  const bytes = Buffer.from(JSON.stringify(incident));
  await store.put('incident', { id: incident.id, timeUnixNano: BigInt(incident.onsetUnixNano), bytes });
  return incident;
}

function renewed(stored: Incident, explained: Incident): Incident {
  const { title, verdict, unknown, confidence, harm, tryFirst, findings } = explained;
  const { baseline, incident, suspects, lacked, updatedUnixNano } = explained;
  return {
    ...stored,
    ...{ title, verdict, unknown, confidence, harm, tryFirst, findings, baseline, incident, updatedUnixNano },
    ...(suspects ? { suspects } : {}),
    ...(lacked ? { lacked } : {}),
  };
}

function textIncludes(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(text);
}

function parse(bytes: Uint8Array): Incident | undefined {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Incident;
  } catch {
    return undefined;
  }
}
