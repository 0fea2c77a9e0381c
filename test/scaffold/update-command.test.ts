import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import * as realDisk from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { GoSreDeps } from '../../scaffold/src/command.ts';
import { encodeTarGz } from '../../scaffold/src/emit/tar.ts';
import type { Template } from '../../scaffold/src/emit/template.ts';
import { gitRunner } from '../../scaffold/src/git.ts';
import { sha256 } from '../../scaffold/src/sha256.ts';
import { runGoSreInProcess, smallTemplate } from '../helpers/scaffold.ts';
import { changedTemplate, emit, orders, temporaryFolder, tree } from '../helpers/update.ts';

const body = (name: string, ...lines: string[]) =>
  `package server\n\n// ${name} answers.\nfunc ${name}() {\n${lines.map((line) => `\t${line}()\n`).join('')}}\n`;
const steps = ['one', 'two', 'three', 'four', 'five', 'six'];

const old = changedTemplate(smallTemplate(), {
  'internal/server/handler.go': body('Handle', ...steps),
  'internal/server/dropped.go': body('Drop', 'a', 'b', 'c', 'd'),
  'internal/server/same.go': body('Same', 'k', 'l', 'm', 'n'),
  'internal/orders/orders.go': 'package orders\n\n// Total is the sum.\nconst Total = 1\n',
  Dockerfile: 'FROM golang:1\nWORKDIR /src\nCOPY cmd cmd\nCOPY internal internal\nRUN go build ./cmd/shop\n',
});
const now = changedTemplate(old, {
  'internal/server/handler.go': body('Handle', 'zero', ...steps),
  'internal/server/dropped.go': undefined,
  'internal/server/added.go': body('Add', 'x', 'y'),
  'internal/orders/orders.go': (text) => text.replace('1', '2'),
  Dockerfile: (text) => text.replace('golang:1', 'golang:2'),
});

type Deps = Partial<GoSreDeps> & { template?: Template };

function update(dir: string, argv: readonly string[] = [], { template = now, ...deps }: Deps = {}) {
  return runGoSreInProcess(['update', ...argv], dir, { readTemplate: () => template, ...deps });
}

async function service(t: TestContext, edit: (dir: string) => void = () => undefined): Promise<string> {
  const dir = join(temporaryFolder(t), 'orders');
  await emit(dir, old);
  edit(dir);
  return dir;
}

