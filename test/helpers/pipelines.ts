// The commands of emitted CI files, and a machine to run them on: this one, with stand-ins for what would be fetched.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { onPath } from './tool-recipes.ts';
import { tool } from './tools.ts';
import { userVariables } from './user-env.ts';

/** One `run:` or one line of a `script:`, with the variables that its file and its job set. */
export type Command = { job: string; script: string; variables: Record<string, string> };

type Variables = Record<string, string>;
type Step = { name?: string; uses?: string; run?: string; env?: Variables };
/** A job that calls another workflow has no steps. */
type Workflow = { env?: Variables; jobs: Record<string, { env?: Variables; steps?: Step[] }> };
type GitlabJob = { before_script?: string[]; script?: string[]; variables?: Variables };

/** The commands of a GitHub workflow in their order. */
export function githubCommands(text: string): Command[] {
  const { env, jobs }: Workflow = parse(text);
  return Object.entries(jobs).flatMap(([job, { env: own, steps = [] }]) =>
    steps.flatMap(({ run, env: ofStep }) =>
      run === undefined ? [] : [{ job, script: run, variables: { ...env, ...own, ...ofStep } }],
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

/** The whole script of a GitLab job, as its runner gives it to one shell. */
export function gitlabJob(text: string, job: string): Command {
  const { variables: common, [job]: found } = parse(text) as { variables?: Variables } & Record<
    string,
    GitlabJob
  >;
  if (found === undefined) throw new Error(`the pipeline has no job ${job}`);
  const script = [...(found.before_script ?? []), ...(found.script ?? [])].join('\n');
  return { job, script, variables: { ...common, ...found.variables } };
}

/** Paths of the real tools behind the stand-ins. */
type Tools = { golangciLint: string; govulncheck: string; promtool: string };

/** Asserts that files are what the published schema of a CI system allows; skips the test without the validator. */
export function checkSchema(
  t: Pick<TestContext, 'skip'>,
  system: 'gitlab' | 'github',
  files: readonly string[],
): void {
  const validator = tool(t, 'check-jsonschema');
  if (!validator) return;
  const schema =
    system === 'gitlab'
      ? ['--builtin-schema', 'vendor.gitlab-ci', '--data-transform', 'gitlab-ci']
      : ['--builtin-schema', 'vendor.github-workflows'];
  const { status, stdout } = spawnSync(validator, [...schema, ...files], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
}

/** Version of a tool that the tests built, from the name of its folder. */
export function builtVersion(path: string): string {
  const folder = basename(dirname(path));
  return folder.slice(folder.lastIndexOf('-v') + 1);
}

/**
 * Fills `folder` with commands that stand before the real ones on PATH: `go run TOOL@VERSION` runs the tool of
 * this version that the tests built (with the vulnerabilities at TEST_VULNERABILITIES), `npx` runs the clone's go-sre, and `docker` has an image that holds promtool.
 */
export function makeStandIns(folder: string, { golangciLint, govulncheck, promtool }: Tools): void {
  const linter = `github.com/golangci/golangci-lint/v2/cmd/golangci-lint@${builtVersion(golangciLint)}`;
  const scanner = `golang.org/x/vuln/cmd/govulncheck@${builtVersion(govulncheck)}`;
  const scripts: Record<string, string> = {
    go: `case "$1 $2" in
"run ${linter}") shift 2; exec '${golangciLint}' "$@" --allow-parallel-runners ;;
"run ${scanner}") shift 2; exec '${govulncheck}' -db "$TEST_VULNERABILITIES" "$@" ;;
esac
exec '${onPath(['go'])}' "$@"`,
    npx: npxStandIn,
    promtool: `exec '${promtool}' "$@"`,
    docker: `case "$*" in
"run --rm --volume "*":/ops:ro --workdir /ops --entrypoint promtool "*)
  cd "\${4%:/ops:ro}"
  shift 9
  exec '${promtool}' "$@" ;;
*) echo "docker: $*" >&2; exit 64 ;;
esac`,
  };
  writeCommands(folder, scripts);
}

const goSre = fileURLToPath(new URL('../../scaffold/src/go-sre.ts', import.meta.url));

/** `npx -y -p create-go-sre-service@VERSION go-sre …` runs the clone's go-sre. */
export const npxStandIn = `case "$1 $2 $3 $4" in
"-y -p create-go-sre-service@"*" go-sre") shift 4; exec '${process.execPath}' '${goSre}' "$@" ;;
esac
echo "npx: $*" >&2; exit 64`;

/** Writes commands of plain shell into `folder`, by their names. */
export function writeCommands(folder: string, scripts: Readonly<Record<string, string>>): void {
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
