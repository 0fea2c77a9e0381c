/** Along which route to look when none is named, and until when it was bad. */
import type { Store, TimeRange } from '../storage/store.ts';
import type { Asked } from './engine.ts';
import type { ExplainQuestion } from './explain.ts';
import { type GoldenPoint, type RouteSignals, readGoldenSignals, sampleOf } from './golden-signals.ts';
import type { EvidenceDeps } from './incident.ts';

/** A golden signal of a route. */
export type RouteSymptom = Pick<Asked, 'service' | 'method' | 'route' | 'signal'>;

/** The route with the most harm, and how many have requests on both sides. */
export async function worstRoute(
  question: ExplainQuestion,
  { incident, baseline }: Pick<Asked, 'incident' | 'baseline'>,
  suspect: string | undefined,
  store: Store,
  deps: EvidenceDeps,
): Promise<{ worst: RouteSymptom | undefined; routes: number }> {
  const { service, where = [] } = question;
  const read = (range: TimeRange) =>
    readGoldenSignals(
      store,
      {
        ...range,
        stepNano: range.toUnixNano - range.fromUnixNano,
        ...(service === undefined ? {} : { service }),
        where,
      },
      deps,
    );
  const [before, now] = [await read(baseline), await read(incident)];
  const measured = now.flatMap((signals) => harmOf(signals, before, question) ?? []);
  const scored = measured.filter(({ changed }) => changed || question.route !== undefined);
  const own = scored.filter(({ symptom }) => symptom.service === suspect);
  const [worst] = (own.length > 0 ? own : scored).sort((a, b) => b.harm - a.harm);
  return { worst: worst?.symptom, routes: measured.length };
}

/** Growth of a p99 from which a route is worth looking along, and of the share of failed requests. */
const SLOWER = 1.5;
const FAILING = 0.01;

function harmOf(
  { service, method, route, points }: RouteSignals,
  before: readonly RouteSignals[],
  question: ExplainQuestion,
): { symptom: RouteSymptom; harm: number; changed: boolean } | undefined {
  if (route === '') return undefined;
  const quiet = before.find((one) => one.service === service && one.method === method && one.route === route)
    ?.points[0];
  const now = points[0];
  if (!quiet || !now || sampleOf(now).requests === 0 || sampleOf(quiet).requests === 0) return undefined;
  if (question.route !== undefined && question.route !== route) return undefined;
  if (question.method !== undefined && question.method !== method) return undefined;
  const { failing, slower } = growthOf(quiet, now, undefined);
  const signal = question.signal ?? (failing >= FAILING ? 'errors' : 'latency');
  const { changed } = growthOf(quiet, now, signal);
  const harm = signal === 'errors' ? 10 + failing : Math.log2(Math.max(1, slower));
  return { symptom: { service, method, route, signal }, harm, changed };
}

/** How much more of the requests fail, how many times the p99 is, and if that is worth looking along. */
function growthOf(quiet: GoldenPoint, now: GoldenPoint, signal: RouteSymptom['signal'] | undefined) {
  const share = ({ errors, requests }: GoldenPoint) => (requests > 0 ? errors / requests : 0);
  const failing = share(now) - share(quiet);
  const slower = (now.p99Ms ?? 0) / Math.max(quiet.p99Ms ?? 0, 1);
  return { failing, slower, changed: signal === 'errors' ? failing >= FAILING : slower >= SLOWER };
}

/** Windows in which the end of what is explained is looked for. */
const END_WINDOWS = 60n;
const LEAST_WINDOW_NANO = 30_000_000_000n;

/** When a route was bad last within a time; its beginning when it was in no part of it. */
export async function endOf(
  { service, method, route, signal }: RouteSymptom,
  { where = [] }: ExplainQuestion,
  { baseline, incident }: Pick<Asked, 'incident' | 'baseline'>,
  store: Store,
  deps: EvidenceDeps,
): Promise<bigint> {
  const even = (incident.toUnixNano - incident.fromUnixNano) / END_WINDOWS;
  const stepNano = latest(even, LEAST_WINDOW_NANO);
  const read = async (range: TimeRange, step: bigint) =>
    (await readGoldenSignals(store, { ...range, stepNano: step, service, where }, deps)).find(
      (one) => one.method === method && one.route === route,
    )?.points ?? [];
  const [quiet] = await read(baseline, baseline.toUnixNano - baseline.fromUnixNano);
  if (!quiet) return incident.toUnixNano;
  const points = await read(incident, stepNano);
  const bad = points.findLast((point) => point.requests > 0 && growthOf(quiet, point, signal).changed);
  if (!bad) return incident.fromUnixNano;
  const end = bad.fromUnixNano + stepNano;
  return end < incident.toUnixNano ? end : incident.toUnixNano;
}

const latest = (a: bigint, b: bigint): bigint => (a > b ? a : b);
