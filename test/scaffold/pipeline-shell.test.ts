// The shell of the image's pipelines, step by step: the real gate, registry, skopeo and cosign; stand-ins for the
// engine that builds and for the scanner.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { parse } from 'yaml';
import { emitService, emittedText, plainAnswers } from '../helpers/emitted-service.ts';
import {
  type Command,
  githubCommands,
  gitlabJob,
  npxStandIn,
  type Ran,
  runCommand,
  writeCommands,
} from '../helpers/pipelines.ts';
import { startRegistry, writeOciLayout } from '../helpers/registry.ts';
import { onPath } from '../helpers/tool-recipes.ts';
import { tool } from '../helpers/tools.ts';

const answers = { ...plainAnswers, ci: ['github', 'gitlab'] };
const workflow = emittedText(answers, '.github/workflows/image.yml');
const pipeline = emittedText(answers, '.gitlab/image.gitlab-ci.yml');

let work = '';
let service = '';
let binary: Buffer;
let plain: ReturnType<typeof built>;

before(async () => {
  work = mkdtempSync(join(tmpdir(), 'go-sre-image-'));
  service = join(work, 'shop');
  await emitService(answers, service);
  const flags = ['-tags', 'grpcnotrace', '-trimpath', '-ldflags', '-s -w -funcalign=16'];
  execFileSync('go', ['build', ...flags, '-o', join(work, 'shop-binary'), './cmd/shop'], {
    cwd: service,
    env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
  });
  binary = readFileSync(join(work, 'shop-binary'));
  plain = built('plain', {});
  writeCommands(join(work, 'stand-ins'), {
    npx: npxStandIn,
    go: `test "$TEST_GO" != none || { echo 'go: not found' >&2; exit 127; }
exec '${onPath(['go'])}' "$@"`,
    apk: 'test "$1 $2" = "add --no-cache"',
    docker: `echo "docker $*" >> "$TEST_LOG"
case "$1 $2" in
"login --username") cat > /dev/null ;;
"context create"|"buildx create") ;;
"buildx build") cp -R "$TEST_BUILT" oci-image ;;
"run --rm")
  shift 2
  case "$1" in
  image:ci) shift; exec '${join(work, 'shop-binary')}' "$@" ;;
  "--volume") test -f "\${2%:/image:ro}/index.json" && cat "$TEST_REPORT" ;;
  *) exit 64 ;;
  esac ;;
*) exit 64 ;;
esac`,
  });
});

after(() => rmSync(work, { recursive: true, force: true }));

/** The image that the Dockerfile of the service gives, with more files where a test wants them. */
function built(name: string, more: Record<string, string>): { folder: string; digest: string } {
  const folder = join(work, `${name}-built`);
  const digest = writeOciLayout(
    folder,
    [
      { path: 'etc/ssl/certs/ca-certificates.crt', bytes: Buffer.from('# none\n'), mode: 0o644 },
      { path: 'shop', bytes: binary, mode: 0o755 },
      ...Object.entries(more).map(([path, text]) => ({ path, bytes: Buffer.from(text), mode: 0o644 })),
    ],
    {
      User: '65532:65532',
      Entrypoint: ['/shop'],
      Labels: {
        'org.opencontainers.image.source': 'https://github.com/acme/shop',
        'org.opencontainers.image.revision': 'abc',
        'org.opencontainers.image.version': 'v1',
      },
    },
  );
  return { folder, digest };
}

/** What trivy says of an image with these vulnerabilities. */
function report(name: string, ids: readonly string[] = []): string {
  const found = ids.map((id) => ({
    ...{ VulnerabilityID: id, PkgName: 'golang.org/x/net', InstalledVersion: 'v0.1.0' },
    ...{ FixedVersion: '0.2.0', Severity: 'CRITICAL', Title: 'Made up for a test' },
  }));
  const path = join(work, `${name}.report.json`);
  const results = [{ Target: 'shop', Class: 'lang-pkgs', Type: 'gobinary', Vulnerabilities: found }];
  writeFileSync(path, JSON.stringify({ SchemaVersion: 2, ArtifactName: '/image', Results: results }));
  return path;
}

