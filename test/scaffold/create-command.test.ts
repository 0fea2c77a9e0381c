import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { failingDisk, runInProcess } from '../helpers/scaffold.ts';

function emptyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'create-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const refusals: { argv: string[]; exitCode: number; says: RegExp[] }[] = [
  { argv: [], exitCode: 2, says: [/NAME is missing/, /orders --yes/] },
  { argv: ['Orders', '--yes'], exitCode: 2, says: [/"Orders"/, /lower-case letters/, /Try "orders"/] },
  { argv: ['OrderAPI_v2', '--yes'], exitCode: 2, says: [/Try "order-api-v2"/] },
  { argv: ['orders-', '--yes'], exitCode: 2, says: [/does not end with a hyphen/] },
  { argv: ['9orders', '--yes'], exitCode: 2, says: [/begins with a letter/] },
  { argv: ['../orders', '--yes'], exitCode: 2, says: [/lower-case letters/] },
  { argv: ['a'.repeat(64), '--yes'], exitCode: 2, says: [/at most 63/] },
  { argv: ['internal', '--yes'], exitCode: 2, says: [/folder of the service/, /"internal-service"/] },
  { argv: ['true', '--yes'], exitCode: 2, says: [/YAML/] },
  { argv: ['redis', '--yes'], exitCode: 2, says: [/would be .* compose\.yaml, with --with redis/] },
  { argv: ['redis', '--with', 'redis'], exitCode: 2, says: [/it is the host name .* compose\.yaml\./] },
  { argv: ['aux', '--yes'], exitCode: 2, says: [/Windows/] },
  { argv: ['orders', 'users', '--yes'], exitCode: 2, says: [/One NAME/, /"users"/] },
  {
    argv: ['orders', '--module', 'example.com/orders/v1'],
    exitCode: 2,
    says: [/"\/v1" is no version suffix/, /github\.com\/acme\/orders/],
  },
  { argv: ['orders', '--port', '65535'], exitCode: 2, says: [/"65535"/, /1 to 65534/] },
  { argv: ['orders', '--port', '80a'], exitCode: 2, says: [/whole number/] },
  { argv: ['orders', '--port', '0'], exitCode: 2, says: [/1 to 65534/] },
  { argv: ['orders', '--port', '4316'], exitCode: 2, says: [/"4316"/, /4316 and, for operators, 4317/] },
  { argv: ['orders', '--port', '4318'], exitCode: 2, says: [/4318 is the collector's for OTLP/, /Try 8080/] },
  { argv: ['orders', '--port', '4319'], exitCode: 2, says: [/4319 is the collector's for its console/] },
  { argv: ['orders', '--port', '6378', '--with', 'redis'], exitCode: 2, says: [/6379 is Redis's/] },
  {
    argv: ['orders', '--with', 'rediss'],
    exitCode: 2,
    says: [/no option "rediss"/, /Did you mean "redis"\?/, /Known options: redis/],
  },
  {
    argv: ['orders', '--router', 'chi'],
    exitCode: 2,
    says: [/no option "chi" for --router/, /Known options: nethttp, gin\./],
  },
  { argv: ['orders', '--with', 'gin'], exitCode: 2, says: [/for --with\. It is given by --router gin\./] },
  {
    argv: ['orders', '--ci', 'github,gitlap'],
    exitCode: 2,
    says: [/no option "gitlap" for --ci/, /Did you mean "gitlab"\?/, /gitlab, github, none\./],
  },
  {
    argv: ['orders', '--ci', 'none', '--ci', 'github'],
    exitCode: 2,
    says: [/--ci none stands alone, "github" was given beside it/],
  },
  { argv: ['orders', '--ci', ''], exitCode: 2, says: [/no option "" for --ci/] },
  { argv: ['postgres', '--yes'], exitCode: 2, says: [/compose\.yaml/] },
  { argv: ['orders', '--modul', 'x'], exitCode: 2, says: [/no flag --modul/, /Did you mean --module\?/] },
  { argv: ['orders', '--port'], exitCode: 2, says: [/--port needs a value\./, /--help/] },
  { argv: ['orders', '--module', '--yes'], exitCode: 2, says: [/--module needs a value\./] },
  { argv: ['Orders', '--module', '-'], exitCode: 2, says: [/"Orders"/, /"-"/] },
];

for (const { argv, exitCode, says } of refusals) {
  test(`create ${argv.join(' ').slice(0, 60)} is refused with exit code ${exitCode}, a reason and a remedy`, async (t) => {
    const cwd = emptyFolder(t);
    const ran = await runInProcess(argv, cwd);
    assert.equal(ran.exitCode, exitCode);
    assert.equal(ran.stdout, '');
    for (const words of says) assert.match(ran.stderr, words);
    assert.deepEqual(readdirSync(cwd), []);
  });
}

test('a wrong name is one problem: nobody gave the module path that follows from it', async (t) => {
  const { stderr } = await runInProcess(['my orders', '--yes'], emptyFolder(t));
  assert.match(stderr, /The name "my orders" cannot be used/);
  assert.doesNotMatch(stderr, /module path/);
});

test('a port beside those of other parts is taken, and that of Redis without Redis', async (t) => {
  const cwd = emptyFolder(t);
  for (const port of ['4315', '4320', '6379']) {
    const ran = await runInProcess(['orders', '--yes', '--dry-run', '--port', port], cwd);
    assert.equal(ran.exitCode, 0, ran.stderr);
  }
});

test('a folder with files in it is refused and stays as it was', async (t) => {
  const cwd = emptyFolder(t);
  mkdirSync(join(cwd, 'orders'));
  writeFileSync(join(cwd, 'orders', 'mine.txt'), 'mine');
  for (const flags of [['--yes'], ['--yes', '--dry-run']]) {
    const ran = await runInProcess(['orders', ...flags], cwd);
    assert.equal(ran.exitCode, 1);
    assert.match(ran.stderr, /orders is not empty \(mine\.txt\).*never overwritten.*--dir/s);
  }
  assert.deepEqual(readdirSync(cwd, { recursive: true }).sort(), ['orders', 'orders/mine.txt']);
});

test('a target that is a file is refused', async (t) => {
  const cwd = emptyFolder(t);
  writeFileSync(join(cwd, 'orders'), 'a file');
  const ran = await runInProcess(['orders', '--yes'], cwd);
  assert.equal(ran.exitCode, 1);
  assert.match(ran.stderr, /is a file/);
  assert.equal(readFileSync(join(cwd, 'orders'), 'utf8'), 'a file');
});

const diskFaults: { method: Parameters<typeof failingDisk>[0]; code: string; nth?: number; says: RegExp }[] =
  [
    {
      method: 'writeFile',
      code: 'ENOSPC',
      nth: 3,
      says: /No space is left.*\d+ kB.*--dir.*Nothing was left/s,
    },
    { method: 'mkdir', code: 'ENOSPC', nth: 4, says: /No space is left/ },
    { method: 'writeFile', code: 'EDQUOT', nth: 2, says: /quota/ },
    { method: 'mkdir', code: 'EACCES', says: /No permission to write .*orders.*--dir/s },
    { method: 'mkdir', code: 'EPERM', nth: 2, says: /No permission/ },
    { method: 'mkdir', code: 'EROFS', nth: 2, says: /read-only/ },
    { method: 'rename', code: 'EIO', says: /Writing .*orders failed: EIO/s },
  ];

for (const { method, code, nth, says } of diskFaults) {
  for (const target of ['a new', 'an existing empty']) {
    test(`${code} at call ${nth ?? 1} of ${method} leaves ${target} target as it was`, async (t) => {
      const cwd = emptyFolder(t);
      if (target !== 'a new') mkdirSync(join(cwd, 'deep/er/orders'), { recursive: true });
      const before = readdirSync(cwd, { recursive: true });
      const disk = failingDisk(method, code, nth);
      const ran = await runInProcess(['orders', '--dir', 'deep/er/orders', '--yes'], cwd, { disk });
      assert.equal(ran.exitCode, 1);
      assert.match(ran.stderr, says);
      assert.equal(ran.stdout, '');
      assert.deepEqual(readdirSync(cwd, { recursive: true }), before);
    });
  }
}

test('a cancelled run writes nothing and ends with 130', async (t) => {
  const cwd = emptyFolder(t);
  const cancel = new AbortController();
  const ran = runInProcess(['orders', '--yes'], cwd, {
    signal: cancel.signal,
    git: async () => {
      cancel.abort();
      return { status: 0, output: '' };
    },
  });
  assert.equal((await ran).exitCode, 130);
  assert.deepEqual(readdirSync(cwd), []);
});

test('the pipeline is that of the place the module path names, unless --ci says otherwise', async (t) => {
  const cwd = emptyFolder(t);
  for (const [module, flags, ci] of [
    ['example.com/orders', [], ['github']],
    ['github.com/gitlab/orders', [], ['github']],
    ['gitlab.com/acme/orders', [], ['gitlab']],
    ['gitlab.acme.example/orders', [], ['gitlab']],
    ['gitlab.com/acme/orders', ['--ci', 'none'], []],
    ['gitlab.com/acme/orders', ['--ci', 'github, gitlab', '--ci', 'github'], ['github', 'gitlab']],
  ] as const) {
    const argv = ['orders', '--json', '--dry-run', '--module', module, ...flags];
    const printed = JSON.parse((await runInProcess(argv, cwd)).stdout);
    assert.deepEqual(printed.ci, ci);
    assert.match(printed.command, new RegExp(` --ci ${ci.join(',') || 'none'} `));
    const pipelines = printed.files
      .map(({ path }: { path: string }) => path)
      .filter((path: string) => /^\.git/.test(path) && path !== '.gitignore');
    const files: Record<string, string> = { github: '.github/workflows/ci.yml', gitlab: '.gitlab-ci.yml' };
    assert.deepEqual(
      pipelines,
      ci.map((name) => files[name]),
    );
  }
});

test('--dry-run lists every file with its size and writes nothing', async (t) => {
  const cwd = emptyFolder(t);
  const ran = await runInProcess(['orders', '--yes', '--dry-run'], cwd);
  assert.equal(ran.exitCode, 0);
  assert.match(ran.stdout, /^ +\d+ {2}cmd\/orders\/main\.go$/m);
  assert.match(ran.stdout, /Nothing was written/);
  assert.deepEqual(readdirSync(cwd), []);
});

test('--json prints one object: what was made, its files, the command and the next steps', async (t) => {
  const cwd = emptyFolder(t);
  const ran = await runInProcess(['orders', '--json', '--port', '9000', '--with', 'redis'], cwd);
  const printed = JSON.parse(ran.stdout);
  assert.deepEqual(
    { ...printed, files: [], command: '', next: [], notes: [] },
    {
      name: 'orders',
      module: 'example.com/orders',
      dir: join(cwd, 'orders'),
      port: 9000,
      router: 'nethttp',
      with: ['redis'],
      ci: ['github'],
      files: [],
      command: '',
      next: [],
      dryRun: false,
      notes: [],
    },
  );
  assert.equal(
    printed.command,
    'npx -y create-go-sre-service@1.2.3 orders --module example.com/orders --dir orders --port 9000 --router nethttp --with redis --ci github --yes',
  );
  for (const { path, bytes } of printed.files) {
    assert.equal(readFileSync(join(cwd, 'orders', path)).length, bytes, path);
  }
  assert.deepEqual(
    printed.next.map(({ run }: { run: string }) => run),
    [
      'cd orders',
      'docker compose up -d --wait redis',
      'OTEL_TRACES_SAMPLER=always_on LOG_FILE=orders.log go run -tags grpcnotrace ./cmd/orders',
      `cd ${join(cwd, 'orders')} && npx -y go-sre-collector --scrape orders=localhost:9001 --log-file orders=orders.log`,
      `curl -i -d '{"item":"tea","quantity":2}' http://localhost:9000/orders`,
      "curl -H 'Accept: application/openmetrics-text' http://localhost:9001/metrics",
    ],
  );
  assert.match(printed.next[3].does, /needs Node 24.*npx -y -p node@24 -p go-sre-collector go-sre-collector/);
});

test("from the clone, the steps start the clone's own collector, and the same again the clone's own generator", async (t) => {
  const cwd = emptyFolder(t);
  const { next, command } = JSON.parse(
    (await runInProcess(['orders', '--json', '--dry-run'], cwd, { clone: '/src/go sre' })).stdout,
  );
  assert.equal(
    next[2].run,
    `cd ${join(cwd, 'orders')} && npm --prefix '/src/go sre' run collector -- --scrape orders=localhost:8081 --log-file orders=orders.log`,
  );
  assert.doesNotMatch(next[2].does, /npx/);
  assert.match(command, /^npm --prefix '\/src\/go sre' run create -- orders --module example\.com\/orders /);
});

test('the current folder can be the target, and the equivalent command quotes what a shell would split', async (t) => {
  const cwd = join(emptyFolder(t), 'my shop');
  mkdirSync(cwd);
  const here = await runInProcess(['orders', '--yes', '--dir', '.'], cwd);
  assert.match(here.stdout, /--dir \. /);
  assert.ok(existsSync(join(cwd, 'go.mod')));
  assert.ok(readdirSync(cwd).every((name) => !name.endsWith('.tmp')));
  const quoted = await runInProcess(['orders', '--yes', '--dir', "it's here"], cwd, {});
  assert.match(quoted.stdout, /--dir 'it'\\''s here' /);
});

test('a person at a terminal is asked for what no flag says', async (t) => {
  const cwd = emptyFolder(t);
  const down = '\u001b[B';
  const keys = ['billing\r', '\r', '\r', '9100\r', `${down}\r`, ' \r', ` ${down} \r`, 'n'];
  const ran = await runInProcess([], cwd, { keys });
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.match(
    ran.stdout,
    /billing --module example\.com\/billing --dir billing --port 9100 --router gin --with redis --ci gitlab --no-git --yes/,
  );
  assert.match(readFileSync(join(cwd, 'billing/cmd/billing/main.go'), 'utf8'), /":9100", ":9101"/);
});

test('flags leave only the open questions, and --yes leaves none', async (t) => {
  const cwd = emptyFolder(t);
  const argv = ['billing', '--module', 'example.com/b', '--port', '9100', '--router', 'gin'];
  argv.push('--with', 'redis', '--ci', 'none', '--no-git');
  const ran = await runInProcess(argv, cwd, { keys: ['\r'] });
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.match(ran.stdout, /Folder/);
  const silent = await runInProcess(['other', '--yes'], cwd, { keys: [] });
  assert.equal(silent.exitCode, 0);
  assert.doesNotMatch(silent.stdout, /◆/);
});

test('Ctrl-C at a prompt ends with 130 and writes nothing', async (t) => {
  const cwd = emptyFolder(t);
  const ran = await runInProcess([], cwd, { keys: ['billing\r', '\u0003'] });
  assert.equal(ran.exitCode, 130);
  assert.match(ran.stderr, /Cancelled, nothing was written/);
  assert.deepEqual(readdirSync(cwd), []);
});

test('--help names every flag and every option of the template, --version the version', async (t) => {
  const cwd = emptyFolder(t);
  const help = (await runInProcess(['--help'], cwd)).stdout;
  for (const flag of [
    'module',
    'dir',
    'port',
    'router',
    'with',
    'ci',
    'yes',
    'dry-run',
    'json',
    'no-git',
    'version',
  ]) {
    assert.match(help, new RegExp(`--${flag}\\b`));
  }
  for (const option of [
    /nethttp +ServeMux/,
    /gin +gin/,
    /redis +sessions in Redis/,
    /gitlab +GitLab CI/,
    /none +no pipe/,
  ])
    assert.match(help, option);
  assert.equal((await runInProcess(['--version'], cwd)).stdout, '1.2.3\n');
});
