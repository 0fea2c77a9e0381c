import { showBytes } from './quantity.ts';

/** Quotas by resource, `storage` in bytes and `count` in artifacts; -1 is unlimited. */
export type QuotaLimits = Readonly<Record<string, number>>;

/** A project as Harbor has it now. */
export type HarborProject = {
  id: number;
  name: string;
  /** Whether it hands out only what cosign has signed. */
  cosign: boolean;
  quota: { id: number; hard: QuotaLimits; used: QuotaLimits } | undefined;
};

/** What is wanted; what is undefined stays as it is. */
export type QuotaWish = {
  storage: number | undefined;
  count: number | undefined;
  cosign: boolean | undefined;
  /** The quota of projects that will be made later, bytes. */
  newProjects: number | undefined;
  /** Whether a limit may be less than what is stored already: nothing can be pushed then. */
  allowBelowUsage: boolean;
};

/** One request that changes something, and what it changes. */
export type HarborChange =
  | { kind: 'quota'; project: string; quotaId: number; hard: QuotaLimits; from: string; to: string }
  | { kind: 'cosign'; project: string; projectId: number; enabled: boolean; from: string; to: string }
  | { kind: 'default'; project: '(new projects)'; storage: number; from: string; to: string };

/** What has to be done, what is so already, and what is left alone with the reason. */
export type HarborPlan = {
  changes: readonly HarborChange[];
  /** Settings that are as they are wanted. */
  unchanged: number;
  refused: readonly { project: string; why: string }[];
};

/** Plans the changes that lead from what Harbor has to what is wanted; running it again plans only the rest. */
export function planHarbor(
  projects: readonly HarborProject[],
  newProjectsNow: number | undefined,
  wish: QuotaWish,
): HarborPlan {
  const plan: { changes: HarborChange[]; unchanged: number; refused: { project: string; why: string }[] } = {
    changes: [],
    unchanged: 0,
    refused: [],
  };
  for (const project of projects) {
    const steps = [quotaStep(project, wish), cosignStep(project, wish)];
    for (const step of steps) {
      if (step === 'unwanted') continue;
      if (step === 'same') plan.unchanged += 1;
      else if ('why' in step) plan.refused.push(step);
      else plan.changes.push(step);
    }
  }
  if (wish.newProjects !== undefined) {
    if (newProjectsNow === wish.newProjects) plan.unchanged += 1;
    else plan.changes.push(defaultStep(newProjectsNow, wish.newProjects));
  }
  return plan;
}

type Step = HarborChange | { project: string; why: string } | 'same' | 'unwanted';

function quotaStep({ name, quota }: HarborProject, wish: QuotaWish): Step {
  const wanted: QuotaLimits = {
    ...(wish.storage === undefined ? {} : { storage: wish.storage }),
    ...(wish.count === undefined ? {} : { count: wish.count }),
  };
  const resources = Object.keys(wanted);
  if (resources.length === 0) return 'unwanted';
  if (quota === undefined)
    return { project: name, why: 'Harbor keeps no quota for it: are quotas switched off?' };
  if (resources.every((resource) => quota.hard[resource] === wanted[resource])) return 'same';
  const over = resources.find(
    (resource) => wanted[resource]! >= 0 && (quota.used[resource] ?? 0) > wanted[resource]!,
  );
  if (over !== undefined && !wish.allowBelowUsage) {
    const [used, limit] = [quota.used[over] ?? 0, wanted[over]!].map((value) => show(over, value));
    return {
      project: name,
      why: `it uses ${used}, more than ${limit}; --allow-below-usage sets it all the same`,
    };
  }
  const hard = { ...quota.hard, ...wanted };
  return {
    kind: 'quota',
    project: name,
    quotaId: quota.id,
    hard,
    from: showAll(quota.hard),
    to: showAll(hard),
  };
}

function cosignStep({ id, name, cosign }: HarborProject, { cosign: wanted }: QuotaWish): Step {
  if (wanted === undefined) return 'unwanted';
  if (cosign === wanted) return 'same';
  const say = (on: boolean) => (on ? 'signed only' : 'unsigned too');
  return {
    kind: 'cosign',
    project: name,
    projectId: id,
    enabled: wanted,
    from: say(cosign),
    to: say(wanted),
  };
}

function defaultStep(now: number | undefined, wanted: number): HarborChange {
  const from = now === undefined ? 'unknown' : showBytes(now);
  return { kind: 'default', project: '(new projects)', storage: wanted, from, to: showBytes(wanted) };
}

function showAll(limits: QuotaLimits): string {
  return Object.entries(limits)
    .map(([resource, value]) => show(resource, value))
    .join(', ');
}

function show(resource: string, value: number): string {
  if (resource === 'storage') return showBytes(value);
  return value < 0 ? `unlimited ${resource}` : `${value} ${resource === 'count' ? 'artifacts' : resource}`;
}
