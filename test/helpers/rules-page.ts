import { imageRules, type RuleCard, rules } from '../../images/index.ts';

/** docs/rules.md: every rule of the gate, made of their cards. `npm run golden` writes it. */
export function renderRulesPage(): string {
  return `# Rules of the gate

\`go-sre check --explain CODE\` prints a rule's card: what is looked at, why, how to mend it. This page is made of those cards
by \`npm run golden\`.

## Dockerfile, ignore file and context: \`go-sre check\`

${table(rules)}

## Built images: \`go-sre check image\`

${table(imageRules)}
`;
}

function table(cards: readonly RuleCard[]): string {
  const rows = cards.map(
    ({ code, severity, title, link }) => `| [${code}](${link}) | ${severity} | ${title} |`,
  );
  return ['| rule | severity | holds when |', '|---|---|---|', ...rows].join('\n');
}