type Place = { folder: string; env: Record<string, string>; digest: string; log: () => string };

/** A checked-out service of its own, and the variables that both CI systems and the stand-ins have. */
function place(name: string, options: { ids?: string[]; more?: Record<string, string> } = {}): Place {
  const folder = join(work, name);
  cpSync(service, folder, { recursive: true });
  const image = options.more === undefined ? plain : built(name, options.more);
  const log = join(work, `${name}.log`);
  const home = join(work, `${name}-home`);
  mkdirSync(home);
  writeFileSync(log, '');
  const env = {
    ...goCaches(),
    ...{ TEST_LOG: log, TEST_BUILT: image.folder, TEST_REPORT: report(name, options.ids), HOME: home },
    ...{ GITHUB_SHA: 'abc123', GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'main', GITHUB_ACTOR: 'somebody' },
    ...{ CI_COMMIT_SHA: 'abc123', CI_COMMIT_BRANCH: 'main', CI_DEFAULT_BRANCH: 'main' },
    ...{ CI_PROJECT_URL: 'https://gitlab.com/acme/shop', IMAGE_RUN: 'slo', IMAGE_BUDGET: '14300000 + 0' },
    ...{ IMAGE_CONTEXT: '.', IMAGE_TARGET: '' },
    ...{ CI_REGISTRY: 'localhost:1', CI_REGISTRY_USER: 'somebody', CI_REGISTRY_PASSWORD: 'secret-word' },
    ...{ IMAGE: 'localhost:1/Acme/shop', CVE_WAIVERS: '' },
  };
  return { folder, env, digest: image.digest, log: () => readFileSync(log, 'utf8') };
}

function goCaches(): Record<string, string> {
  return JSON.parse(execFileSync('go', ['env', '-json', 'GOCACHE', 'GOMODCACHE'], { encoding: 'utf8' }));
}

/** The step of the workflow with these words in it. */
function step(words: string): Command {
  const found = githubCommands(workflow).filter(({ script }) => script.includes(words));
  assert.equal(found.length, 1, `${found.length} steps have ${words}`);
  return found[0]!;
}

/** Runs a step as GitHub does, in bash -euo pipefail. */
function onGithub(words: string, { folder, env }: Place, more: Record<string, string> = {}): Ran {
  const { job, script, variables } = step(words);
  const command = { job, script: `set -u\n${script}`, variables };
  return runCommand(command, options(folder, 'bash', { ...env, ...more }));
}

/** Runs a job as GitLab does, in sh; dash has no pipefail, which the images' own sh has. They have no Go. */
function onGitlab(job: string, { folder, env }: Place, more: Record<string, string> = {}): Ran {
  const { script, variables } = gitlabJob(pipeline, job);
  assert.match(script, /^set -euo pipefail$/m);
  const command = { job, script: script.replace('set -euo pipefail', 'set -eu'), variables };
  return runCommand(command, options(folder, 'sh', { ...env, ...more, TEST_GO: 'none' }));
}

function options(folder: string, shell: 'bash' | 'sh', env: Record<string, string>) {
  return { service: folder, standIns: join(work, 'stand-ins'), shell, env };
}

function passes({ status, output }: Ran): string {
  assert.equal(status, 0, output);
  return output;
}

/** What the check job does on GitHub behind the gate; what the build action leaves is put there. */
function checkedOnGithub(at: Place): Ran {
  cpSync(at.env['TEST_BUILT']!, join(at.folder, 'oci-image'), { recursive: true });
  passes(onGithub('docker run --rm image:ci', at));
  passes(onGithub('--volume', at));
  return onGithub('go-sre check image', at);
}

