/**
 * The JSON of the HTTP API, as the console and machines read it. Ids are lower-case hex; points in time are
 * decimal strings of nanoseconds (JS numbers cannot hold them), except chart abscissae (`at`, milliseconds);
 * durations are milliseconds; shares are 0 to 1. A list says how many there are: `matched` beside what it holds.
 */
import type { Incident } from '../correlate/incident.ts';
import type { SloState } from '../slo/state.ts';

export type { Finding, FindingChart, FindingTable, Incident, Reference } from '../correlate/incident.ts';
export type { SloState } from '../slo/state.ts';

/** Errors of every path; `code` is one of docs/errors.md. */
export interface ErrorBody {
  error: { code: string; message: string };
}

/** GET and POST /api/v1/explain */
export interface ExplainBody {
  incident: Incident;
  /** When it began: as it was asked, or as the search found it by the change that is told. */
  onset: { unixNano: string; found: 'given' | 'searched'; about: string };
}

/** GET /api/v1/status */
export interface StatusBody {
  version: string;
  startedUnixNano: string;
  nowUnixNano: string;
  store: { bytes: number; limitBytes: number; retentionSeconds: number };
  memoryBytes: number;
  signals: Record<
    'traces' | 'logs' | 'metrics',
    {
      received: number;
      kept: number;
      /** Received in the last minute, per second. */
      perSecond: number;
      dropped: { reason: string; records: number }[];
      oldestUnixNano?: string;
    }
  >;
  targets: { job: string; instance: string; up: boolean; lastError?: string; lastScrapeUnixNano?: string }[];
  /** The ways in which targets are looked for; `problem` says why the last look failed, or a part of it. */
  discoveries: { job: string; source: string; targets: number; problem?: string }[];
  openIncidents: number;
  /** Looks that the detector finished, their seconds, and up to which time of telemetry; absent where incidents are off. */
  detector?: { looks: number; seconds: number; lookedUnixNano?: string };
}

/** Evenly spaced values; `null` where nothing was measured. */
export interface Sparkline {
  at: number[];
  value: (number | null)[];
}

/** Golden signals of a route or a whole service over the asked range. `null`: not measured. */
export interface GoldenSignals {
  perSecond: number | null;
  errorShare: number | null;
  p99Ms: number | null;
  /** p99 over the hour before the range, as far as it is stored. */
  usualP99Ms: number | null;
  traffic: Sparkline;
  errors: Sparkline;
  latency: Sparkline;
}

export type HealthState = 'failing' | 'slow' | 'normal' | 'no data';

/** GET /api/v1/services?from&to */
export interface ServicesBody {
  fromUnixNano: string;
  toUnixNano: string;
  /** One sentence that answers "who fails, since when, how badly". */
  answer: string;
  matched: number;
  services: {
    name: string;
    state: HealthState;
    /** Where the signals come from: scraped metrics, or spans when there are none. */
    source: 'metrics' | 'spans';
    signals: GoldenSignals;
    saturation?: { what: string; share: number; line: Sparkline };
    routes: { method: string; route: string; state: HealthState; signals: GoldenSignals }[];
  }[];
}

/** GET /api/v1/traces?service&route&method&status=error&min_ms&max_ms&q&attr=k%3Dv&order=newest|slowest&from&to&limit&cursor */
export interface TracesBody {
  matched: number;
  examined: number;
  nextCursor?: string;
  traces: {
    traceId: string;
    rootName: string;
    rootService: string;
    startTimeUnixNano: string;
    durationMs: number;
    spanCount: number;
    errorCount: number;
    /** The matching span that led to this trace. */
    hit: {
      spanId: string;
      name: string;
      service: string;
      route: string;
      method: string;
      durationMs: number;
      status: 'unset' | 'ok' | 'error';
      httpStatus: number;
    };
  }[];
}

/**
 * GET /api/v1/traces/:traceId - columns, one entry per span in order of start. Attributes of one span:
 * GET /api/v1/traces/:traceId/spans/:spanId.
 */
export interface TraceBody {
  traceId: string;
  startTimeUnixNano: string;
  durationMs: number;
  count: number;
  matched: number;
  spanId: string[];
  /** Position of the parent in these columns, -1 for a root or where the parent is not stored. */
  parent: number[];
  /** True where the span names a parent that is not stored. */
  orphan: boolean[];
  startMs: number[];
  durationsMs: number[];
  kind: number[];
  status: number[];
  httpStatus: number[];
  name: { dictionary: string[]; index: number[] };
  service: { dictionary: string[]; index: number[] };
  /** `db.system.name.db.operation.name` for database spans (`redis.GET`), else the name. */
  label: { dictionary: string[]; index: number[] };
  /** Of how many requests each stored root stands for one, when sampling says so; 1 otherwise. */
  adjustedCount: number;
  /** The incident this trace is evidence of, if any. */
  incidentId?: string;
}

/** GET /api/v1/traces/:traceId/spans/:spanId */
export interface SpanBody {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  label: string;
  service: string;
  kind: string;
  status: string;
  statusMessage: string;
  startTimeUnixNano: string;
  durationMs: number;
  attributes: { key: string; value: string }[];
  resource: { key: string; value: string }[];
  events: { timeUnixNano: string; name: string; attributes: { key: string; value: string }[] }[];
}

/** GET /api/v1/logs?service&q&template&level&trace&attr&from&to&order&limit&cursor and GET /api/v1/traces/:traceId/logs */
export interface LogsBody {
  matched: number;
  examined: number;
  nextCursor?: string;
  logs: {
    timeUnixNano: string;
    severityNumber: number;
    level: string;
    service: string;
    traceId: string;
    spanId: string;
    body: string;
    caller: string;
    attributes: { key: string; value: string }[];
  }[];
}

