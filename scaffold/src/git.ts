import { execFile } from 'node:child_process';

/** Runs git with these arguments in `cwd`; `status` is undefined when there is no git. */
export type RunGit = (
  args: readonly string[],
  cwd: string,
) => Promise<{ status: number | undefined; output: string }>;

/**
 * `RunGit` by a child process. Variables like GIT_DIR, which git hooks set, are left out: they would point the
 * commands at another repository. `signal` ends a git that is running; the answer comes when it has ended.
 */
export function gitRunner(env: NodeJS.ProcessEnv, signal?: AbortSignal): RunGit {
  const own = Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^GIT_(?:DIR|WORK_TREE|INDEX_FILE|PREFIX)$/.test(name)),
  );
  return (args, cwd) =>
    new Promise((resolve) => {
      const stop = () => child.kill();
      const child = execFile('git', args, { cwd, env: { ...own, LC_ALL: 'C' } }, (error, stdout, stderr) => {
        signal?.removeEventListener('abort', stop);
        const output = `${stdout}${stderr}`.trim();
        if (error === null) return resolve({ status: 0, output });
        resolve({ status: typeof error.code === 'number' ? error.code : undefined, output });
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
}

/** Why no repository is to be made below `folder` (an existing folder), as a sentence, or undefined. */
export async function gitObstacle(folder: string, git: RunGit): Promise<string | undefined> {
  const inside = await git(['rev-parse', '--is-inside-work-tree'], folder);
  if (inside.status === undefined) return 'No git repository was made: git is not installed.';
  if (inside.status === 0) return 'No git repository was made: the folder is inside one.';
  if (/not a git repository/.test(inside.output)) return undefined;
  return `No git repository was made: git says "${firstLine(inside.output)}".`;
}

/** Where `folder` is below the root of its repository, like `services/orders/`; empty at the root or outside. */
export async function placeInRepository(folder: string, git: RunGit): Promise<string> {
  const { status, output } = await git(['rev-parse', '--show-prefix'], folder);
  return status === 0 ? output : '';
}

/**
 * Makes a repository with a first commit of everything in `folder`, signed by nobody and past no hook, because
 * both may ask questions. When git refuses, no repository stays.
 * @returns a sentence for the user when there is no commit in the end, or undefined.
 */
export async function firstCommit(
  folder: string,
  name: string,
  git: RunGit,
  remove: (path: string) => Promise<void>,
): Promise<string | undefined> {
  const steps = [
    ['init', '--quiet'],
    ['symbolic-ref', 'HEAD', 'refs/heads/main'], // `init --initial-branch` is new in git 2.28
    ['add', '--all'],
    [
      'commit',
      '--quiet',
      '--no-verify',
      '--no-gpg-sign',
      '--message',
      `Create ${name} with create-go-sre-service`,
    ],
  ];
  for (const args of steps) {
    const { status, output } = await git(['-c', 'core.fsmonitor=false', ...args], folder);
    if (status === 0) continue;
    await remove(`${folder}/.git`);
    const reason = /tell me who you are|empty ident/i.test(output)
      ? 'git does not know your name (git config --global user.name and user.email)'
      : `git says "${firstLine(output)}"`;
    return `No git repository was made: ${reason}.`;
  }
  return undefined;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
