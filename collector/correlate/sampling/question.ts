import { parseTime } from '../../formats/log-line/time.ts';
import { bareName, type NameOf, refusal } from '../compare/question.ts';
import type { CohortAttribute } from './processes.ts';
import { WANTED } from './recommend.ts';
import type { SamplingQuestion } from './report.ts';

/** The parameters of a question by their names in the API; a flag has dashes for the underscores. */
export const SAMPLING_PARAMETERS = [
  ...['service', 'a', 'b', 'since', 'from', 'to', 'slow'],
  ...['certainty', 'fault_traces', 'fault_within', 'daily_traces', 'keep_above'],
] as const;

/** Texts of the parameters that are given. */
export type SamplingTexts = Readonly<Partial<Record<(typeof SAMPLING_PARAMETERS)[number], string>>>;

const UNIT_NANOS: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86_400e9 };
const DEFAULT_RANGE = '1h';
/** More than these a day are no sample. */
const MAX_TRACES = 100_000;

/** Reads a question; without a range the last hour. Throws `bad-request` for a text that is not of its form. */
export function readSamplingQuestion(
  texts: SamplingTexts,
  { nowUnixNano, nameOf }: { nowUnixNano: bigint; nameOf: NameOf },
): SamplingQuestion {
  const refuse = (parameter: keyof SamplingTexts, form: string): never => {
    throw refusal(nameOf, parameter, texts[parameter] ?? '', form);
  };
  const attribute = (name: 'a' | 'b'): CohortAttribute | undefined => {
    const text = texts[name];
    if (text === undefined) return undefined;
    const equals = text.indexOf('=');
    if (equals < 1 || equals === text.length - 1)
      return refuse(name, 'KEY=VALUE of a resource attribute, such as service.version=1.4.0');
    return { key: text.slice(0, equals), value: text.slice(equals + 1) };
  };
  const nanos = (name: 'since' | 'slow' | 'fault_within', text: string): bigint => {
    const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(text) ?? [];
    const value = Number(digits) * (UNIT_NANOS[unit ?? ''] ?? Number.NaN);
    return value > 0 ? BigInt(Math.round(value)) : refuse(name, 'a duration, such as 250ms, 30m or 1h');
  };
  const time = (name: 'from' | 'to'): bigint | undefined => {
    const text = texts[name];
    if (text === undefined) return undefined;
    return parseTime(text) ?? refuse(name, 'a time such as 2026-01-02T03:04:05Z, or seconds since the epoch');
  };
  const number = (
    name: keyof SamplingTexts,
    otherwise: number,
    fits: (value: number) => boolean,
    form: string,
  ) => {
    const text = texts[name];
    if (text === undefined) return otherwise;
    const value = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
    return fits(value) ? value : refuse(name, form);
  };
  const traces = (name: 'fault_traces' | 'daily_traces', otherwise: number) =>
    number(
      name,
      otherwise,
      (value) => Number.isInteger(value) && value >= 1 && value <= MAX_TRACES,
      `a whole number of traces, 1 to ${MAX_TRACES}`,
    );
  if (texts.since !== undefined && texts.from !== undefined)
    refuse('since', `left out where ${bareName(nameOf, 'from')} is given: both say where the range begins`);
  if (texts.b !== undefined && texts.a === undefined)
    refuse('b', `given together with ${bareName(nameOf, 'a')}`);
  const toUnixNano = time('to') ?? nowUnixNano;
  const fromUnixNano = time('from') ?? toUnixNano - nanos('since', texts.since ?? DEFAULT_RANGE);
  if (fromUnixNano >= toUnixNano || fromUnixNano < 0n) {
    const given = (['from', 'since'] as const).find((name) => texts[name] !== undefined) ?? 'to';
    refuse(given, 'so that the range begins before it ends, and after 1970');
  }
  return {
    ...{ service: texts.service, a: attribute('a'), b: attribute('b'), fromUnixNano, toUnixNano },
    slowSeconds: texts.slow === undefined ? undefined : Number(nanos('slow', texts.slow)) / 1e9,
    wanted: {
      certainty: number('certainty', WANTED.certainty, (p) => p >= 0.5 && p < 1, 'from 0.5 to below 1'),
      faultTraces: traces('fault_traces', WANTED.faultTraces),
      faultWithinSeconds:
        texts.fault_within === undefined
          ? WANTED.faultWithinSeconds
          : Number(nanos('fault_within', texts.fault_within)) / 1e9,
      dailyTraces: traces('daily_traces', WANTED.dailyTraces),
      keepAbove: number('keep_above', WANTED.keepAbove, (p) => p > 0 && p <= 1, 'above 0, to 1'),
    },
  };
}