/** GET /api/v1/series?match=name{label="v"}&from&to&exemplars=true */
export interface SeriesBody {
  nextCursor?: string;
  matched: number;
  series: {
    name: string;
    labels: Record<string, string>;
    timeUnixNano: string[];
    value: (number | null)[];
    exemplars: { timeUnixNano: string; value: number; traceId: string; spanId: string }[];
  }[];
}

/** GET /api/v1/incidents */
export interface IncidentsBody {
  matched: number;
  incidents: Pick<
    Incident,
    | 'id'
    | 'state'
    | 'service'
    | 'method'
    | 'route'
    | 'signal'
    | 'onsetUnixNano'
    | 'closedUnixNano'
    | 'durationSeconds'
    | 'title'
    | 'verdict'
    | 'confidence'
  >[];
}

/** GET /api/v1/incidents/:id; ?format=json|text|markdown|html answers a document to share */
export type IncidentBody = Incident;

/** POST /api/v1/alerts: ids of incidents by what the alerts did to them, and the alerts that did nothing. */
export interface AlertsBody {
  opened: string[];
  /** An alert was added to an incident that lasts. */
  updated: string[];
  /** Told before. */
  known: string[];
  resolved: string[];
  ignored: { name: string; fingerprint: string; reason: string }[];
  /** Alerts that Alertmanager left out of its message. */
  truncated: number;
}

/** POST /api/v1/events, and one of GET /api/v1/events */
export interface EventBody {
  id: string;
  kind: string;
  timeUnixNano: string;
  service: string;
  version: string;
  instance: string;
  environment: string;
  title: string;
  source: 'telemetry' | 'api';
  attributes: Record<string, string>;
}

/** GET /api/v1/events?service&kind&from&to&limit */
export interface EventsBody {
  matched: number;
  events: EventBody[];
}

/** One budget: of an objective, or of one combination of values of its `by`. Shares are 0 to 1; `null`: not known. */
export interface SloHead {
  service: string;
  id: string;
  /** Values of the labels in `by`; empty without. */
  labels: Record<string, string>;
  kind: string;
  description: string;
  /** None: all of the service. */
  routes: { method: string; route: string }[];
  objective: number;
  /** Of a latency or freshness objective. */
  thresholdSeconds?: number;
  /** `30d`, or `month`. */
  window: string;
  owner: string;
  runbook: string;
  state: SloState;
  /** Where its events come from: scraped metrics, or stored spans when there are none of it; `null`: nothing was found. */
  source: 'metrics' | 'spans' | null;
  /** Of how many requests each stored span stands for one at least; 1 with metrics. */
  sampledOneIn: number;
  budget: {
    /** Negative when it is overspent. */
    left: number | null;
    leftEvents: number | null;
    /** Minutes of total outage, at even traffic. */
    leftMinutes: number | null;
    allowedEvents: number;
    allowedMinutes: number;
    badEvents: number;
    totalEvents: number;
    /** When it is used up at the burn rate of the last hour. */
    emptyUnixNano?: string;
  };
  /** Burn rate over the last hour. */
  burn: number | null;
  /** Who is called now. */
  call?: {
    severity: 'page' | 'ticket';
    tier: string;
    owner: string;
    receiver: string;
    sinceUnixNano: string;
  };
  /** How much of the window was measured up to now. */
  coverage: number;
  measuredSeconds: number;
  windowSeconds: number;
  /** What the reader has to know of these numbers, in sentences. */
  caveats: string[];
}

/** GET /api/v1/slos */
export interface SlosBody {
  nowUnixNano: string;
  matched: number;
  /** Who is called first, then the least budget left. */
  slos: SloHead[];
  /** Budgets of groups above the bound, which are not kept. */
  leftOut: number;
}

/** GET /api/v1/slos/:service/:id?group&from&to */
export interface SloBody extends SloHead {
  nowUnixNano: string;
  /** The other budgets of the objective. */
  groups: { group: string; state: SloState; left: number | null }[];
  tiers: {
    id: string;
    severity: 'page' | 'ticket';
    longWindow: string;
    shortWindow: string;
    /** Both burn rates must exceed it. */
    factor: number;
    longBurn: number | null;
    shortBurn: number | null;
    verdict: string;
    /** False where the objective may not send alerts of this severity. */
    sends: boolean;
    /** Of Alertmanager. */
    receiver: string;
    /** Since when it fires. */
    sinceUnixNano?: string;
  }[];
  /** What was left at up to 300 moments of the window (`at`, milliseconds), beside an even spending. */
  burndown: { at: readonly number[]; left: readonly (number | null)[]; ideal: readonly number[] };
  /** Burn rates and events at up to 240 moments of the range (`at`, milliseconds); empty where steps are no longer kept. */
  lines: {
    at: readonly number[];
    tiers: readonly { id: string; long: readonly (number | null)[]; short: readonly (number | null)[] }[];
    bad: readonly (number | null)[];
    total: readonly (number | null)[];
  };
  /** What happened to the service within the window, newest first. */
  events: { kind: string; title: string; version: string; timeUnixNano: string }[];
  /** Incidents of its routes within the window, newest first. */
  incidents: {
    id: string;
    title: string;
    state: 'open' | 'closed';
    onsetUnixNano: string;
    closedUnixNano?: string;
  }[];
}
