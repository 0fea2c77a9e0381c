import type { Store } from '../storage/store.ts';
import { fromHex, TRACE_ID_BYTES } from '../telemetry/ids.ts';
import { badName, type Cohorts, loadCohorts } from './cohort.ts';
import { factText, finding, held, untested } from './finding.ts';
import { clockTime, count, counted, percent, pValue } from './format.ts';
import type { Evidence, EvidenceDeps, Finding, FindingTable, Question } from './incident.ts';
import { distinct, type LogLine, MAX_LINES, readLines, type Template, withTemplates } from './log-lines.ts';
import type { RequestTree } from './spans.ts';
import { benjaminiHochberg, fisherExact, riskDifference } from './stats.ts';

/** Trace ids asked for at once. */
const TRACES_PER_QUERY = 100;
/** False discovery rate below which a template counts as changed. */
const Q_LIMIT = 0.01;
/** Templates that rarely come with slow requests explain few of them. Source of .05: the recipe on labelled faults. */
const LEAST_DIFFERENCE = 0.05;
/** Lines at error level are more often evidence of a fault. Source: weighed on 24 labelled faults of TrainTicket. */
const ERROR_WEIGHT = 1.25;
const WARN = 13;
const ROWS = 6;

interface Changed {
  template: Template;
  lines: LogLine[];
  hits: number;
  hitsBefore: number;
  linesBefore: number;
  low: number;
  difference: number;
  q: number;
  changes: boolean;
  weight: number;
}

/** The log template that comes with slow requests and not with quiet ones, joined by trace id. */
export const logs: Evidence = async (question, store, deps) => {
  const { cohorts, missing } = await loadCohorts(question, store, deps);
  if (!cohorts) return [untested(question, 'logs', missing)];
  const slow = await linesOf(cohorts.bad.requests, question, store, deps);
  const before = await linesOf(cohorts.baseline.requests, question, store, deps);
  if (slow.length + before.length === 0) return [await byTime(question, store, deps)];
  return [byTrace(question, cohorts, slow, before)];
};

async function linesOf(
  requests: readonly RequestTree[],
  question: Question,
  store: Store,
  deps: EvidenceDeps,
): Promise<LogLine[]> {
  const ids = requests.flatMap((request) => fromHex(request.traceId, TRACE_ID_BYTES) ?? []);
  const range = { fromUnixNano: question.baseline.fromUnixNano, toUnixNano: question.incident.toUnixNano };
  const lines: LogLine[] = [];
  for (let i = 0; i < ids.length && lines.length < MAX_LINES; i += TRACES_PER_QUERY) {
    const traceIds = ids.slice(i, i + TRACES_PER_QUERY);
    lines.push(...(await readLines({ ...range, traceIds, order: 'oldest' }, store, deps)));
  }
  return distinct(lines);
}

function byTrace(
  question: Question,
  cohorts: Cohorts,
  slow: readonly LogLine[],
  before: readonly LogLine[],
): Finding {
  const totals = { slow: cohorts.bad.requests.length, before: cohorts.baseline.requests.length };
  const changed = compare(slow, before, totals);
  const calls = new Set(
    cohorts.bad.requests.flatMap((request) =>
      request.spans
        .filter((node) => node.label === factText(question.before, 'where', 'label'))
        .map((n) => n.spanId),
    ),
  );
  const head = headOf(changed, calls);
  const bad = badName(question);
  const n = `${count(totals.slow)} ${bad} traces, ${count(totals.before)} before`;
  const table = tableOf(changed, n);
  if (!head) {
    const statement = `No log template changed: ${count(changed.length)} compared in ${n}.`;
    return finding(question, { kind: 'logs', outcome: 'refuted', statement, table });
  }
  return finding(question, { ...headFinding(head, totals, question), kind: 'logs', outcome: 'holds', table });
}

function compare(
  slow: readonly LogLine[],
  before: readonly LogLine[],
  totals: { slow: number; before: number },
): Changed[] {
  const sides = withTemplates([slow, before]);
  const [late, early] = sides.map((side) => Map.groupBy(side, (line) => line.template.key));
  const keys = [...new Set([...(late?.keys() ?? []), ...(early?.keys() ?? [])])];
  const rows = keys.map((key) => {
    const [lines, old] = [late?.get(key) ?? [], early?.get(key) ?? []];
    const hits = new Set(lines.map((line) => line.traceId)).size;
    const hitsBefore = new Set(old.map((line) => line.traceId)).size;
    const { difference, low } = riskDifference(hits, totals.slow, hitsBefore, totals.before);
    const p = fisherExact(hits, totals.slow, hitsBefore, totals.before);
    const template = (lines[0] ?? old[0])!.template;
    return { template, lines, hits, hitsBefore, linesBefore: old.length, low, difference, p };
  });
  const q = benjaminiHochberg(rows.map((row) => row.p));
  return rows
    .map((row, i) => ({
      ...row,
      q: q[i]!,
      changes: q[i]! < Q_LIMIT && Math.abs(row.difference) >= LEAST_DIFFERENCE,
      weight: row.low * ((row.lines[0]?.severityNumber ?? 0) > WARN + 3 ? ERROR_WEIGHT : 1),
    }))
    .sort(
      (a, b) =>
        Number(b.changes) - Number(a.changes) ||
        b.weight - a.weight ||
        (a.template.key < b.template.key ? -1 : 1),
    );
}

/**
 * The template that explains most: one that came with slow requests, is not the access line, and, where there are
 * such, was written inside the call that took the time; the level decides no further than the weight.
 */
