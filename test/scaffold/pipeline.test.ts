// `go-sre pipeline`: what it renders for every choice, and what it does to the files that are there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as realDisk from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { pipelinesFolder } from '../../scaffold/src/package.ts';
import { choicesIn, readChoices } from '../../scaffold/src/pipeline/choices.ts';
import {
  type CiSystem,
  ciSystems,
  type PipelineChoices,
  pipelineMark,
  pipelinePath,
  renderPipeline,
  scanners,
} from '../../scaffold/src/pipeline/render.ts';
import { checkSchema, githubCommands, gitlabJob } from '../helpers/pipelines.ts';
import { failingDisk, runGoSreInProcess } from '../helpers/scaffold.ts';
import { tool } from '../helpers/tools.ts';

const work = mkdtempSync(join(tmpdir(), 'go-sre-pipeline-'));
after(() => rmSync(work, { recursive: true, force: true }));

const plain: PipelineChoices = { scanner: 'trivy', image: undefined, budget: undefined, alone: false };
const elsewhere = { ...plain, image: 'registry.example.com:5000/team/orders', budget: 40_000_000 };

function rendered(ci: CiSystem, choices: PipelineChoices = plain): string {
  return renderPipeline(
    ci,
    choices,
    readFileSync(join(pipelinesFolder, ciSystems[ci].source), 'utf8'),
    '1.2.3',
  );
}

const everyChoice = scanners.flatMap((scanner) =>
  [true, false].flatMap((alone) => [
    { ...plain, scanner, alone },
    { ...elsewhere, scanner, alone },
  ]),
);

/** A new folder, in it a module of this path. */
function repository(name: string, module = 'github.com/acme/orders'): string {
  const folder = join(work, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'go.mod'), `module ${module}\n\ngo 1.26\n`);
  return folder;
}

test("every choice gives what GitLab's and GitHub's published schemas and actionlint allow", (t) => {
  const folder = repository('choices');
  const paths = { gitlab: [] as string[], github: [] as string[] };
  for (const ci of ['gitlab', 'github'] as const) {
    for (const [i, choices] of everyChoice.entries()) {
      const text = rendered(ci, choices);
      assert.doesNotMatch(text, /go-sre:|REGISTRY_HOST|IMAGE_PATH|FLAGS|0\.0\.0-template/);
      paths[ci].push(join(folder, `${ci}-${i}.yml`));
      writeFileSync(paths[ci].at(-1)!, text);
    }
  }
  checkSchema(t, 'gitlab', paths.gitlab);
  checkSchema(t, 'github', paths.github);
  const actionlint = tool(t, 'actionlint');
  if (!actionlint) return;
  const linted = spawnSync(actionlint, paths.github, { encoding: 'utf8' });
  assert.equal(linted.stdout, '');
  assert.equal(linted.status, 0, linted.stderr);
});

test('the one scanner that was chosen is asked, and sees the image only', () => {
  const names = { trivy: 'aquasec/trivy:', grype: 'anchore/grype:', scout: 'docker/scout-cli:' };
  for (const ci of ['gitlab', 'github'] as const) {
    for (const scanner of scanners) {
      const text = rendered(ci, { ...plain, scanner });
      for (const [name, image] of Object.entries(names)) assert.equal(text.includes(image), name === scanner);
      assert.deepEqual(text.match(/--volume \S+/g), ['--volume "$PWD/oci-image:/image:ro"']);
      assert.equal(/DOCKER_SCOUT_HUB_PASSWORD/.test(text), scanner === 'scout');
    }
  }
});

test('no job has more rights on GitHub than it needs: to read, or to push and sign', () => {
  const { permissions, jobs } = parse(rendered('github'));
  assert.deepEqual(permissions, {});
  assert.deepEqual(jobs.check.permissions, { contents: 'read' });
  assert.deepEqual(jobs.publish.permissions, { packages: 'write', 'id-token': 'write' });
  assert.deepEqual(parse(rendered('github', elsewhere)).jobs.publish.permissions, { 'id-token': 'write' });
  assert.equal(jobs.check.steps[0].with['persist-credentials'], false);
});

test('a merge or pull request pushes and signs nothing', () => {
  const { jobs } = parse(rendered('github', { ...plain, alone: true }));
  assert.match(jobs.publish.if, /^github\.event_name == 'push' &&/);
  assert.doesNotMatch(
    JSON.stringify(jobs.check),
    /cosign (sign|attest|login) |skopeo|push=true|type=registry/,
  );
  const gitlab = parse(rendered('gitlab', { ...plain, alone: true }));
  assert.deepEqual(gitlab['publish image'].rules, [
    { if: '$CI_COMMIT_TAG' },
    { if: '$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH' },
  ]);
  assert.doesNotMatch(JSON.stringify(gitlab['build image']), /cosign (sign|attest|login) |skopeo|--push/);
});

