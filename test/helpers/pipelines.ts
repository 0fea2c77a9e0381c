// The commands of emitted CI files, and a machine to run them on: this one, with stand-ins for what would be fetched.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { onPath } from './tool-recipes.ts';
import { userVariables } from './user-env.ts';

/** One `run:` or one line of a `script:`, with the variables that its file and its job set. */
export type Command = { job: string; script: string; variables: Record<string, string> };

type Variables = Record<string, string>;
type Workflow = {
  env: Variables;
  jobs: Record<string, { env?: Variables; steps: { run?: string }[] }>;
};
type GitlabJob = { script?: string[]; variables?: Variables };

/** The commands of a GitHub workflow in their order. */
export function githubCommands(text: string): Command[] {
  const { env, jobs }: Workflow = parse(text);
  return Object.entries(jobs).flatMap(([job, { env: own, steps }]) =>
    steps.flatMap(({ run }) =>
      run === undefined ? [] : [{ job, script: run, variables: { ...env, ...own } }],
    ),
  );
}

/** The commands of a GitLab pipeline in their order. */
export function gitlabCommands(text: string): Command[] {
  const { variables: common, ...entries }: { variables: Variables } & Record<string, GitlabJob> = parse(text);
  return Object.entries(entries).flatMap(([job, { script = [], variables }]) =>
    script.map((line) => ({ job, script: line, variables: { ...common, ...variables } })),
  );
}

/** Paths of the real tools behind the stand-ins. */
type Tools = { golangciLint: string; govulncheck: string; promtool: string };

/** Version of a tool that the tests built, from the name of its folder. */
export function builtVersion(path: string): string {
  const folder = basename(dirname(path));
  return folder.slice(folder.lastIndexOf('-v') + 1);
}

/**
 * Fills `folder` with commands that stand before the real ones on PATH: `go run TOOL@VERSION` runs the tool of
 * this version that the tests built (with the vulnerabilities at TEST_VULNERABILITIES), `npx` runs the clone's go-sre, and `docker` has an image that holds bin/shop.
 */
export function makeStandIns(folder: string, { golangciLint, govulncheck, promtool }: Tools): void {
  const goSre = fileURLToPath(new URL('../../scaffold/src/go-sre.ts', import.meta.url));
  const linter = `github.com/golangci/golangci-lint/v2/cmd/golangci-lint@${builtVersion(golangciLint)}`;
  const scanner = `golang.org/x/vuln/cmd/govulncheck@${builtVersion(govulncheck)}`;
  const scripts: Record<string, string> = {
    go: `case "$1 $2" in
"run ${linter}") shift 2; exec '${golangciLint}' "$@" --allow-parallel-runners ;;
"run ${scanner}") shift 2; exec '${govulncheck}' -db "$TEST_VULNERABILITIES" "$@" ;;
esac
exec '${onPath(['go'])}' "$@"`,
    npx: `test "$1 $2 $4" = "-y -p go-sre" || { echo "npx: $*" >&2; exit 64; }
shift 4
exec '${process.execPath}' '${goSre}' "$@"`,
    promtool: `exec '${promtool}' "$@"`,
    docker: `case "$*" in
"build "*) ;;
"create "*) echo a-container ;;
"export a-container") exec tar -c bin/shop ;;
"run --rm shop:ci slo") exec bin/shop slo ;;
"run --rm --volume "*":/ops:ro --workdir /ops --entrypoint promtool "*)
  cd "\${4%:/ops:ro}"
  shift 9
  exec '${promtool}' "$@" ;;
*) echo "docker: $*" >&2; exit 64 ;;
esac`,
  };
  mkdirSync(folder, { recursive: true });
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
}

/** What a command of a pipeline said and how it ended. */
export type Ran = { status: number | null; output: string };

/** Runs one command in the service as its CI would: in bash with pipefail, or where only sh is there, in that. */
export function runCommand(
  command: Command,
  {
    service,
    standIns,
    shell,
    env,
  }: { service: string; standIns: string; shell: 'bash' | 'sh'; env: Variables },
): Ran {
  const flags = shell === 'bash' ? ['--noprofile', '--norc', '-eo', 'pipefail'] : ['-e'];
  const ran = spawnSync(shell, [...flags, '-c', command.script], {
    cwd: service,
    encoding: 'utf8',
    env: {
      ...userVariables(process.env), // npm names the clone as the folder to work in
      GOWORK: 'off',
      ...command.variables,
      ...env,
      PATH: `${standIns}${delimiter}${process.env.PATH}`,
    },
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status: ran.status, output: `${ran.stdout}${ran.stderr}` };
}