function put(dir: string, path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

function change(dir: string, path: string, from: string, to: string): void {
  const text = read(dir, path);
  assert.ok(text.includes(from), `${path} has no ${from}`);
  writeFileSync(join(dir, path), text.replace(from, to));
}

const read = (dir: string, path: string) => readFileSync(join(dir, path), 'utf8');

/** Path -> state, of the files that are not as they were. */
async function states(dir: string, argv: string[] = [], deps: Deps = {}): Promise<Record<string, string>> {
  const ran = await update(dir, ['--json', ...argv], deps);
  const { files } = JSON.parse(ran.stdout || `{"files":[{"path":${JSON.stringify(ran.stderr)}}]}`) as {
    files: { path: string; state: string }[];
  };
  return Object.fromEntries(
    files.filter(({ state }) => state !== 'unchanged').map(({ path, state }) => [path, state]),
  );
}

test('a service without edits becomes what the template gives today, to the byte', async (t) => {
  const dir = await service(t);
  const ran = await update(dir);
  assert.equal(ran.exitCode, 0, ran.stderr);
  const fresh = join(temporaryFolder(t), 'orders');
  await emit(fresh, now, orders, '1.2.3');
  assert.deepEqual(tree(dir), tree(fresh));
});

test('what to do next is told with the build tags of the service as it is now', async (t) => {
  const told = async (argv: string[]) =>
    (JSON.parse((await update(await service(t), ['--json', ...argv])).stdout) as { next: { run: string }[] })
      .next;
  const check = (tags: string) =>
    `test -z "$(gofmt -l cmd internal | tee /dev/stderr)" && go vet -tags ${tags} ./... && go test -tags ${tags} ./...`;
  assert.deepEqual(
    (await told([])).map(({ run }) => run),
    [check('grpcnotrace')],
  );
  assert.deepEqual(
    (await told(['--router', 'gin'])).map(({ run }) => run),
    ['go mod tidy', check('grpcnotrace,nomsgpack')],
  );
});

test('an update names both versions, what it adds and how many files change', async (t) => {
  const first = async (argv: string[], template: Template) =>
    (await update(await service(t), argv, { template })).stdout.split('\n')[0];
  const one = changedTemplate(old, { Dockerfile: 'FROM golang:2\n' });
  assert.equal(
    await first([], one),
    'Updated orders to create-go-sre-service 1.2.3 (it was from 1.0.0): 1 file changes.',
  );
  assert.match(
    (await first(['--with', 'redis', '--router', 'gin', '--ci', 'github'], old))!,
    /\(it was from 1\.0\.0\), with redis added, on gin instead of nethttp, with CI on github: \d+ files change\.$/,
  );
});

test('an added option tells what it needs beside the service, and with --dir each command begins there', async (t) => {
  const dir = await service(t);
  const postgres = { ...old.options[0]!, name: 'postgres', files: [], slos: [] };
  const template = { ...old, options: [...old.options, postgres] };
  const argv = ['--with', 'redis,postgres', '--dir', 'orders', '--json'];
  const { stdout } = await update(dirname(dir), argv, { template });
  const runs = (JSON.parse(stdout) as { next: { run: string }[] }).next.map(({ run }) => run);
  const url = 'DATABASE_URL=postgres://orders:orders@localhost:5432/orders';
  const run = 'go run -tags grpcnotrace ./cmd/orders';
  assert.deepEqual(runs.slice(-3), [
    'cd orders && docker compose up -d --wait redis',
    `cd orders && docker compose up -d --wait postgres && ${url} ${run} migrate`,
    `cd orders && ${url} ${run}`,
  ]);
  assert.ok(
    runs.every((command) => command.startsWith('cd orders && ')),
    runs.join('\n'),
  );
});

test('each file goes its way, by what the user and the template did to it', async (t) => {
  const dir = await service(t, (dir) => {
    change(dir, 'internal/server/handler.go', '\tsix()\n', '\tsix()\n\tmine()\n');
    change(dir, 'internal/server/dropped.go', 'a()', 'mine()');
    put(dir, 'internal/server/own.go', 'package server\n');
    rmSync(join(dir, 'Dockerfile'));
    rmSync(join(dir, 'internal/server/same.go'));
  });
  assert.deepEqual(await states(dir), {
    Dockerfile: 'deleted',
    'internal/orders/orders.go': 'updated',
    'internal/server/added.go': 'added',
    'internal/server/dropped.go': 'kept',
    'internal/server/handler.go': 'merged',
    'internal/server/same.go': 'deleted',
  });
  assert.equal(read(dir, 'internal/server/handler.go'), body('Handle', 'zero', ...steps, 'mine'));
  assert.equal(read(dir, 'internal/server/own.go'), 'package server\n');
});

test('what was kept or stays deleted is said with the reason and the way back', async (t) => {
  const dir = await service(t, (dir) => {
    change(dir, 'internal/server/dropped.go', 'a()', 'mine()');
    rmSync(join(dir, 'Dockerfile'));
  });
  const { stdout } = await update(dir);
  assert.match(
    stdout,
    /kept +internal\/server\/dropped\.go\n +the template dropped it; you changed it, so it stays/,
  );
  const command = /stays out +Dockerfile\n +you deleted it.*to have it: (.+)/.exec(stdout)?.[1];
  execFileSync('sh', ['-c', command!], { cwd: dir });
  assert.match(read(dir, 'Dockerfile'), /golang:2/);
});

test('nothing to do is said, and no byte changes', async (t) => {
  const dir = await service(t, (dir) => change(dir, 'Dockerfile', 'WORKDIR', 'USER me\nWORKDIR'));
  const before = tree(dir);
  const ran = await update(dir, [], { template: old });
  assert.match(ran.stdout, /^Nothing to do: .* has everything of create-go-sre-service 1\.2\.3\.$/m);
  assert.equal(ran.exitCode, 0);
  assert.deepEqual(tree(dir), before);
});

test('--dry-run lists every file with what would happen to it, and writes nothing', async (t) => {
  const dir = await service(t, (dir) => change(dir, 'internal/server/handler.go', 'one()', 'mine()'));
  const before = tree(dir);
  const dry = await update(dir, ['--dry-run']);
  assert.equal(dry.exitCode, 3);
  assert.match(dry.stdout, /^unchanged +README\.md$/m);
  assert.match(dry.stdout, /^conflict +internal\/server\/handler\.go$/m);
  assert.match(
    dry.stdout,
    /1 conflict would be left for you to decide:\n +internal\/server\/handler\.go:5$/m,
  );
  assert.deepEqual(tree(dir), before);
});

test('the printed diff, applied by git, gives the same as the update', async (t) => {
  const dir = await service(t, (dir) => {
    change(dir, 'internal/server/handler.go', '\tsix()\n}\n', '\tsix()\n\tmine()\n}'); // no end of the last line
    renameSync(join(dir, 'cmd/orders'), join(dir, 'cmd/api'));
  });
  const copy = join(temporaryFolder(t), 'copy');
  cpSync(dir, copy, { recursive: true });
  const dry = await update(dir, ['--dry-run', '--diff']);
  execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { cwd: copy, input: dry.stdout });
  await update(dir);
  const emitted = ([path]: [string, string]) => !path.startsWith('.go-sre/');
  assert.deepEqual(Object.entries(tree(copy)).filter(emitted), Object.entries(tree(dir)).filter(emitted));
});

