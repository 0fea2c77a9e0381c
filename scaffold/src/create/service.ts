import { type CreateAnswers, checkAnswers } from '../answers.ts';
import { type Plan, plan } from '../emit/plan.ts';
import type { Template } from '../emit/template.ts';
import { firstCommit, gitObstacle, placeInRepository, type RunGit } from '../git.ts';
import { checkTarget, type Disk, write } from './write.ts';

/** What creating a service needs from outside. */
export type CreateDeps = {
  template: Template;
  /** Version of the generator, for the manifest. */
  version: string;
  disk: Disk;
  git: RunGit;
  /** Cancels; nothing is left behind then. */
  signal?: AbortSignal;
};

/** What was made. */
export type Created = {
  plan: Plan;
  /** Sentences for the user: why there is no git repository, and that no pipeline runs where it was written. */
  notes: readonly string[];
};

/**
 * Plans the service without touching the disk, but for a look at the target folder.
 * @throws CliError: exit code 2 for wrong answers, 1 for a target that cannot be used
 */
export async function planService(answers: CreateAnswers, deps: CreateDeps): Promise<Plan> {
  checkAnswers(answers, deps.template.options);
  await checkTarget(answers.dir, deps.disk);
  return plan(answers, deps.template, deps.version);
}

/**
 * Creates the service in `answers.dir`: complete, or not at all.
 * @throws CliError: exit code 2 for wrong answers, 1 when it cannot be written, 130 when cancelled
 */
export async function createService(answers: CreateAnswers, deps: CreateDeps): Promise<Created> {
  const planned = await planService(answers, deps);
  const notes: string[] = [];
  const remove = (path: string) => deps.disk.rm(path, { recursive: true, force: true });
  const finish = async (folder: string) => {
    const note =
      (await gitObstacle(folder, deps.git)) ?? (await firstCommit(folder, answers.name, deps.git, remove));
    if (note !== undefined) notes.push(note);
  };
  await write(planned, answers.dir, {
    disk: deps.disk,
    ...(deps.signal && { signal: deps.signal }),
    ...(answers.git && { finish }),
  });
  const unread = await unreadPipeline(answers, deps);
  if (unread !== undefined) notes.push(unread);
  return { plan: planned, notes };
}

/** What to do with a pipeline that was written below the root of a repository, where nobody reads it; or undefined. */
async function unreadPipeline(
  { ci, dir }: CreateAnswers,
  { template, git }: CreateDeps,
): Promise<string | undefined> {
  const files = template.options.filter(({ name }) => ci.includes(name)).flatMap(({ files }) => files);
  if (files.length === 0) return undefined;
  const place = await placeInRepository(dir, git);
  if (place === '') return undefined;
  const written = files.map((file) => `${place}${file}`).join(' and ');
  return `No pipeline runs from ${written}: GitHub and GitLab read the one in the root of the repository. Move it there, and let its commands run in ${place}.`;
}
