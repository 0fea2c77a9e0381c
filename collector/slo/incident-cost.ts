/** What an incident took of the error budgets that speak of its route. Pure. */
import { windowText } from '../../slo/index.ts';
import type { BudgetCost, Incident } from '../correlate/incident.ts';
import { NANOS_PER_MS } from '../telemetry/clock.ts';
import type { Budget } from './book.ts';
import type { Standing } from './evaluate.ts';
import { type Counts, floorStep, hourMs, stepMs } from './timeline.ts';

/** Objectives that count requests; the others' events are none of a route. */
const REQUEST_KINDS = ['availability', 'latency', 'errors'];
/** Budgets of one incident: of an objective by tenant there may be hundreds. */
const MAX_COSTS = 20;

/**
 * Bad events between the onset and `endUnixNano`, the usual ones included, as shares of what each objective allows in its
 * window; the costliest first. Objectives of which nothing was counted in that time are left out.
 */
export function budgetCosts(
  incident: Incident,
  endUnixNano: bigint,
  standings: readonly Standing[],
): BudgetCost[] {
  const fromMs = Number(BigInt(incident.onsetUnixNano) / NANOS_PER_MS);
  const toMs = Number(endUnixNano / NANOS_PER_MS);
  return standings
    .filter(({ budget }) => speaksOf(budget, incident))
    .flatMap((standing) => costOf(standing, fromMs, toMs) ?? [])
    .toSorted((a, b) => (b.share ?? 0) - (a.share ?? 0))
    .slice(0, MAX_COSTS);
}

function speaksOf({ service, slo }: Budget, incident: Incident): boolean {
  if (incident.service !== service.name && incident.service !== service.job) return false;
  if (!REQUEST_KINDS.includes(slo.sli.kind)) return false;
  const isNamed = slo.routes.some(
    ({ path, method }) => path === incident.route && (method === undefined || method === incident.method),
  );
  return slo.routes.length === 0 || isNamed;
}

function costOf({ budget, spent }: Standing, fromMs: number, toMs: number): BudgetCost | undefined {
  const { slo, labels, source, counts } = budget;
  if (!counts || source === undefined) return undefined;
  const { bad, total } = eventsBetween(counts, fromMs, toMs);
  if (total === 0) return undefined;
  return {
    ...{ slo: slo.id, labels: { ...labels }, objective: slo.objective.ratio },
    window: windowText(slo.objective.window),
    ...{ badEvents: bad, totalEvents: total, source },
    share: spent.allowedEvents > 0 ? bad / spent.allowedEvents : null,
  };
}

/** Events of the steps that the range touches; of the time before the recent steps by full hours. */
function eventsBetween({ recent, hours }: Counts, fromMs: number, toMs: number) {
  let [bad, total] = [0, 0];
  const first = Math.max(0, Math.round((floorStep(fromMs) - recent.startUnixMs) / stepMs));
  const end = Math.min(recent.total.length, Math.ceil((toMs - recent.startUnixMs) / stepMs));
  for (let step = first; step < end; step++) {
    if (!recent.observed[step]) continue;
    bad += recent.bad[step]!;
    total += recent.total[step]!;
  }
  const recentHour = Math.round((recent.startUnixMs - hours.startUnixMs) / hourMs);
  const lastHour = Math.min(recentHour, Math.ceil((toMs - hours.startUnixMs) / hourMs));
  const firstHour = Math.max(0, Math.floor((fromMs - hours.startUnixMs) / hourMs));
  for (let hour = firstHour; hour < lastHour; hour++) {
    bad += hours.bad[hour] ?? 0;
    total += hours.total[hour] ?? 0;
  }
  return { bad: Math.round(bad), total: Math.round(total) };
}
