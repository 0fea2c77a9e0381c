import { newestIncidents } from '../correlate/stored-incidents.ts';
import { burndown } from '../slo/budget.ts';
import type { Standing } from '../slo/evaluate.ts';
import { burnLines } from '../slo/lines.ts';
import { NANOS_PER_MS } from '../telemetry/clock.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { decodeEvent } from '../telemetry/event.ts';
import type { ApiDeps, Handler } from './deps.ts';
import { rangeOf } from './params.ts';
import { groupText, headOf, nanos, tiersOf, worstFirst } from './slo-bodies.ts';
import type { SloBody, SlosBody } from './types.ts';

/** How long an answer waits for what is new in the store. */
const FRESH_WITHIN_MS = 2_000;
/** Events and incidents of one answer. */
const LISTED = 50;

/** GET /api/v1/slos: how every objective stands, who is called first, then the least budget left. */
export const listSlos: Handler = async (_request, deps): Promise<SlosBody> => {
  await deps.slos.refresh(FRESH_WITHIN_MS);
  const { nowMs, standings, leftOut } = await deps.slos.standings();
  const slos = standings.toSorted(worstFirst).map((one) => headOf(one, deps.limits.retentionSeconds));
  return { nowUnixNano: nanos(nowMs), matched: slos.length + leftOut, slos, leftOut };
};

/** GET /api/v1/slos/:service/:id: one budget of an objective; of several that of `group`, or the worst. */
export const getSlo: Handler = async (request, deps): Promise<SloBody> => {
  const { service = '', id = '' } = request.params;
  const { group } = request.query;
  const { fromUnixNano, toUnixNano } = rangeOf(request, deps.clock);
  await deps.slos.refresh(FRESH_WITHIN_MS);
  const { nowMs, standings } = await deps.slos.standings();
  const all = standings
    .filter(({ budget }) => budget.service.name === service && budget.slo.id === id)
    .toSorted(worstFirst);
  const standing =
    group === undefined ? all[0] : all.find(({ budget }) => groupText(budget.labels) === group);
  if (!standing) throw notFound(service, id, all.length > 0 ? group : undefined);
  const { counts, slo } = standing.budget;
  const toMs = Math.min(Number(toUnixNano / NANOS_PER_MS), nowMs);
  const lines = burnLines(standing.budget, Number(fromUnixNano / NANOS_PER_MS), toMs);
  return {
    ...headOf(standing, deps.limits.retentionSeconds),
    nowUnixNano: nanos(nowMs),
    groups: all.map(({ budget, state, spent }) => {
      return { group: groupText(budget.labels), state, left: spent.left ?? null };
    }),
    tiers: tiersOf(standing),
    burndown: burndown(slo.objective, counts, nowMs),
    lines: lines ?? { at: [], tiers: [], bad: [], total: [] },
    events: await eventsOf(standing, deps),
    incidents: await incidentsOf(standing, deps),
  };
};

function notFound(service: string, id: string, group: string | undefined): CollectorError {
  const of = group === undefined ? '' : `, group ${group}`;
  return new CollectorError(
    'not-found',
    `No objective ${id}${of} of service ${service} is configured here; /api/v1/slos lists them.`,
  );
}

/** Deploys and what else happened to the service within the objective's window. */
async function eventsOf({ budget, spent }: Standing, { store }: ApiDeps): Promise<SloBody['events']> {
  const documents = await store.list('event', rangeOfWindow(spent.window));
  return documents
    .flatMap(({ bytes }) => decodeEvent(bytes) ?? [])
    .filter(({ service }) => service === budget.service.name)
    .slice(0, LISTED)
    .map(({ kind, title, version, timeUnixNano }) => {
      return { kind, title, version, timeUnixNano: String(timeUnixNano) };
    });
}

/** Incidents of the routes that the objective speaks of, which began within its window. */
async function incidentsOf({ budget, spent }: Standing, { store }: ApiDeps): Promise<SloBody['incidents']> {
  const { fromUnixNano } = rangeOfWindow(spent.window);
  const { routes } = budget.slo;
  const { incidents } = await newestIncidents(store);
  return incidents
    .filter(
      ({ service, onsetUnixNano }) =>
        service === budget.service.name && BigInt(onsetUnixNano) >= fromUnixNano,
    )
    .filter((one) => routes.length === 0 || routes.some(({ path }) => path === one.route))
    .slice(0, LISTED)
    .map(({ id, title, state, onsetUnixNano, closedUnixNano }) => {
      return { id, title, state, onsetUnixNano, ...(closedUnixNano === undefined ? {} : { closedUnixNano }) };
    });
}

function rangeOfWindow({ fromMs, nowMs }: Standing['spent']['window']) {
  return { fromUnixNano: BigInt(fromMs) * NANOS_PER_MS, toUnixNano: BigInt(nowMs) * NANOS_PER_MS };
}
