import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programRunner } from '../../scaffold/src/processes.ts';
import { goFolder } from '../helpers/go-folder.ts';
import { layOut } from '../helpers/planned-context.ts';
import { runGoSreInProcess } from '../helpers/scaffold.ts';
import { tool } from '../helpers/tools.ts';

const root = join(import.meta.dirname, '../golden-dockerfiles');
const env = { ...process.env, GOPROXY: 'off', GOFLAGS: '', GOPRIVATE: '', GOWORK: '', GOTOOLCHAIN: 'local' };

/** Modules and workspaces by name, the folder with their Dockerfile, and what the build must not find. */
const golden = [
  { name: 'service', dir: 'service', never: /_test\.go|webtest|docs/ },
  { name: 'several', dir: 'several', never: /second\.sh/ },
  { name: 'workspace', dir: 'workspace', never: /unused/ },
  { name: 'replaced', dir: 'replaced/app', never: /_test\.go|codectest\/.*\.go$/ },
  { name: 'withc', dir: 'withc', never: /^$/ },
  { name: 'vendored', dir: 'vendored', never: /deptest/ },
] as const;

for (const { name, dir, never } of golden) {
  test(`the golden Dockerfile of ${name} is what is written now, and brings what its programs are built from`, async (t) => {
    const ran = await runGoSreInProcess(['dockerfile', dir, '--check'], root, { run: programRunner(env) });
    assert.equal(
      ran.exitCode,
      0,
      `${ran.stderr}Write it anew as test/golden-dockerfiles/README.md says, and read the diff.`,
    );
    const text = readFileSync(join(root, dir, 'Dockerfile'), 'utf8');
    const ignore = dir === name ? '.dockerignore' : 'Dockerfile.dockerignore';
    const target = goFolder(t, {});
    const files = layOut(join(root, name), text, readFileSync(join(root, dir, ignore), 'utf8'), target);
    assert.deepEqual(
      files.filter((path) => never.test(path)),
      [],
    );
    const cgo = /CGO_ENABLED=1/.test(text);
    if (cgo && spawnSync('gcc', ['--version']).status !== 0) {
      t.diagnostic(`${name} was not built: there is no gcc here`);
      return;
    }
    const workDir = /^WORKDIR \/src\/(.+)$/m.exec(text)?.[1] ?? '.';
    for (const [, flags = '', pattern = ''] of text.matchAll(/go build (.*) \\\n.*\n +-o \S+ (\S+)/g)) {
      const built = spawnSync('go', ['build', ...flags.split(' '), '-o', join(target, 'built'), pattern], {
        cwd: join(target, workDir),
        env: { ...env, CGO_ENABLED: cgo ? '1' : '0' },
        encoding: 'utf8',
      });
      assert.equal(built.status, 0, built.stderr);
    }
  });
}

test('the template builds from what its generated Dockerfile copies, which is none of its tests', async (t) => {
  const dir = goFolder(t, {});
  cpSync(join(import.meta.dirname, '../../scaffold/template'), dir, { recursive: true });
  // Its modules are those that the golden services' tests have fetched.
  const run = programRunner({ ...process.env, GOFLAGS: '', GOWORK: '' });
  const flags = ['--force', '--tags', 'grpcnotrace', '--platform', 'linux/amd64'];
  const ran = await runGoSreInProcess(['dockerfile', ...flags], dir, { run });
  assert.equal(ran.exitCode, 0, ran.stderr);
  const [text, ignore] = ['Dockerfile', '.dockerignore'].map((name) => readFileSync(join(dir, name), 'utf8'));
  assert.match(text!, /-X main\.version=\$\{VERSION\} -X main\.revision=\$\{REVISION\}/);
  const target = goFolder(t, {});
  const files = layOut(dir, text!, ignore!, target);
  assert.deepEqual(
    files.filter((path) => /_test\.go$|databasetest|^ops|\.md$/.test(path)),
    [],
  );
  const listed = spawnSync('go', ['list', '-deps', '-tags', 'grpcnotrace', './cmd/shop'], {
    cwd: target,
    env: { ...process.env, GOFLAGS: '-mod=readonly', CGO_ENABLED: '0' },
    encoding: 'utf8',
  });
  assert.equal(listed.status, 0, listed.stderr);
});

test('neither go-sre check nor hadolint finds anything in the golden Dockerfiles', async (t) => {
  for (const { name, dir } of golden) {
    const judged = await runGoSreInProcess(
      ['check', join(dir, 'Dockerfile'), '--context', name, '--offline'],
      root,
    );
    assert.equal(judged.exitCode, 0, judged.stdout + judged.stderr);
  }
  const hadolint = tool(t, 'hadolint');
  if (!hadolint) return;
  const files = golden.map(({ dir }) => join(dir, 'Dockerfile'));
  const { status, stdout, stderr } = spawnSync(hadolint, files, { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
});
