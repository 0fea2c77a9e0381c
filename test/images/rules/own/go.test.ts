import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGoModule } from '../../../../images/rules/own/facts/modules.ts';
import { contextOf, judge, places } from './judge.ts';

test('a go.mod is read as far as rules ask: blocks, single lines, replacements by folders, comments', () => {
  const text = `module example.com/m // go 1.99

go 1.26.0
toolchain go1.26.3

require example.com/a v1.0.0
require (
	example.com/b v1.1.0 // indirect
	"example.com/c" v0.0.0
)
replace example.com/c => ../c
replace (
	example.com/b => example.com/fork v1.1.1
)
`;
  const module = parseGoModule('svc/go.mod', text);
  assert.deepEqual(
    { ...module, requires: module.requires.map(({ path, line }) => `${path} ${line}`) },
    {
      ...{ file: 'svc/go.mod', folder: 'svc' },
      go: { version: '1.26.0', line: 3 },
      toolchain: { version: '1.26.3', line: 4 },
      requires: ['example.com/a 6', 'example.com/b 8'],
    },
  );
});

const build = 'FROM golang:1.26.8-alpine AS build\nCOPY . .\nRUN go build -o /out/app\n';

test('what go mod tidy would change is a finding only where there are sources to hold it against', () => {
  const tidy = {
    state: 'untidy',
    diff: 'diff a b\n--- a\n+++ b\n-require example.com/old v1.0.0\n+x\n',
  } as const;
  const texts = { 'go.mod': 'module m\n\ngo 1.26\n' };
  assert.deepEqual(places('mod-untidy', build, contextOf(texts, { tidy })), []);
  const context = contextOf(texts, { tidy, files: ['go.mod', 'main.go'] });
  const [finding] = judge(build, context).filter(({ code }) => code === 'mod-untidy');
  assert.equal(finding?.message, 'go mod tidy would change -require example.com/old v1.0.0, +x.');
});

test('where no package links C, a compiler that is there does no harm', () => {
  const text = `${build.replace('-alpine', '-trixie')}FROM scratch\nCOPY --from=build /out/app /app\n`;
  const context = (cgo: boolean | undefined) => contextOf({ 'go.mod': 'module m\n' }, { cgo });
  assert.deepEqual(places('libc-mismatch', text, context(false)), []);
  assert.deepEqual(places('libc-mismatch', text, context(true)), ['5']);
  assert.deepEqual(places('libc-mismatch', text, context(undefined)), ['5']);
});

test('CGO is judged by what holds for the very command that builds the copied program', () => {
  const two = `FROM golang:1.26.8-trixie AS build
RUN CGO_ENABLED=0 go build -o /out/server ./cmd/server && CGO_ENABLED=1 go build -o /out/tool ./cmd/tool
FROM scratch
COPY --from=build /out/NAME /app
`;
  assert.deepEqual(places('libc-mismatch', two.replace('NAME', 'server')), []);
  assert.deepEqual(places('libc-mismatch', two.replace('NAME', 'tool')), ['4']);
});

test('a go command is found behind env, export, cd, sh -c and in scripts', () => {
  for (const command of [
    ...[
      'env GOOS=linux go build',
      'cd cmd && go build',
      'sh -c "go build"',
      'for a in 1 2; do go build; done',
    ],
    ...['/usr/local/go/bin/go build', 'GOFLAGS=-v go -C cmd build', 'set -e; time go build'],
  ])
    assert.deepEqual(places('cache-mount', `FROM golang:1.26.8\nRUN ${command}\n`), ['2'], command);
  assert.deepEqual(places('cache-mount', 'FROM golang:1.26.8\nRUN ["sh", "-c", "go build"]\n'), ['2']);
  for (const command of ['echo go build', 'go version', 'cat go build', 'apk add go'])
    assert.deepEqual(places('cache-mount', `FROM golang:1.26.8\nRUN ${command}\n`), [], command);
});
