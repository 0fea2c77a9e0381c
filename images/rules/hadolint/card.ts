import type { Rule } from '../rule.ts';

/** A rule that has hadolint's number: what it is about has a page in hadolint's wiki. */
export function hadolintRule(rule: Omit<Rule, 'link'>): Rule {
  return { ...rule, link: `https://github.com/hadolint/hadolint/wiki/${rule.code}` };
}
