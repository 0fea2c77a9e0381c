/** Labels made up for selectors, so that series can be fed that they select. */
import { matcherOf, type Selector } from '../../slo/index.ts';
import type { Labels } from './source.ts';

/** Labels that a selector selects, made of its own values; undefined where none are found. */
export function exampleOf(selector: Selector): Labels | undefined {
  const labels: Record<string, string> = {};
  for (const { label: name, op, value } of selector.matchers) {
    if (op === '=') labels[name] = value;
    if (op !== '=~' || labels[name] !== undefined) continue;
    const ofLabel = matcherOf({
      metric: '',
      matchers: selector.matchers.filter((one) => one.label === name),
    });
    const found = examples(value).find((text) => ofLabel({ [name]: text }));
    if (found === undefined) return undefined;
    labels[name] = found;
  }
  // An empty label is none.
  for (const [name, value] of Object.entries(labels)) if (value === '') delete labels[name];
  return matcherOf(selector)(labels) ? labels : undefined;
}

/** Texts that a regular expression may match: its alternatives, with something in place of what stands for any text. */
function examples(regex: string): readonly string[] {
  const inner = /^\((?:\?:)?([^()]*)\)$/.exec(regex)?.[1] ?? regex;
  return inner.split('|').map((text) =>
    text
      .replace(/\\d|\[[^\]]*\]/g, '0')
      .replace(/\.[+*]/g, 'x')
      .replace(/(?<!\\)\./g, '0')
      .replace(/\\(.)/g, '$1')
      .replace(/[+*?^$]/g, ''),
  );
}

/** Labels that `whole` selects and `part` does not, close to those that both do. */
export function exampleOutside(both: Labels, whole: Selector, part: Selector): Labels | undefined {
  for (const { label: name } of part.matchers) {
    for (const value of ['200', 'ok', 'other', undefined]) {
      const { [name]: _, ...rest } = both;
      const labels = value === undefined ? rest : { ...rest, [name]: value };
      if (matcherOf(whole)(labels) && !matcherOf(part)(labels)) return labels;
    }
  }
  return undefined;
}
