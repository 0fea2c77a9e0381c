import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as realDisk from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { rules } from '../../images/index.ts';
import type { GoSreDeps } from '../../scaffold/src/command.ts';
import { type Ran, runGoSreInProcess } from '../helpers/scaffold.ts';

/** A folder with these files. */
function folderWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-check-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** `go-sre check`, in this folder, with no other program. */
function check(folder: string, argv: readonly string[], deps: Partial<GoSreDeps> = {}): Promise<Ran> {
  const run: GoSreDeps['run'] = async () => ({
    ...{ status: undefined, stdout: Buffer.alloc(0), stderr: '', problem: 'go is not installed' },
  });
  return runGoSreInProcess(['check', ...argv], folder, { run, ...deps });
}

const systemError = (code: string) => Object.assign(new Error(`${code}: the disk`), { code });

const broken = 'FROM scratch\nRUNN x\n';
const codes = (text: string): string[] => JSON.parse(text).findings.map(({ code }: { code: string }) => code);

test('a broken Dockerfile ends with 1 and tells where, in the current folder or a named one', async (t) => {
  const folder = folderWith(t, { Dockerfile: broken, 'a/Dockerfile': broken });
  const here = await check(folder, []);
  assert.equal(here.exitCode, 1, here.stderr);
  assert.match(here.stdout, /^Dockerfile:2 error DL1000: "RUNN" is no instruction\.\n {2}2 \| RUNN x\n/m);
  assert.match((await check(folder, ['a'])).stdout, /^a\/Dockerfile:2 error DL1000/m);
  assert.match((await check(folder, ['a/Dockerfile'])).stdout, /^a\/Dockerfile:2 error DL1000/m);
});

test('--recursive finds every Dockerfile below, by any usual name, and no ignore file', async (t) => {
  const names = ['Dockerfile', 'x/Dockerfile.dev', 'x/api.Dockerfile', 'x/y/Containerfile'];
  const others = [
    'x/Dockerfile.dockerignore',
    'node_modules/x/Dockerfile',
    'vendor/x/Dockerfile',
    'x/Dockerfiles',
  ];
  const folder = folderWith(t, Object.fromEntries([...names, ...others].map((name) => [name, broken])));
  const { stdout } = await check(folder, ['-r', '--format', 'json']);
  const files = new Set(JSON.parse(stdout).findings.map(({ file }: { file: string }) => file));
  assert.deepEqual([...files].filter((file) => !String(file).includes('ignore')).sort(), names.sort());
});

test('standard input is judged without a context', async (t) => {
  const folder = folderWith(t, {});
  const ran = await check(folder, ['-', '--json'], { stdin: Readable.from([Buffer.from(broken)]) });
  assert.ok(codes(ran.stdout).includes('DL1000'));
});

test('--fail-on, --ignore and the configuration decide what fails', async (t) => {
  const folder = folderWith(t, { Dockerfile: '# go-sre global ignore=DL1000\nFROM scratch\nRUNN x\n' });
  const all = JSON.parse((await check(folder, ['--json'])).stdout);
  const others = [...new Set(all.findings.map(({ code }: { code: string }) => code))].join();
  const none = others === '' ? [] : ['--ignore', others];
  assert.equal((await check(folder, none)).exitCode, 0);
  writeFileSync(join(folder, 'Dockerfile'), broken);
  assert.equal((await check(folder, none)).exitCode, 1);
  assert.equal((await check(folder, [...none, '--ignore', 'DL1000'])).exitCode, 0);
  writeFileSync(join(folder, '.hadolint.yaml'), 'override:\n  info: [DL1000]\nignored: [SC2086]\n');
  assert.equal((await check(folder, [...none, '--fail-on', 'warning'])).exitCode, 0);
  writeFileSync(join(folder, '.go-sre-check.yaml'), 'override: { warning: [DL1000] }\n');
  assert.equal((await check(folder, [...none, '--fail-on', 'warning'])).exitCode, 1);
  writeFileSync(
    join(folder, '.go-sre-check.yaml'),
    'override: { info: [DL1000] }\nfailure-threshold: warning\n',
  );
  assert.equal((await check(folder, none)).exitCode, 0);
});

