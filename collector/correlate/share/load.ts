import type { LogColumns, QueryOptions, SpanColumns, Store } from '../../storage/store.ts';
import { stringAt } from '../../telemetry/columns.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { fromHex, isZeroId, SPAN_ID_BYTES, TRACE_ID_BYTES, toHex } from '../../telemetry/ids.ts';
import { SPAN_KINDS, SPAN_STATUSES } from '../../telemetry/model.ts';
import type { Incident, Reference } from '../incident.ts';
import { spanLabel } from '../spans.ts';
import type { SharedIncident, SharedLog, SharedSpan, SharedTrace } from './shared-incident.ts';

/** A file that is mailed and printed: what it shows is bounded, and it says of how many. */
export const SHARED = { spans: 200, logs: 100, bodyLength: 2_000, traces: 20 } as const;
/** Spans that are read to choose from; a longer trace is told by its first. */
const READ_SPANS = 5_000;
const READ_LOGS = 500;
const LEVELS = ['', 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
/** Lines of a request may come a moment after it was judged. */
const AFTER_NANO = 60_000_000_000n;

type LogReference = Extract<Reference, { kind: 'log' }>;
type Reads = Pick<Store, 'trace' | 'findLogs'>;

/** Reads what a shared incident holds beside itself. What cannot be read is told in `missing`; only an abort rejects. */
export async function loadShared(
  incident: Incident,
  store: Reads,
  options: Pick<QueryOptions, 'signal' | 'timeoutMs'>,
): Promise<SharedIncident> {
  const missing: string[] = [];
  const read = async <T>(what: string, reading: Promise<T>): Promise<T | undefined> => {
    try {
      return await reading;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof CollectorError) || error.code === 'internal') throw error;
      missing.push(`${what} could not be read: ${error.message}`);
      return undefined;
    }
  };
  const traceId = leadTraceId(incident);
  const leadTrace = traceId && (await read('The lead trace', loadTrace(traceId, store, options)));
  const logs = await read('Log lines', loadLogs(incident, traceId, store, options));
  if (traceId && !leadTrace && missing.length === 0) missing.push(`Trace ${traceId} is no longer stored.`);
  return {
    incident,
    ...(leadTrace ? { leadTrace } : {}),
    logs: logs?.lines ?? [],
    logsMatched: logs?.matched ?? 0,
    missing,
  };
}

/** The trace that shows the incident best: the slowest exemplar, else the first that any finding refers to; '' without one. */
function leadTraceId({ findings }: Incident): string {
  const exemplar = findings.find(({ kind, outcome }) => kind === 'exemplars' && outcome === 'holds');
  const references = findings.flatMap((found) => found.references);
  const first = references.find((reference) => 'traceId' in reference && reference.traceId !== '');
  return String(exemplar?.facts['traceId'] || (first && 'traceId' in first ? first.traceId : ''));
}

async function loadTrace(
  traceId: string,
  store: Reads,
  options: QueryOptions,
): Promise<SharedTrace | undefined> {
  const id = fromHex(traceId, TRACE_ID_BYTES);
  if (!id) return undefined;
  const page = await store.trace({ traceIds: [id], detail: 'attributes' }, { ...options, limit: READ_SPANS });
  if (page.count === 0) return undefined;
  const { columns, count } = page;
  const start = columns.startTimeUnixNano[0]!;
  const rows = rowsOf(columns, count, start);
  const longest = rows.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, SHARED.spans);
  const shown = new Set(longest);
  const end = rows.reduce((most, row) => Math.max(most, row.startMs + row.durationMs), 0);
  return {
    ...{ traceId, startUnixNano: String(start), durationMs: end, stored: page.matched },
    spans: rows.filter((row) => shown.has(row)),
  };
}

