import type { Store, TimeRange } from '../storage/store.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Ranking } from './ranking/rank.ts';
import type { Family } from './ranking/suspicion.ts';

/** What a finding speaks of; the parts that are not known are absent. */
export interface Subject {
  service?: string;
  route?: string;
  method?: string;
  span?: string;
  resource?: string;
}

/** Something to open: a trace, a span, a log line, a series. Ids as lower-case hex. */
export type Reference =
  | { kind: 'trace'; traceId: string; label: string }
  | { kind: 'span'; traceId: string; spanId: string; label: string }
  | { kind: 'log'; traceId: string; spanId: string; timeUnixNano: string; label: string }
  | { kind: 'series'; name: string; labels: Record<string, string>; label: string };

/** A number that never stands alone: the value and how many observations it comes from. */
interface Measure {
  value: number;
  n: number;
}

/** A line chart beside a finding; `at` in milliseconds since the epoch, NaN (null in JSON) where there was nothing. */
export interface FindingChart {
  title: string;
  unit: 'ms' | 'per-second' | 'count' | 'ratio' | 'share';
  scale: 'linear' | 'log';
  at: number[];
  value: (number | null)[];
  threshold?: { value: number; label: string };
}

/** A table beside a finding: header and rows of the same length; a cell may carry a reference by its position in `references`. */
export interface FindingTable {
  columns: { title: string; align: 'left' | 'right' }[];
  rows: { cells: string[]; emphasis?: boolean; reference?: number }[];
  caption?: string;
}

/** The kinds of evidence, in the order in which an incident tells them. */
export const EVIDENCE_KINDS = [
  'symptom',
  'suspects',
  'onset',
  'exemplars',
  'difference',
  'where',
  'logs',
  'retry-storm',
  'pool',
  'profiles',
  'alternatives',
] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

/**
 * One statement with its numbers. `holds`: supports the verdict; `refuted`: an alternative that the numbers speak
 * against; `untested`: what was needed is not stored, said in the statement.
 */
export interface Finding {
  kind: EvidenceKind;
  outcome: 'holds' | 'refuted' | 'untested';
  subject: Subject;
  /** Size of the effect in its own unit: a ratio, a difference of shares. */
  effect: number;
  baseline: Measure;
  incident: Measure;
  /** Two-sided p value; null where none was computed. */
  p: number | null;
  /** One or two sentences, numbers included. */
  statement: string;
  references: Reference[];
  charts: FindingChart[];
  table?: FindingTable;
  /** What later kinds of evidence and the verdict need of this one, by stable keys. */
  facts: Record<string, string | number>;
}

/** An attribute of a request's server span or of its resource, compared as text. */
export interface AttributeCondition {
  key: string;
  value: string;
}

/** What all kinds of evidence are asked: which symptom, when, against which quiet time. */
export interface Question {
  service: string;
  method: string;
  route: string;
  signal: 'latency' | 'errors';
  /** Only requests with all of these are looked at, before the onset and since; all requests when absent. */
  where?: readonly AttributeCondition[];
  onsetUnixNano: bigint;
  incident: TimeRange;
  baseline: TimeRange;
  /** Findings made before this one, in EVIDENCE_KINDS order. */
  before: readonly Finding[];
}

export interface EvidenceDeps {
  clock: Clock;
  signal: AbortSignal;
  /** Ranks the services; who explains often keeps the answer for a while. Ranked anew by default. */
  rank?: (question: Pick<Question, 'onsetUnixNano' | 'incident'>) => Promise<Ranking>;
  /** Told of a defect in one kind of evidence, which the explanation survives. */
  warn?: (message: string, fields: Record<string, unknown>) => void;
}

/** One kind of evidence: asks the store, answers findings; never throws for missing data. */
export type Evidence = (question: Question, store: Store, deps: EvidenceDeps) => Promise<Finding[]>;

/** A service with what speaks against it, the strongest first; a score of 1 is enough to name it. */
export interface SuspectService {
  service: string;
  score: number;
  evidence: {
    family: Family;
    /** A log's place or template, a callee, an operation, an instance. */
    about: string;
    score: number;
    statement: string;
    references: Reference[];
    /** Of a log line: the lines of its request before and after it. */
    between?: [string, string];
  }[];
  /** The highest score of each family. */
  families: Partial<Record<Family, number>>;
}

export type ConfidenceTier = 'high' | 'medium' | 'low' | 'insufficient evidence';

/** What an incident took of one error budget. */
export interface BudgetCost {
  /** Id of the objective; with `labels` where it has a budget for each combination of their values. */
  slo: string;
  labels: Record<string, string>;
  objective: number;
  /** `30d`, or `month`. */
  window: string;
  /** Events between onset and end, in steps of 30 s. */
  badEvents: number;
  totalEvents: number;
  /** Share of the bad events that the objective allows in its window, by the traffic of that window; null when it allows none. */
  share: number | null;
  source: 'metrics' | 'spans';
}

/** An alert of Alertmanager that is part of an incident. */
export interface IncidentAlert {
  /** By which Alertmanager tells repeats of one alert. */
  fingerprint: string;
  name: string;
  /** Id of the objective that burns; '' for other alerts. */
  slo: string;
  startsUnixNano: string;
  /** When it was told to be over; absent while it fires. */
  resolvedUnixNano?: string;
}

/** An incident as it is stored, answered and exported. Times as decimal strings of nanoseconds. */
export interface Incident {
  /** Hash of service, route, signal and onset minute, so that several collectors write one. */
  id: string;
  state: 'open' | 'closed';
  service: string;
  method: string;
  route: string;
  signal: 'latency' | 'errors';
  onsetUnixNano: string;
  openedUnixNano: string;
  updatedUnixNano: string;
  closedUnixNano?: string;
  /** From the onset to the last bad moment that was seen; of a closed incident. It closes after a time of calm. */
  durationSeconds?: number;
  /** Of a closed incident, for each objective that speaks of its route. */
  budgetCost?: BudgetCost[];
  /** What opened it: the detector when absent; `question`: somebody asked for a time to be explained. */
  openedBy?: 'alert' | 'question';
  /** It is about requests with these attributes alone. */
  where?: readonly AttributeCondition[];
  /** Alerts that were told of it, oldest first. */
  alerts?: IncidentAlert[];
  baseline: { fromUnixNano: string; toUnixNano: string };
  incident: { fromUnixNano: string; toUnixNano: string };
  /** One line: who is failing and why. */
  title: string;
  /** Two or three sentences: cause with its numbers, or what is missing for one. */
  verdict: string;
  /** What the evidence does not tell. */
  unknown: string;
  confidence: { tier: ConfidenceTier; holds: number; tested: number; reason: string };
  /** Failed and slow requests since the onset. */
  harm: string;
  /** What to do first. */
  tryFirst: string;
  runbook?: string;
  findings: Finding[];
  /** All services by how much changed in them; always given when spans were there to be compared. */
  suspects?: SuspectService[];
  /** What was not there to be looked at, in sentences. */
  lacked?: string[];
}
