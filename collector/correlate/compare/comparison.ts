import type { TimeRange } from '../../storage/store.ts';
import type { Reference, Subject } from '../incident.ts';

/** An attribute of the request's server span or of its resource, compared as text. */
export interface Condition {
  key: string;
  value: string;
}

/** One of the two cohorts: the requests that meet every condition, within a range of time. */
export interface Side {
  conditions: readonly Condition[];
  range: TimeRange;
}

/** How much worse b may be: `errors` as a difference of shares (0.001), `latency` as a part of a's (0.1). */
export interface Tolerance {
  errors: number;
  latency: number;
}

/** What all kinds of comparison are asked. */
export interface CompareQuestion {
  a: Side;
  b: Side;
  service?: string;
  method?: string;
  route?: string;
  tolerance: Tolerance;
}

/** The kinds of comparison, in the order in which a report tells them. */
export const COMPARISON_KINDS = ['errors', 'latency', 'requests', 'calls', 'logs'] as const;
export type ComparisonKind = (typeof COMPARISON_KINDS)[number];

/** b against a with its 95 % interval: `difference` is b - a, `ratio` is b / a. Infinite where data sets no bound. */
export interface Change {
  scale: 'difference' | 'ratio';
  value: number;
  low: number;
  high: number;
}

/** What is measured on both sides, before it is judged. */
export interface Compared {
  kind: ComparisonKind;
  subject: Subject;
  /** `errors`, `p95`, `redis.GET: calls per request`. */
  measure: string;
  unit: 'share' | 'ms' | 'per-second' | 'per-request';
  source: 'metrics' | 'spans' | 'logs';
  /** n counts what was observed: stored requests, or all of them with metrics. */
  a: { value: number; n: number };
  b: { value: number; n: number };
  /** Undefined where too little is stored; `missing` then says what. */
  change: Change | undefined;
  missing: string;
  /** Changes up to this are accepted: a difference, or a part of a (0.1 for ×1.1). */
  margin: number;
  /** True when more of it is harm, and a surely larger value fails the release. */
  gates: boolean;
  /** Nothing can be said of the release while this cannot be told. */
  required: boolean;
  references: Reference[];
}

export interface Comparisons {
  compared: Compared[];
  /** What was left out, and what could not be looked at, in sentences. */
  notes: string[];
}

/**
 * `worse`/`better`: surely beyond the tolerance, of what gates; `more`/`less`: the same of what does not. `same`: surely
 * within the tolerance both ways; `not worse`: surely not above it; `unknown`: not enough data to tell.
 */
export type LineVerdict = 'worse' | 'better' | 'more' | 'less' | 'same' | 'not worse' | 'unknown';

/** One judged comparison as it is answered; null where a number is not known or has no bound. */
export interface ComparisonLine {
  verdict: LineVerdict;
  kind: ComparisonKind;
  subject: Subject;
  measure: string;
  unit: Compared['unit'];
  source: Compared['source'];
  a: { value: number | null; n: number };
  b: { value: number | null; n: number };
  change: { scale: Change['scale']; value: number | null; low: number | null; high: number | null } | null;
  /** What is accepted, on the scale of `change` less one for a ratio. */
  tolerance: number;
  /** The least change that would have been told in four of five cases, as `tolerance`. */
  visible: number | null;
  /** Two-sided p of a change beyond the tolerance, and the same after Benjamini-Hochberg; null where nothing was tested. */
  p: number | null;
  q: number | null;
  gates: boolean;
  required: boolean;
  /** The comparison with all its numbers. */
  statement: string;
  references: Reference[];
}

/** One side as it is answered. Times as decimal strings of nanoseconds. */
export interface SideReport {
  conditions: Condition[];
  fromUnixNano: string;
  toUnixNano: string;
  /** Requests that are compared: stored ones, or all where they come from metrics. */
  n: number;
}

export type Outcome = 'worse' | 'not worse' | 'unknown';

/** Is release b worse than a, and in what? Rows of one verdict come together, the largest harm first. */
export interface ReleaseComparison {
  outcome: Outcome;
  /** One sentence. */
  reason: string;
  a: SideReport;
  b: SideReport;
  tolerance: Tolerance;
  lines: ComparisonLine[];
  notes: string[];
}
