/** How objectives stand, as the API tells it. Pure. */
import { receiverOf, windowText } from '../../slo/index.ts';
import { caveatsOf } from '../slo/caveats.ts';
import type { Call, Standing } from '../slo/evaluate.ts';
import { NANOS_PER_MS } from '../telemetry/clock.ts';
import type { SloBody, SloHead } from './types.ts';

const CALLED = ['paging', 'ticket'];

/** Who is called first, then the least budget left; what is not known last. */
export function worstFirst(a: Standing, b: Standing): number {
  const called = ({ state }: Standing) => (CALLED.includes(state) ? CALLED.indexOf(state) : CALLED.length);
  const left = ({ spent }: Standing) => spent.left ?? Number.MAX_VALUE;
  return called(a) - called(b) || left(a) - left(b);
}

/** A combination of values of labels, as the parameter `group` has it: `region=eu,tenant=a`. */
export function groupText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

/** Milliseconds since 1970 as the API writes points in time. */
export function nanos(unixMs: number): string {
  return String(BigInt(Math.round(unixMs)) * NANOS_PER_MS);
}

export function headOf(standing: Standing, retentionSeconds: number): SloHead {
  const { budget, state, spent, burn, call } = standing;
  const { service, slo, labels, source, counts } = budget;
  return {
    ...{ service: service.name, id: slo.id, labels, kind: slo.sli.kind, description: slo.description ?? '' },
    routes: slo.routes.map(({ method = '', path }) => ({ method, route: path })),
    objective: slo.objective.ratio,
    ...('thresholdSeconds' in slo.sli ? { thresholdSeconds: slo.sli.thresholdSeconds } : {}),
    window: windowText(slo.objective.window),
    owner: slo.owner ?? service.owner,
    runbook: slo.runbook ?? service.runbook,
    ...{ state, source: source ?? null, sampledOneIn: counts?.weight ?? 1 },
    budget: budgetOf(standing),
    burn: burn ?? null,
    ...(call ? { call: callOf(call) } : {}),
    ...{ coverage: spent.coverage, measuredSeconds: spent.measuredSeconds },
    windowSeconds: spent.window.seconds,
    caveats: caveatsOf(standing, retentionSeconds),
  };
}

function budgetOf({ spent, emptyMs }: Standing): SloHead['budget'] {
  return {
    left: spent.left ?? null,
    leftEvents: spent.leftEvents ?? null,
    leftMinutes: spent.leftMinutes ?? null,
    ...{ allowedEvents: spent.allowedEvents, allowedMinutes: spent.allowedMinutes },
    ...{ badEvents: spent.bad, totalEvents: spent.total },
    ...(emptyMs === undefined ? {} : { emptyUnixNano: nanos(emptyMs) }),
  };
}

function callOf({ sinceMs, ...call }: Call): NonNullable<SloHead['call']> {
  return { ...call, sinceUnixNano: nanos(sinceMs) };
}

/** Every tier with both burn rates and, where it fires, since when. */
export function tiersOf({ tiers, budget }: Standing): SloBody['tiers'] {
  return tiers.map(({ tier, verdict, longBurn, shortBurn, sends, sinceMs }) => {
    const { id, severity, longWindow, shortWindow, factor } = tier;
    return {
      ...{ id, severity, longWindow, shortWindow, factor, verdict, sends },
      ...{ longBurn: longBurn ?? null, shortBurn: shortBurn ?? null },
      receiver: receiverOf(budget.service, severity),
      ...(sinceMs === undefined ? {} : { sinceUnixNano: nanos(sinceMs) }),
    };
  });
}
