// The emitted pipelines: valid for every choice of options, the same commands in both, and each command run in a new
// service, and in one where the thing it looks for is wrong.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import type { Answers } from '../../scaffold/src/answers.ts';
import { plan } from '../../scaffold/src/emit/plan.ts';
import { readTemplate } from '../../scaffold/src/emit/template.ts';
import { packageVersion, templateFolder } from '../../scaffold/src/package.ts';
import { postgresFor, redisFor } from '../helpers/database-servers.ts';
import { emitService, emittedText, fullAnswers, optionsOf, subsetsOf } from '../helpers/emitted-service.ts';
import { templatePipelines } from '../helpers/golden.ts';
import {
  builtVersion,
  type Command,
  checkSchema,
  githubCommands,
  gitlabCommands,
  makeStandIns,
  type Ran,
  runCommand,
} from '../helpers/pipelines.ts';
import { runGoSreInProcess } from '../helpers/scaffold.ts';
import { tool } from '../helpers/tools.ts';

const github = '.github/workflows/ci.yml';
const gitlab = '.gitlab-ci.yml';
const githubImage = '.github/workflows/image.yml';
const gitlabImage = '.gitlab/image.gitlab-ci.yml';

let work = '';
let service = '';
/** Where the caches of this machine are: GitLab's are inside the project. */
let caches: Record<string, string> = {};

before(async () => {
  work = mkdtempSync(join(tmpdir(), 'go-sre-ci-'));
  service = join(work, 'shop');
  await emitService(fullAnswers, service);
  caches = JSON.parse(execFileSync('go', ['env', '-json', 'GOCACHE', 'GOMODCACHE'], { encoding: 'utf8' }));
  writeVulnerabilities(join(work, 'no-vulnerabilities'), []);
});

after(() => rmSync(work, { recursive: true, force: true }));

/** A database of vulnerabilities on disk. Source of its form: https://go.dev/doc/security/vuln/database */
function writeVulnerabilities(folder: string, modules: readonly string[]): void {
  const time = '2026-01-01T00:00:00Z';
  const events = [{ introduced: '0' }];
  const entries = modules.map((path, i) => ({
    ...{ schema_version: '1.3.1', id: `GO-2026-000${i + 1}`, modified: time, published: time },
    summary: 'Made up for a test',
    database_specific: { url: `https://example.com/GO-2026-000${i + 1}` },
    affected: [
      {
        package: { name: path, ecosystem: 'Go' },
        ranges: [{ type: 'SEMVER', events }],
        ecosystem_specific: {},
      },
    ],
  }));
  const index = entries.map(({ id }, i) => ({ path: modules[i], vulns: [{ id, modified: time }] }));
  mkdirSync(join(folder, 'index'), { recursive: true });
  mkdirSync(join(folder, 'ID'));
  const json = (path: string, value: unknown) => writeFileSync(join(folder, path), JSON.stringify(value));
  json('index/db.json', { modified: time });
  json('index/modules.json', index);
  json(
    'index/vulns.json',
    entries.map(({ id }) => ({ id, modified: time })),
  );
  for (const entry of entries) json(`ID/${entry.id}.json`, entry);
}

/** The command of a pipeline that contains these words. */
function commandWith(words: string, commands = githubCommands(emittedText(fullAnswers, github))): Command {
  const found = commands.filter(({ script }) => script.includes(words));
  assert.equal(found.length, 1, `${found.length} commands contain ${words}`);
  return found[0]!;
}

/** Runs commands in `folder`; undefined when a tool is missing and the test is skipped. */
function runner(
  t: TestContext,
):
  | ((command: Command, folder?: string, env?: Record<string, string>, shell?: 'bash' | 'sh') => Ran)
  | undefined {
  const golangciLint = tool(t, 'golangci-lint');
  const govulncheck = golangciLint && tool(t, 'govulncheck');
  const promtool = govulncheck && tool(t, 'promtool');
  if (!golangciLint || !govulncheck || !promtool) return undefined;
  const standIns = join(work, 'stand-ins');
  makeStandIns(standIns, { golangciLint, govulncheck, promtool });
  const common = {
    ...caches,
    TEST_VULNERABILITIES: databaseUrl('no-vulnerabilities'),
    GITHUB_SHA: 'abc',
    CI_COMMIT_SHA: 'abc',
  };
  return (command, folder = service, env = {}, shell = 'bash') =>
    runCommand(command, { service: folder, standIns, shell, env: { ...common, ...env } });
}

