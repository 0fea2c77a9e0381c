import { label, serviceMetric, suffix } from '../../slo/index.ts';
import type { Store } from '../storage/store.ts';
import { mainLabel } from './call-paths.ts';
import { badName, type Cohorts, loadCohorts } from './cohort.ts';
import { finding, nameOf, untested } from './finding.ts';
import { clockTime, count, counted, duration } from './format.ts';
import type { Evidence, EvidenceDeps, Finding, FindingTable, Question } from './incident.ts';
import { bounds, type ExemplarRow, matching, readExemplars } from './series.ts';
import { loadRequests, type RequestTree } from './spans.ts';

/** Exemplars that are followed to their traces; the table shows as many. */
const FOLLOWED = 8;

/** From the histogram's bad buckets to stored traces; without exemplars, the slowest stored traces of the route. */
export const exemplars: Evidence = async (question, store, deps) => {
  const { cohorts, missing } = await loadCohorts(question, store, deps);
  if (!cohorts) return [untested(question, 'exemplars', missing)];
  // Exemplars do not say which attributes their requests have.
  const rows = question.where?.length ? [] : await badExemplars(question, cohorts, store, deps);
  const followed = await follow(question, rows, store, deps);
  const worst = [...cohorts.bad.requests].sort((a, b) => b.durationMs - a.durationMs).slice(0, FOLLOWED);
  return [told(question, cohorts, rows, followed.length > 0 ? followed : worst, followed.length)];
};

/** Exemplars above the usual p95 (when errors are asked about: of failed codes), the slowest first. */
async function badExemplars(
  question: Question,
  cohorts: Cohorts,
  store: Store,
  deps: EvidenceDeps,
): Promise<ExemplarRow[]> {
  const name = `${serviceMetric.requestDuration}${suffix.bucket}`;
  const labels = { [label.job]: question.service, [label.route]: question.route };
  const rows = await readExemplars(store, matching(name, labels), question.incident, deps);
  const bad = rows.filter((row) =>
    question.signal === 'errors'
      ? (row.info.labels[label.statusCode] ?? '').startsWith('5')
      : row.value * 1000 > cohorts.slowMs,
  );
  return [...new Map(bad.map((row) => [row.traceId, row])).values()].sort((a, b) => b.value - a.value);
}

/** The stored traces of the exemplars; an exemplar names its server span, which is the entry. */
async function follow(
  question: Question,
  rows: readonly ExemplarRow[],
  store: Store,
  deps: EvidenceDeps,
): Promise<RequestTree[]> {
  const entries = new Map(rows.slice(0, FOLLOWED).map((row) => [row.traceId, row.spanId]));
  if (entries.size === 0) return [];
  const requests = await loadRequests(store, entries, bounds(deps));
  return requests
    .filter((request) => request.entry.service === question.service)
    .sort((a, b) => b.durationMs - a.durationMs);
}

function told(
  question: Question,
  cohorts: Cohorts,
  rows: readonly ExemplarRow[],
  shown: readonly RequestTree[],
  followed: number,
): Finding {
  const mains = shown.map(mainLabel);
  const [main, same] = mostFrequent(mains.map((node) => node.label));
  const bad = badName(question);
  const how =
    followed > 0
      ? `${counted(followed, 'exemplar')} of the bad buckets ${followed === 1 ? 'leads' : 'lead'} to stored traces.`
      : `${noneFollowed(question, rows.length)}; the slowest stored traces stand in.`;
  const where = `${count(same)} of ${count(shown.length)} spend the larger half of their time in ${main}.`;
  const limit =
    question.signal === 'errors' ? '' : `, over ${duration(cohorts.slowMs)} (the usual p95) or failed`;
  const cohort = `${counted(cohorts.bad.stored, `${bad} trace`)}${limit}, of ${count(cohorts.current.stored)} stored since the onset.`;
  return finding(question, {
    kind: 'exemplars',
    outcome: 'holds',
    effect: same / Math.max(1, shown.length),
    baseline: { value: cohorts.slowMs, n: cohorts.baseline.stored },
    incident: { value: followed, n: cohorts.bad.stored },
    statement: `${how} ${where} ${cohort}`,
    references: shown.map((request) => ({
      kind: 'trace',
      traceId: request.traceId,
      label: `${nameOf(question)}, ${duration(request.durationMs)}`,
    })),
    table: table(
      shown,
      mains.map((node) => node.label),
    ),
    charts: [],
    facts: {
      followed,
      main,
      slowMs: cohorts.slowMs,
      bad: cohorts.bad.stored,
      stored: cohorts.current.stored,
      traceId: shown[0]?.traceId ?? '',
    },
  });
}

function noneFollowed({ where = [] }: Question, found: number): string {
  return where.length > 0
    ? 'Exemplars do not tell the attributes of their requests'
    : `No exemplar leads to a stored trace (${count(found)} found)`;
}

function table(shown: readonly RequestTree[], mains: readonly string[]): FindingTable {
  return {
    columns: [
      { title: 'Trace', align: 'left' },
      { title: 'Time', align: 'left' },
      { title: 'Total', align: 'right' },
      { title: 'Mostly in', align: 'left' },
    ],
    rows: shown.map((request, i) => ({
      cells: [
        request.traceId.slice(0, 12),
        clockTime(request.entry.startUnixNano),
        duration(request.durationMs),
        mains[i] ?? '',
      ],
      reference: i,
    })),
  };
}

function mostFrequent(labels: readonly string[]): [string, number] {
  const groups = [...Map.groupBy(labels, (text) => text)].sort((a, b) => b[1].length - a[1].length);
  return [groups[0]?.[0] ?? '', groups[0]?.[1].length ?? 0];
}
