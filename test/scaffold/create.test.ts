// The command as a process: signals, git, a disk that is really full, folders as npm hands them over.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const entry = fileURLToPath(new URL('../../scaffold/src/create.ts', import.meta.url));

/** git reads no configuration of this machine, and has an identity. */
const gitEnv = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'A',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'A',
  GIT_COMMITTER_EMAIL: 'a@example.com',
};

function emptyFolder(t: TestContext, leave: (folder: string) => void = () => undefined): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'create-process-')));
  t.after(() => {
    leave(folder);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function create(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [entry, ...args], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: cwd, ...gitEnv, ...env },
  });
}

/** A folder with a `git` that runs this script. */
function fakeGit(t: TestContext, script: string): string {
  const folder = emptyFolder(t);
  writeFileSync(join(folder, 'git'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'git'), 0o755);
  return folder;
}

test('a new service is a git repository with everything emitted in its first commit', (t) => {
  const cwd = emptyFolder(t);
  const ran = create(['orders', '--yes'], cwd);
  assert.equal(ran.status, 0, ran.stderr);
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: join(cwd, 'orders'), encoding: 'utf8' });
  assert.equal(git('status', '--porcelain', '--ignored'), '');
  assert.match(git('log', '--format=%s'), /^Create orders with create-go-sre-service\n$/);
  const emitted = readdirSync(join(cwd, 'orders'), {
    recursive: true,
    encoding: 'utf8',
    withFileTypes: true,
  }).filter(
    (file) => file.isFile() && !file.parentPath.includes('/.git/') && !file.parentPath.endsWith('/.git'),
  ).length;
  assert.equal(git('ls-files').trim().split('\n').length, emitted);
});

test('the branch of the first commit is the one that the pipeline checks, whatever git calls it by default', (t) => {
  const cwd = emptyFolder(t);
  const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'init.defaultBranch', GIT_CONFIG_VALUE_0: 'trunk' };
  const ran = create(['orders', '--yes'], cwd, env);
  assert.equal(ran.status, 0, ran.stderr);
  const service = join(cwd, 'orders');
  const { on } = parse(readFileSync(join(service, '.github/workflows/ci.yml'), 'utf8'));
  const branch = execFileSync('git', ['branch', '--show-current'], { cwd: service, encoding: 'utf8' }).trim();
  assert.deepEqual(on.push.branches, [branch]);
});

test('without git, inside a repository, without an identity and with --no-git there is no repository, and why is said', (t) => {
  const cwd = emptyFolder(t);
  const made = (args: string[], env: NodeJS.ProcessEnv = {}) => {
    const ran = create([...args, '--yes'], cwd, env);
    assert.equal(ran.status, 0, ran.stderr);
    assert.ok(!readdirSync(join(cwd, args[0]!)).includes('.git'));
    return ran.stdout;
  };
  assert.match(made(['without'], { PATH: '/nonexistent' }), /git is not installed/);
  assert.doesNotMatch(made(['unwanted', '--no-git']), /No git repository/);
  const anonymous = {
    GIT_AUTHOR_NAME: undefined,
    GIT_AUTHOR_EMAIL: undefined,
    GIT_COMMITTER_NAME: undefined,
    GIT_COMMITTER_EMAIL: undefined,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'user.useConfigOnly',
    GIT_CONFIG_VALUE_0: 'true',
  };
  assert.match(made(['anonymous'], anonymous), /git does not know your name/);
  execFileSync('git', ['init', '--quiet'], { cwd });
  assert.match(made(['inside']), /the folder is inside one/);
});

test('below the root of a repository it is told that nobody reads the pipeline there, at the root it is not', (t) => {
  const cwd = emptyFolder(t);
  execFileSync('git', ['init', '--quiet'], { cwd });
  const made = (...args: string[]) => create([...args, '--yes'], cwd).stdout;
  assert.match(
    made('orders', '--dir', 'services/orders', '--ci', 'github', '--no-git'),
    /No pipeline runs from services\/orders\/\.github\/: .* let its commands run in services\/orders\/\.$/m,
  );
  assert.doesNotMatch(made('users', '--ci', 'none'), /pipeline/);
  assert.doesNotMatch(made('alone', '--dir', join(emptyFolder(t), 'alone')), /No pipeline/);
});

test('an interrupt while it writes leaves nothing and ends with 130', (t) => {
  const cwd = emptyFolder(t);
  // This git ends only when it is ended, so the signal is seen while it runs.
  const PATH = `${fakeGit(t, 'kill -INT $PPID; exec sleep 600')}:${process.env.PATH}`;
  const ran = create(['orders', '--dir', 'new/orders', '--yes'], cwd, { PATH });
  assert.equal(ran.status, 130, ran.stderr);
  assert.match(ran.stderr, /Cancelled, nothing was written/);
  assert.deepEqual(readdirSync(cwd), []);
});

test('a disk that is really full gives a clear error and keeps nothing', (t) => {
  const disk = emptyFolder(t, (folder) => spawnSync('umount', [folder]));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
  if (mounted.status !== 0) return t.skip('mounting a small tmpfs needs root: run the tests as root');
  for (const target of ['orders', '.']) {
    const ran = create(['orders', '--dir', target, '--yes'], disk);
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /No space is left on the disk that holds .*--dir/);
    assert.deepEqual(readdirSync(disk), []);
  }
});

test('a folder without write permission gives a clear error', (t) => {
  const cwd = emptyFolder(t);
  chmodSync(cwd, 0o555);
  // Root may write anywhere: the command then runs as "nobody", who must be able to read the clone for that.
  const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const as = (...args: string[]) =>
    spawnSync(process.execPath, [entry, ...args], { cwd, encoding: 'utf8', ...nobody });
  if (as('--version').status !== 0) return t.skip('"nobody" cannot read the clone: run the tests as a user');
  const ran = as('orders', '--yes');
  assert.equal(ran.status, 1);
  assert.match(ran.stderr, /No permission to write .*orders.*--dir/);
  assert.deepEqual(readdirSync(cwd), []);
});

test('under npm run in the clone relative paths start where the user stands, under another npm where it runs', (t) => {
  const [cwd, elsewhere] = [emptyFolder(t), emptyFolder(t)];
  const dir = (env: NodeJS.ProcessEnv) =>
    JSON.parse(create(['orders', '--json', '--dry-run'], cwd, env).stdout).dir;
  assert.equal(dir({ INIT_CWD: elsewhere, npm_package_name: 'go-sre' }), join(elsewhere, 'orders'));
  assert.equal(dir({ INIT_CWD: elsewhere, npm_package_name: 'another' }), join(cwd, 'orders'));
});

test('compose.yaml starts the collector of this version', () => {
  const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const { version } = JSON.parse(text('collector/package.json'));
  const image = /image: (\S*go-sre-collector:\S+)/.exec(text('scaffold/template/compose.yaml'))?.[1];
  assert.equal(image, `ghcr.io/go-sre/go-sre-collector:${version}`);
});

test('the package names only files that are there, and its version is the one printed', (t) => {
  const manifest = JSON.parse(readFileSync(new URL('../../scaffold/package.json', import.meta.url), 'utf8'));
  assert.equal(create(['--version'], emptyFolder(t)).stdout, `${manifest.version}\n`);
  assert.equal(manifest.dependencies, undefined);
});
