import type { ImageReference } from '../../../dockerfile/reference.ts';
import { lineage, type Stage } from '../../../dockerfile/stages.ts';
import { isDistroless, shortName } from './images.ts';
import { commandsOf } from './shell.ts';
import { type Read, type Step, stepsOf } from './steps.ts';
import { knownValueIn } from './values.ts';

/** Who runs what a stage's image starts. */
export type User =
  /** By the last USER of the stage and those below it; `name` undefined: a variable nobody gave a value. */
  | { by: 'instruction'; step: Step; name: string | undefined }
  /** The base image is known to set one that is not root. */
  | { by: 'base'; image: string }
  | { by: 'nobody' };

/** @returns the user that the stage is left with */
export function userOf(subject: Read, stage: Stage): User {
  const step = stepsOf(subject, stage).findLast(({ instruction }) => instruction.keyword === 'user');
  if (step !== undefined) return { by: 'instruction', step, name: knownValueIn(step, step.instruction.args) };
  const { base } = lineage(stage).at(-1)!;
  const reference = base.kind === 'image' ? base.reference : undefined;
  return reference !== undefined && runsAsOther(reference)
    ? { by: 'base', image: reference.text }
    : { by: 'nobody' };
}

/** Whether a USER names root: by name or as number 0, with a group or without, or by an account that has its number. */
export function isRoot(name: string, step: Step, subject: Read): boolean {
  const [user = ''] = name.trim().split(/[:\s]/);
  return user === '' || user === 'root' || /^0+$/.test(user) || isRootsTwin(user, step, subject);
}

/** An account made with `useradd -o -u 0` is root by another name. */
function isRootsTwin(user: string, step: Step, subject: Read): boolean {
  return stepsOf(subject, step.stage).some((one) =>
    commandsOf(one).some(({ name, args }) => {
      if (!/(?:^|\/)(?:useradd|adduser)$/.test(name) || !args.includes(user)) return false;
      const at = args.findIndex((arg) => arg === '-u' || arg === '--uid');
      return (at >= 0 && args[at + 1] === '0') || args.includes('--uid=0') || args.includes('-u0');
    }),
  );
}

/** Publishers' images that do not run as root. Their own pages say so: gcr.io/distroless, images.chainguard.dev, hub.docker.com. */
const asOther = new Set([
  ...['nginxinc/nginx-unprivileged', 'prom/prometheus', 'prom/alertmanager', 'prom/node-exporter'],
  ...['grafana/grafana', 'grafana/loki', 'grafana/tempo'],
]);
/** Chainguard's images that do, for their users to install into. */
const chainguardRoots = new Set(['wolfi-base', 'chainguard-base', 'go', 'gcc-glibc', 'apko', 'melange']);

function runsAsOther(reference: ImageReference): boolean {
  const { registry, repository, tag = '' } = reference;
  if (isDistroless(reference)) return /(?:^|-)nonroot(?:$|-)/.test(tag);
  if (registry === 'cgr.dev') return !chainguardRoots.has(shortName(reference));
  return (
    asOther.has(repository) ||
    repository.endsWith('/nginx-unprivileged') ||
    /^bitnami(?:legacy)?\//.test(repository)
  );
}
