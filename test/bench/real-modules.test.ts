import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { figuresOf, type Outcome } from '../../bench/dockerfile-real-modules.ts';
import { shortNames } from '../../bench/real-modules/checkout.ts';
import { cpuSeconds, parseStat, ticksBelow } from '../../bench/real-modules/engine-cpu.ts';
import { ownModules, parseModules } from '../../bench/real-modules/modules.ts';
import { hasRun } from '../../bench/real-modules/try-run.ts';

test('a list of modules is read line by line, its packages relative or with the path of the module', () => {
  const list = `# programs
example.com/a@v1.2.3 ./cmd/a
example.com/b/v2@v2.0.0 example.com/b/v2/cmd/b   # several mains

example.com/c@v0.1.0 cmd/c
example.com/d@v0.1.0 example.com/d
example.com/e@v0.1.0`;
  assert.deepEqual(parseModules(list), [
    { module: 'example.com/a@v1.2.3', main: './cmd/a' },
    { module: 'example.com/b/v2@v2.0.0', main: './cmd/b' },
    { module: 'example.com/c@v0.1.0', main: './cmd/c' },
    { module: 'example.com/d@v0.1.0', main: '.' },
    { module: 'example.com/e@v0.1.0', main: '.' },
  ]);
});

for (const [what, list, said] of [
  ['no version', 'a\nexample.com/a ./cmd', /^line 1: /],
  ['a flag for a module', '\n--x@v1 .', /^line 2: /],
  ['a third word', 'example.com/a@v1.0.0 ./cmd more', /^line 1: /],
  ['a package above the module', 'example.com/a@v1.0.0 ../b', /line 1: the package \.\.\/b lies outside/],
  ['an absolute path', 'example.com/a@v1.0.0 /b', /lies outside/],
  ['nothing', '# nothing\n', /no module/],
] as const) {
  test(`a list with ${what} is refused`, () => {
    assert.throws(() => parseModules(list), { message: said });
  });
}

test("the bench's own list has 12 programs and more, among them a workspace, vendor, build tags and CGO", () => {
  assert.ok(ownModules.length >= 12);
  assert.ok(ownModules.some(({ beside }) => beside !== undefined));
  assert.ok(ownModules.some(({ vendor }) => vendor === true));
  assert.ok(ownModules.some(({ tags }) => tags !== undefined));
  assert.ok(ownModules.some(({ shows }) => /CGO/.test(shows ?? '')));
});

test('each module has a name of its own for its folder and its images', () => {
  const modules = [
    { module: 'example.com/Tool.app/v2@v2.0.0', main: '.' },
    { module: 'example.com/tool@v1.0.0', main: './cmd/age' },
    { module: 'example.com/tool@v1.1.0', main: './cmd/age' },
  ];
  assert.deepEqual(shortNames(modules), ['tool-app', 'age', 'age-2']);
});

for (const [what, answer, ran] of [
  ['exit code 0', { code: 0, output: '' }, true],
  ['usage with exit code 2', { code: 2, output: 'Usage of hey:\n' }, true],
  ['a server that goes on', { code: undefined, output: 'listening' }, true],
  ['exit code 1 without usage', { code: 1, output: 'cannot open the database' }, false],
  ['a missing loader', { code: 127, output: 'exec /x: no such file or directory' }, false],
  [
    "a C library that is too old, whose message has the word 'version'",
    { code: 1, output: "version `GLIBC_2.38' not found" },
    false,
  ],
  ['a panic', { code: 2, output: 'panic: no version of time zones' }, false],
] as const) {
  test(`${ran ? 'runs' : 'does not run'}: ${what}`, () => assert.equal(hasRun(answer), ran));
}

test('CPU time is that of a process, of what it waited for and of all that lives below it', () => {
  const line = (pid: number, parent: number, times: string) =>
    parseStat(`${pid} (a (b) c) S ${parent} 1 1 0 -1 4194560 1 2 3 4 ${times} 20 0 1 0 1`);
  const processes = [
    line(10, 1, '1 2 30 40'),
    line(11, 10, '5 5 0 0'),
    line(12, 11, '0 100 0 0'),
    line(13, 1, '999 0 0 0'),
  ];
  assert.equal(ticksBelow(10, processes), 183);
});

test('the CPU time of this process grows with what its children used', {
  skip: process.platform !== 'linux',
}, () => {
  const before = cpuSeconds(process.pid);
  spawnSync(process.execPath, ['--eval', 'for (let i = 0; i < 2e8; i++);']);
  assert.ok(cpuSeconds(process.pid) > before);
});

const module = { module: 'example.com/a@v1.0.0', main: '.' };
const good: Outcome = {
  name: 'a',
  module,
  built: true,
  trial: { ran: true, how: '--version: 0', said: 'a 1.0' },
  cpu: { ours: [1, 3, 1], usual: [20, 20, 10] },
};

test('the figures count what was built and ran, and take the median of the ratios', () => {
  const slow = { ...good, cpu: { ours: [5], usual: [10] } };
  const { figures, explained } = figuresOf([good, slow, good]);
  assert.deepEqual(figures, { modules: 3, built: 3, ran: 3, rebuildCpuRatio: 0.05 });
  assert.deepEqual(explained, []);
});

test('a module without a Dockerfile for a reason that is named explains what is missing, one that fails does not', () => {
  const refused: Outcome = { name: 'b', module, built: false, refused: 'replace ../c lies outside' };
  assert.deepEqual(figuresOf([good, refused]).explained, ['built', 'ran']);
  const failed: Outcome = { name: 'c', module, built: true, trial: { ran: false, how: '-h: 127', said: '' } };
  assert.deepEqual(figuresOf([good, refused, failed]).explained, ['built']);
  assert.equal(figuresOf([refused]).figures.rebuildCpuRatio, null);
});
