import { parseTime } from '../formats/log-line/time.ts';
import type { TimeRange } from '../storage/store.ts';
import { NANOS_PER_SECOND } from '../telemetry/clock.ts';
import type { CollectorError } from '../telemetry/errors.ts';
import { bareName, conditionsOf, type NameOf, refusal, written } from './compare/question.ts';
import type { ExplainQuestion } from './explain.ts';

/** The parameters of a question by their names in the API; a flag has the same name. */
export const EXPLAIN_PARAMETERS = [
  ...['at', 'from', 'to', 'since', 'service', 'route', 'method', 'signal', 'where'],
] as const;

/** Texts of the parameters that are given; the conditions of `where` are joined as `renderConditions` does. */
export type ExplainTexts = Readonly<Partial<Record<string, string>>>;

/** More reads too much for one answer. */
export const MOST_RANGE_NANO = 24n * 3600n * NANOS_PER_SECOND;

interface Asker {
  /** The end of a range that names none. */
  nowUnixNano: bigint;
  nameOf: NameOf;
}

const UNIT_SECONDS: Readonly<Record<string, bigint>> = { s: 1n, m: 60n, h: 3600n, d: 86_400n };
const DEFAULT_RANGE_NANO = 3600n * NANOS_PER_SECOND;
/** Of an incident whose moment is named so much is looked at, unless `to` says more or less. */
const LOOKED_AT_NANO = 300n * NANOS_PER_SECOND;

/**
 * Reads a question; without any time it is about the last hour. Throws `bad-request`, which says which text is wrong
 * and of what form it must be.
 */
export function parseExplainQuestion(texts: ExplainTexts, asker: Asker): ExplainQuestion {
  const { service, signal } = texts;
  if (signal !== undefined && signal !== 'latency' && signal !== 'errors')
    throw bad('signal', signal, 'one of latency, errors', asker);
  const where = conditionsOf('where', texts['where'], asker.nameOf);
  return {
    ...whenOf(texts, asker),
    ...(service ? { service } : {}),
    ...routeOf(texts),
    ...(signal === undefined ? {} : { signal }),
    ...(where.length > 0 ? { where } : {}),
  };
}

/** The moment, when it is named, and the time that is explained. */
function whenOf(texts: ExplainTexts, asker: Asker): Pick<ExplainQuestion, 'range' | 'onsetUnixNano'> {
  // `at` says where it begins: what was before is looked at anyway, to compare with.
  const begin = ['from', 'at'].find((name) => texts[name] !== undefined);
  if (texts['since'] !== undefined && begin !== undefined) {
    const form = `left out where ${bareName(asker.nameOf, begin)} is given: both say where the range begins`;
    throw bad('since', texts['since'], form, asker);
  }
  const now = asker.nowUnixNano;
  const at = timeOf('at', texts, asker);
  const to = timeOf('to', texts, asker);
  const from = timeOf('from', texts, asker) ?? sinceOf(texts, to ?? now, asker);
  if (at === undefined) {
    const toUnixNano = to ?? now;
    const range = { fromUnixNano: from ?? toUnixNano - DEFAULT_RANGE_NANO, toUnixNano };
    return { range: ordered(range, texts, asker) };
  }
  const end = at + LOOKED_AT_NANO < now ? at + LOOKED_AT_NANO : now;
  const range = { fromUnixNano: from ?? at, toUnixNano: to ?? end };
  return { onsetUnixNano: at, range: holding(at, range, texts, asker) };
}

/** The range, if the moment lies in it. */
function holding(at: bigint, range: TimeRange, texts: ExplainTexts, asker: Asker): TimeRange {
  const said = (name: 'from' | 'to') => written(asker.nameOf, name, texts[name]!);
  if (at < range.fromUnixNano) throw bad('at', texts['at']!, `at or after ${said('from')}`, asker);
  if (at < range.toUnixNano) return range;
  const end = texts['to'] === undefined ? 'the end of what is looked at' : said('to');
  throw bad('at', texts['at']!, `before ${end}`, asker);
}

function ordered(range: TimeRange, texts: ExplainTexts, asker: Asker): TimeRange {
  const isOrdered = range.fromUnixNano < range.toUnixNano && range.fromUnixNano >= 0n;
  // How long a range is that ends now is known when it is looked at.
  const isBounded = texts['since'] !== undefined || texts['to'] !== undefined;
  if (isOrdered && isBounded && range.toUnixNano - range.fromUnixNano > MOST_RANGE_NANO) {
    const long = texts['since'] === undefined ? 'from' : 'since';
    throw bad(long, texts[long] ?? '', 'a day at most before the end of the range', asker);
  }
  if (isOrdered) return range;
  const name = texts['from'] === undefined ? (texts['since'] === undefined ? 'to' : 'since') : 'from';
  throw bad(name, texts[name] ?? '', 'so that the range begins before it ends, and after 1970', asker);
}

function timeOf(name: 'at' | 'from' | 'to', texts: ExplainTexts, asker: Asker): bigint | undefined {
  const text = texts[name];
  if (text === undefined) return undefined;
  const form = 'a time such as 2026-01-31T14:22:00Z, or a number of seconds since the epoch';
  const time = parseTime(text);
  if (time === undefined) throw bad(name, text, form, asker);
  return time;
}

function sinceOf(texts: ExplainTexts, end: bigint, asker: Asker): bigint | undefined {
  const text = texts['since'];
  if (text === undefined) return undefined;
  const match = /^([1-9]\d{0,6})([smhd])$/.exec(text);
  if (!match) throw bad('since', text, 'a duration such as 30m, 2h or 1d', asker);
  return end - BigInt(match[1]!) * UNIT_SECONDS[match[2]!]! * NANOS_PER_SECOND;
}

/** A method may stand before the route. */
function routeOf({ route, method }: ExplainTexts): Pick<ExplainQuestion, 'route' | 'method'> {
  const match = /^([A-Z]{3,10}) (\/.*)$/.exec(route ?? '');
  const [, ownMethod = method, ownRoute = route] = match ?? [];
  return { ...(ownRoute ? { route: ownRoute } : {}), ...(ownMethod ? { method: ownMethod } : {}) };
}

function bad(name: string, value: string, form: string, { nameOf }: Asker): CollectorError {
  return refusal(nameOf, name, value, form);
}
