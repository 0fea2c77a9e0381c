import { type CreateAnswers, checkAnswers } from '../answers.ts';
import { type Plan, plan } from '../emit/plan.ts';
import type { Template } from '../emit/template.ts';
import { firstCommit, gitObstacle, type RunGit } from '../git.ts';
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
  /** Sentences for the user: why there is no git repository. */
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
  return { plan: planned, notes };
}
