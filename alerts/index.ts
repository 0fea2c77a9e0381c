export {
  type AlertmanagerConfig,
  type AlertRoute,
  alertmanagerConfig,
  type InhibitRule,
  inhibitions,
} from './alertmanager.ts';
export { planCollectorAlerts } from './collector.ts';
export { alertGroups, planAlerts, renderRules } from './plan.ts';
export { type RuleTest, ruleTests } from './rule-tests.ts';
export type { RuleGroup } from './rules.ts';
export { serviceTests } from './service/rule-tests.ts';
export { type RuleTarget, type RuleTargetName, ruleTargets, targetProblem } from './targets.ts';
