import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDockerfile } from '../../../images/dockerfile/parser.ts';
import { expand, finalStage, lineage, resolveStages, stageOf } from '../../../images/dockerfile/stages.ts';

const stagesOf = (text: string) => resolveStages(parseDockerfile(text));

test('a stage is built from an image, from scratch, or from an earlier stage by its name in any case', () => {
  const build = stagesOf('FROM golang:1.26.8 AS Build\nFROM scratch AS empty\nFROM build\nUSER 1\n');
  assert.deepEqual(
    build.stages.map(({ base }) => base.kind),
    ['image', 'scratch', 'stage'],
  );
  assert.deepEqual(
    lineage(finalStage(build)!).map(({ index }) => index),
    [2, 0],
  );
});

test('a stage named as an image stands for the image below it, not for itself', () => {
  const build = stagesOf('FROM golang AS golang\nFROM golang AS x\n');
  assert.deepEqual(
    build.stages.map(({ base }) => base.kind),
    ['image', 'stage'],
  );
});

test('ARGs before the first FROM are expanded in it, defaults and platforms too', () => {
  const build = stagesOf(
    'ARG V=1.26\nARG TAG=${V}.8-alpine\nFROM --platform=$BUILDPLATFORM "golang:${TAG}"\nFROM alpine:${NONE:-3.23}\nFROM x:$NONE\n',
  );
  assert.deepEqual(
    build.stages.map(({ baseText }) => baseText),
    ['golang:1.26.8-alpine', 'alpine:3.23', 'x:'],
  );
  assert.equal(build.stages[0]!.platform, 'linux/amd64');
  assert.deepEqual(build.stages[2]!.unresolved, ['NONE']);
});

test('COPY --from names an earlier stage by name or number, or an image', () => {
  const build = stagesOf('FROM a AS b\nFROM c\nFROM d\n');
  const last = finalStage(build)!;
  assert.equal(stageOf(build, 'B', last)?.index, 0);
  assert.equal(stageOf(build, '1', last)?.index, 1);
  assert.equal(stageOf(build, '2', last), undefined);
  assert.equal(stageOf(build, 'nginx', last), undefined);
});

test('a file without FROM has no stage', () => {
  const build = stagesOf('ARG A=1\nRUN x\n');
  assert.equal(finalStage(build), undefined);
  assert.equal(build.preamble.length, 2);
});

for (const [text, expected] of [
  ['$A', 'one.two.tar'],
  ['${A}x$B', 'one.two.tarx'],
  ['${B:-d}', 'd'],
  ['${E-d}', ''],
  ['${E:-d}', 'd'],
  ['${A:+set}', 'set'],
  ['${A#*.}', 'two.tar'],
  ['${A##*.}', 'tar'],
  ['${A%.*}', 'one.two'],
  ['${A%%.*}', 'one'],
  ['${A/t*o/2}', 'one.2.tar'],
  ['${A//./-}', 'one-two-tar'],
  ['\\$A', '$A'],
  ["'$A'", '$A'],
  ['"$A"', 'one.two.tar'],
  ['${A', '${A'],
] as const) {
  test(`${text} is expanded as BuildKit does`, () => {
    const values = new Map([
      ['A', 'one.two.tar'],
      ['E', ''],
    ]);
    assert.equal(expand(text, values, '\\').text, expected);
  });
}
