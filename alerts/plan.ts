import type { Service } from '../slo/index.ts';
import { alertmanagerConfig } from './alertmanager.ts';
import { ruleTests } from './rule-tests.ts';
import { type RuleGroup, ruleGroups } from './rules.ts';
import { serviceTests } from './service/rule-tests.ts';
import { serviceRules } from './service/rules.ts';
import { type RuleTarget, ruleTargets } from './targets.ts';
import { renderYaml } from './yaml.ts';

const paths = {
  rules: 'prometheus/rules.yaml',
  tests: 'prometheus/rules.test.yaml',
  alertmanager: 'alertmanager/alertmanager.yaml',
} as const;

/**
 * The files of a service's alerts: path relative to ops/ -> text. Pure and deterministic: the same objectives
 * give the same bytes.
 */
export function planAlerts(
  service: Service,
  target: RuleTarget = ruleTargets.prometheus,
  clients: readonly string[] = [],
): Map<string, string> {
  const groups = alertGroups(service, target, clients);
  const tests = {
    rule_files: ['rules.yaml'],
    evaluation_interval: '5m',
    // Without it promtool evaluates the groups in random order.
    group_eval_order: groups.map((group) => group.name),
    tests: [...ruleTests(service), ...serviceTests(service, clients)],
  };
  return new Map([
    [paths.rules, render(`Recording and alerting rules for ${target.is}`, { groups })],
    [paths.tests, render('Unit tests of the rules: promtool test rules rules.test.yaml', tests)],
    [
      paths.alertmanager,
      render(
        'Routes and inhibitions for Alertmanager: merge them into its configuration and give the receivers their integrations',
        alertmanagerConfig(service),
      ),
    ],
  ]);
}

/**
 * All rule groups of a service, in the form that `target` takes.
 * @param clients the clients that the service has, by the name of the template's option: their pools are watched
 */
export function alertGroups(
  service: Service,
  target: RuleTarget,
  clients: readonly string[] = [],
): readonly RuleGroup[] {
  return [...ruleGroups(service, target), serviceRules(service, clients)]
    .flatMap((group) => split(group, target.maxRules))
    .map(({ rules, ...group }) => ({ ...group, ...target.group, rules }));
}

/** Groups of at most `most` rules. Those that follow read what those before recorded, one interval later at most. */
function split(group: RuleGroup, most = Number.POSITIVE_INFINITY): readonly RuleGroup[] {
  const { rules } = group;
  if (rules.length <= most) return [group];
  return Array.from({ length: Math.ceil(rules.length / most) }, (_, n) => ({
    ...group,
    name: `${group.name}-${n + 1}`,
    rules: rules.slice(n * most, (n + 1) * most),
  }));
}

function render(what: string, content: object): string {
  const header = `# Code generated from slo.json; DO NOT EDIT. Change an objective and render again.\n# ${what}.\n`;
  return header + renderYaml(content);
}