test('passwords go to the registry they are for, by standard input', () => {
  for (const ci of ['gitlab', 'github'] as const) {
    const own = rendered(ci).match(/^.*\blogin --username.*$/gm) ?? [];
    const host = ci === 'gitlab' ? / --password-stdin "\$CI_REGISTRY"$/ : / --password-stdin ghcr\.io$/;
    assert.ok(own.length > 0);
    for (const line of own) assert.match(line, host);
    const other = rendered(ci, elsewhere);
    const logins = other.match(/^.*\blogin --username.*$/gm) ?? [];
    for (const line of logins) assert.match(line, / --password-stdin registry\.example\.com:5000$/);
    assert.doesNotMatch(other, /CI_REGISTRY|github\.token/);
  }
});

test('everything that is fetched names its version, and every job ends by itself', () => {
  for (const choices of everyChoice) {
    const text = rendered('github', choices);
    const { jobs } = parse(text);
    for (const [, action] of text.matchAll(/uses: (\S+)/g)) assert.match(action!, /@v\d+(\.\d+\.\d+)?$/);
    for (const job of Object.values<{ 'timeout-minutes'?: number }>(jobs)) assert.ok(job['timeout-minutes']);
    const { workflow: _, variables: __, ...gitlabJobs } = parse(rendered('gitlab', choices));
    for (const job of Object.values<{ timeout?: string; image: string }>(gitlabJobs)) {
      assert.ok(job.timeout);
      assert.match(job.image, /:\d/);
    }
    for (const ci of [text, rendered('gitlab', choices)]) {
      assert.match(ci, /scanner=[a-z]+\/[a-z-]+:v?\d/);
      assert.doesNotMatch(ci, /:latest|@latest|@main|@master/);
    }
  }
});

test('both systems judge, scan, push and sign by the same commands', () => {
  for (const choices of everyChoice) {
    const lines = (text: string) =>
      text
        .replace(/--format \w+( --output \S+)?/g, '')
        .split('\n')
        .map((line) => line.trim())
        .filter((line) =>
          /^(npx|docker run|image --input|oci-dir|cves|jq|skopeo|cosign (sign|attest)|--|'\{|digest=|image=)/.test(
            line,
          ),
        )
        .filter((line) => !/^--(build-arg|output|cache)/.test(line) && !/image:ci/.test(line));
    const github = githubCommands(rendered('github', choices)).flatMap(({ script }) => lines(script));
    const gitlab = ['dockerfile', 'build image', 'publish image'].flatMap((job) =>
      lines(gitlabJob(rendered('gitlab', choices), job).script),
    );
    assert.ok(github.length > 10);
    assert.deepEqual(gitlab, github);
  }
});

test('the pipeline is written where its system looks for it, and how to use it is told', async () => {
  const folder = repository('both');
  const ran = await runGoSreInProcess(['pipeline', '--ci', 'gitlab,github'], folder);
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.match(ran.stdout, /^new {8}\.gitlab\/image\.gitlab-ci\.yml$/m);
  assert.match(ran.stdout, /^ {2}- local: \.gitlab\/image\.gitlab-ci\.yml$/m);
  assert.match(ran.stdout, /^ {4}uses: \.\/\.github\/workflows\/image\.yml$/m);
  for (const ci of ['gitlab', 'github'] as const) {
    assert.equal(readFileSync(join(folder, pipelinePath(ci, plain)), 'utf8'), rendered(ci));
  }
  const again = await runGoSreInProcess(['pipeline', '--ci', 'gitlab,github', '--check'], folder);
  assert.deepEqual([again.exitCode, again.stdout.match(/^unchanged/gm)?.length], [0, 2]);
});

test('alone, GitLab gets its whole file, and the workflow starts by itself', async () => {
  const folder = repository('alone');
  assert.equal(
    (await runGoSreInProcess(['pipeline', '--ci', 'gitlab,github', '--alone'], folder)).exitCode,
    0,
  );
  assert.equal(parse(readFileSync(join(folder, '.gitlab-ci.yml'), 'utf8')).workflow.rules.length, 3);
  assert.deepEqual(Object.keys(parse(readFileSync(join(folder, '.github/workflows/image.yml'), 'utf8')).on), [
    'push',
    'pull_request',
    'workflow_call',
  ]);
  assert.deepEqual(Object.keys(parse(rendered('github')).on), ['workflow_call']);
});

test('without --ci the module path decides, and without go.mod it is asked for', async () => {
  const gitlab = repository('gitlab-module', 'gitlab.example.com/acme/orders');
  const listed = await runGoSreInProcess(['pipeline', '--dry-run', '--json'], gitlab);
  const { files, written } = JSON.parse(listed.stdout);
  assert.deepEqual(
    files.map(({ path, state }: { path: string; state: string }) => [path, state]),
    [['.gitlab/image.gitlab-ci.yml', 'new']],
  );
  assert.equal(written, false);
  assert.ok(!existsSync(join(gitlab, '.gitlab')));
  mkdirSync(join(work, 'empty'));
  const asked = await runGoSreInProcess(['pipeline'], join(work, 'empty'));
  assert.equal(asked.exitCode, 2);
  assert.match(asked.stderr, /Name the CI system with --ci/);
});

