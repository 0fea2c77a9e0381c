/**
 * The specification on one screen: every key, what it means, and the kinds it belongs to. The parser refuses by this table,
 * and the JSON schema that editors read is made of it.
 */
import type { SliKind } from '../slo.ts';
import { maxTextLength } from './problems.ts';

/** Value of the `schema` key. */
export const specSchema = 'go-sre.slo/v1';

/** A part of a JSON schema (draft 2020-12). */
export type SchemaPart = Readonly<Record<string, unknown>>;

export interface SpecKey {
  readonly is: string;
  readonly schema: SchemaPart;
  readonly required?: boolean;
  /** The kinds of objectives it belongs to; absent: to all. */
  readonly kinds?: readonly SliKind[];
}

export const kinds = ['availability', 'latency', 'errors', 'saturation', 'freshness', 'custom'] as const;

/** What a service may name as a method: those that internal/slo of the emitted service allows. */
export const httpMethods: readonly string[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
];

/** A generated rule file of this many objectives has about 15 MB; more is a mistake. */
export const maxSlos = 5_000;
/** An id is made of a method, a path and a kind; it is a label value, which Prometheus does not bound this low. */
export const maxIdLength = 200;
export const maxWindowDays = 90;
export const maxRoutes = 100;
export const maxErrorTypes = 20;
/** Each label multiplies the series of an objective. */
export const maxBy = 3;
export const maxExpressionLength = 2_000;
/** Seconds. Within these, Go and JavaScript print a number alike, so the threshold equals the exposed `le`. */
export const thresholdRange = { min: 0.0001, max: 3_600 } as const;
/** Seconds: what is renewed less often than in ninety days is not watched by a window of ninety days. */
export const freshnessRange = { min: 1, max: 7_776_000 } as const;

export const pattern = {
  service: '^[a-z][a-z0-9-]{0,62}$',
  id: '^[a-z0-9][a-z0-9-]*$',
  path: '^/[\\x21-\\x7e]*$',
  label: '^[a-zA-Z_][a-zA-Z0-9_]*$',
  /** One to `maxWindowDays` days. */
  window: '^(([1-9]|[1-8][0-9]|90)d|month)$',
  url: '^https?://[^\\s/]+\\S*$',
} as const;

const text = { type: 'string', minLength: 1, maxLength: maxTextLength } as const;
const expression = { type: 'string', minLength: 1, maxLength: maxExpressionLength } as const;
const requests = ['availability', 'latency', 'errors'] as const;
const time = ['saturation', 'freshness'] as const;

export const serviceKeys = {
  schema: { is: 'The version of this format.', schema: { const: specSchema }, required: true },
  service: {
    is: 'Name of the service: the value of `job` on its series, unless `job` says otherwise.',
    schema: { ...text, pattern: pattern.service },
    required: true,
  },
  owner: { is: 'The team that answers for it; a label of every alert.', schema: text, required: true },
  runbook: {
    is: 'URL, or a path inside the repository: what to do when an alert fires.',
    schema: { ...text, pattern: '^\\S+$' },
    required: true,
  },
  job: { is: 'Value of the label `job` on its series, where that is not its name.', schema: text },
  grafana: {
    is: 'Base URL of Grafana: alerts link to their dashboard there.',
    schema: { ...text, pattern: pattern.url },
  },
  routing: {
    is: 'Receivers of Alertmanager for pages and for tickets.',
    schema: {
      type: 'object',
      additionalProperties: false,
      minProperties: 1,
      properties: { page: text, ticket: text },
    },
  },
  slos: { is: 'The objectives.', schema: { type: 'array', maxItems: maxSlos }, required: true },
} as const satisfies Record<string, SpecKey>;

