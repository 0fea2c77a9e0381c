import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyFixes } from '../../../../images/fix.ts';
import { contextOf, judge } from './judge.ts';

/** The text after the mends of one rule, all lines that they do not name as they were. */
function mended(code: string, text: string, file?: string, ignore = ''): string {
  const context = file === undefined ? undefined : contextOf({ [file]: ignore });
  const findings = judge(text, context).filter((finding) => finding.code === code);
  return applyFixes(file === undefined ? text : ignore, file, findings).text;
}

test('the syntax line is put in front, whatever else stands there', () => {
  const text = '# The shop.\r\nFROM a\r\nRUN --mount=type=cache,target=/x y\r\n';
  assert.equal(mended('syntax-line', text), `# syntax=docker/dockerfile:1\r\n${text}`);
});

test('a scratch image gets a user behind its last COPY', () => {
  const text = 'FROM scratch\nCOPY --from=b \\\n  /a /a\nENTRYPOINT ["/a"]\n';
  assert.equal(
    mended('user-missing', text),
    'FROM scratch\nCOPY --from=b \\\n  /a /a\nUSER 65532:65532\nENTRYPOINT ["/a"]\n',
  );
  const other = 'FROM alpine:3.23.5\nCOPY a /a\n';
  assert.equal(mended('user-missing', other), other, 'what else needs root there is not known');
});

test('a numbered user is given what is copied, a named one is left to the reader', () => {
  assert.equal(
    mended('root-owned', 'FROM a\nCOPY --link a /a\nUSER 1000:1000\n'),
    'FROM a\nCOPY --chown=1000:1000 --link a /a\nUSER 1000:1000\n',
  );
  const named = 'FROM a\nCOPY a /a\nUSER app\n';
  assert.equal(mended('root-owned', named), named);
});

test('a download and a build get the mounts that fit each other', () => {
  const text = 'FROM golang:1.26.8\nCOPY . .\nRUN go mod download\nRUN go build \\\n    -o /app .\n';
  const after = mended('cache-mount', text);
  assert.equal(
    after,
    `FROM golang:1.26.8
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod \\
    go mod download
RUN --mount=type=cache,target=/go/pkg/mod \\
    --mount=type=cache,target=/root/.cache/go-build \\
    go build \\
    -o /app .
`,
  );
  assert.equal(mended('cache-mount', after), after, 'nothing is left to mend');
});

test('mounts are not put where the caches may be elsewhere, or are read by another stage', () => {
  for (const text of [
    'FROM golang:1.26.8\nUSER app\nRUN go build\n',
    'FROM golang:1.26.8\nENV GOPATH=/x\nRUN go build\n',
    'FROM golang:1.26.8 AS b\nRUN go build\nFROM a\nCOPY --from=b /go/pkg/mod /x\n',
    'FROM golang:1.26.8\nRUN ["go", "build"]\n',
    'FROM debian:13.2\nRUN go build\n',
  ])
    assert.equal(mended('cache-mount', text), text);
});

test('lines that are missing in an ignore file are put at its end', () => {
  const ignore = '# ours\n.git\nnode_modules\n!x\n';
  assert.equal(
    mended('dockerignore-entry', 'FROM a\nCOPY . .\n', '.dockerignore', ignore),
    `${ignore}vendor\n*.md\nDockerfile*\n`,
  );
});