test('a file of somebody else stays unless --force says otherwise', async () => {
  const folder = repository('foreign');
  const path = join(folder, '.gitlab-ci.yml');
  writeFileSync(path, 'test: { script: [make] }\n');
  const refused = await runGoSreInProcess(['pipeline', '--ci', 'gitlab', '--alone'], folder);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /\.gitlab-ci\.yml was not written by go-sre pipeline.*leave out --alone/);
  assert.equal(readFileSync(path, 'utf8'), 'test: { script: [make] }\n');
  const forced = await runGoSreInProcess(['pipeline', '--ci', 'gitlab', '--alone', '--force'], folder);
  assert.equal(forced.exitCode, 0);
  assert.ok(readFileSync(path, 'utf8').startsWith(pipelineMark));
});

test('without flags a file is written as it was, with them otherwise, and the difference can be seen before', async () => {
  const folder = repository('there');
  const path = join(folder, '.github/workflows/image.yml');
  await runGoSreInProcess(['pipeline', '--ci', 'github', '--scanner', 'grype', '--budget', '40MB'], folder);
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('\n', '\r\n'));
  const kept = await runGoSreInProcess(['pipeline', '--ci', 'github', '--check'], folder);
  assert.deepEqual([kept.exitCode, kept.stdout], [0, 'unchanged  .github/workflows/image.yml\n']);
  const other = ['pipeline', '--ci', 'github', '--scanner', 'trivy'];
  const seen = await runGoSreInProcess([...other, '--check', '--diff'], folder);
  assert.equal(seen.exitCode, 1);
  assert.match(seen.stdout, /^-.*anchore\/grype/m);
  assert.match(seen.stdout, /^\+.*aquasec\/trivy/m);
  assert.match(seen.stderr, /not what go-sre pipeline writes: \.github\/workflows\/image\.yml/);
  assert.match((await runGoSreInProcess(other, folder)).stdout, /^changed/);
  assert.equal(readFileSync(path, 'utf8'), rendered('github'));

  writeFileSync(path, `${pipelineMark}--scanner sh\n`);
  const unreadable = await runGoSreInProcess(['pipeline', '--ci', 'github'], folder);
  assert.equal(unreadable.exitCode, 1);
  assert.match(unreadable.stderr, /first line of .* holds flags that cannot be read/);
});

test('the first line of a file gives the choices back that it was written with', () => {
  for (const ci of ['gitlab', 'github'] as const)
    for (const choices of everyChoice) assert.deepEqual(choicesIn(rendered(ci, choices), 'x'), choices);
});

test('wrong words are told with what was meant, and a full disk leaves nothing', async () => {
  const folder = repository('wrong');
  for (const [argv, said] of [
    [
      ['--scanner', 'trivvy'],
      /--scanner is trivy, grype, scout; "trivvy" is none of them\. Did you mean trivy\?/,
    ],
    [['--ci', 'gitlub'], /--ci is gitlab or github; "gitlub" is neither\. Did you mean gitlab\?/],
    [['--budget', 'small'], /--budget is a size such as/],
    [['--image', 'orders:latest'], /--image is REGISTRY\/PATH in lower case and without a tag/],
    [['here'], /takes flags only, here is none/],
  ] as const) {
    const ran = await runGoSreInProcess(['pipeline', ...argv], folder);
    assert.equal(ran.exitCode, 2);
    assert.match(ran.stderr, said);
  }
  const full = await runGoSreInProcess(['pipeline'], folder, {
    disk: { ...realDisk, writeFile: failingDisk('writeFile', 'ENOSPC').writeFile },
  });
  assert.equal(full.exitCode, 1);
  assert.ok(!existsSync(join(folder, '.github/workflows/image.yml')));
});

test('sizes and images are read strictly, since they stand in a shell', () => {
  assert.equal(readChoices({ budget: '40MB' }).budget, 40_000_000);
  for (const budget of ['', '0', '-1', '80XB', '80MB; rm', '$(id)'])
    assert.throws(() => readChoices({ budget }));
  for (const image of [
    'ghcr.io/acme/orders',
    'localhost:5000/a',
    'harbor:8080/team/a__b/c-d',
    'example.com/x',
  ])
    assert.equal(readChoices({ image }).image, image);
  for (const image of [
    'orders',
    'acme/orders',
    'ghcr.io/Acme/x',
    'ghcr.io/a:v1',
    'ghcr.io/a$(id)',
    'ghcr.io/',
    "a.b/'",
  ])
    assert.throws(() => readChoices({ image }), image);
});