/** The servers that the pipeline has beside its tests, as the tests' variables; undefined when one cannot be had. */
async function startServers(t: TestContext): Promise<Record<string, string> | undefined> {
  const redis = await redisFor(t);
  const postgres = redis === undefined ? undefined : await postgresFor(t);
  if (redis === undefined || postgres === undefined) return undefined;
  return { TEST_REDIS_ADDR: redis, TEST_DATABASE_URL: postgres };
}

function databaseUrl(name: string): string {
  return pathToFileURL(join(work, name)).href;
}

/** A copy of the service to break. */
function copyOf(name: string): string {
  const folder = join(work, name);
  cpSync(service, folder, { recursive: true });
  return folder;
}

/** Changes one file of a service; the words must be there. */
function edit(folder: string, path: string, from: string, to: string): void {
  const text = readFileSync(join(folder, path), 'utf8');
  assert.ok(text.includes(from), `${path} has no ${from}`);
  writeFileSync(
    join(folder, path),
    text.replace(from, () => to),
  );
}

/** Every choice of routers and options that are free to combine, with the files that it gives. */
function allChoices(): { answers: Answers; text: (path: string) => string }[] {
  const template = readTemplate(templateFolder);
  return optionsOf('router')
    .flatMap((router) =>
      subsetsOf(fullAnswers.with).map((chosen) => ({ ...fullAnswers, router, with: chosen })),
    )
    .map((answers) => {
      const files = plan(answers, template, packageVersion);
      return { answers, text: (path) => new TextDecoder().decode(files.get(path)!.bytes) };
    });
}

const choices = allChoices();

/** The pipelines of every choice, each in a folder of its own that looks like a repository. */
function pipelinesOfAllChoices(name: string): string[] {
  return choices.map(({ text }, i) => {
    const folder = join(work, name, String(i));
    for (const path of [github, gitlab, githubImage, gitlabImage]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text(path));
    }
    mkdirSync(join(folder, '.git'));
    return folder;
  });
}

/** What actionlint says about the workflows of a repository; nothing when they are right. */
function lintedBy(actionlint: string, folder: string): string {
  const { status, stdout, stderr } = spawnSync(actionlint, [], { cwd: folder, encoding: 'utf8' });
  return status === 0 ? stdout : `exit code ${status}\n${stdout}${stderr}`;
}

test('actionlint has nothing to say of workflow and called workflow, whatever the options are', (t) => {
  const actionlint = tool(t, 'actionlint');
  if (!actionlint) return;
  for (const folder of pipelinesOfAllChoices('linted')) {
    assert.equal(lintedBy(actionlint, folder), '', folder);
  }
});

test("the pipelines are what GitLab's and GitHub's published schemas allow, whatever the options are", (t) => {
  const folders = pipelinesOfAllChoices('by-schema');
  const all = (paths: string[]) => folders.flatMap((folder) => paths.map((path) => join(folder, path)));
  // The image's are the same in all.
  checkSchema(t, 'gitlab', [...all([gitlab]), join(folders[0]!, gitlabImage)]);
  checkSchema(t, 'github', [...all([github]), join(folders[0]!, githubImage)]);
});

test('the jobs of the GitLab pipeline have a script and templates that exist, whatever the options are', () => {
  for (const { answers, text } of choices) {
    const own: Record<string, Record<string, unknown>> = parse(text(gitlab));
    const included: typeof own = parse(text(gitlabImage));
    assert.deepEqual(own.include, [{ local: gitlabImage }]);
    const pipeline = { ...included, ...own };
    for (const [name, job] of Object.entries(pipeline)) {
      if (['include', 'workflow', 'default', 'variables'].includes(name)) continue;
      for (const value of Object.values(job)) assert.notEqual(value, null, name);
      if (job.extends !== undefined)
        assert.ok(String(job.extends) in pipeline, `${name} extends ${job.extends}`);
      if (!name.startsWith('.')) assert.ok(Array.isArray(job.script) && job.script.length > 0, name);
    }
    const withServers = answers.with.some((option) => ['redis', 'postgres'].includes(option));
    assert.equal('services' in pipeline.test!, withServers);
  }
});

test('the image is the last job: nothing is pushed from a commit that fails anywhere', () => {
  const { jobs } = parse(emittedText(fullAnswers, github));
  assert.deepEqual(
    jobs.image.needs.toSorted(),
    Object.keys(jobs)
      .filter((job) => job !== 'image')
      .sort(),
  );
  const pipeline = {
    ...parse(emittedText(fullAnswers, gitlabImage)),
    ...parse(emittedText(fullAnswers, gitlab)),
  };
  const later = Object.keys(pipeline).filter((job) => pipeline[job].stage !== undefined);
  assert.deepEqual(later, ['publish image']);
  assert.equal(pipeline['publish image'].stage, 'deploy');
  assert.equal(pipeline['publish image'].needs, undefined);
});

