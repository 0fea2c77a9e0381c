import type { QueryOptions, TimeRange } from '../storage/store.ts';
import { type Clock, NANOS_PER_MS, NANOS_PER_SECOND } from '../telemetry/clock.ts';
import { CollectorError } from '../telemetry/errors.ts';
import { fromHex, SPAN_ID_BYTES, TRACE_ID_BYTES } from '../telemetry/ids.ts';
import type { ApiRequest } from './deps.ts';

/** What a list answers without `limit`, and at the most. */
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;
/** How far back a question looks without `from`. */
const DEFAULT_RANGE = 3600n * NANOS_PER_SECOND;
/** After this a query is given up; the console's reader has long gone on. */
const QUERY_TIMEOUT_MS = 10_000;

function bad(name: string, value: string, form: string): CollectorError {
  return new CollectorError('bad-request', `${name}=${value}: must be ${form}.`);
}

/** A point in time: decimal nanoseconds since the epoch, or RFC 3339. */
export function timeOf(name: string, value: string): bigint {
  if (/^\d{1,19}$/.test(value)) return BigInt(value);
  const ms = /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms))
    throw bad(name, value, 'nanoseconds since the Unix epoch or a time like 2026-01-31T14:22:00Z');
  return BigInt(ms) * NANOS_PER_MS;
}

/** `from` and `to` of a question; the last hour by default. */
export function rangeOf(request: ApiRequest, clock: Clock): TimeRange {
  const { from, to } = request.query;
  const toUnixNano = to === undefined ? clock() : timeOf('to', to);
  const fromUnixNano = from === undefined ? toUnixNano - DEFAULT_RANGE : timeOf('from', from);
  if (fromUnixNano >= toUnixNano) throw bad('from', from ?? '', 'before `to`');
  return { fromUnixNano, toUnixNano };
}

/** `limit` and `cursor`, the deadline and the reader's presence, as the store takes them. */
export function optionsOf(request: ApiRequest): QueryOptions {
  const limit = limitOf(request);
  const { cursor } = request.query;
  return { limit, timeoutMs: QUERY_TIMEOUT_MS, signal: request.signal, ...(cursor ? { cursor } : {}) };
}

/** How many entries a list answers at the most. */
export function limitOf(request: ApiRequest): number {
  const limit = wholeNumber(request, 'limit', DEFAULT_LIMIT);
  if (limit < 1 || limit > MAX_LIMIT) throw bad('limit', String(limit), `1 to ${MAX_LIMIT}`);
  return limit;
}

/** A parameter that is a whole number. */
function wholeNumber(request: ApiRequest, name: string, otherwise: number): number {
  const value = request.query[name];
  if (value === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(value)) throw bad(name, value, 'a whole number');
  return Number(value);
}

/** A duration in milliseconds as nanoseconds; undefined when it is not given. */
export function millisecondsOf(request: ApiRequest, name: string): bigint | undefined {
  const value = request.query[name];
  if (value === undefined) return undefined;
  if (!/^\d{1,9}(\.\d{1,6})?$/.test(value)) throw bad(name, value, 'milliseconds, such as 250 or 0.5');
  return BigInt(Math.round(Number(value) * 1e6));
}

/** One of a closed set of words. */
export function oneOf<T extends string>(
  request: ApiRequest,
  name: string,
  words: readonly T[],
  otherwise: T,
): T {
  const value = request.query[name] ?? otherwise;
  const found = words.find((word) => word === value);
  if (found === undefined) throw bad(name, value, `one of ${words.join(', ')}`);
  return found;
}

/** `attr=KEY=VALUE` as a condition on attributes. */
export function attributesOf(request: ApiRequest): { key: string; value: string }[] | undefined {
  const { attr } = request.query;
  if (attr === undefined) return undefined;
  const equals = attr.indexOf('=');
  if (equals < 1) throw bad('attr', attr, 'KEY=VALUE');
  return [{ key: attr.slice(0, equals), value: attr.slice(equals + 1) }];
}

/** A trace id as bytes. */
export function traceIdOf(hex: string): Uint8Array {
  const bytes = fromHex(hex, TRACE_ID_BYTES);
  if (!bytes) throw bad('trace id', hex, '32 hex digits');
  return bytes;
}

/** A span id in lower-case hex. */
export function spanIdOf(hex: string): string {
  if (!fromHex(hex, SPAN_ID_BYTES)) throw bad('span id', hex, '16 hex digits');
  return hex.toLowerCase();
}
