import { spanAttribute } from '../../slo/index.ts';
import type { Attributes } from '../telemetry/model.ts';
import { leafCalls } from './call-paths.ts';
import { plain, type RequestTree } from './spans.ts';

/** A thing that is true of some requests and not of others, by name. */
export interface Trait {
  name: string;
  /** The same in a sentence about traces: `spend over 800 ms in redis.GET`. */
  says: string;
  test: (request: RequestTree) => boolean;
  /** How many traits were tried to arrive at this one; its p value is multiplied by it (Bonferroni). */
  tried: number;
  /** What call this is about; absent for attributes. */
  call?: string;
  /** For `LABEL > N ms`. */
  limitMs?: number;
  /** The call leaves the service: whatever is slow inside of it, is slow there. */
  leaf?: boolean;
}

/** Round limits of `LABEL > N ms`: 1, 2, 5, 8 and their decades, so that a reader can check one with a query. */
const LIMITS_MS = [0, 1, 2, 3].flatMap((power) => [1, 2, 5, 8].map((step) => step * 10 ** power));
/** A limit may give away this share of the best separation to be larger: more of the time is then explained. */
const KEEP_OF_BEST = 0.9;
/** Longer values are texts, not categories. */
const MAX_VALUE_LENGTH = 64;
/** Values of one key beyond this many are ids: each stands for few requests. */
const MAX_VALUES_PER_KEY = 50;
/** Attributes looked at; beyond that the correction for many tests would hide everything. */
const MAX_ATTRIBUTE_TRAITS = 400;
/** What makes a request bad by definition, at its entry; finding it among bad requests says nothing. */
const OUTCOME_KEYS = new Set([
  'http.response.status_code',
  'http.status_code',
  'error.type',
  'error',
  'otel.status_code',
]);
/** Constant or unique per request by their nature, or told as a trait of the call already (attempts). */
const IDENTITY =
  /^(telemetry\.|process\.|url\.(full|query)|http\.(url|target)|client\.port|network\.peer\.port|net\.(sock\.)?peer\.port|thread\.|sampling\.)|\.attempt$|resend_count$/;

/** Time that a request spent in calls of this label, attempts summed. */
export function timeIn(request: RequestTree, label: string): number {
  let ms = 0;
  for (const node of request.spans) if (node.label === label) ms += node.endMs - node.startMs;
  return ms;
}

/** Labels of the calls below the entries. */
export function callLabels(requests: readonly RequestTree[]): string[] {
  const labels = new Set<string>();
  for (const request of requests)
    for (const node of request.spans) if (node !== request.entry) labels.add(node.label);
  return [...labels].sort();
}

/** What calls did: took longer than a round limit, failed, were repeated. */
export function callTraits(before: readonly RequestTree[], bad: readonly RequestTree[]): Trait[] {
  const leaves = leafCalls([...before, ...bad]);
  return callLabels([...before, ...bad]).flatMap((label) => {
    const traits: Trait[] = [];
    const about = { call: label, leaf: leaves.has(label) };
    const limit = slowLimit(label, before, bad);
    if (limit !== undefined) {
      traits.push({
        name: `${label} > ${limit} ms`,
        says: `spend over ${limit} ms in ${label}`,
        test: (request) => timeIn(request, label) > limit,
        tried: LIMITS_MS.length,
        limitMs: limit,
        ...about,
      });
    }
    const any = (request: RequestTree, test: (node: RequestTree['entry']) => boolean) =>
      request.spans.some((node) => node.label === label && node !== request.entry && test(node));
    traits.push({
      name: `${label} failed`,
      says: `have a failed ${label}`,
      test: (r) => any(r, (node) => node.failed),
      tried: 1,
      ...about,
    });
    traits.push({
      name: attemptName(label, [...before, ...bad]),
      says: `call ${label} again after a failure`,
      test: (r) => any(r, (node) => node.attempt >= 2),
      tried: 1,
      ...about,
    });
    return traits;
  });
}

/** `redis.GET, redis.attempt >= 2`, by the attribute that tells it; resends are counted from the second attempt on. */
function attemptName(label: string, requests: readonly RequestTree[]): string {
  for (const { spans } of requests) {
    const key = spans.find((node) => node.label === label && node.attemptAttribute !== '')?.attemptAttribute;
    if (key) return `${label}, ${key} >= ${key === spanAttribute.httpResendCount ? 1 : 2}`;
  }
  return `${label}, attempt >= 2`;
}

/**
 * The limit N of `LABEL > N ms`: the largest round one that separates slow from quiet requests nearly as well as the
 * best. Undefined when none separates them at all.
 */
function slowLimit(
  label: string,
  before: readonly RequestTree[],
  bad: readonly RequestTree[],
): number | undefined {
  const [quiet, slow] = [before, bad].map((side) => side.map((request) => timeIn(request, label)));
  const above = (times: readonly number[], limit: number) =>
    times.filter((ms) => ms > limit).length / Math.max(1, times.length);
  const gains = LIMITS_MS.map((limit) => above(slow ?? [], limit) - above(quiet ?? [], limit));
  const best = Math.max(...gains);
  if (best <= 0) return undefined;
  return LIMITS_MS[gains.findLastIndex((gain) => gain >= KEEP_OF_BEST * best)];
}

/** What spans and resources say of themselves: `key = value`, ids and outcomes left out. */
export function attributeTraits(requests: readonly RequestTree[]): Trait[] {
  const valuesOf = new Map<RequestTree, Set<string>>();
  const seen = new Map<string, Set<string>>();
  for (const request of requests) {
    const own = new Set<string>();
    for (const node of request.spans) {
      collect(node.attributes, node === request.entry, own, seen);
      collect(node.resource, false, own, seen);
    }
    valuesOf.set(request, own);
  }
  return [...seen]
    .filter(([, values]) => values.size <= MAX_VALUES_PER_KEY)
    .flatMap(([key, values]) => [...values].map((value) => `${key} = ${value}`))
    .sort()
    .slice(0, MAX_ATTRIBUTE_TRAITS)
    .map((name) => ({
      name,
      says: `have ${name}`,
      test: (request) => valuesOf.get(request)?.has(name) ?? false,
      tried: 1,
    }));
}

function collect(
  attributes: Attributes,
  entry: boolean,
  own: Set<string>,
  seen: Map<string, Set<string>>,
): void {
  for (const [key, raw] of Object.entries(attributes)) {
    const value = plain(raw);
    if (value === '' || value.length > MAX_VALUE_LENGTH || IDENTITY.test(key)) continue;
    if (entry && OUTCOME_KEYS.has(key)) continue;
    own.add(`${key} = ${value}`);
    const values = seen.get(key) ?? new Set();
    seen.set(key, values);
    if (values.size <= MAX_VALUES_PER_KEY) values.add(value);
  }
}
