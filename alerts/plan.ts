import { stringify } from 'yaml';
import type { Service } from '../slo/index.ts';
import { ruleTests } from './rule-tests.ts';
import { ruleGroups } from './rules.ts';

const paths = { rules: 'prometheus/rules.yaml', tests: 'prometheus/rules.test.yaml' } as const;

/**
 * The rule files of a service: path relative to ops/ -> text. Pure and deterministic: the same objectives
 * give the same bytes.
 */
export function planAlerts(service: Service): Map<string, string> {
  const groups = ruleGroups(service);
  const tests = {
    rule_files: ['rules.yaml'],
    evaluation_interval: '5m',
    // Without it promtool evaluates the groups in random order.
    group_eval_order: groups.map((group) => group.name),
    tests: ruleTests(service),
  };
  return new Map([
    [paths.rules, render('Recording and alerting rules', { groups })],
    [paths.tests, render('Unit tests of the rules: promtool test rules rules.test.yaml', tests)],
  ]);
}

function render(what: string, content: unknown): string {
  const header = `# Code generated from slo.json; DO NOT EDIT. Change an objective and render again.\n# ${what}.\n`;
  return header + stringify(content, { lineWidth: 0, aliasDuplicateObjects: false });
}