/** All spans, each behind its parent; one whose parent is not stored is a root. Spans that are each other's parents are left out. */
function rowsOf(c: SpanColumns, count: number, start: bigint): SharedSpan[] {
  const idAt = (ids: Uint8Array, i: number) => toHex(ids, i * SPAN_ID_BYTES, SPAN_ID_BYTES);
  const stored = new Set(Array.from({ length: count }, (_, i) => idAt(c.spanId, i)));
  const byParent = Map.groupBy(
    Array.from({ length: count }, (_, i) => i),
    (i) => (stored.has(idAt(c.parentSpanId, i)) ? idAt(c.parentSpanId, i) : ''),
  );
  const rows: SharedSpan[] = [];
  const waiting = (byParent.get('') ?? []).map((i) => ({ i, depth: 0 })).reverse();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { i, depth } = next;
    rows.push(rowOf(c, i, depth, start));
    const children = byParent.get(idAt(c.spanId, i)) ?? [];
    waiting.push(...children.map((child) => ({ i: child, depth: depth + 1 })).reverse());
  }
  return rows;
}

function rowOf(c: SpanColumns, i: number, depth: number, start: bigint): SharedSpan {
  const kind = SPAN_KINDS[c.kind[i]!] ?? 'unspecified';
  return {
    depth,
    label: spanLabel(stringAt(c.name, i), kind, c.attributes?.[i] ?? {}),
    service: stringAt(c.service, i),
    startMs: Number(c.startTimeUnixNano[i]! - start) / 1e6,
    durationMs: Number(c.durationNano[i]!) / 1e6,
    failed: SPAN_STATUSES[c.status[i]!] === 'error' || c.httpStatus[i]! >= 500,
  };
}

/** Lines that findings refer to, and those of the lead trace; the first win when there are too many. */
async function loadLogs(incident: Incident, leadTrace: string, store: Reads, options: QueryOptions) {
  const references = incident.findings
    .flatMap((found) => found.references)
    .filter((reference) => reference.kind === 'log');
  const ids = [...new Set([leadTrace, ...references.map(({ traceId }) => traceId)])];
  const traceIds = ids.slice(0, SHARED.traces).flatMap((id) => fromHex(id, TRACE_ID_BYTES) ?? []);
  const told = references.map(fromReference);
  if (traceIds.length === 0) return { lines: told.slice(0, SHARED.logs), matched: told.length };
  const range = {
    fromUnixNano: BigInt(incident.baseline.fromUnixNano),
    toUnixNano: BigInt(incident.closedUnixNano ?? incident.updatedUnixNano) + AFTER_NANO,
  };
  const page = await store.findLogs(
    { ...range, traceIds, order: 'oldest' },
    { ...options, limit: READ_LOGS },
  );
  const keys = new Set(told.map(keyOf));
  const found = Array.from({ length: page.count }, (_, i) => lineOf(page.columns, i)).map((line) => ({
    ...line,
    isEvidence: keys.has(keyOf(line)),
  }));
  const there = new Set(found.map(keyOf));
  const gone = told.filter((line) => !there.has(keyOf(line)));
  const evidence = [...gone, ...found.filter((line) => line.isEvidence)];
  const ofLead = found.filter((line) => !line.isEvidence && line.traceId === leadTrace);
  const lines = [...evidence, ...ofLead].slice(0, SHARED.logs);
  return { lines: lines.toSorted(byTime), matched: page.matched + gone.length };
}

function byTime(a: SharedLog, b: SharedLog): number {
  return Number(BigInt(a.timeUnixNano) - BigInt(b.timeUnixNano));
}

function keyOf({ timeUnixNano, traceId }: SharedLog): string {
  return `${timeUnixNano} ${traceId}`;
}

/** The line as its finding tells it: what is left when the store no longer has it. */
function fromReference({ timeUnixNano, traceId, label }: LogReference): SharedLog {
  return { timeUnixNano, traceId, level: '', service: '', body: cut(label), isEvidence: true };
}

function lineOf(c: LogColumns, i: number): SharedLog {
  return {
    timeUnixNano: String(c.timeUnixNano[i]!),
    level: LEVELS[Math.ceil((c.severityNumber[i] ?? 0) / 4)] ?? '',
    service: stringAt(c.service, i),
    traceId: isZeroId(c.traceId, i * 16, 16) ? '' : toHex(c.traceId, i * 16, 16),
    body: cut(stringAt(c.body, i)),
    isEvidence: false,
  };
}

function cut(text: string): string {
  return text.length <= SHARED.bodyLength ? text : `${text.slice(0, SHARED.bodyLength)}…`;
}
