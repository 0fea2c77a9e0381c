import type { Store } from '../storage/store.ts';
import { SPAN_KINDS } from '../telemetry/model.ts';
import { alternative, factText, untested } from './finding.ts';
import { pValue, rate, span, times } from './format.ts';
import { type GoldenPoint, measurableStep, readGoldenSignals } from './golden-signals.ts';
import type { EvidenceDeps, Finding, Question } from './incident.ts';
import { bounds } from './series.ts';
import { changePoint, mannWhitney, median } from './stats.ts';
import { LEAST_STEP_NANO } from './symptom.ts';

/** Traffic that grew by less explains nothing: services are not sized that tightly. */
const MORE = 1.25;
const SIGNIFICANT = 0.05;
/** Clients that try again add at most one request for each failed one, with a fifth for what rates blur. */
const RETRIED = 1.2;
/** The second in which a rate of random arrivals rose is known to about this. */
const BLUR_SECONDS = 2;
/** The moment at which traffic rose is looked for in stored spans, this close around the onset, second by second. */
const AROUND_NANO = 60_000_000_000n;
const SECOND_NANO = 1_000_000_000n;
const SERVER = SPAN_KINDS.indexOf('server');

/**
 * Did more traffic make it slow? Not when it did not grow, and not when what it grew by came after the change and is
 * no more than what failed: those are clients that try again.
 */
export async function moreTraffic(question: Question, store: Store, deps: EvidenceDeps): Promise<Finding> {
  const name = 'More traffic';
  const points = await ownPoints(question, store, deps);
  if (!points) {
    return untested(question, 'alternatives', 'no request metrics are stored, and spans are sampled', name);
  }
  const inside = (window: Question['baseline']) =>
    points.filter((p) => p.fromUnixNano >= window.fromUnixNano && p.fromUnixNano < window.toUnixNano);
  const [quiet, late] = [inside(question.baseline), inside(question.incident)];
  if (quiet.length === 0 || late.length === 0) {
    return untested(question, 'alternatives', 'no request metrics are stored on both sides', name);
  }
  const [before, now] = [quiet, late].map((side) => side.map((point) => point.requests / point.seconds));
  const { p } = mannWhitney(before!, now!);
  const [usual, level] = [median(before!), median(now!)];
  const ratio = level / Math.max(usual, 1e-9);
  const text = `${rate(usual)} › ${rate(level)} req/s, ${times(ratio)}, ${pValue(p)}`;
  const numbers = {
    effect: ratio,
    baseline: { value: usual, n: quiet.length },
    incident: { value: level, n: late.length },
    p,
  };
  if (ratio < MORE || p >= SIGNIFICANT) return alternative(question, name, false, `${text}.`, numbers);
  const failed = median(late.map((point) => point.errors / point.seconds));
  const lag = level - usual <= RETRIED * failed ? await riseAfterChange(question, store, deps) : undefined;
  if (lag === undefined || lag < -BLUR_SECONDS) return alternative(question, name, true, `${text}.`, numbers);
  const when = lag < 1 ? 'with' : `${span(lag)} after`;
  const why = `it rose ${when} the change, by no more than the ${rate(failed)} failed req/s: clients try again.`;
  return alternative(question, name, false, `${text}; ${why}`, numbers);
}

/** The route's measured windows; undefined without metrics. */
async function ownPoints(
  question: Question,
  store: Store,
  deps: EvidenceDeps,
): Promise<GoldenPoint[] | undefined> {
  const { service, method, route } = question;
  const at = {
    service,
    atUnixNano: question.incident.toUnixNano,
    scrapes: 2 as const,
    least: LEAST_STEP_NANO,
  };
  const stepNano = await measurableStep(store, at, deps);
  const range = { fromUnixNano: question.baseline.fromUnixNano, toUnixNano: question.incident.toUnixNano };
  const routes = await readGoldenSignals(store, { ...range, service, stepNano }, deps);
  const own = routes.find((r) => r.route === route && r.method === method && r.source === 'metrics');
  return own?.points.filter((point) => point.seconds > 0);
}

/** Seconds from the first changed call (or the onset) to the rise of traffic; undefined when no rise is seen. */
async function riseAfterChange(
  question: Question,
  store: Store,
  deps: EvidenceDeps,
): Promise<number | undefined> {
  const { service, route, onsetUnixNano } = question;
  const range = { fromUnixNano: onsetUnixNano - AROUND_NANO, toUnixNano: onsetUnixNano + AROUND_NANO };
  const until =
    range.toUnixNano < question.incident.toUnixNano ? range.toUnixNano : question.incident.toUnixNano;
  const page = await store.aggregate(
    {
      filter: { service, route, kind: SERVER, fromUnixNano: range.fromUnixNano, toUnixNano: until },
      groupBy: [],
      stepNano: SECOND_NANO,
      quantiles: [],
    },
    bounds(deps),
  );
  const perSecond = new Array<number>(Number((until - range.fromUnixNano) / SECOND_NANO)).fill(0);
  page.columns.bucketUnixNano.forEach((at, i) => {
    const second = Number((at - range.fromUnixNano) / SECOND_NANO);
    if (second >= 0 && second < perSecond.length) perSecond[second]! += page.columns.count[i]!;
  });
  const rise = changePoint(perSecond);
  if (!rise || rise.p > SIGNIFICANT) return undefined;
  const began = BigInt(factText(question.before, 'onset', 'firstUnixNano') || onsetUnixNano);
  return Number(range.fromUnixNano + BigInt(rise.index) * SECOND_NANO - began) / 1e9;
}