test('conflicts are listed with file and line, and an update is refused until they are resolved', async (t) => {
  const dir = await service(t, (dir) => change(dir, 'internal/server/handler.go', 'one()', 'mine()'));
  const first = await update(dir);
  assert.equal(first.exitCode, 3);
  assert.match(first.stdout, /1 conflict for you to decide.*\n +internal\/server\/handler\.go:5$/m);
  const conflict = read(dir, 'internal/server/handler.go');
  assert.match(
    conflict,
    /<<<<<<< yours\n\tmine\(\)\n\|{7} base\n\tone\(\)\n=======\n\tzero\(\)\n\tone\(\)\n>{7} create-go-sre-service@1\.2\.3\n/,
  );
  const second = await update(dir);
  assert.equal(second.exitCode, 1);
  assert.match(second.stderr, /Conflict markers.*\n +internal\/server\/handler\.go:5$/m);
  assert.equal(read(dir, 'internal/server/handler.go'), conflict);
  writeFileSync(join(dir, 'internal/server/handler.go'), body('Handle', 'zero', 'mine', ...steps.slice(1)));
  assert.match((await update(dir)).stdout, /Nothing to do/);
});

test("a file of the user's where the template has a new one is never overwritten", async (t) => {
  const dir = await service(t, (dir) => put(dir, 'internal/server/added.go', body('Mine', 'x', 'y')));
  assert.equal((await states(dir))['internal/server/added.go'], 'conflict');
  assert.match(read(dir, 'internal/server/added.go'), /<<<<<<< yours\n\/\/ Mine answers\.\nfunc Mine/);
});

