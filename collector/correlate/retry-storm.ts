import { loadCohorts, weightedMean } from './cohort.ts';
import { factNumber, factText, finding, untested } from './finding.ts';
import { clockTime, count, pValue, rate, span, times } from './format.ts';
import type { Evidence, Finding, FindingChart, Question } from './incident.ts';
import type { RequestTree, SpanNode } from './spans.ts';
import { mannWhitney } from './stats.ts';
import { callLabels } from './traits.ts';

/** From this factor on repeated calls are a storm: half as much load again as the callee was sized for. */
const STORM = 1.5;
/** Inbound traffic counts as flat up to this growth (or by what failed: clients try again); above it, there is more to do. */
const FLAT = 1.25;

/** Attempts per logical call: of each request that makes such calls, and of all they stand for. */
interface Side {
  values: number[];
  mean: number;
}

interface Calls {
  label: string;
  before: Side;
  now: Side;
  amplification: number;
}

/** Do callers repeat their calls? Attempts per logical call rise while the traffic that comes in does not. */
export const retryStorm: Evidence = async (question, store, deps) => {
  const { cohorts, missing } = await loadCohorts(question, store, deps);
  if (!cohorts) return [untested(question, 'retry-storm', missing)];
  const before = cohorts.baseline.requests;
  const now = cohorts.current.requests;
  const main = factText(question.before, 'where', 'label');
  const rows = callLabels(now)
    .map((label) => callsOf(label, before, now))
    .sort((a, b) => Number(b.label === main) - Number(a.label === main) || b.amplification - a.amplification);
  const calls = rows.find((row) => row.before.values.length > 0 && row.now.values.length > 0);
  if (!calls) return [untested(question, 'retry-storm', 'the stored traces hold no calls on both sides')];
  const spans = [...now, ...cohorts.bad.requests].flatMap((r) =>
    r.spans.filter((s) => s.label === calls.label),
  );
  return [told(question, calls, spans, now)];
};

function callsOf(label: string, before: readonly RequestTree[], now: readonly RequestTree[]): Calls {
  const [a, b] = [sideOf(label, before), sideOf(label, now)];
  return { label, before: a, now: b, amplification: b.mean / Math.max(a.mean, 1e-9) };
}

function sideOf(label: string, requests: readonly RequestTree[]): Side {
  const measured = requests.flatMap((request) => {
    const value = attempts(request, label);
    return value === undefined ? [] : [{ request, value }];
  });
  return {
    values: measured.map(({ value }) => value),
    mean: measured.length === 0 ? 0 : weightedMean(measured),
  };
}

function attempts(request: RequestTree, label: string): number | undefined {
  const nodes = request.spans.filter((node) => node !== request.entry && node.label === label);
  if (nodes.length === 0) return undefined;
  return nodes.length / Math.max(1, nodes.filter((node) => node.attempt <= 1).length);
}

function told(
  question: Question,
  calls: Calls,
  spans: readonly SpanNode[],
  now: readonly RequestTree[],
): Finding {
  const [before, after] = [calls.before.mean, calls.now.mean];
  const inboundBefore = factNumber(question.before, 'symptom', 'perSecondBefore');
  const inboundNow = factNumber(question.before, 'symptom', 'perSecondNow');
  const failed = factNumber(question.before, 'symptom', 'errorShareNow') * inboundNow;
  const flat =
    Number.isNaN(inboundNow) || inboundNow < Math.max(FLAT * inboundBefore, inboundBefore + failed);
  const { p } = mannWhitney(calls.before.values, calls.now.values);
  const repeated = calls.amplification >= STORM && p < 0.05;
  const inbound = Number.isNaN(inboundNow)
    ? ''
    : ` Requests in: ${rate(inboundBefore)} › ${rate(inboundNow)} req/s.`;
  const n = `n = ${count(calls.now.values.length)}, before ${count(calls.before.values.length)}, ${pValue(p)}`;
  const rise = `${calls.label} is called ${after.toFixed(2)} times per logical call, before ${before.toFixed(2)} (${n}).`;
  const statement = repeated
    ? `Retries multiply the load on ${calls.label} ${times(calls.amplification)}: ${after.toFixed(2)} attempts per call, before ${before.toFixed(2)} (${n}).${inbound}${orderSentence(spans)}`
    : `No retry storm: ${rise}${inbound}`;
  return finding(question, {
    kind: 'retry-storm',
    outcome: repeated && flat ? 'holds' : 'refuted',
    subject: { service: question.service, route: question.route, method: question.method, span: calls.label },
    effect: calls.amplification,
    baseline: { value: before, n: calls.before.values.length },
    incident: { value: after, n: calls.now.values.length },
    p,
    statement,
    charts: [chart(calls.label, now)],
    facts: {
      label: calls.label,
      amplification: calls.amplification,
      attempts: after,
      attemptsBefore: before,
    },
  });
}

/** Retries answer failures: the first repeated call should come after the first failed one. */
function orderSentence(spans: readonly SpanNode[]): string {
  const first = (nodes: readonly SpanNode[]) =>
    nodes.reduce<bigint | undefined>(
      (a, node) => (a === undefined || node.startUnixNano < a ? node.startUnixNano : a),
      undefined,
    );
  const failed = first(spans.filter((node) => node.failed));
  const repeated = first(spans.filter((node) => node.attempt >= 2));
  if (failed === undefined || repeated === undefined) return '';
  const seconds = Number(repeated - failed) / 1e9;
  if (seconds < 0)
    return ` The first repeated call (${clockTime(repeated)}) is older than the first failed one.`;
  return ` It starts ${span(seconds)} after the first failed call (${clockTime(failed)}).`;
}

function chart(label: string, now: readonly RequestTree[]): FindingChart {
  const points = now
    .flatMap((request) => {
      const value = attempts(request, label);
      return value === undefined ? [] : [{ at: Number(request.entry.startUnixNano / 1_000_000n), value }];
    })
    .sort((a, b) => a.at - b.at);
  return {
    title: `${label}, attempts per call`,
    unit: 'ratio',
    scale: 'linear',
    at: points.map((point) => point.at),
    value: points.map((point) => point.value),
    threshold: { value: STORM, label: `storm over ${STORM}` },
  };
}