function headOf(changed: readonly Changed[], calls: ReadonlySet<string>): Changed | undefined {
  const rose = changed.filter((row) => row.changes && row.difference > 0 && !row.template.access);
  const inside = rose.filter((row) => row.lines.some((line) => calls.has(line.spanId)));
  return inside[0] ?? rose[0];
}

function headFinding(
  head: Changed,
  totals: { slow: number; before: number },
  question: Question,
): Omit<Partial<Finding>, 'kind' | 'outcome'> & { statement: string } {
  const bad = badName(question);
  const first = head.lines[0]!;
  const lead = leadLine(head.lines, question);
  const shown = [lead, ...head.lines.filter((line) => line !== lead)];
  const isNew = head.linesBefore === 0 ? `New since ${clockTime(first.timeUnixNano)}: ` : '';
  const each = (head.lines.length / totals.slow).toFixed(2);
  const where = [head.template.level, head.template.caller].filter((part) => part).join(', ');
  const statement = `${isNew}"${head.template.text}" (${where}): ${counted(head.lines.length, 'line')} in ${percent(head.hits / totals.slow)} of ${count(totals.slow)} ${bad} traces, ${each} each; before: ${counted(head.linesBefore, 'line')} in ${counted(totals.before, 'trace')} (${pValue(head.q, 'q')}).${reasonSentence(head.lines)}`;
  return {
    effect: head.difference,
    baseline: { value: head.hitsBefore / Math.max(1, totals.before), n: totals.before },
    incident: { value: head.hits / totals.slow, n: totals.slow },
    p: head.q,
    statement,
    references: shown.slice(0, 3).map((line) => ({
      kind: 'log',
      traceId: line.traceId,
      spanId: line.spanId,
      timeUnixNano: String(line.timeUnixNano),
      label: `${clockTime(line.timeUnixNano)} ${head.template.level} ${head.template.text}`,
    })),
    facts: {
      template: head.template.text,
      level: head.template.level,
      caller: head.template.caller,
      isNew: head.linesBefore === 0 ? 1 : 0,
      firstUnixNano: String(first.timeUnixNano),
      traceId: lead.traceId,
      spanId: lead.spanId,
      share: head.hits / totals.slow,
      shareBefore: head.hitsBefore / Math.max(1, totals.before),
      lines: head.lines.length,
      joinedBy: 'trace id',
      error: reasonOf(head.lines)?.text ?? '',
    },
  };
}

/** The error that most of the lines tell beside their message, and how many do. */
function reasonOf(lines: readonly LogLine[]): { text: string; n: number } | undefined {
  const told = Map.groupBy(
    lines.filter(({ reason }) => reason !== ''),
    ({ reason }) => reason,
  );
  const [most] = [...told].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  return most && { text: most[0], n: most[1].length };
}

function reasonSentence(lines: readonly LogLine[]): string {
  const reason = reasonOf(lines);
  return reason ? ` ${count(reason.n)} of ${count(lines.length)} say: "${reason.text}".` : '';
}

/** The line to show: of the first trace among the exemplars that has one, so that who follows it meets the line. */
function leadLine(lines: readonly LogLine[], { before }: Question): LogLine {
  for (const reference of held(before, 'exemplars')?.references ?? []) {
    if (reference.kind === 'series') continue;
    const line = lines.find(({ traceId }) => traceId === reference.traceId);
    if (line) return line;
  }
  return lines[0]!;
}

/** Without a line that carries a trace id: the service's warnings and errors, per minute of each window. */
async function byTime(question: Question, store: Store, deps: EvidenceDeps): Promise<Finding> {
  const query = { service: question.service, minSeverityNumber: WARN, order: 'oldest' as const };
  const late = await readLines({ ...query, ...question.incident }, store, deps);
  const early = await readLines({ ...query, ...question.baseline }, store, deps);
  if (late.length + early.length === 0) {
    return untested(
      question,
      'logs',
      `no log lines of these traces, and no warnings of ${question.service}, are stored`,
    );
  }
  const minutes = (range: Question['baseline']) => Number(range.toUnixNano - range.fromUnixNano) / 60e9;
  const earlyBy = Map.groupBy(early, (line) => line.template.key);
  const rows = [...Map.groupBy(late, (line) => line.template.key).values()].map((lines) => ({
    lines,
    now: lines.length / minutes(question.incident),
    before: (earlyBy.get(lines[0]!.template.key)?.length ?? 0) / minutes(question.baseline),
  }));
  const [top] = rows.sort((a, b) => b.now - b.before - (a.now - a.before));
  if (!top || top.now < 2 * top.before + 1) {
    return untested(
      question,
      'logs',
      'no log line carries the id of these traces, and no warning became more frequent',
    );
  }
  const first = top.lines[0]!;
  const statement = `"${first.template.text}" (${first.template.level}) comes ${top.now.toFixed(1)} times a minute, before ${top.before.toFixed(1)}. The lines carry no trace id: joined by service and time, which does not prove that they belong to these requests.`;
  return {
    ...untested(question, 'logs', ''),
    statement,
    facts: { template: first.template.text, joinedBy: 'time' },
  };
}

function tableOf(changed: readonly Changed[], n: string): FindingTable {
  return {
    columns: [
      { title: 'Template', align: 'left' },
      { title: 'Before', align: 'right' },
      { title: 'Now', align: 'right' },
    ],
    rows: changed.slice(0, ROWS).map((row) => ({
      cells: [
        `${row.template.level} ${row.template.text}`.trim(),
        count(row.linesBefore),
        count(row.lines.length),
      ],
      emphasis: row.changes && !row.template.access,
    })),
    caption: `Lines in ${n}. ${count(Math.min(ROWS, changed.length))} of ${count(changed.length)} templates; ${count(changed.filter((row) => row.changes).length)} changed.`,
  };
}
