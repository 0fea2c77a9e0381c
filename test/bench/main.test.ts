import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { figureTargets } from '../../bench/targets.ts';

const root = join(import.meta.dirname, '../..');

function bench(...args: string[]) {
  return spawnSync(process.execPath, ['bench/main.ts', ...args], { cwd: root, encoding: 'utf8' });
}

test('without a name the benches are listed, one line each', () => {
  const { status, stdout } = bench();
  assert.equal(status, 0);
  for (const name of Object.keys(figureTargets)) assert.match(stdout, new RegExp(`^  ${name} +\\S`, 'm'));
});

test('--help tells the flags and the exit codes', () => {
  const { status, stdout } = bench('--help');
  assert.equal(status, 0);
  for (const words of ['--rounds N', '--requests N', '--profile DIR', '--modules FILE', 'Exit codes: 0']) {
    assert.ok(stdout.includes(words), words);
  }
});

for (const [what, args, said] of [
  [
    'an unknown name is refused with the nearest',
    ['service-siz'],
    /no bench service-siz\. Did you mean service-size\?/,
  ],
  ['a second name is refused', ['service-size', 'service-soak'], /service-soak is a second one/],
  ['an unknown flag is refused', ['service-size', '--fast'], /--fast/],
  [
    'a number of rounds that is none is refused',
    ['service-size', '--rounds', '0'],
    /--rounds 0: a whole number/,
  ],
] as const) {
  test(what, () => {
    const { status, stderr } = bench(...args);
    assert.equal(status, 2);
    assert.match(stderr, said);
    assert.match(stderr, /See npm run bench -- --help\./);
  });
}
