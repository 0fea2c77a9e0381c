import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, places } from './judge.ts';

const many = (count: number, line: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => line(at)).join('\n');

test('values that double from line to line stay short', () => {
  const text = `FROM a\nENV A0=aaaaaaaa\n${many(60, (at) => `ENV A${at + 1}=$A${at}$A${at}`)}\nUSER $A60\n`;
  assert.deepEqual(places('user-root', text), []);
  const args = `ARG A0=aaaaaaaa\n${many(60, (at) => `ARG A${at + 1}=$A${at}$A${at}`)}\nFROM $A60\n`;
  assert.deepEqual(places('base-unpinned', args), ['62']);
});

test('a file that is longer than any image can be is told of once, and judged no further', () => {
  const found = judge(`FROM alpine:3.12\n${many(1001, () => 'RUN rm x')}\n`);
  assert.deepEqual(
    found.map(({ code, message }) => `${code}: ${message}`),
    ['layers: 1002 instructions in 1 stages are more than are judged (1000 in 200).'],
  );
});

test('names of variables that mean something to a regular expression do no harm', () => {
  for (const name of ['$@', '$*', '${#}', '$?', '$$', '${-}', '${!}', '$1'])
    assert.doesNotThrow(() => judge(`FROM a\nENV X=${name}\nUSER ${name}\nCOPY ${name} /\n`), name);
});

test('a file without a stage, or with broken ones, is judged without a crash', () => {
  for (const text of [
    '',
    'RUN x\n',
    'FROM\n',
    'FROM a AS\nCOPY\nRUN\nUSER\nENV\nLABEL\n',
    'COPY --from=9 a\nFROM b\n',
  ])
    assert.doesNotThrow(() => judge(text), text);
});