test('--output writes the report to a file and the text to standard output', async (t) => {
  const folder = folderWith(t, { Dockerfile: broken });
  const ran = await check(folder, ['--format', 'sarif', '--output', 'report.sarif']);
  assert.match(ran.stdout, /^Dockerfile:2 error DL1000/m);
  assert.equal(JSON.parse(readFileSync(join(folder, 'report.sarif'), 'utf8')).version, '2.1.0');
  assert.deepEqual(readdirSync(folder).sort(), ['Dockerfile', 'report.sarif']);
});

test('a report that cannot be written leaves nothing behind and ends with 1', async (t) => {
  const folder = folderWith(t, { Dockerfile: broken });
  const disk: GoSreDeps['disk'] = { ...realDisk, writeFile: () => Promise.reject(systemError('ENOSPC')) };
  const ran = await check(folder, ['--format', 'sarif', '--output', 'report.sarif'], { disk });
  assert.equal(ran.exitCode, 1);
  assert.match(ran.stderr, /Nothing was written.*ENOSPC/);
  assert.deepEqual(readdirSync(folder), ['Dockerfile']);
});

test('every rule has a whole card, which --explain prints, and a line in --list', async (t) => {
  const folder = folderWith(t, {});
  const list = (await check(folder, ['--list'])).stdout;
  assert.equal(new Set(rules.map(({ code }) => code)).size, rules.length, 'no code stands twice');
  for (const { code, title, what, why, mend, link } of rules) {
    assert.match(list, new RegExp(`^${code} `, 'm'));
    for (const text of [title, what, why, mend]) assert.ok(text.length > 5, `${code}: ${text}`);
    for (const text of [what, why]) assert.match(text, /[.:`)]$/, `${code}: ${text}`);
    assert.ok(URL.canParse(link), `${code}: ${link}`);
    const { stdout, exitCode } = await check(folder, ['--explain', code]);
    assert.equal(exitCode, 0);
    for (const word of ['What:', 'Why:', 'Mend:', 'More:']) assert.ok(stdout.includes(word), code);
  }
});

test('old dates of the ends of life are told', async (t) => {
  const folder = folderWith(t, { Dockerfile: 'FROM scratch\n' });
  assert.doesNotMatch((await check(folder, [])).stdout, /days ago/);
  assert.match((await check(folder, ['--today', '2028-01-01'])).stdout, /note: .*days ago.*--eol-data/);
});

test('--eol-data brings newer dates, and what is wrong in it is told with its path', async (t) => {
  const folder = folderWith(t, { Dockerfile: 'FROM alpine:3.23.1\nUSER 1\n', 'eol.json': '{"made":"x"}' });
  const wrong = await check(folder, ['--eol-data', 'eol.json']);
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.stderr, /eol\.json is not right:\n {2}.*made/);
});

const refusals: { argv: string[]; files?: Record<string, string>; says: RegExp[] }[] = [
  { argv: ['nowhere'], says: [/There is no nowhere\./] },
  { argv: ['.'], files: { 'a/Dockerfile': broken }, says: [/no Dockerfile in \..*--recursive/] },
  { argv: ['--format', 'sarf'], says: [/--format is one of text, json/, /Did you mean sarif\?/] },
  { argv: ['--fail-on', 'bad'], says: [/--fail-on is one of error, warning, info, style/] },
  { argv: ['--today', '2026-02-30'], says: [/--today is a day like/] },
  { argv: ['--explain', 'DL100'], says: [/no rule DL100\. Did you mean DL1000\?/, /--list/] },
  { argv: ['--ignore', 'nothing'], says: [/--ignore nothing: there is no such rule/] },
  { argv: ['--config', 'none.yaml'], files: { Dockerfile: broken }, says: [/There is no .*none\.yaml/] },
  { argv: ['--context', 'none'], says: [/There is no folder none/] },
  { argv: ['--eol-data', 'none'], says: [/There is no none/] },
  {
    argv: [],
    files: {
      Dockerfile: broken,
      '.go-sre-check.yaml': 'ignord: [a]\noverride: { error: [DL1001x], bad: 1 }\n',
    },
    says: [/ignord: there is no such key\. Did you mean ignored\?/, /override\.bad: there is no such key/],
  },
  {
    argv: [],
    files: { Dockerfile: broken, '.go-sre-check.yaml': 'ignored: [DL100O]\n' },
    says: [/ignored\[0\]: there is no rule DL100O\. Did you mean DL1000\?/],
  },
  { argv: [], files: { Dockerfile: broken, '.hadolint.yaml': 'a: [\n' }, says: [/is no YAML/] },
  { argv: [], files: { Dockerfile: broken, '.hadolint.yaml': '[]' }, says: [/must be a mapping/] },
];

for (const { argv, files = {}, says } of refusals) {
  test(`go-sre check ${argv.join(' ')}${Object.keys(files).length > 1 ? ' with a wrong configuration' : ''} ends with 2, a reason and a remedy: ${says[0]}`, async (t) => {
    const folder = folderWith(t, files);
    const ran = await check(folder, argv);
    assert.equal(ran.exitCode, 2, ran.stdout + ran.stderr);
    for (const words of says) assert.match(ran.stderr, words);
  });
}

test('a Dockerfile that cannot be read ends with 1 and the reason', async (t) => {
  const folder = folderWith(t, { Dockerfile: broken });
  const disk: GoSreDeps['disk'] = { ...realDisk, readFile: () => Promise.reject(systemError('EACCES')) };
  const ran = await check(folder, [], { disk });
  assert.equal(ran.exitCode, 1);
  assert.match(ran.stderr, /cannot be read: EACCES/);
});

test('a file that is larger than BuildKit reads is refused', async (t) => {
  const folder = folderWith(t, { Dockerfile: `FROM a\n${'#'.repeat(3 << 20)}\n` });
  const ran = await check(folder, []);
  assert.equal(ran.exitCode, 2);
  assert.match(ran.stderr, /BuildKit reads 2097152 at most/);
});

test('a file and its permissions stay when there is nothing to mend', async (t) => {
  const folder = folderWith(t, { Dockerfile: broken });
  chmodSync(join(folder, 'Dockerfile'), 0o600);
  const disk: GoSreDeps['disk'] = { ...realDisk, rename: () => Promise.reject(new Error('written')) };
  const ran = await check(folder, ['--fix', '--ignore', rules.map(({ code }) => code).join()], { disk });
  assert.equal(ran.exitCode, 0, ran.stderr);
});

test('--fix mends round by round, tells the file once, and leaves what it cannot mend', async (t) => {
  const text =
    '# syntax=docker/dockerfile:1\nFROM debian:13.2-slim\nRUN apt-get install curl\nADD a /a\nUSER 1:1\n';
  const folder = folderWith(t, { Dockerfile: text, a: '' });
  const ran = await check(folder, ['--fix']);
  assert.equal(ran.exitCode, 1);
  assert.equal(ran.stderr, 'go-sre: mended Dockerfile\n');
  assert.equal(
    readFileSync(join(folder, 'Dockerfile'), 'utf8'),
    text.replace('get install', 'get install -y').replace('ADD a', 'COPY --chown=1:1 a'),
  );
  assert.equal((await check(folder, ['--fix'])).stderr, '');
});

test('a Dockerfile that says by a comment from which folder above it is built is judged in that', async (t) => {
  const text = (place: string) =>
    `# Build: docker build --file ${place}/Dockerfile --tag x .\nFROM scratch\nCOPY go.mod /\n`;
  const folder = folderWith(t, {
    'app/Dockerfile': text('app'),
    'other/Dockerfile': text('app'),
    '.dockerignore': '*\n!go.mod\n',
    'go.mod': 'module x\n',
  });
  const asked = async (path: string) => codes((await check(folder, [path, '--json'])).stdout);
  assert.ok(!(await asked('app/Dockerfile')).includes('dockerignore-missing'));
  assert.ok((await asked('other/Dockerfile')).includes('dockerignore-missing'));
});