function sumOf(budget: string): number {
  return budget.split('+').reduce((total, part) => total + Number(part), 0);
}

test('the budget of the image grows with the options, the same in both pipelines', () => {
  for (const { answers, text } of choices) {
    const { image } = parse(text(github)).jobs;
    const { variables } = parse(text(gitlab));
    assert.equal(image.with.budget, variables.IMAGE_BUDGET);
    assert.equal(image.with.run, variables.IMAGE_RUN);
    const more = { gin: 1_200_000, redis: 2_100_000, postgres: 4_400_000 };
    const on = Object.entries(more).filter(([name]) => [...answers.with, answers.router].includes(name));
    assert.equal(
      sumOf(image.with.budget),
      on.reduce((total, [, bytes]) => total + bytes, 14_300_000),
    );
  }
});

test("the image's pipelines are those that go-sre pipeline renders", async () => {
  for (const [path, text] of templatePipelines()) {
    assert.equal(emittedText(fullAnswers, path), text.replaceAll('0.0.0-template', packageVersion), path);
  }
  const ran = await runGoSreInProcess(['pipeline', '--ci', 'github,gitlab', '--check'], service, {
    version: packageVersion,
  });
  assert.equal(ran.exitCode, 0, ran.stderr);
});

test('a newer commit ends the pipelines of its branch, and none on main', () => {
  const { workflow } = parse(emittedText(fullAnswers, gitlab));
  assert.equal(workflow.auto_cancel.on_new_commit, 'interruptible');
  const main = workflow.rules.find((rule: { if: string }) => rule.if.includes('$CI_DEFAULT_BRANCH'));
  assert.equal(main.auto_cancel?.on_new_commit, 'none');
  const { concurrency } = parse(emittedText(fullAnswers, github));
  assert.match(concurrency['cancel-in-progress'], /github\.ref != 'refs\/heads\/main'/);
});

test('everything fetched is pinned: Go as in the Dockerfile, servers as in compose.yaml, tools as tested here', (t) => {
  const [workflow, pipeline] = [github, gitlab].map((path) => emittedText(fullAnswers, path));
  const go = /^FROM --platform=\$BUILDPLATFORM golang:([\d.]+)-alpine AS build$/m.exec(
    emittedText(fullAnswers, 'Dockerfile'),
  )?.[1];
  assert.equal(parse(workflow!).env.GO_VERSION, go);
  assert.equal(parse(pipeline!).default.image, `golang:${go}`);
  const compose: { services: Record<string, { image?: string }> } = parse(
    emittedText(fullAnswers, 'compose.yaml'),
  );
  for (const [name, { image }] of Object.entries(
    parse(workflow!).jobs.test.services as Record<string, { image: string }>,
  )) {
    assert.equal(compose.services[name]?.image, image);
    assert.ok(pipeline!.includes(`name: ${image}\n`), image);
  }
  for (const text of [workflow!, pipeline!]) {
    assert.ok(text.includes(`-p create-go-sre-service@${packageVersion} `));
    assert.doesNotMatch(text, /latest|0\.0\.0-template/);
    for (const name of ['golangci-lint', 'govulncheck'] as const) {
      const path = tool(t, name);
      if (path) assert.ok(text.includes(`/cmd/${name}@${builtVersion(path)} `), name);
    }
  }
});

/** What differs between the two only because their machines differ. */
function plain({ script }: Command): string[] {
  return script
    .replaceAll(/docker run .* --entrypoint promtool \S+/g, 'promtool')
    .replaceAll(/\$(GITHUB_SHA|CI_COMMIT_SHA)/g, '$SHA')
    .trim()
    .split('\n')
    .filter((line) => line !== 'cd ops/prometheus');
}

test('both pipelines run the same commands', () => {
  const both = [
    githubCommands(emittedText(fullAnswers, github)),
    gitlabCommands(emittedText(fullAnswers, gitlab)),
  ].map((commands) => commands.flatMap(plain).sort());
  assert.deepEqual(both[0], both[1]);
});

test('a new service passes every command of its GitHub workflow', { timeout: 600_000 }, async (t) => {
  const run = runner(t);
  if (!run) return;
  const servers = await startServers(t);
  if (!servers) return;
  for (const command of githubCommands(emittedText(fullAnswers, github))) {
    const { status, output } = run(command, service, servers);
    assert.equal(status, 0, `${command.job}: ${command.script}\n${output}`);
    if (command.script.includes('go tool cover'))
      assert.match(output, /^total:\s+\(statements\)\s+\d+\.\d%$/m);
  }
  // Beside the binary the image holds the CA bundle, a quarter of a megabyte.
  const { budget } = parse(emittedText(fullAnswers, github)).jobs.image.with;
  assert.ok(statSync(join(service, 'bin/shop')).size + 250_000 <= sumOf(budget));
});

