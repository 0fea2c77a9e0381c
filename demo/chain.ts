import type {
  Finding,
  Incident,
  LogsBody,
  Reference,
  SeriesBody,
  TraceBody,
} from '../collector/api/types.ts';
import { serviceMetric, suffix } from '../slo/index.ts';

/** Asks the collector's API; rejects when it does not answer 200. */
export type Ask = <T>(path: string) => Promise<T>;

/** One link of the chain from the jump to the log line: what was looked for in the stored data, and what was found. */
export interface Link {
  name: string;
  found: boolean;
  says: string;
}

type TraceReference = Extract<Reference, { traceId: string }>;

function traceReferences(finding: Finding | undefined): TraceReference[] {
  return (finding?.references ?? []).filter(
    (reference): reference is TraceReference => 'traceId' in reference,
  );
}

function findingOf(incident: Incident, kind: Finding['kind']): Finding | undefined {
  return incident.findings.find((finding) => finding.kind === kind && finding.outcome === 'holds');
}

/** p99 by route was scraped, before and after the onset: the series that the symptom speaks of is stored. */
async function metricLink(incident: Incident, ask: Ask): Promise<Link> {
  const symptom = findingOf(incident, 'symptom');
  const name = `${serviceMetric.requestDuration}${suffix.bucket}`;
  const selector = `${name}{http_route="${incident.route}",http_request_method="${incident.method}"}`;
  const query = new URLSearchParams({
    match: selector,
    from: incident.baseline.fromUnixNano,
    to: incident.incident.toUnixNano,
  });
  const series = await ask<SeriesBody>(`/api/v1/series?${query}`);
  const found =
    symptom !== undefined && series.series.length > 0 && symptom.incident.value > symptom.baseline.value;
  return {
    name: 'metric: p99 of the route jumped',
    found,
    says: symptom?.statement ?? 'no symptom with its numbers',
  };
}

/** The exemplar (or slow trace) the incident names is stored, with its spans. */
async function traceLink(incident: Incident, ask: Ask): Promise<Link & { traceId: string }> {
  const reference = traceReferences(findingOf(incident, 'exemplars'))[0];
  const name = 'exemplar: leads to a stored trace';
  if (!reference) return { name, found: false, says: 'the incident names no trace', traceId: '' };
  const trace = await ask<TraceBody>(`/api/v1/traces/${reference.traceId}`);
  return {
    name,
    found: trace.count > 0,
    says: `trace_id ${reference.traceId}: ${trace.count} of ${trace.matched} spans, ${Math.round(trace.durationMs)} ms`,
    traceId: reference.traceId,
  };
}

/** In that trace the dependency's span holds most of the time. */
async function spanLink(traceId: string, dependency: string, incident: Incident, ask: Ask): Promise<Link> {
  const name = `trace: the slow traces wait in ${dependency}`;
  const difference = findingOf(incident, 'difference');
  if (!traceId || !difference)
    return { name, found: false, says: 'no difference between slow and quiet traces was found' };
  const trace = await ask<TraceBody>(`/api/v1/traces/${traceId}`);
  const labels = trace.label.index.map((position) => trace.label.dictionary[position]);
  const waited = labels.reduce(
    (sum, label, i) => sum + (label === dependency ? (trace.durationsMs[i] ?? 0) : 0),
    0,
  );
  const share = trace.durationMs > 0 ? waited / trace.durationMs : 0;
  return {
    name,
    found: share > 0.5,
    says: `${difference.statement} In trace ${traceId} ${dependency} takes ${Math.round(waited)} of ${Math.round(trace.durationMs)} ms.`,
  };
}

/** The log line the incident names is stored under a trace id that is stored too. */
async function logLink(incident: Incident, ask: Ask): Promise<Link> {
  const name = 'log: the line that came with it';
  const logs = findingOf(incident, 'logs');
  const reference = traceReferences(logs).find((found) => found.kind === 'log');
  if (!logs || !reference) return { name, found: false, says: 'the incident names no log line' };
  const lines = await ask<LogsBody>(`/api/v1/traces/${reference.traceId}/logs`);
  const line = lines.logs.find(
    (log) => log.timeUnixNano === (reference.kind === 'log' ? reference.timeUnixNano : ''),
  );
  const trace = await ask<TraceBody>(`/api/v1/traces/${reference.traceId}`);
  return {
    name,
    found: line !== undefined && trace.count > 0,
    says: `${logs.statement} For one: ${line?.level ?? ''} "${line?.body ?? ''}" at ${line?.caller ?? ''}, trace_id ${reference.traceId}.`,
  };
}

/**
 * Follows the incident through the stored data, link by link, by the public API alone.
 * @param dependency what the slow traces are expected to wait for, as texts show it (`redis.GET`)
 */
export async function followChain(incident: Incident, dependency: string, ask: Ask): Promise<Link[]> {
  const metric = await metricLink(incident, ask);
  const { traceId, ...trace } = await traceLink(incident, ask);
  const span = await spanLink(traceId, dependency, incident, ask);
  const log = await logLink(incident, ask);
  return [metric, trace, span, log];
}

/** The links as text, one a line, with what is missing said. */
export function renderChain(links: readonly Link[]): string {
  return links
    .map((link) => `${link.found ? 'found  ' : 'MISSING'}  ${link.name}\n         ${link.says}`)
    .join('\n');
}