test('a moved package is updated at its new place, and what is new in the template follows it there', async (t) => {
  const template = changedTemplate(now, {
    'internal/orders/more.go': 'package orders\n',
    'internal/server/uses.go':
      'package server\n\nimport "example.com/shop/internal/orders"\n\nvar _ = orders.Total\n',
  });
  const dir = await service(t, (dir) => {
    mkdirSync(join(dir, 'internal/shop'));
    renameSync(join(dir, 'internal/orders'), join(dir, 'internal/shop/orders'));
    renameSync(join(dir, 'cmd/orders'), join(dir, 'cmd/api'));
    change(dir, 'Dockerfile', './cmd/orders', './cmd/api');
  });
  const changed = await states(dir, [], { template });
  assert.equal(changed['internal/shop/orders/orders.go'], 'updated');
  assert.equal(changed['internal/shop/orders/more.go'], 'added');
  assert.match(read(dir, 'internal/server/uses.go'), /"example\.com\/orders\/internal\/shop\/orders"/);
  assert.match(read(dir, 'Dockerfile'), /golang:2[\s\S]*\.\/cmd\/api/);
  assert.ok(!Object.keys(tree(dir)).some((path) => /^(?:internal\/orders|cmd\/orders)\//.test(path)));
});

test('a new file in a folder that the user deleted does not bring the folder back', async (t) => {
  const template = changedTemplate(now, { 'internal/orders/more.go': 'package orders\n' });
  const dir = await service(t, (dir) => rmSync(join(dir, 'internal/orders'), { recursive: true }));
  const changed = await states(dir, [], { template });
  assert.equal(changed['internal/orders/more.go'], 'deleted');
  assert.equal(changed['internal/orders/orders.go'], 'deleted');
});

test('a file that the template renamed takes the edits of the user along', async (t) => {
  const template = changedTemplate(old, {
    'internal/server/handler.go': undefined,
    'internal/server/handle.go': body('Handle', 'zero', ...steps),
  });
  const dir = await service(t, (dir) => change(dir, 'internal/server/handler.go', 'six()', 'mine()'));
  assert.deepEqual(await states(dir, [], { template }), {
    'internal/server/handle.go': 'merged',
    'internal/server/handler.go': 'removed',
  });
  assert.equal(read(dir, 'internal/server/handle.go'), body('Handle', 'zero', ...steps.slice(0, -1), 'mine'));
});

test('a file that the template renamed to a place where the user has another one stays where it is', async (t) => {
  const template = changedTemplate(old, {
    'internal/server/handler.go': undefined,
    'internal/server/handle.go': body('Handle', ...steps),
  });
  const dir = await service(t, (dir) => {
    change(dir, 'internal/server/handler.go', 'six()', 'mine()');
    put(dir, 'internal/server/handle.go', 'package server\n\nconst own = 1\n');
  });
  const changed = await states(dir, [], { template });
  assert.deepEqual(changed, {
    'internal/server/handle.go': 'conflict',
    'internal/server/handler.go': 'kept',
  });
  assert.match(read(dir, 'internal/server/handle.go'), /const own = 1/);
  assert.match(read(dir, 'internal/server/handler.go'), /mine\(\)/);
});

test('a module path that the user changed in go.mod and the imports is followed, and recorded', async (t) => {
  const dir = await service(t, (dir) => {
    for (const path of ['go.mod', 'cmd/orders/main.go']) {
      writeFileSync(
        join(dir, path),
        read(dir, path).replaceAll('example.com/orders', 'github.com/acme/orders'),
      );
    }
  });
  const template = changedTemplate(now, {
    'cmd/shop/main.go': (text) => text.replace('func main() {', '// It begins here.\nfunc main() {'),
  });
  assert.equal((await states(dir, [], { template }))['cmd/orders/main.go'], 'updated');
  assert.match(
    read(dir, 'cmd/orders/main.go'),
    /"github\.com\/acme\/orders\/internal\/server"[\s\S]*It begins here/,
  );
  assert.match(read(dir, '.go-sre/manifest.json'), /"module": "github\.com\/acme\/orders"/);
});

test('an option is added to an existing service by the same merge, and recorded', async (t) => {
  const dir = await service(t, (dir) =>
    change(dir, 'cmd/orders/main.go', 'func main() {', 'func main() { mine();'),
  );
  const ran = await update(dir, ['--with', 'redis'], { template: old });
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.match(read(dir, 'cmd/orders/main.go'), /internal\/cache"[\s\S]*mine\(\);/);
  assert.match(read(dir, 'go.mod'), /example\.org\/redis v1\.0\.0/);
  assert.match(read(dir, 'slo.json'), /get-api-v2-verify-availability/);
  assert.match(read(dir, 'ops/prometheus/rules.yaml'), /get-api-v2-verify-availability/);
  assert.match((await update(dir, [], { template: old })).stdout, /Nothing to do/);
});

test('ops/ follows the merged objectives, unless it was edited by hand', async (t) => {
  const template = changedTemplate(now, { 'slo.json': (text) => text.replace('team-shop', 'team-new') });
  const edit = (dir: string) => change(dir, 'slo.json', '0.999', '0.9');
  const rendered = await service(t, edit);
  assert.equal((await update(rendered, [], { template })).exitCode, 0);
  assert.match(read(rendered, 'slo.json'), /team-new[\s\S]*0\.9,/);
  const again = await runGoSreInProcess(['slo', 'render', '--check'], rendered);
  assert.equal(again.exitCode, 0, again.stdout);
  const byHand = await service(t, (dir) => {
    edit(dir);
    change(dir, 'ops/prometheus/rules.yaml', 'groups:', '# mine\ngroups:');
  });
  await update(byHand, [], { template });
  assert.match(read(byHand, 'ops/prometheus/rules.yaml'), /# mine[\s\S]*vector\(0\.9\)/);
});

test('what slo render made of changed objectives does not count as edited by hand', async (t) => {
  const template = changedTemplate(now, { 'slo.json': withRoute('new') });
  const dir = await service(t, (dir) => put(dir, 'slo.json', withRoute('mine')(read(dir, 'slo.json'))));
  await runGoSreInProcess(['slo', 'render'], dir);
  const ran = await update(dir, [], { template });
  assert.equal(ran.exitCode, 0, ran.stdout);
  assert.match(read(dir, 'slo.json'), /get-new-id[\s\S]*get-mine-id[\s\S]*get-orders-id/);
  assert.equal((await runGoSreInProcess(['slo', 'render', '--check'], dir)).exitCode, 0);
});

/** An objective of the user's, before the one of the template. */
const withRoute = (route: string) => (text: string) =>
  text.replace(
    / {4}\{"id":"get-orders-id-availability".*\}/,
    (line) => `${line.replaceAll('orders', route)},\n${line}`,
  );

test('what slo render made is not edited by hand when an option adds rows to the dashboard', async (t) => {
  const dir = await service(t, (dir) => put(dir, 'slo.json', withRoute('mine')(read(dir, 'slo.json'))));
  await runGoSreInProcess(['slo', 'render'], dir);
  const ran = await update(dir, ['--with', 'redis'], { template: old });
  assert.equal(ran.exitCode, 0, ran.stdout);
  assert.equal((await runGoSreInProcess(['slo', 'render', '--check'], dir)).exitCode, 0);
});

/** Makes a dashboard as another version would render it; `recorded` tells the manifest so. */
function otherDashboard(dir: string, recorded: boolean): void {
  const path = 'ops/grafana/orders.json';
  put(dir, 'slo.json', withRoute('mine')(read(dir, 'slo.json')));
  put(dir, path, `${read(dir, path).replaceAll(/^ +/gm, '')}\n`);
  if (!recorded) return;
  const manifest = JSON.parse(read(dir, '.go-sre/manifest.json'));
  manifest.files[path] = sha256(readFileSync(join(dir, path)));
  put(dir, '.go-sre/manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
}

test('what another version rendered is not edited by hand where the manifest has its sum', async (t) => {
  const dir = await service(t, (dir) => otherDashboard(dir, true));
  const template = changedTemplate(now, { 'slo.json': (text) => text.replace('team-shop', 'team-new') });
  const ran = await update(dir, ['--with', 'redis'], { template });
  assert.equal(ran.exitCode, 0, ran.stdout);
  const sums = JSON.parse(read(dir, '.go-sre/manifest.json')).files;
  assert.equal(sums['ops/grafana/orders.json'], sha256(readFileSync(join(dir, 'ops/grafana/orders.json'))));
});

test('a conflict in ops/ names the command that renders it anew, which resolves it', async (t) => {
  const dir = await service(t, (dir) => otherDashboard(dir, false));
  const ran = await update(dir, ['--with', 'redis']);
  assert.equal(ran.exitCode, 3, ran.stdout);
  assert.match(ran.stdout, /conflict +ops\/grafana\/orders\.json\n.*go-sre slo render/);
  assert.equal((await runGoSreInProcess(['slo', 'render'], dir)).exitCode, 0);
  assert.equal((await update(dir)).exitCode, 0);
});

test('slo render records in the manifest what it renders', async (t) => {
  const dir = await service(t, (dir) => put(dir, 'slo.json', withRoute('mine')(read(dir, 'slo.json'))));
  await runGoSreInProcess(['slo', 'render'], dir);
  const { files } = JSON.parse(read(dir, '.go-sre/manifest.json')) as { files: Record<string, string> };
  for (const path of Object.keys(files).filter((path) => path.startsWith('ops/')))
    assert.equal(files[path], sha256(readFileSync(join(dir, path))), path);
});

test('a binary file that both changed is kept, the new one lies beside it, and a mode follows the template', async (t) => {
  const template = changedTemplate(now, { 'logo.png': Buffer.from([0, 2]) });
  const before = changedTemplate(old, { 'logo.png': Buffer.from([0, 1]), 'run.sh': '#!/bin/sh\n' });
  const after = {
    ...template,
    files: new Map([...template.files, ['run.sh', { bytes: Buffer.from('#!/bin/sh\n'), mode: 0o755 }]]),
  };
  const dir = join(temporaryFolder(t), 'orders');
  await emit(dir, before);
  writeFileSync(join(dir, 'logo.png'), Buffer.from([0, 3]));
  put(dir, 'logo.png.new', 'mine');
  const ran = await update(dir, [], { template: after });
  assert.equal(ran.exitCode, 3);
  assert.match(ran.stdout, /conflict +logo\.png\n +not a text/);
  assert.deepEqual([...readFileSync(join(dir, 'logo.png'))], [0, 3]);
  assert.deepEqual([...readFileSync(join(dir, 'logo.png.new.new'))], [0, 2]);
  assert.equal(read(dir, 'logo.png.new'), 'mine');
  assert.match(tree(dir)['run.sh']!, /^755 /);
});

test('links and unreadable files stop the update before anything changes, where the template changed them', async (t) => {
  const dir = await service(t, (dir) => {
    rmSync(join(dir, 'Dockerfile'));
    symlinkSync('README.md', join(dir, 'Dockerfile'));
    renameSync(join(dir, 'internal/orders'), join(dir, '../elsewhere'));
    symlinkSync('../../elsewhere', join(dir, 'internal/orders'));
    rmSync(join(dir, 'internal/server/same.go'));
    symlinkSync('handler.go', join(dir, 'internal/server/same.go')); // not changed by the template
    mkdirSync(join(dir, 'internal/server/added.go'));
  });
  const before = tree(dir);
  const readFile = ((path: string, ...rest: []) =>
    path.endsWith('handler.go')
      ? Promise.reject(Object.assign(new Error('EACCES'), { code: 'EACCES' }))
      : realDisk.readFile(path, ...rest)) as typeof realDisk.readFile;
  const ran = await update(dir, [], { disk: { ...realDisk, readFile } });
  assert.equal(ran.exitCode, 1);
  assert.match(ran.stderr, /^go-sre: Nothing was changed, because of:$/m);
  for (const problem of [
    /^ +Dockerfile is a symbolic link, .*: put the file in its place$/m,
    /^ +internal\/orders is a symbolic link/m,
    /^ +internal\/server\/handler\.go cannot be read \(EACCES\): change its permissions$/m,
    /^ +internal\/server\/added\.go is a folder/m,
  ])
    assert.match(ran.stderr, problem);
  assert.doesNotMatch(ran.stderr, /same\.go/);
  assert.deepEqual(tree(dir), before);
});

test('an update that is interrupted at any moment ends the same when it is run again', async (t) => {
  const edit = (dir: string) => {
    change(dir, 'internal/server/handler.go', 'one()', 'mine()');
    change(dir, 'internal/orders/orders.go', '1', '3');
  };
  const whole = await service(t, edit);
  const told = await update(whole);
  const end = tree(whole);
  let interrupted = 0;
  for (const method of ['rename', 'rm', 'writeFile', 'mkdir'] as const) {
    for (let nth = 1; ; nth++) {
      const dir = await service(t, edit);
      let calls = 0;
      const disk: GoSreDeps['disk'] = { ...realDisk };
      const working = disk[method] as (...args: unknown[]) => Promise<unknown>;
      const dying = (...args: unknown[]) => {
        calls += 1;
        return calls < nth
          ? working(...args)
          : Promise.reject(Object.assign(new Error('killed'), { code: 'EIO' }));
      };
      const first = await update(dir, [], { disk: { ...disk, [method]: dying } });
      if (calls < nth) break;
      interrupted += 1;
      assert.equal(first.exitCode, 1, `${method} ${nth}`);
      assert.match(first.stderr, /Nothing was changed; .*run it again|Each file is whole, .*again to finish/);
      const second = await update(dir);
      assert.equal(second.exitCode, told.exitCode, `${method} ${nth}: ${second.stderr}`);
      assert.deepEqual(tree(dir), end, `${method} ${nth}`);
    }
  }
  assert.ok(interrupted > 15, String(interrupted));
});

test('a file that was edited after an interruption is not overwritten by its end', async (t) => {
  const dir = await service(t);
  const rename = async (from: string, to: string) => {
    if (!from.endsWith('journal.tmp')) throw Object.assign(new Error('killed'), { code: 'EIO' });
    await realDisk.rename(from, to);
  };
  await update(dir, [], { disk: { ...realDisk, rename: rename as typeof realDisk.rename } });
  assert.match(
    (await update(dir, ['--dry-run'])).stderr,
    /was interrupted\. Run go-sre update without --dry-run/,
  );
  change(dir, 'internal/server/handler.go', 'six()', 'mine()');
  const ran = await update(dir);
  assert.equal(ran.exitCode, 1);
  assert.match(
    ran.stderr,
    /changed while the update was being written:\n +internal\/server\/handler\.go\n.*remove .*\.go-sre\/update/,
  );
  assert.match(read(dir, 'internal/server/handler.go'), /mine\(\)/);
  rmSync(join(dir, '.go-sre/update'), { recursive: true });
  assert.equal((await update(dir)).exitCode, 0);
  assert.match(read(dir, 'internal/server/handler.go'), /zero\(\)[\s\S]*mine\(\)/);
});

for (const path of [
  '../stolen',
  '/etc/stolen',
  'cmd/../../stolen',
  'C:/stolen',
  'cmd\\..\\stolen',
  '.git/hooks/pre-commit',
  '.GIT/hooks/pre-commit',
  'cmd/.Git/config',
  '.git./config',
  'GIT~1/config',
  '.g\u200cit/config',
]) {
  test(`a journal that names ${JSON.stringify(path)}, outside of the service or in .git, is refused`, async (t) => {
    const dir = await service(t);
    const step = { path, before: null, after: null, staged: '0' };
    put(dir, '.go-sre/update/0', 'forged');
    put(dir, '.go-sre/update/journal.json', JSON.stringify({ steps: [step], report: {} }));
    const before = tree(dir);
    const ran = await update(dir);
    assert.equal(ran.exitCode, 1);
    assert.match(ran.stderr, /journal\.json is damaged\. Remove/);
    assert.deepEqual(tree(dir), before);
  });
}

const git = gitRunner({ ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' });

async function commit(dir: string): Promise<void> {
  const who = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
  for (const args of [
    ['init', '-q'],
    ['add', '-A'],
    [...who, 'commit', '-qm', 'mine'],
  ]) {
    assert.equal((await git(args, dir)).status, 0);
  }
}

test('uncommitted changes stop the update in files that it changes, and nowhere else', async (t) => {
  const dir = await service(t);
  await commit(dir);
  change(dir, 'README.md', '# orders', '# orders and more');
  change(dir, 'internal/server/handler.go', 'six()', 'mine()');
  const refused = await update(dir, [], { git });
  assert.equal(refused.exitCode, 1);
  assert.match(
    refused.stderr,
    /uncommitted changes:\n +internal\/server\/handler\.go\nCommit them first.*--allow-dirty/,
  );
  const dry = await update(dir, ['--dry-run'], { git });
  assert.equal(dry.exitCode, 1);
  assert.match(
    dry.stdout,
    /Without --dry-run this is refused:\n.*uncommitted changes:\n +internal\/server\/handler\.go\n/,
  );
  assert.equal((await update(dir, ['--dry-run', '--allow-dirty'], { git })).exitCode, 0);
  const allowed = await update(dir, ['--allow-dirty'], { git });
  assert.equal(allowed.exitCode, 0, allowed.stderr);
  assert.match(read(dir, 'internal/server/handler.go'), /zero\(\)[\s\S]*mine\(\)/);
  assert.doesNotMatch(allowed.stdout, /git stash/);
});

test('in a clean repository the printed command takes the whole update back', async (t) => {
  const folder = await service(t);
  await commit(folder);
  const before = tree(folder);
  const ran = await update(folder, [], { git });
  const undo = /\n {2}(git stash .+)\n/.exec(ran.stdout)?.[1];
  assert.notDeepEqual(tree(folder), before);
  execFileSync('sh', ['-c', `git config user.name A; git config user.email a@example.com; ${undo}`], {
    cwd: folder,
  });
  assert.deepEqual(tree(folder), before);
});

test('a service in a subfolder of a repository is looked at alone', async (t) => {
  const dir = await service(t);
  put(dirname(dir), 'other.txt', 'x');
  await commit(dirname(dir));
  put(dirname(dir), 'other.txt', 'y');
  change(dir, 'Dockerfile', 'WORKDIR', 'USER me\nWORKDIR');
  const ran = await update(dir, [], { git });
  assert.match(ran.stderr, /uncommitted changes:\n +Dockerfile\nCommit/);
});

const recordProblems: Record<string, [(dir: string) => void, RegExp]> = {
  'without a base': [
    (dir) => rmSync(join(dir, '.go-sre/base.tar.gz')),
    /There is no .*base\.tar\.gz.*version control/,
  ],
  'without a manifest': [(dir) => rmSync(join(dir, '.go-sre/manifest.json')), /There is no .*manifest\.json/],
  'that is no service': [(dir) => rmSync(join(dir, '.go-sre'), { recursive: true }), /name it with --dir/],
  'with a damaged base': [
    (dir) => put(dir, '.go-sre/base.tar.gz', 'x'),
    /base\.tar\.gz is damaged \(gzip\)\. Take \.go-sre back/,
  ],
  'with a base of another service': [
    (dir) =>
      writeFileSync(
        join(dir, '.go-sre/base.tar.gz'),
        encodeTarGz([{ path: 'x', bytes: Buffer.from('x'), mode: 0o644 }]),
      ),
    /do not belong together: they differ in/,
  ],
  'of a newer generator': [
    (dir) => change(dir, '.go-sre/manifest.json', '@1.0.0', '@1.10.0'),
    /made by create-go-sre-service 1\.10\.0, and this is 1\.2\.3.*@latest go-sre update/,
  ],
  'of another generator': [
    (dir) => change(dir, '.go-sre/manifest.json', 'create-go-sre-service@', 'kratos '),
    /names "kratos 1\.0\.0" as the generator/,
  ],
  'with a manifest that is no JSON': [
    (dir) => put(dir, '.go-sre/manifest.json', '{'),
    /manifest\.json is no JSON/,
  ],
};

for (const [what, [damage, says]] of Object.entries(recordProblems)) {
  test(`a service ${what} is refused with a reason and a remedy, and no byte changes`, async (t) => {
    const dir = await service(t, damage);
    const before = tree(dir);
    const ran = await update(dir);
    assert.equal(ran.exitCode, 1);
    assert.match(ran.stderr, says);
    assert.deepEqual(tree(dir), before);
  });
}

test('wrong flags and answers end with 2', async (t) => {
  const dir = await service(t);
  for (const argv of [['now'], ['--dri-run'], ['--with', 'kafka'], ['--with']]) {
    const ran = await update(dir, argv);
    assert.equal(ran.exitCode, 2, argv.join(' '));
    assert.match(ran.stderr, /Run go-sre update --help/);
  }
});

test('a journal does not lead through a link', async (t) => {
  const dir = await service(t);
  symlinkSync(dirname(dir), join(dir, 'link'));
  const step = { path: 'link/stolen', before: null, after: null, staged: '0' };
  put(dir, '.go-sre/update/journal.json', JSON.stringify({ steps: [step], report: {} }));
  put(dir, '.go-sre/update/0', 'x');
  const ran = await update(dir);
  assert.equal(ran.exitCode, 1);
  assert.match(ran.stderr, /link is a symbolic link/);
});
