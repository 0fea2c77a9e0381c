import {
  type Advice,
  adviceOn,
  drills,
  eventsPerMinute,
  falsePagesPerYear,
  type Outage,
  type Service,
  type Severity,
  type Sight,
  type Slo,
  sightOf,
  watchedOf,
  windowText,
} from '../../../slo/index.ts';

/** What one drill gives: seconds from its onset to the alert, and from its end to the end of the page. */
type DrillReport = {
  ratio: number;
  seconds: number;
  /** So many bad events are within the budget: nothing has to be sent. */
  allowed: boolean;
  pageSeconds: number | null;
  ticketSeconds: number | null;
  resetSeconds: number | null;
};

/** One objective of the report; its `--json` form too. */
export type ObjectiveReport = {
  id: string;
  objective: number;
  window: string;
  alerts: Slo['alerts'];
  /** Requests, or slices of time, a minute. */
  eventsPerMinute: number;
  drills: DrillReport[];
  smallest: Record<Severity, Outage | null>;
  falsePagesPerYear: number;
  advice: Advice | null;
};

/** What `go-sre slo simulate` found. */
export type SimulationReport = { service: string; objectives: ObjectiveReport[] };

/** Simulates all objectives of a service; those of the same budget, traffic and alerts once. */
export function simulateAlerts(service: Service, rpmOf: (slo: Slo) => number): SimulationReport {
  const all = service.slos.map((slo) => ({ slo, rpm: eventsPerMinute(slo, rpmOf(slo)) }));
  const seen = new Map<string, Sight>();
  const objectives = all.map(({ slo, rpm }) => {
    const watched = watchedOf(slo, rpm);
    const key = JSON.stringify(watched);
    const sight = seen.get(key) ?? sightOf(watched);
    seen.set(key, sight);
    return objectiveReport(slo, rpm, sight, adviceOn({ slo, rpm }, sight, all));
  });
  return { service: service.name, objectives };
}

function objectiveReport(slo: Slo, rpm: number, sight: Sight, advice: Advice | undefined): ObjectiveReport {
  const { budget } = watchedOf(slo, rpm);
  return {
    id: slo.id,
    objective: slo.objective.ratio,
    window: windowText(slo.objective.window),
    alerts: slo.alerts,
    eventsPerMinute: rpm,
    drills: sight.drills.map((found, n) => ({
      ...drills[n]!,
      allowed: found === undefined,
      pageSeconds: found?.delay.page ?? null,
      ticketSeconds: found?.delay.ticket ?? null,
      resetSeconds: found?.reset ?? null,
    })),
    smallest: { page: sight.smallest.page ?? null, ticket: sight.smallest.ticket ?? null },
    falsePagesPerYear: slo.alerts === 'page' ? falsePagesPerYear(budget, rpm) : 0,
    advice: advice ?? null,
  };
}
