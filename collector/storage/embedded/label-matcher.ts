import type { SeriesInfo } from '../../telemetry/model.ts';
import type { LabelMatcher } from '../store.ts';
import { LinearRegex } from './linear-regex.ts';

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
  const regex = new LinearRegex(value);
  // Many series share few values of a label.
  const known = new Map<string, boolean>();
  const matches = (text: string): boolean => {
    let result = known.get(text);
    if (result === undefined) {
      result = regex.matches(text);
      known.set(text, result);
    }
    return result;
  };
  return op === '=~' ? (series) => matches(textOf(series)) : (series) => !matches(textOf(series));
}
