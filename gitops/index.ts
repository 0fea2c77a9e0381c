export { oversized } from './limits.ts';
export { type GrafanaForm, grafanaForms, type KubernetesOptions, type Workload } from './options.ts';
export { type GitOpsInput, planGitOps } from './plan.ts';
export { groupingProblem } from './prometheus-rule.ts';
export { nameProblem } from './resource.ts';
