/** A comparison as texts, as the command line and the API give it, and back. */
import { parseTime } from '../../formats/log-line/time.ts';
import type { TimeRange } from '../../storage/store.ts';
import { NANOS_PER_SECOND } from '../../telemetry/clock.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import type { CompareQuestion, Condition, Side } from './comparison.ts';
import { parseTolerance } from './tolerance.ts';

/** Every parameter of a comparison. */
export const COMPARE_PARAMETERS = [
  ...['a', 'b', 'service', 'route', 'since', 'from', 'to'],
  ...['a_from', 'a_to', 'b_from', 'b_to', 'tolerance'],
] as const;

/** How far back is looked when nothing else is said. */
const DEFAULT_SECONDS = 3600n;
/** Conditions of one side. */
const MAX_CONDITIONS = 10;
const UNIT_SECONDS: Readonly<Record<string, bigint>> = { s: 1n, m: 60n, h: 3600n, d: 86_400n };

type Texts = Readonly<Partial<Record<string, string>>>;

/**
 * Reads the parameters; `nowUnixNano` is the end of a range that names none. Throws `bad-request`, which says which
 * one is wrong and of what form it must be.
 */
export function parseCompareQuestion(texts: Texts, nowUnixNano: bigint): CompareQuestion {
  if (texts['since'] !== undefined && texts['from'] !== undefined) {
    const message = 'since and from both say where the range begins: give one of them.';
    throw new CollectorError('bad-request', message);
  }
  const [a, b] = [sideOf('a', texts, nowUnixNano), sideOf('b', texts, nowUnixNano)];
  if (overlap(a, b)) {
    const message =
      'a and b share requests: give each a condition, such as a=service.version=1, or a time of its own, such as a_from and a_to.';
    throw new CollectorError('bad-request', message);
  }
  const { service, route } = texts;
  return {
    ...{ a, b },
    ...(service ? { service } : {}),
    ...(route ? routeOf(route) : {}),
    tolerance: parseTolerance(texts['tolerance']),
  };
}

/** Conditions as one text: joined by commas; a comma or backslash of a value has a backslash before it. */
export function renderConditions(conditions: readonly string[]): string {
  return conditions.map((text) => text.replace(/[\\,]/g, '\\$&')).join(',');
}

/** A method may stand before the route. */
function routeOf(text: string): { route: string; method?: string } {
  const match = /^([A-Z]{3,10}) (.+)$/.exec(text);
  return match ? { method: match[1]!, route: match[2]! } : { route: text };
}

function sideOf(name: 'a' | 'b', texts: Texts, now: bigint): Side {
  return { conditions: conditionsOf(name, texts[name]), range: rangeOf(name, texts, now) };
}

/** Reads what `renderConditions` wrote; `name` is the parameter's. Throws `bad-request`. */
export function conditionsOf(name: string, text: string | undefined): Condition[] {
  if (text === undefined) return [];
  const parts = unescaped(text);
  if (parts.length > MAX_CONDITIONS) throw bad(name, text, `at most ${MAX_CONDITIONS} conditions`);
  return parts.map((part) => {
    const equals = part.indexOf('=');
    if (equals < 1) throw bad(name, part, 'KEY=VALUE, such as service.version=1.4.0');
    return { key: part.slice(0, equals), value: part.slice(equals + 1) };
  });
}

/** The parts between commas that have no backslash before them, without the backslashes. */
function unescaped(text: string): string[] {
  const parts = [''];
  for (const [token] of text.matchAll(/\\.|./gsu)) {
    if (token === ',') parts.push('');
    else parts[parts.length - 1] += token.length > 1 && token.startsWith('\\') ? token.slice(1) : token;
  }
  return parts;
}

/** The side's own ends of its range, else the shared ones, else the last hour. */
function rangeOf(name: 'a' | 'b', texts: Texts, now: bigint): TimeRange {
  const time = (end: 'from' | 'to'): bigint | undefined => {
    const own = `${name}_${end}`;
    const given = texts[own] === undefined ? end : own;
    const text = texts[given];
    if (text === undefined) return undefined;
    const parsed = parseTime(text);
    if (parsed === undefined)
      throw bad(given, text, 'a time such as 2026-01-31T14:22:00Z, or seconds since the epoch');
    return parsed;
  };
  const toUnixNano = time('to') ?? now;
  const fromUnixNano = time('from') ?? toUnixNano - sinceOf(texts);
  if (fromUnixNano >= toUnixNano)
    throw new CollectorError(
      'bad-request',
      `The range of ${name} ends before it begins: give it a from before its to.`,
    );
  return { fromUnixNano, toUnixNano };
}

function sinceOf({ since }: Texts): bigint {
  if (since === undefined) return DEFAULT_SECONDS * NANOS_PER_SECOND;
  const match = /^([1-9]\d{0,6})([smhd])$/.exec(since);
  if (!match) throw bad('since', since, 'a duration such as 30m, 2h or 1d');
  return BigInt(match[1]!) * UNIT_SECONDS[match[2]!]! * NANOS_PER_SECOND;
}

/** At one time, and every request of one side surely one of the other: then their difference tells nothing. */
function overlap(a: Side, b: Side): boolean {
  const isWithin = (inner: Side, outer: Side) =>
    outer.conditions.every(({ key, value }) =>
      inner.conditions.some((own) => own.key === key && own.value === value),
    );
  const apart = a.range.toUnixNano <= b.range.fromUnixNano || b.range.toUnixNano <= a.range.fromUnixNano;
  return !apart && (isWithin(a, b) || isWithin(b, a));
}

function bad(name: string, value: string, form: string): CollectorError {
  return new CollectorError('bad-request', `${name}=${value}: must be ${form}.`);
}
