import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import * as realDisk from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { GoSreDeps } from '../../scaffold/src/command.ts';
import { runGoSreInProcess, smallTemplate } from '../helpers/scaffold.ts';

const spec = Buffer.from(smallTemplate().files.get('slo.json')!.bytes).toString();

function serviceFolder(t: TestContext, text = spec): string {
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'slo.json'), text);
  return folder;
}

async function run(argv: readonly string[], cwd: string, disk: GoSreDeps['disk'] = realDisk) {
  return runGoSreInProcess(argv, cwd, { disk });
}

test('slo render writes rules, their tests and a dashboard below ops/, and a second run changes nothing', async (t) => {
  const dir = serviceFolder(t);
  const first = await run(['slo', 'render'], dir);
  assert.equal(first.exitCode, 0, first.stderr);
  for (const path of [
    'ops/prometheus/rules.yaml',
    'ops/prometheus/rules.test.yaml',
    'ops/grafana/shop.json',
  ]) {
    assert.match(first.stdout, new RegExp(`^new +${path}$`, 'm'));
    assert.match(readFileSync(join(dir, path), 'utf8'), /shop/);
  }
  const second = await run(['slo', 'render', '--json'], dir);
  const states = JSON.parse(second.stdout).files.map(({ state }: { state: string }) => state);
  assert.deepEqual(new Set(states), new Set(['unchanged']));
});

test('--check fails when a file does not follow from slo.json any more, and writes nothing', async (t) => {
  const dir = serviceFolder(t);
  await run(['slo', 'render'], dir);
  assert.equal((await run(['slo', 'render', '--check'], dir)).exitCode, 0);
  writeFileSync(join(dir, 'slo.json'), spec.replace('0.999', '0.99'));
  const before = readFileSync(join(dir, 'ops/prometheus/rules.yaml'), 'utf8');
  const checked = await run(['slo', 'render', '--check'], dir);
  assert.equal(checked.exitCode, 1);
  assert.match(checked.stdout, /^changed +ops\/prometheus\/rules\.yaml$/m);
  assert.match(checked.stderr, /Run npx -y -p create-go-sre-service go-sre slo render\./);
  assert.equal(readFileSync(join(dir, 'ops/prometheus/rules.yaml'), 'utf8'), before);
});

test('--dry-run lists the files and writes nothing; --dir names the folder', async (t) => {
  const dir = serviceFolder(t);
  const ran = await run(['slo', 'render', '--dry-run', '--dir', dir], tmpdir());
  assert.equal(ran.exitCode, 0);
  assert.match(ran.stdout, /^new +ops\/prometheus\/rules\.yaml$/m);
  assert.deepEqual(readdirSync(dir), ['slo.json']);
});

test('a slo.json without objectives is rendered, with a warning', async (t) => {
  const dir = serviceFolder(t, JSON.stringify({ ...JSON.parse(spec), slos: [] }));
  const ran = await run(['slo', 'render'], dir);
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.match(ran.stderr, /slo\.json holds no objective, so no rule ever fires/);
  assert.equal((await run(['slo', 'render'], serviceFolder(t))).stderr, '');
});

test('a rendered file keeps the permissions it has', async (t) => {
  const dir = serviceFolder(t);
  const { stdout } = await run(['slo', 'render'], dir);
  const file = join(dir, /^new +(.+)$/m.exec(stdout)![1]!);
  const rendered = readFileSync(file, 'utf8');
  writeFileSync(file, 'by hand');
  chmodSync(file, 0o600);
  assert.equal((await run(['slo', 'render'], dir)).exitCode, 0);
  assert.equal(readFileSync(file, 'utf8'), rendered);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('a full disk in the middle leaves every file as it was', async (t) => {
  const dir = serviceFolder(t);
  await run(['slo', 'render'], dir);
  const before = readdirSync(join(dir, 'ops'), { recursive: true }).sort();
  writeFileSync(join(dir, 'slo.json'), spec.replace('0.999', '0.99'));
  let writes = 0;
  const writeFile: GoSreDeps['disk']['writeFile'] = (...args) => {
    writes += 1;
    if (writes < 2) return realDisk.writeFile(...args);
    return Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }));
  };
  const ran = await run(['slo', 'render'], dir, { ...realDisk, writeFile });
  assert.equal(ran.exitCode, 1);
  assert.match(ran.stderr, /Nothing was written below .*ENOSPC/);
  assert.deepEqual(readdirSync(join(dir, 'ops'), { recursive: true }).sort(), before);
});

