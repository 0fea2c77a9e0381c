import type { Store } from '../storage/store.ts';
import { mainPath } from './call-paths.ts';
import { badName, type Cohorts, loadCohorts, weightedShare } from './cohort.ts';
import { failureOrigin, MAIN_SHARE } from './failure-origin.ts';
import { finding, nameOf, untested } from './finding.ts';
import { count, duration, percent } from './format.ts';
import type { Evidence, EvidenceDeps, Finding, Question } from './incident.ts';
import { mean, type PathRow, pathRows, pathTable } from './path-rows.ts';
import { waitsForProcessor } from './processor.ts';
import { dbSystem, type SpanNode, serverOf } from './spans.ts';
import { mannWhitney, median } from './stats.ts';

/** Where in the request the time goes, or the failure begins: critical path per call path, slow against quiet. */
export const where: Evidence = async (question, store, deps) => {
  const { cohorts, missing } = await loadCohorts(question, store, deps);
  if (!cohorts) return [untested(question, 'where', missing)];
  const before = cohorts.baseline.requests;
  const bad = cohorts.bad.requests;
  const rows = pathRows(before, bad);
  const slower = mean(bad.map((r) => r.durationMs)) - mean(before.map((r) => r.durationMs));
  const errors = question.signal === 'errors' ? failureFinding(question, cohorts, rows) : undefined;
  if (errors) return [errors];
  const main = rows.find((row) => row.key === mainPath(rows)?.key);
  if (!main) return [untested(question, 'where', 'the stored traces have no spans')];
  const lack = await lackOf(question, rows, main, store, deps);
  return [timeFinding(question, cohorts, rows, slower, lack?.row ?? main, lack?.says)];
};

function timeFinding(
  question: Question,
  cohorts: Cohorts,
  rows: readonly PathRow[],
  slower: number,
  main: PathRow,
  lack: string | undefined,
): Finding {
  const itself = main.depth === 0;
  const own = itself && lack === undefined;
  const name = itself ? `${nameOf(question)} itself` : main.example.label;
  const [before, slow] = [median(main.beforeMs), median(main.slowMs)];
  const share = own ? Math.max(0, main.share - inCalls(main, rows, 'share')) : main.share;
  const p = mannWhitney(main.beforeMs, main.slowMs).p;
  const grown = own ? main.amount - inCalls(main, rows, 'amount') : main.amount;
  const holds = slower > 0 && grown >= MAIN_SHARE * slower;
  const n = `n = ${count(main.slowMs.length)}, before ${count(main.beforeMs.length)}`;
  const spread = slower > 0 && !holds ? 'No single part holds the larger half of the growth. ' : '';
  const claim = `${spread}${percent(share)} of the critical path of ${badName(question)} requests is ${name}: p50 ${duration(slow)}, before ${duration(before)} (${n}).`;
  const statement = [claim, lack ?? partsSentence(main, rows), calmSentence(main, rows)]
    .filter((text) => text)
    .join(' ');
  return located(question, cohorts, rows, main, {
    ...{ holds, name, statement, p, itself },
    effect: slow / Math.max(before, 1e-3),
    ...{ before, now: slow, share },
  });
}

/**
 * A service that waits for a processor cannot tell what it waits for from its own work: all its calls look slow. So its
 * whole part of the request is named, not the call in which the most time was seen.
 */
async function lackOf(
  question: Question,
  rows: readonly PathRow[],
  main: PathRow,
  store: Store,
  deps: EvidenceDeps,
): Promise<{ row: PathRow; says: string } | undefined> {
  const service = calleeOf(main.example);
  const top = rows.find((row) => row.example.service === service);
  if (!top) return undefined;
  const { explains, says } = await waitsForProcessor(question, service, store, deps);
  if (!explains) return undefined;
  // The call to it may have waited before it was seen there.
  const row = main.key.startsWith(top.key) ? top : { ...main, example: top.example };
  return { row, says: `${service} lacks a processor, which makes all it does slow.${says}` };
}

/** What the calls directly below a path have of its growth or share; the rest is its own. */
function inCalls(main: PathRow, rows: readonly PathRow[], what: 'amount' | 'share'): number {
  return rows.filter((row) => row.parentKey === main.key).reduce((sum, row) => sum + row[what], 0);
}

