import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCorpus } from '../../bench/hadolint/corpus.ts';
import { parseTimes, usualDockerfile } from '../../bench/hadolint/cost.ts';
import { parseDockerfile } from '../../images/dockerfile/parser.ts';

test('a corpus that is none is refused with its place', () => {
  assert.throws(() => parseCorpus('{', 'x.json'), /x\.json is no JSON/);
  assert.throws(() => parseCorpus('{}', 'x.json'), /a list of cases/);
  assert.throws(() => parseCorpus('[{"rule":"DL3006","dockerfile":"FROM a"}]', 'x.json'), /stands at 0/);
});

test('CPU time is read from what the shell says of its children', () => {
  assert.equal(parseTimes('0m0.001s 0m0.002s\n1m2.500s 0m0.250s\n'), 62.75);
  assert.throws(() => parseTimes('nothing'), /said/);
});

test('the files of the measurement are of about 45 lines, and nothing in them is refused', () => {
  for (const number of [0, 1, 2, 3, 499]) {
    const { lines, problems } = parseDockerfile(usualDockerfile(number));
    assert.deepEqual(problems, []);
    assert.ok(Math.abs(lines.length - 45) <= 3, String(lines.length));
  }
});
