import type { RuleCard } from '../../../images/index.ts';
import { nearest } from '../../../slo/index.ts';
import { usage } from '../errors.ts';

const width = 78;

/**
 * The card of one rule, for a person.
 * @throws CliError (exit code 2) when there is no such rule
 */
export function explain(code: string, cards: ReadonlyMap<string, RuleCard>): string {
  const codes = [...cards.keys()];
  const card =
    cards.get(code) ?? cards.get(codes.find((known) => known.toLowerCase() === code.toLowerCase()) ?? '');
  if (card === undefined) {
    const near = nearest(code, codes);
    throw usage(
      `There is no rule ${code}.${near === undefined ? '' : ` Did you mean ${near}?`} go-sre check --list names all.`,
    );
  }
  const parts: readonly [string, string][] = [
    ['What', card.what],
    ['Why', card.why],
    ['Mend', card.mend],
    ['More', card.link],
  ];
  const told = parts.map(([title, text]) => wrapped(`${title}: ${text}`).join('\n'));
  return `${card.code} (${card.severity}): ${card.title}\n\n${told.join('\n\n')}\n`;
}

function wrapped(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

/** All rules, a line each. */
export function listRules(cards: ReadonlyMap<string, RuleCard>): string {
  const all = [...cards.values()];
  const longest = Math.max(...all.map(({ code }) => code.length));
  return all
    .map(({ code, severity, title }) => `${code.padEnd(longest)}  ${severity.padEnd(7)}  ${title}\n`)
    .join('');
}