function partsSentence(main: PathRow, rows: readonly PathRow[]): string {
  const part = rows.find((row) => row.parentKey === main.key && row.amount >= MAIN_SHARE * main.amount);
  if (!part || main.depth === 0) return '';
  return `Of that, ${part.example.label} has p50 ${duration(median(part.slowMs))}, before ${duration(median(part.beforeMs))}.`;
}

function calmSentence(main: PathRow, rows: readonly PathRow[]): string {
  const calm = rows.filter(
    (row) =>
      row.depth > 0 &&
      row.amount < 0.1 * main.amount &&
      !row.key.startsWith(main.key) &&
      !main.key.startsWith(row.key),
  );
  const labels = [...new Set(calm.map((row) => row.example.label))].slice(0, 3);
  return labels.length === 0 ? '' : `${labels.join(', ')} did not change.`;
}

/** For errors: the call in which the failures of most requests begin. */
function failureFinding(question: Question, cohorts: Cohorts, rows: readonly PathRow[]): Finding | undefined {
  const origins = cohorts.bad.requests.map(failureOrigin);
  const labels = Map.groupBy(origins, (node) => `${node.service}\u0001${node.label}`);
  const [group] = [...labels.values()].sort((a, b) => b.length - a.length);
  const origin = group?.[0];
  if (!group || !origin) return undefined;
  const share = group.length / origins.length;
  const itself = origin.kind === 'server' && origin.service === question.service;
  const name = itself ? `${nameOf(question)} itself` : origin.label;
  const main = rows.find(
    (row) => row.example.label === origin.label && row.example.service === origin.service,
  );
  if (!main) return undefined;
  const quiet = cohorts.baseline.requests;
  const before = weightedShare(quiet, (request) =>
    request.spans.some((s) => s.failed && s.label === origin.label),
  );
  const statement = `In ${percent(share)} of failed requests (${count(group.length)} of ${count(origins.length)}) the failure begins in ${name}. Before, it failed in ${percent(before.share)} of requests (${count(before.hits)} of ${count(quiet.length)} stored).`;
  return located(
    question,
    cohorts,
    rows,
    { ...main, example: origin },
    {
      ...{
        holds: share >= MAIN_SHARE,
        name,
        statement,
        p: null,
        itself,
        effect: share - before.share,
      },
      ...{ before: before.share, now: share, share },
    },
  );
}

function located(
  question: Question,
  cohorts: Cohorts,
  rows: readonly PathRow[],
  main: PathRow,
  said: {
    holds: boolean;
    name: string;
    statement: string;
    p: number | null;
    itself: boolean;
    effect: number;
    before: number;
    now: number;
    share: number;
  },
): Finding {
  const requests = [...cohorts.bad.requests].sort((a, b) => a.durationMs - b.durationMs);
  const middle = requests[Math.floor(requests.length / 2)];
  const { example } = main;
  return finding(question, {
    kind: 'where',
    outcome: said.holds ? 'holds' : 'refuted',
    subject: { service: question.service, route: question.route, method: question.method, span: said.name },
    effect: said.effect,
    baseline: { value: said.before, n: cohorts.baseline.requests.length },
    incident: { value: said.now, n: cohorts.bad.requests.length },
    p: said.p,
    statement: said.statement,
    references: middle
      ? [
          {
            kind: 'trace',
            traceId: middle.traceId,
            label: `median ${badName(question)} trace, ${duration(middle.durationMs)}`,
          },
        ]
      : [],
    table: pathTable(rows, main),
    facts: {
      label: said.itself ? '' : example.label,
      name: said.name,
      system: said.itself ? '' : dbSystem(example.attributes),
      server: said.itself ? '' : serverOf(example.attributes),
      caller: said.itself ? '' : example.service,
      callee: said.itself ? '' : calleeOf(example),
      share: said.share,
      beforeMs: median(main.beforeMs),
      nowMs: median(main.slowMs),
    },
  });
}

/** The service that answered a call when its spans are stored, or that the span belongs to when it is not ours. */
function calleeOf(node: SpanNode): string {
  return node.children.find((child) => child.service !== node.service)?.service ?? node.service;
}