test('a new service passes every command of its GitLab pipeline in plain sh', { timeout: 600_000 }, (t) => {
  const run = runner(t);
  if (!run) return;
  let folder = service;
  for (const command of gitlabCommands(emittedText(fullAnswers, gitlab))) {
    // A plain call of Go ran above, word for word the same.
    if (/^go .*$/.test(command.script)) continue;
    if (command.script === 'cd ops/prometheus') folder = join(service, 'ops/prometheus');
    else {
      const { status, output } = run(command, command.job === 'alerts' ? folder : service, {}, 'sh');
      assert.equal(status, 0, `${command.job}: ${command.script}\n${output}`);
    }
  }
});

test('the coverage that GitLab shows is read from what the command prints', () => {
  const { coverage } = parse(emittedText(fullAnswers, gitlab)).test;
  assert.match('total:\t\t\t\t\t\t(statements)\t\t81.4%', new RegExp(coverage.slice(1, -1)));
});

test('an objective changed in routes.go without slo.json is found, with the command that renews it', (t) => {
  const run = runner(t);
  if (!run) return;
  const folder = copyOf('objective-changed');
  edit(folder, 'internal/server/routes.go', 'Availability: 0.9995', 'Availability: 0.99');
  const { status, output } = run(commandWith('diff -u slo.json'), folder);
  assert.equal(status, 1);
  assert.match(output, /^-.*"objective":0\.9995/m);
  assert.match(output, /^\+.*"objective":0\.99,/m);
  assert.match(
    output,
    /^slo\.json is not what internal\/server\/routes\.go says\. Run: go run .* slo > slo\.json$/m,
  );
});

test('slo.json changed without ops/ is found, and so is a rule edited by hand, each with the files', (t) => {
  const run = runner(t);
  if (!run) return;
  const check = commandWith('slo render --check');
  const changed = copyOf('slo-changed');
  edit(changed, 'slo.json', '"objective":0.9995', '"objective":0.99');
  const renewed = run(check, changed);
  assert.equal(renewed.status, 1);
  assert.match(renewed.output, /^changed {4}ops\/prometheus\/rules\.yaml$/m);
  assert.match(renewed.output, /files do not follow from slo\.json any more\. Run .*go-sre slo render/);

  const edited = copyOf('rule-edited');
  edit(edited, 'ops/prometheus/rules.yaml', 'expr: ', 'expr:  ');
  const byHand = run(check, edited);
  assert.equal(byHand.status, 1);
  assert.match(byHand.output, /^go-sre: 1 of \d+ files do not follow from slo\.json any more/m);
});

test('what the commands write beside the sources is no change for git', () => {
  const ignored = emittedText(fullAnswers, '.gitignore').split('\n');
  const scripts = githubCommands(emittedText(fullAnswers, github)).map(({ script }) => script);
  const written = [...scripts.join('\n').matchAll(/ (?:-o |-coverprofile=)([\w.]+\/?)/g)].map(([, to]) => to);
  assert.deepEqual(written.toSorted(), ['bin/', 'coverage.out']);
  for (const path of written) assert.ok(ignored.includes(`/${path}`), path);
});

test('an unformatted file, an untidy go.mod, a lint finding and a known vulnerability each fail their command', (t) => {
  const run = runner(t);
  if (!run) return;
  const folder = copyOf('careless');
  writeFileSync(join(folder, 'internal/orders/careless.go'), 'package orders\n\nvar  forgotten = 1\n');
  edit(folder, 'go.mod', ' // indirect\n', '\n');
  const format = run(commandWith('gofmt -l'), folder);
  assert.equal(format.status, 1);
  assert.match(format.output, /^Run gofmt -w cmd internal; not formatted: internal\/orders\/careless\.go$/m);
  const tidy = run(commandWith('go mod tidy'), folder);
  assert.equal(tidy.status, 1);
  assert.match(tidy.output, /^\+.* \/\/ indirect$/m);
  const lint = run(commandWith('golangci-lint'), folder);
  assert.equal(lint.status, 1);
  assert.match(lint.output, /internal\/orders\/careless\.go:3:6: var forgotten is unused \(unused\)/);

  writeVulnerabilities(join(work, 'vulnerabilities'), ['go.uber.org/zap']);
  const scan = run(commandWith('govulncheck'), service, {
    TEST_VULNERABILITIES: databaseUrl('vulnerabilities'),
  });
  assert.equal(scan.status, 3, scan.output);
  assert.match(scan.output, /Made up for a test/);
});
