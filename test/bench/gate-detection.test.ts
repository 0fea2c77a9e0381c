import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWrong, type Judged, readCase } from '../../bench/gate-detection.ts';

test('the name of a case says its rule and whether it is bad', () => {
  assert.deepEqual(readCase('base-eol--bad-12'), { name: 'base-eol--bad-12', rule: 'base-eol', bad: true });
  assert.deepEqual(readCase('DL3006--ok-1')?.bad, false);
  for (const name of ['README.md', 'base-eol-bad-1', 'base-eol--good-1', '--bad-1'])
    assert.equal(readCase(name), undefined, name);
});

test('a case is wrong when its own rule is silent on a defect, speaks without one, or there is no verdict', () => {
  const judged = (bad: boolean, found: string[], problem?: string): Judged => {
    return { name: 'x', rule: 'user-root', bad, found, problem };
  };
  assert.equal(isWrong(judged(true, ['user-root'])), false);
  assert.equal(isWrong(judged(true, ['user-missing'])), true);
  assert.equal(isWrong(judged(false, ['user-missing'])), false, 'what other rules find does not count');
  assert.equal(isWrong(judged(false, ['user-root'])), true);
  assert.equal(isWrong(judged(false, [], 'no Dockerfile')), true);
});
