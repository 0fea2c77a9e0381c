export { oversized } from './limits.ts';
export { type GrafanaForm, grafanaForms, type KubernetesOptions, type Workload } from './options.ts';
export { type GitOpsInput, planGitOps } from './plan.ts';
export { nameProblem } from './resource.ts';
