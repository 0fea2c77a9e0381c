/** One service with its objectives. */
export interface Service {
  readonly name: string;
  readonly owner: string;
  /** URL, or a path inside the service's repository. */
  readonly runbook: string;
  readonly slos: readonly Slo[];
  /** Value of the label `job` on its series; its name where absent. */
  readonly job?: string;
  /** Where alerts go: receivers of Alertmanager by severity. */
  readonly routing?: Readonly<Partial<Record<Severity, string>>>;
  /** Base URL of the Grafana that shows the dashboards: alerts link to it. */
  readonly grafana?: string;
}

/** A page wakes someone, a ticket waits for the morning. */
export type Severity = 'page' | 'ticket';

/** A route of the service: the path template, and the method when the objective is about one method only. */
export interface Route {
  readonly method?: string;
  readonly path: string;
}

/** Whether a stretch without any measurement counts as bad, or as nothing. */
export type Missing = 'unknown' | 'bad';

/**
 * Events: those of a counter, which is a selector alone, or of a PromQL expression. Its text has `$window` where its range
 * stands, as in `sum(rate(x_total[$window]))`; `per` says what its value is a count per: a second, or that range.
 */
export type EventsExpr =
  | { readonly counter: string }
  | { readonly text: string; readonly per: 'second' | 'window' };

/**
 * What counts as good. Requests: not failed with a 5xx; answered within the threshold; without the named kinds of
 * errors. Time, in slices of `sliceSeconds`: a gauge at most at its limit; something renewed recently enough. And events by
 * the user's own expressions: bad ones, or good ones, among all; or the share of bad ones alone.
 */
export type Sli =
  | { readonly kind: 'availability' }
  | {
      readonly kind: 'latency';
      readonly thresholdSeconds: number;
      readonly histogram: 'classic' | 'native';
    }
  | { readonly kind: 'errors'; readonly errorTypes: readonly string[] }
  | {
      readonly kind: 'saturation';
      /** PromQL of a gauge; of several series the largest counts. */
      readonly gauge: string;
      readonly limit: number;
      readonly missing: Missing;
    }
  | {
      readonly kind: 'freshness';
      /** PromQL of a gauge of Unix seconds: when it was renewed last; of several series the oldest counts. */
      readonly timestamp: string;
      readonly thresholdSeconds: number;
      readonly missing: Missing;
    }
  | { readonly kind: 'custom'; readonly events: CustomEvents };

export type CustomEvents =
  | { readonly bad: EventsExpr; readonly total: EventsExpr }
  | { readonly good: EventsExpr; readonly total: EventsExpr }
  | { readonly badRatio: string };

export type SliKind = Sli['kind'];

/** Seconds of a slice of time, of which an objective about time counts. */
export const sliceSeconds = 30;

/** The time over which an objective is promised: so many days up to now, or the month of the calendar, in UTC. */
export type ObjectiveWindow =
  | { readonly kind: 'rolling'; readonly days: number }
  | { readonly kind: 'month' };

/** The share of good events promised (0.999), and the time over which it is promised. */
export interface Objective {
  readonly ratio: number;
  readonly window: ObjectiveWindow;
}

/** SLI + objective + window. Without routes it speaks of the whole service. */
export interface Slo {
  readonly id: string;
  readonly description?: string;
  /** The routes whose requests count, together; none: all of the service. */
  readonly routes: readonly Route[];
  /** Labels whose every combination of values has a budget of its own; none: one budget. */
  readonly by: readonly string[];
  readonly sli: Sli;
  readonly objective: Objective;
  /** The gravest alert it may send. */
  readonly alerts: Severity | 'none';
  /** The service's, where absent. */
  readonly owner?: string;
  readonly runbook?: string;
}

/** The share of events that may be bad: 0.001 for 0.999, without the noise of binary subtraction. */
export function errorBudget(objective: Pick<Objective, 'ratio'>): number {
  return Number((1 - objective.ratio).toPrecision(9));
}

/** The window as the spec writes it: `30d`, `month`. */
export function windowText(window: ObjectiveWindow): string {
  return window.kind === 'month' ? 'month' : `${window.days}d`;
}

/** `GET /orders/{id}`, or the path alone. */
export function routeText({ method, path }: Route): string {
  return method ? `${method} ${path}` : path;
}

/** Whether the objective may send alerts of a severity: a ticket is never too grave for one that may page. */
export function maySend({ alerts }: Pick<Slo, 'alerts'>, severity: Severity): boolean {
  return alerts === 'page' || alerts === severity;
}

/** True where slices of time are counted, not requests. */
export function countsTime(sli: Sli): boolean {
  return (
    sli.kind === 'saturation' || sli.kind === 'freshness' || ('events' in sli && 'badRatio' in sli.events)
  );
}

/** Alertmanager's receiver of a severity: named by the spec, or like the severity. */
export function receiverOf({ routing }: Pick<Service, 'routing'>, severity: Severity): string {
  return routing?.[severity] ?? severity;
}