export const sloKeys = {
  id: {
    is: 'Names the objective in rules, alerts and dashboards; history ends where it changes.',
    schema: { ...text, maxLength: maxIdLength, pattern: pattern.id },
    required: true,
  },
  description: { is: 'What it promises, in a sentence.', schema: text },
  kind: {
    is: 'What counts as bad: a failed request, a slow one, named kinds of errors, time above a limit, time without renewal, or events of your own.',
    schema: { enum: kinds },
    required: true,
  },
  method: {
    is: 'Method of `route`; absent: all methods.',
    schema: { enum: httpMethods },
    kinds: requests,
  },
  route: {
    is: 'Path template of the one route it speaks of; absent: all of the service.',
    schema: { ...text, pattern: pattern.path },
    kinds: requests,
  },
  routes: {
    is: 'Several routes that count together, like "GET /orders/{id}": the way out where each alone has too few requests.',
    schema: { type: 'array', minItems: 1, maxItems: maxRoutes, uniqueItems: true, items: text },
    kinds: requests,
  },
  by: {
    is: 'Labels whose every combination of values has a budget and alerts of its own.',
    schema: {
      type: 'array',
      minItems: 1,
      maxItems: maxBy,
      uniqueItems: true,
      items: { ...text, pattern: pattern.label },
    },
  },
  objective: {
    is: 'The share of good events that is promised, as a ratio: 0.999.',
    schema: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
    required: true,
  },
  window: {
    is: 'The time over which it is promised: "7d", "28d", "30d" up to now, or "month", the month of the calendar in UTC.',
    schema: { type: 'string', pattern: pattern.window },
    required: true,
  },
  thresholdSeconds: {
    is: 'A request within it is quick; or, for freshness, the longest time since the last renewal.',
    schema: { type: 'number', minimum: thresholdRange.min, maximum: freshnessRange.max },
    kinds: ['latency', 'freshness'],
  },
  histogram: {
    is: 'Of which kind the histogram of durations is: "classic" with a bucket at the threshold, or "native".',
    schema: { enum: ['classic', 'native'] },
    kinds: ['latency'],
  },
  errorTypes: {
    is: 'Values of `error_type` that are bad, like "timeout"; other answers are good, whatever their code.',
    schema: { type: 'array', minItems: 1, maxItems: maxErrorTypes, uniqueItems: true, items: text },
    kinds: ['errors'],
  },
  gauge: {
    is: 'PromQL of a gauge; the time in which its largest series is above `limit` is bad.',
    schema: expression,
    kinds: ['saturation'],
  },
  limit: { is: 'The largest good value of `gauge`.', schema: { type: 'number' }, kinds: ['saturation'] },
  timestamp: {
    is: 'PromQL of a gauge of Unix seconds: when it was renewed last.',
    schema: expression,
    kinds: ['freshness'],
  },
  missing: {
    is: 'What time without a value is: "unknown" (lowers the coverage) or "bad".',
    schema: { enum: ['unknown', 'bad'] },
    kinds: time,
  },
  bad: {
    is: 'Counter of bad events, or PromQL with [$window] as its range.',
    schema: expression,
    kinds: ['custom'],
  },
  good: {
    is: 'Counter of good events, or PromQL with [$window] as its range; in place of `bad`.',
    schema: expression,
    kinds: ['custom'],
  },
  total: {
    is: 'Counter of all events, or PromQL with [$window] as its range.',
    schema: expression,
    kinds: ['custom'],
  },
  badRatio: {
    is: 'PromQL of the share of bad events with [$window] as its range, where events cannot be counted; time is counted then.',
    schema: expression,
    kinds: ['custom'],
  },
  alerts: {
    is: 'The gravest alert it may send: "page" (when absent), "ticket" or "none".',
    schema: { enum: ['page', 'ticket', 'none'] },
  },
  owner: { is: 'Who answers for it, where that is not the owner of the service.', schema: text },
  runbook: {
    is: 'What to do, where that is not the runbook of the service.',
    schema: { ...text, pattern: '^\\S+$' },
  },
} as const satisfies Record<string, SpecKey>;

/** The keys that must stand in an objective of each kind, beside those that all need. */
export const neededKeys: Readonly<Record<SliKind, readonly (keyof typeof sloKeys)[]>> = {
  availability: [],
  latency: ['thresholdSeconds'],
  errors: ['errorTypes'],
  saturation: ['gauge', 'limit'],
  freshness: ['timestamp', 'thresholdSeconds'],
  custom: [],
};
