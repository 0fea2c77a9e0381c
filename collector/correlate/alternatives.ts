import { label, serviceMetric } from '../../slo/index.ts';
import type { Store } from '../storage/store.ts';
import { type Cohorts, loadCohorts } from './cohort.ts';
import { alternative, factText, untested } from './finding.ts';
import { counted, duration, pValue } from './format.ts';
import type { Evidence, EvidenceDeps, Finding, Question } from './incident.ts';
import { newRelease, oneInstance } from './origins.ts';
import { cpu, RESOURCE_Z } from './processor.ts';
import { matching, readSeries, valuesIn } from './series.ts';
import type { RequestTree } from './spans.ts';
import { mannWhitney, median, robustZ } from './stats.ts';
import { moreTraffic } from './traffic.ts';
import { callLabels, timeIn } from './traits.ts';

/** A second call explains the change too when it grew by this share of what the requests became slower by. */
const ALSO = 0.3;

/** What else could explain the change, each with its own numbers: refuted, or standing beside the verdict. */
export const alternatives: Evidence = async (question, store, deps) => {
  const { cohorts, missing } = await loadCohorts(question, store, deps);
  return [
    cohorts ? newRelease(question, cohorts) : untested(question, 'alternatives', missing, 'New release'),
    await moreTraffic(question, store, deps),
    cohorts ? oneInstance(question, cohorts) : untested(question, 'alternatives', missing, 'One instance'),
    cohorts
      ? otherCalls(question, cohorts)
      : untested(question, 'alternatives', missing, 'Another dependency'),
    await cpu(question, store, deps),
    await collection(question, store, deps),
  ];
};

function otherCalls(question: Question, { baseline, bad }: Cohorts): Finding {
  const name = 'Another dependency';
  const main = factText(question.before, 'where', 'label');
  const labels = callLabels(bad.requests).filter(
    (call) => call !== main && isSeparate(call, main, bad.requests),
  );
  if (labels.length === 0) return alternative(question, name, false, 'these requests make no other call.');
  const mean = (requests: readonly RequestTree[], of: (r: RequestTree) => number) =>
    requests.reduce((sum, request) => sum + of(request), 0) / Math.max(1, requests.length);
  const slower = mean(bad.requests, (r) => r.durationMs) - mean(baseline.requests, (r) => r.durationMs);
  const rows = labels
    .map((call) => {
      const [before, now] = [baseline, bad].map((side) =>
        side.requests.map((request) => timeIn(request, call)),
      );
      const grown =
        mean(bad.requests, (r) => timeIn(r, call)) - mean(baseline.requests, (r) => timeIn(r, call));
      return { call, before: before ?? [], now: now ?? [], grown };
    })
    .sort((a, b) => b.grown - a.grown);
  const top = rows[0]!;
  const { p } = mannWhitney(top.before, top.now);
  const explains = slower > 0 && top.grown >= ALSO * slower && p < 0.01;
  const text = `${top.call} p50 ${duration(median(top.before))} › ${duration(median(top.now))}, the most of ${counted(rows.length, 'other call')}, ${pValue(p)}.`;
  return alternative(question, name, explains, text, { effect: top.grown, p });
}

/** Calls around or inside the main one share its time and are no alternative to it. */
function isSeparate(call: string, main: string, requests: readonly RequestTree[]): boolean {
  if (main === '') return true;
  const contains = (node: RequestTree['entry'], what: string): boolean =>
    node.children.some((child) => child.label === what || contains(child, what));
  return !requests.some((request) =>
    request.spans.some(
      (node) =>
        (node.label === call && contains(node, main)) || (node.label === main && contains(node, call)),
    ),
  );
}

async function collection(question: Question, store: Store, deps: EvidenceDeps): Promise<Finding> {
  const name = 'Garbage collection';
  const longest = { [label.job]: question.service, [label.quantile]: '1' };
  const range = { fromUnixNano: question.baseline.fromUnixNano, toUnixNano: question.incident.toUnixNano };
  const series = await readSeries(store, matching(serviceMetric.gcDuration, longest), range, deps);
  const [before, now] = [question.baseline, question.incident].map((window) =>
    series.flatMap((data) => valuesIn(data, window)).map((seconds) => seconds * 1000),
  );
  if (!before || !now || before.length < 3 || now.length === 0) {
    return untested(question, 'alternatives', 'no GC metrics are stored on both sides', name);
  }
  const z = robustZ(median(now), before, 1);
  const slower =
    Number(factText(question.before, 'symptom', 'p99NowMs')) -
    Number(factText(question.before, 'symptom', 'p99BeforeMs'));
  const explains = z >= RESOURCE_Z && median(now) >= ALSO * Math.max(slower, 1);
  const text = `longest pause ${duration(median(before))} › ${duration(median(now))}, z ${z.toFixed(1)}.`;
  return alternative(question, name, explains, text, {
    effect: z,
    baseline: { value: median(before), n: before.length },
    incident: { value: median(now), n: now.length },
  });
}
