import { collectorTests } from './collector/rule-tests.ts';
import { collectorRules } from './collector/rules.ts';
import { renderYaml } from './yaml.ts';

/**
 * Rules that watch the collector itself, and their tests: file name -> text. Every collector has the same ones, so they
 * stand in alerts/collector/ as they are; `npm run golden` renews them.
 */
export function planCollectorAlerts(): Map<string, string> {
  const groups = collectorRules();
  const tests = {
    rule_files: ['rules.yaml'],
    evaluation_interval: '1m',
    group_eval_order: groups.map((group) => group.name),
    tests: collectorTests(),
  };
  return new Map([
    ['rules.yaml', render('Recording and alerting rules of the collector itself', { groups })],
    ['rules.test.yaml', render('Unit tests of the rules: promtool test rules rules.test.yaml', tests)],
  ]);
}

function render(what: string, content: object): string {
  const header = `# Code generated from alerts/collector/; DO NOT EDIT. Change a rule there and run \`npm run golden\`.\n# ${what}.\n`;
  return header + renderYaml(content);
}
