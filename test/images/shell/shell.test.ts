import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDockerfile } from '../../../images/dockerfile/parser.ts';
import { createShellOf, shellLine, shellText } from '../../../images/shell/of-instruction.ts';
import { parseShell, readShell } from '../../../images/shell/parser.ts';

/** Each command as its name and arguments. */
const commands = (text: string) => parseShell(text).map(({ name, args }) => [name, ...args].join(' ').trim());
const run = (text: string) => parseDockerfile(text).instructions.at(-1)!;

test('commands are found in lists, pipelines and behind every connector, in their order', () => {
  assert.deepEqual(commands('a x && b || c; d & e | f |& g'), ['a x', 'b', 'c', 'd', 'e', 'f', 'g']);
  const [, b, c, d] = parseShell('a && b || c | d');
  assert.deepEqual(
    [b, c, d].map((command) => [command?.connector, command?.position]),
    [
      ['&&', 0],
      ['||', 0],
      ['|', 1],
    ],
  );
});

test('commands are found inside every construct', () => {
  for (const text of [
    '(a)',
    '{ a; }',
    'if x; then a; fi',
    'if a; then x; fi',
    'if x; then y; elif z; then a; fi',
    'if x; then y; else a; fi',
    'for i in 1 2; do a; done',
    'for i; do a; done',
    'for ((i=0; i<3; i++)); do a; done',
    'while a; do x; done',
    'until x; do a; done',
    'select i in 1; do a; done',
    'case $x in (p|q) a;; *) y; esac',
    'case $x in p) y;; q) a; esac',
    'f() { a; }; f',
    'function f { a; }',
    'coproc a',
    'time -p a',
    '! a',
    'x=$(a)',
    'echo "$(a)"',
    'echo `a`',
    'echo "${x:-$(a)}"',
    'echo $((1 + $(a)))',
    'diff <(a) b',
    'x=( $(a) )',
    'cat <<E\n$(a)\nE',
    '((a b))',
  ])
    assert.ok(commands(text).includes('a') || commands(text).includes('a b'), text);
});

test('quotes and escapes are taken off, and an expansion stands as ${VAR}, whatever it is', () => {
  const command = parseShell(`a 'b c' "d e" f\\ g $'h' x$Y "\${Z:-1}" $(w) \`v\` u"t"'s'`).at(-1);
  assert.deepEqual(command?.args, [
    ...['b c', 'd e', 'f g', 'h'],
    ...['x${VAR}', '${VAR}', '${VAR}', '${VAR}', 'uts'],
  ]);
  assert.deepEqual(
    parseShell('$APT install').map(({ name }) => name),
    [''],
  );
});

test('a word knows its source and its place', () => {
  const text = `x && tool --flag "a b"`;
  const word = parseShell(text)[1]!.words[2]!;
  assert.equal(word.text, '"a b"');
  assert.equal(text.slice(word.index, word.end), word.text);
});

test('flags are known by their names, clusters letter by letter', () => {
  assert.deepEqual(parseShell('a -yq --quiet=2 --x y - --')[0]?.flags, ['y', 'q', 'quiet', 'x', '']);
});

test('assignments in front of a command are no part of it', () => {
  const [command] = parseShell('A=1 B="x y" tool');
  assert.equal(command?.name, 'tool');
  assert.deepEqual(command?.assignments, [
    { name: 'A', value: '1' },
    { name: 'B', value: 'x y' },
  ]);
});

test('exec, command and their like give way to the command behind them', () => {
  for (const text of ['exec tool', 'exec -a x tool', 'command tool', 'builtin tool', 'busybox tool'])
    assert.equal(parseShell(text)[0]?.name, 'tool', text);
  assert.equal(parseShell('command -v tool')[0]?.name, 'command');
});

test('redirections and comments are no words', () => {
  assert.deepEqual(commands('a >x 2>&1 <y >>z &>w b # c\nd <<< "e"'), ['a b', 'd']);
  assert.deepEqual(commands('cat <<E x\nbody; y\nE\nz'), ['cat x', 'z']);
});

test('what cannot follow a command is left out', () => {
  assert.deepEqual(commands('a )'), ['a']);
  assert.deepEqual(commands('a; fi'), ['a']);
  assert.deepEqual(commands('a; ; b'), ['a']);
});

test('a text that leaves something open is broken and has no commands', () => {
  for (const text of [
    'a "',
    "a '",
    'a `',
    'a $(',
    'a ${',
    '(a',
    '{ a }',
    'if a; then b',
    'a &&',
    'a |',
    '[ -f x && a',
    'a >',
    'case x in y) a esac',
    'x=(',
    'a \\',
    'while a',
  ])
    assert.deepEqual(readShell(text), { commands: [], pipelines: 0, broken: true }, text);
});

test('pipelines are counted, those in words too', () => {
  assert.equal(readShell('a | b | c; echo "$(d | e)"; f || g').pipelines, 2);
});

test('brackets nested deeper than anybody writes them end, and quickly', () => {
  for (const piece of [
    '(',
    '((',
    '$(',
    '$((',
    '${',
    '`\\`',
    '{ ',
    'if ',
    'time ',
    'coproc ',
    'f() ',
    '"${x:-',
  ])
    assert.ok(readShell(piece.repeat(20_000)).broken, piece);
});

test('the shell of a RUN is its line, its exec form joined, or its here-document', () => {
  assert.equal(shellText(run('RUN a \\\n  b')), 'a   b');
  assert.equal(shellText(run('RUN ["a", "b c"]')), 'a b c');
  assert.equal(shellText(run('RUN <<EOF\na\nEOF\n')), 'a\n');
  assert.equal(shellText(run('RUN <<-EOF\n\ta\n\tEOF\n')), 'a\n');
  assert.equal(shellText(run('RUN cat <<EOF > f\na\nEOF\n')), 'cat <<EOF > f');
  assert.equal(shellText(run('RUN <<EOF\n#!/usr/bin/env python3\nimport os\nEOF\n')), '');
});

test('a command knows its line in the file', () => {
  const lines = (text: string) => {
    const instruction = run(text);
    return createShellOf()(instruction).commands.map(({ index }) => shellLine(instruction, index));
  };
  assert.deepEqual(lines('FROM x\nRUN a && \\\n# note\n  b \\\n  && c'), [2, 4, 5]);
  assert.deepEqual(lines('RUN <<EOF\na\n\nb\nEOF\n'), [2, 4]);
  assert.deepEqual(lines('RUN ["a", "b"]'), [1]);
});

test('a RUN is read once, however often it is asked about', () => {
  const shellOf = createShellOf();
  const instruction = run('RUN a');
  assert.equal(shellOf(instruction), shellOf(instruction));
});
