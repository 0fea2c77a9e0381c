/** A comparison as texts, as the command line and the API give it, and back. */
import { parseTime } from '../../formats/log-line/time.ts';
import type { TimeRange } from '../../storage/store.ts';
import { NANOS_PER_SECOND } from '../../telemetry/clock.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import type { CompareQuestion, Condition, Side, Tolerance } from './comparison.ts';
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
type SideName = 'a' | 'b';

/** How an asker writes a parameter's name before its value: `a_from=` in an address, `--a-from` as a flag. */
export type NameOf = (parameter: string) => string;

interface Asked {
  texts: Texts;
  /** The end of a range that names none. */
  nowUnixNano: bigint;
  nameOf: NameOf;
}

/**
 * Reads the parameters; `nowUnixNano` is the end of a range that names none. Throws `bad-request`, which says which
 * one is wrong and of what form it must be.
 */
export function parseCompareQuestion(
  texts: Texts,
  nowUnixNano: bigint,
  nameOf: NameOf = (parameter) => `${parameter}=`,
): CompareQuestion {
  const name = (parameter: string) => bareName(nameOf, parameter);
  if (texts['since'] !== undefined && texts['from'] !== undefined) {
    const message = `${name('since')} and ${name('from')} both say where the range begins: give one of them.`;
    throw new CollectorError('bad-request', message);
  }
  const asked = { texts, nowUnixNano, nameOf };
  const sides = { a: sideOf('a', asked), b: sideOf('b', asked) };
  if (overlap(sides, texts)) {
    const [condition, from, to] = [written(nameOf, 'a', 'service.version=1'), name('a_from'), name('a_to')];
    const message = `${name('a')} and ${name('b')} share requests: give each a condition, such as ${condition}, or a time of its own, such as ${from} and ${to}.`;
    throw new CollectorError('bad-request', message);
  }
  const { service, route } = texts;
  return {
    ...sides,
    ...(service ? { service } : {}),
    ...(route ? routeOf(route) : {}),
    tolerance: toleranceOf(asked),
  };
}

/** A parameter with its value, as the asker wrote them. */
export function written(nameOf: NameOf, parameter: string, value: string): string {
  const name = nameOf(parameter);
  return name.endsWith('=') ? `${name}${value}` : `${name} ${value}`.trimEnd();
}

/** A parameter without a value, as the asker knows it. */
export function bareName(nameOf: NameOf, parameter: string): string {
  return nameOf(parameter).replace(/=$/, '');
}

/** Says which parameter is wrong, and of what form it must be. */
export function refusal(nameOf: NameOf, parameter: string, value: string, form: string): CollectorError {
  return new CollectorError('bad-request', `${written(nameOf, parameter, value)}: must be ${form}.`);
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

/** `parseTolerance` begins its messages with one name of the parameter; the asker may write another. */
function toleranceOf({ texts, nameOf }: Asked): Tolerance {
  try {
    return parseTolerance(texts['tolerance']);
  } catch (error) {
    if (!(error instanceof CollectorError)) throw error;
    throw new CollectorError(
      error.code,
      error.message.replace(/^tolerance\b/, bareName(nameOf, 'tolerance')),
    );
  }
}

function sideOf(name: SideName, asked: Asked): Side {
  return { conditions: conditionsOf(name, asked.texts[name], asked.nameOf), range: rangeOf(name, asked) };
}

/** Reads what `renderConditions` wrote into a parameter. Throws `bad-request`. */
export function conditionsOf(parameter: string, text: string | undefined, nameOf: NameOf): Condition[] {
  if (text === undefined) return [];
  const parts = unescaped(text);
  if (parts.length > MAX_CONDITIONS)
    throw refusal(nameOf, parameter, text, `at most ${MAX_CONDITIONS} conditions`);
  return parts.map((part) => {
    const equals = part.indexOf('=');
    if (equals < 1) throw refusal(nameOf, parameter, part, 'KEY=VALUE, such as service.version=1.4.0');
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
function rangeOf(side: SideName, asked: Asked): TimeRange {
  const { texts, nowUnixNano, nameOf } = asked;
  const [begin, end] = [endName(side, 'from', texts), endName(side, 'to', texts)];
  const toUnixNano = timeOf(end, asked) ?? nowUnixNano;
  const fromUnixNano = timeOf(begin, asked) ?? toUnixNano - sinceOf(asked);
  if (fromUnixNano >= toUnixNano) {
    const stop = texts[end] === undefined ? 'the end of the range' : written(nameOf, end, texts[end]);
    throw refusal(nameOf, begin, texts[begin] ?? '', `before ${stop}`);
  }
  if (fromUnixNano >= 0n) return { fromUnixNano, toUnixNano };
  const name = texts['since'] === undefined ? end : 'since';
  throw refusal(nameOf, name, texts[name] ?? '', 'so that the range begins after 1970');
}

/** The parameter that says where a side's range begins or ends. */
function endName(side: SideName, end: 'from' | 'to', texts: Texts): string {
  const own = `${side}_${end}`;
  return texts[own] === undefined ? end : own;
}

function timeOf(parameter: string, { texts, nameOf }: Asked): bigint | undefined {
  const text = texts[parameter];
  if (text === undefined) return undefined;
  const form = 'a time such as 2026-01-31T14:22:00Z, or seconds since the epoch';
  const time = parseTime(text);
  if (time === undefined) throw refusal(nameOf, parameter, text, form);
  return time;
}

function sinceOf({ texts: { since }, nameOf }: Asked): bigint {
  if (since === undefined) return DEFAULT_SECONDS * NANOS_PER_SECOND;
  const match = /^([1-9]\d{0,6})([smhd])$/.exec(since);
  if (!match) throw refusal(nameOf, 'since', since, 'a duration such as 30m, 2h or 1d');
  return BigInt(match[1]!) * UNIT_SECONDS[match[2]!]! * NANOS_PER_SECOND;
}

/** At one time, and every request of one side surely one of the other: then their difference tells nothing. */
function overlap({ a, b }: Readonly<Record<SideName, Side>>, texts: Texts): boolean {
  const isWithin = (inner: Side, outer: Side) =>
    outer.conditions.every(({ key, value }) =>
      inner.conditions.some((own) => own.key === key && own.value === value),
    );
  // A range that names no end has all that is still to come.
  const hasEnd = (side: SideName) => texts[endName(side, 'to', texts)] !== undefined;
  const apart =
    (hasEnd('a') && a.range.toUnixNano <= b.range.fromUnixNano) ||
    (hasEnd('b') && b.range.toUnixNano <= a.range.fromUnixNano);
  return !apart && (isWithin(a, b) || isWithin(b, a));
}
