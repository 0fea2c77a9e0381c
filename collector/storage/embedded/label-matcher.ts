import { RE2JS, RE2JSException } from 're2js';
import { CollectorError } from '../../telemetry/errors.ts';
import type { SeriesInfo } from '../../telemetry/model.ts';
import type { LabelMatcher } from '../store.ts';

/** Characters of one expression; RE2's automaton grows with it. */
const MAX_EXPRESSION = 1000;

/**
 * An expression as Prometheus reads it: RE2's syntax (linear time, no look-around), anchored at both ends, `.` also
 * for a line feed. Throws `bad-request` where it cannot be read.
 */
export function compileRegex(source: string): (text: string) => boolean {
  const refuse = (why: string) =>
    new CollectorError('bad-request', `the regular expression ${JSON.stringify(source.slice(0, 80))} ${why}`);
  if (source.length > MAX_EXPRESSION) throw refuse(`is longer than ${MAX_EXPRESSION} characters`);
  try {
    const regex = RE2JS.compile(source, RE2JS.DOTALL);
    return (text) => regex.matches(text);
  } catch (error) {
    if (error instanceof RE2JSException) throw refuse(`cannot be read: ${error.message}`);
    throw error;
  }
}

/**
 * One function out of all matchers, as Prometheus reads them: an absent label is the empty string, regular
 * expressions are anchored at both ends. Throws `bad-request` for an expression that cannot be read.
 */
export function compileMatchers(matchers: readonly LabelMatcher[]): (series: SeriesInfo) => boolean {
  const tests = matchers.map(compileMatcher);
  return (series) => tests.every((test) => test(series));
}

function compileMatcher({ label, op, value }: LabelMatcher): (series: SeriesInfo) => boolean {
  const textOf = ({ name, labels }: SeriesInfo): string => {
    if (label === '__name__') return name;
    return Object.hasOwn(labels, label) ? labels[label]! : '';
  };
  if (op === '=') return (series) => textOf(series) === value;
  if (op === '!=') return (series) => textOf(series) !== value;
  const regex = compileRegex(value);
  // Many series share few values of a label.
  const known = new Map<string, boolean>();
  const matches = (text: string): boolean => {
    let result = known.get(text);
    if (result === undefined) {
      result = regex(text);
      known.set(text, result);
    }
    return result;
  };
  return op === '=~' ? (series) => matches(textOf(series)) : (series) => !matches(textOf(series));
}