test('the emitted service passes the gate of both pipelines without a finding, and leaves its reports', (t) => {
  if (!tool(t, 'jq')) return;
  const github = place('clean-github');
  assert.doesNotMatch(passes(onGithub('go-sre check "$IMAGE_CONTEXT"', github)), /^::/m);
  assert.doesNotMatch(passes(checkedOnGithub(github)), /^::/m);
  const gitlab = place('clean-gitlab');
  assert.match(passes(onGitlab('dockerfile', gitlab)), /^No finding in 1 file\.$/m);
  assert.deepEqual(json(gitlab, 'dockerfile.codequality.json'), []);
  passes(onGitlab('build image', gitlab));
  assert.deepEqual(json(gitlab, 'image.codequality.json'), []);
  for (const at of [github, gitlab]) {
    assert.equal(json(at, 'sbom.spdx.json').spdxVersion, 'SPDX-2.3');
    const attest = json(at, 'cve.attest.json');
    assert.match(attest.scanner.uri, /^aquasec\/trivy:\d/);
    assert.equal(attest.scanner.result.SchemaVersion, 2);
    assert.match(attest.metadata.scanFinishedOn, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.match(at.log(), /^docker run --rm image:ci slo$/m);
    assert.doesNotMatch(at.log(), /secret-word/);
  }
});

function json({ folder }: Place, path: string) {
  return JSON.parse(readFileSync(join(folder, path), 'utf8'));
}

test('the cache is written from the default branch only', () => {
  const jobs: Record<string, { script: string[] }> = parse(pipeline);
  const script = jobs['build image']!.script.find((part) => part.includes('docker buildx build'))!;
  const command = { job: 'build image', script, variables: {} };
  const main = place('cache-main');
  passes(runCommand(command, options(main.folder, 'sh', main.env)));
  assert.match(
    main.log(),
    /^docker buildx build --cache-to type=registry,ref=\S+:buildcache,mode=max --cache-from /m,
  );
  const request = place('cache-request');
  passes(runCommand(command, options(request.folder, 'sh', { ...request.env, CI_COMMIT_BRANCH: '' })));
  assert.match(request.log(), /^docker buildx build --cache-from /m);
  assert.doesNotMatch(request.log(), /cache-to/);
});

test('a Dockerfile that runs as root ends both pipelines at the gate, beside the line', () => {
  const at = place('root');
  const dockerfile = readFileSync(join(at.folder, 'Dockerfile'), 'utf8');
  writeFileSync(join(at.folder, 'Dockerfile'), dockerfile.replace(/^USER .*$/m, 'USER root'));
  const line = dockerfile.split('\n').findIndex((text) => text.startsWith('USER ')) + 1;
  const github = onGithub('go-sre check "$IMAGE_CONTEXT"', at);
  assert.equal(github.status, 1);
  assert.match(github.output, new RegExp(`^::(error|warning) file=Dockerfile,line=${line},.*title=`, 'm'));
  const gitlab = onGitlab('dockerfile', at);
  assert.equal(gitlab.status, 1);
  const [issue] = json(at, 'dockerfile.codequality.json');
  assert.equal(issue.location.lines.begin, line);
});

test('an image above its budget, with a critical vulnerability, or with a secret in it is not published', (t) => {
  if (!tool(t, 'jq')) return;
  const large = place('large');
  large.env['IMAGE_BUDGET'] = '1000000 + 500000';
  const tooLarge = checkedOnGithub(large);
  assert.equal(tooLarge.status, 1);
  assert.match(tooLarge.output, /size-budget/);
  const vulnerable = place('vulnerable', { ids: ['CVE-2026-0001'] });
  const critical = checkedOnGithub(vulnerable);
  assert.equal(critical.status, 1);
  assert.match(critical.output, /CVE-2026-0001/);
  const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEow'.repeat(40)}\n-----END RSA PRIVATE KEY-----\n`;
  const leaking = onGitlab('build image', place('leaking', { more: { 'root/.ssh/id_rsa': key } }));
  assert.equal(leaking.status, 1);
  assert.match(leaking.output, /secret-in-layer/);
});

test('a waived vulnerability passes until its day', (t) => {
  if (!tool(t, 'jq')) return;
  const at = place('waived', { ids: ['CVE-2026-0001'] });
  const waiver = (expires: string) =>
    writeFileSync(
      join(at.folder, 'waivers.json'),
      JSON.stringify([{ id: 'CVE-2026-0001', reason: 'not reached', expires }]),
    );
  at.env['CVE_WAIVERS'] = 'waivers.json';
  waiver('2999-01-01');
  passes(checkedOnGithub(at));
  waiver('2020-01-01');
  assert.equal(onGithub('go-sre check image', at).status, 1);
});

test('what was judged is pushed by its digest, signed, attested, and only then named', async (t) => {
  const publish = await publisher(t);
  if (!publish) return;
  const at = place('published');
  passes(checkedOnGithub(at));
  passes(publish.onGithub(at, { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1.2.0+build.7' }));
  assert.deepEqual(await publish.tags(), ['abc123', 'v1.2.0-build.7']);
  for (const tag of await publish.tags()) assert.equal(await publish.digestOf(tag), at.digest);
  publish.verifies(at.digest);

  const gitlab = place('published-gitlab');
  passes(onGitlab('build image', gitlab));
  const output = passes(publish.onGitlab(gitlab));
  assert.match(output, new RegExp(`^Pushed and signed: \\S+@${gitlab.digest}$`, 'm'));
  assert.doesNotMatch(output, /secret-word/);
});

test('an image that cannot be signed gets no name', async (t) => {
  const publish = await publisher(t);
  if (!publish) return;
  const at = place('unsigned');
  cpSync(at.env['TEST_BUILT']!, join(at.folder, 'oci-image'), { recursive: true });
  const failed = publish.onGithub(at, { COSIGN_PRIVATE_KEY: 'no key' });
  assert.notEqual(failed.status, 0);
  assert.deepEqual(await publish.tags(), []);
});

/** Runs the publishing steps with a real registry, skopeo and cosign with a key; undefined where one is missing. */
async function publisher(t: TestContext) {
  const program = tool(t, 'registry');
  const cosign = program && tool(t, 'cosign');
  const skopeo = cosign && tool(t, 'skopeo');
  if (!program || !cosign || !skopeo || !tool(t, 'jq')) return undefined;
  const host = await startRegistry(t, program);
  const folder = mkdtempSync(join(work, 'publisher-'));
  execFileSync(cosign, ['generate-key-pair'], {
    cwd: folder,
    env: { ...process.env, COSIGN_PASSWORD: 'word' },
    stdio: 'pipe',
  });
  // No transparency log: this machine reaches none.
  const config = join(folder, 'signing-config.json');
  writeFileSync(config, '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}');
  writeCommands(join(work, 'stand-ins'), {
    cosign: `exec '${cosign}' "$@"`,
    // This registry speaks no TLS, which cosign expects of localhost and skopeo is told.
    skopeo: `shift; exec '${skopeo}' copy --src-tls-verify=false --dest-tls-verify=false "$@"`,
  });
  const env = (more: Record<string, string> = {}) => ({
    ...{
      IMAGE: `${host}/Acme/shop`,
      CI_REGISTRY: host,
      REGISTRY_PASSWORD: 'secret-word',
      COSIGN_YES: 'true',
    },
    ...{ COSIGN_PRIVATE_KEY: readFileSync(join(folder, 'cosign.key'), 'utf8'), COSIGN_PASSWORD: 'word' },
    ...{ COSIGN_SIGNING_CONFIG: config, ...more },
  });
  const url = `http://${host}/v2/acme/shop`;
  return {
    onGithub: (at: Place, more: Record<string, string> = {}) => onGithub('skopeo copy', at, env(more)),
    onGitlab: (at: Place) => onGitlab('publish image', at, env()),
    tags: async (): Promise<string[]> => {
      const listed = (await (await fetch(`${url}/tags/list`)).json()) as { tags?: string[] | null };
      return (listed.tags ?? []).filter((tag) => !tag.startsWith('sha256-')).sort();
    },
    digestOf: async (tag: string) => {
      const headers = { accept: 'application/vnd.oci.image.manifest.v1+json' };
      return (await fetch(`${url}/manifests/${tag}`, { headers })).headers.get('docker-content-digest');
    },
    verifies: (digest: string) => {
      const image = `${host}/acme/shop@${digest}`;
      const key = ['--key', join(folder, 'cosign.pub'), '--insecure-ignore-tlog'];
      execFileSync(cosign, ['verify', ...key, image], { stdio: 'pipe' });
      for (const type of ['spdxjson', 'vuln'])
        execFileSync(cosign, ['verify-attestation', ...key, '--type', type, image], { stdio: 'pipe' });
    },
  };
}
