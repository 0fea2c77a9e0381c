import { label, resourceAttribute, serviceMetric } from '../../slo/index.ts';
import type { Store } from '../storage/store.ts';
import { type Cohorts, loadCohorts } from './cohort.ts';
import { alternative, factText, untested } from './finding.ts';
import { count, counted, duration, percent, pValue, rate } from './format.ts';
import type { Evidence, EvidenceDeps, Finding, Question } from './incident.ts';
import { LOOKBACK_NANO, matching, ratesOf, readSeries, valuesIn } from './series.ts';
import { plain, type RequestTree } from './spans.ts';
import { fisherExact, mannWhitney, median, robustZ } from './stats.ts';
import { moreTraffic } from './traffic.ts';
import { callLabels, timeIn } from './traits.ts';

/** Robust spreads from which a resource is named. Source: the recipe on labelled faults, where it gave no false one. */
const RESOURCE_Z = 6;
/** CPU below this share of what the process may use does not make requests wait. */
const BUSY = 0.7;
/** One instance is to blame when its bad share is this many times that of the others. */
const ONE_INSTANCE = 2;
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

function valuesOf(requests: readonly RequestTree[], key: string): Map<string, RequestTree[]> {
  return Map.groupBy(requests, (request) => plain(request.entry.resource[key]));
}

function newRelease(question: Question, { baseline, current }: Cohorts): Finding {
  const name = 'New release';
  const key = resourceAttribute.serviceVersion;
  const [before, now] = [valuesOf(baseline.requests, key), valuesOf(current.requests, key)];
  const known = [...now.keys()].filter((version) => version !== '');
  if (known.length === 0) return untested(question, 'alternatives', `spans carry no ${key}`, name);
  const fresh = known.find((version) => !before.has(version));
  const n = `${count(current.requests.length)} traces, ${count(baseline.requests.length)} before`;
  if (fresh === undefined)
    return alternative(
      question,
      name,
      false,
      `${question.service} ${known.join(', ')} before and since (${n}).`,
    );
  const share = (now.get(fresh)?.length ?? 0) / current.requests.length;
  return alternative(
    question,
    name,
    true,
    `${question.service} ${fresh} is new since the onset, ${percent(share)} of traces (${n}).`,
  );
}

function oneInstance(question: Question, { current, slowMs }: Cohorts): Finding {
  const name = 'One instance';
  const keys = [resourceAttribute.serviceInstanceId, resourceAttribute.hostName];
  const key = keys.find((k) => !valuesOf(current.requests, k).has('')) ?? '';
  if (key === '') return untested(question, 'alternatives', 'spans do not name their instance', name);
  const groups = valuesOf(current.requests, key);
  if (groups.size < 2)
    return untested(question, 'alternatives', `${question.service} has one instance`, name);
  const bad = (request: RequestTree) => request.durationMs > slowMs || request.entry.failed;
  const rows = [...groups].map(([instance, requests]) => ({
    instance,
    n: requests.length,
    bad: requests.filter(bad).length,
  }));
  const worst = rows.reduce((a, b) => (b.bad / b.n > a.bad / a.n ? b : a));
  const others = rows.filter((row) => row !== worst);
  const [n, hits] = [
    others.reduce((sum, row) => sum + row.n, 0),
    others.reduce((sum, row) => sum + row.bad, 0),
  ];
  const p = fisherExact(worst.bad, worst.n, hits, n);
  const explains = p < 0.01 && worst.bad / worst.n >= ONE_INSTANCE * (hits / n);
  const text = `${percent(worst.bad / worst.n)} bad on the worst of ${rows.length}, ${percent(hits / n)} on the others (${count(worst.n)} and ${count(n)} traces), ${pValue(p)}.`;
  return alternative(question, name, explains, explains ? `${worst.instance}: ${text}` : text, {
    effect: worst.bad / worst.n - hits / n,
    p,
  });
}

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

async function cpu(question: Question, store: Store, deps: EvidenceDeps): Promise<Finding> {
  const name = `CPU of ${question.service}`;
  const job = { [label.job]: question.service };
  const range = {
    fromUnixNano: question.baseline.fromUnixNano - LOOKBACK_NANO,
    toUnixNano: question.incident.toUnixNano,
  };
  const used = ratesOf(await readSeries(store, matching(serviceMetric.cpuSeconds, job), range, deps));
  const procs = await readSeries(store, matching(serviceMetric.maxProcs, job), range, deps);
  const within = (window: Question['baseline']) =>
    used.filter((r) => r.at >= window.fromUnixNano && r.at < window.toUnixNano).map((r) => r.value);
  const [before, now] = [within(question.baseline), within(question.incident)];
  if (before.length < 3 || now.length === 0) {
    return untested(question, 'alternatives', 'no CPU metrics are stored on both sides', name);
  }
  const cores = procs.reduce((sum, series) => sum + (series.value.at(-1) ?? 0), 0);
  const z = robustZ(median(now), before, 0.02);
  const busy = cores > 0 ? median(now) / cores : Number.NaN;
  const explains = z >= RESOURCE_Z && !(busy < BUSY);
  const share = cores > 0 ? `, ${percent(busy)} of ${counted(cores, 'core')}` : '';
  const text = `${rate(median(before))} › ${rate(median(now))} cores${share}, z ${z.toFixed(1)}.`;
  return alternative(question, name, explains, text, {
    effect: z,
    baseline: { value: median(before), n: before.length },
    incident: { value: median(now), n: now.length },
  });
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