test('--help lists the commands; behind a command it lists the flags of that command', async (t) => {
  const dir = serviceFolder(t);
  const general = await run(['--help'], dir);
  assert.equal(general.exitCode, 0);
  assert.match(general.stdout, /^Usage: go-sre COMMAND.*\n {2}slo render +Renders /s);
  const own = await run(['slo', 'render', '-h'], dir);
  assert.match(own.stdout, /^Usage: go-sre slo render \[flags\]\n.*^ {2}--dir DIR +folder/ms);
  assert.match(own.stdout, /3 done but for what is printed/);
  assert.equal((await run(['-v'], dir)).stdout, '1.2.3\n');
});

test('--help behind the first word of a command prints the help of the commands that begin so', async (t) => {
  const dir = serviceFolder(t);
  for (const [word, ...wholes] of [
    ['route', 'add'],
    ['slo', 'render', 'rules', 'test', 'simulate', 'backtest', 'diff'],
  ] as const) {
    const ran = await run([word, '--help'], dir);
    assert.equal(ran.exitCode, 0, ran.stderr);
    for (const whole of wholes) {
      const own = (await run([word, whole, '--help'], dir)).stdout;
      assert.ok(ran.stdout.includes(own), `${word} ${whole}`);
    }
  }
  assert.equal((await run(['nothing', '--help'], dir)).exitCode, 2);
});

const refusals: { argv: string[]; text?: string; exitCode: number; says: RegExp[] }[] = [
  { argv: [], exitCode: 2, says: [/command is missing/, /--help/] },
  { argv: ['slo'], exitCode: 2, says: [/"slo" is no whole command/, /Try: go-sre slo render/] },
  { argv: ['slo', 'rendr'], exitCode: 2, says: [/no command "slo rendr"/, /Did you mean "slo render"\?/] },
  { argv: ['slo', 'render', '--chek'], exitCode: 2, says: [/no flag --chek/, /Did you mean --check\?/] },
  {
    argv: ['slo', 'render', 'now'],
    exitCode: 2,
    says: [/takes flags only, now is none/, /slo render --help/],
  },
  { argv: ['--check', 'slo', 'render'], exitCode: 2, says: [/the command first/, /go-sre COMMAND --check/] },
  { argv: ['slo', 'render', '--dir', 'nowhere'], exitCode: 1, says: [/no .*nowhere\/slo\.json/, /--dir/] },
  { argv: ['slo', 'render'], text: '{', exitCode: 1, says: [/slo\.json: not JSON/] },
  {
    argv: ['slo', 'render'],
    text: spec.replaceAll('0.999', '99.9'),
    exitCode: 1,
    says: [/slos\[0\]\.objective: /, /slos\[1\]\.objective: /],
  },
];

for (const { argv, text, exitCode, says } of refusals) {
  test(`go-sre ${argv.join(' ')}${text ? ' on a wrong slo.json' : ''} ends with ${exitCode}, a reason and a remedy`, async (t) => {
    const dir = serviceFolder(t, text);
    const ran = await run(argv, dir);
    assert.equal(ran.exitCode, exitCode);
    for (const words of says) assert.match(ran.stderr, words);
    assert.deepEqual(readdirSync(dir), ['slo.json']);
  });
}

test('every command of the list answers to its name', async () => {
  const { stdout } = await run(['--help'], tmpdir());
  const names = [...stdout.matchAll(/^ {2}([a-z][a-z -]*?) {2,}\S/gm)].map(([, name]) => name!);
  assert.ok(names.includes('slo render') && names.includes('check image'));
  for (const name of names) {
    const help = await run([...name.split(' '), '--help'], tmpdir());
    assert.ok(help.stdout.startsWith(`Usage: go-sre ${name} `), `${name}: ${help.stdout}${help.stderr}`);
  }
});
