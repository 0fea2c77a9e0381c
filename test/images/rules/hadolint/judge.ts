import { shippedBaseImages } from '../../../../images/data/base-images.ts';
import { parseDockerfile } from '../../../../images/dockerfile/parser.ts';
import { resolveStages } from '../../../../images/dockerfile/stages.ts';
import type { Finding } from '../../../../images/finding.ts';
import { checkBuild } from '../../../../images/gate.ts';
import { hadolintRules } from '../../../../images/rules/hadolint/table.ts';
import type { RuleSettings } from '../../../../images/rules/rule.ts';

/** What one of the rules finds in a Dockerfile; rules that are off by default are asked too. */
export function judge(code: string, text: string, settings: Partial<RuleSettings> = {}): readonly Finding[] {
  const rules = hadolintRules.filter((rule) => rule.code === code);
  if (rules.length !== 1) throw new Error(`there is no rule ${code}`);
  const subject = {
    build: resolveStages(parseDockerfile(text)),
    context: undefined,
    baseImages: shippedBaseImages,
    today: '2026-11-26',
    settings: { trustedRegistries: undefined, labelSchema: new Map(), strictLabels: false, ...settings },
  };
  return checkBuild(subject, rules, new Map([[code, 'warning']]), 'Dockerfile').findings;
}

/** The lines that a rule finds something on. */
export function lines(
  code: string,
  text: string,
  settings: Partial<RuleSettings> = {},
): (number | undefined)[] {
  return judge(code, text, settings).map(({ line }) => line);
}
