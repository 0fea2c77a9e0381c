import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pairsOf } from '../../../images/dockerfile/pairs.ts';
import { parseDockerfile } from '../../../images/dockerfile/parser.ts';

const only = (text: string) => parseDockerfile(`FROM a\n${text}`).instructions[1]!;

test('a word knows its line among continuation lines and comments', () => {
  const { words, startLine, endLine } = only('COPY a \\\n# why\n  b \\\n  /c/\n');
  assert.deepEqual(words, [
    { text: 'a', line: 2 },
    { text: 'b', line: 4 },
    { text: '/c/', line: 5 },
  ]);
  assert.deepEqual([startLine, endLine], [2, 5]);
});

test('a place in the joined text knows its line in the file', () => {
  const run = only('RUN --mount=type=cache,target=/x \\\n    go mod download && \\\n    go build\n');
  assert.equal(run.flags[0]!.line, 2);
  assert.equal(run.lineAt(run.args.indexOf('download')), 3);
  assert.equal(run.lineAt(run.args.indexOf('go build')), 4);
});

test('what cannot be built is told, and the rest is read', () => {
  const { problems, instructions } = parseDockerfile('FROM a\nRUNN x\nCOPY a\nUSER 1\n');
  assert.deepEqual(problems, [
    { line: 2, message: '"RUNN" is no instruction' },
    { line: 3, message: 'COPY needs a source and a destination' },
  ]);
  assert.equal(instructions.at(-1)!.args, '1');
});

test('a here-document without an end holds the rest of the file, and is told', () => {
  const { problems, instructions } = parseDockerfile('FROM a\nRUN <<EOF\necho\n');
  assert.deepEqual(problems, [{ line: 2, message: 'the here-document EOF has no end' }]);
  assert.equal(instructions[1]!.heredocs[0]!.content, 'echo\n');
  assert.equal(instructions[1]!.endLine, 3);
});

test('a long line and deep variables are told, not followed', () => {
  const long = parseDockerfile(`FROM a\nRUN ${'x'.repeat(70_000)}\n`);
  assert.match(long.problems[0]!.message, /more than 65535 bytes/);
  const deep = `${'${A:-'.repeat(100_000)}${'}'.repeat(100_000)}`;
  assert.equal(parseDockerfile(`FROM ${deep.slice(0, 60_000)}\n`).instructions.length, 1);
});

test('pairs of ENV, ARG and LABEL are read in every form', () => {
  const pairs = (text: string) => pairsOf(only(text)).map(({ key, value }) => [key, value]);
  assert.deepEqual(pairs('ENV a b  c'), [['a', 'b  c']]);
  assert.deepEqual(pairs('ENV a="b c" d=$e'), [
    ['a', '"b c"'],
    ['d', '$e'],
  ]);
  assert.deepEqual(pairs('ARG A B=1'), [
    ['A', undefined],
    ['B', '1'],
  ]);
  assert.deepEqual(pairs('ENV a'), []);
});
