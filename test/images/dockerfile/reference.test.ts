import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReference } from '../../../images/dockerfile/reference.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

for (const [text, familiar, repository, registry, tag, withDigest] of [
  ['golang', 'golang', 'library/golang', 'docker.io', undefined, false],
  ['golang:1.26.8-alpine', 'golang', 'library/golang', 'docker.io', '1.26.8-alpine', false],
  ['docker.io/library/golang:1', 'golang', 'library/golang', 'docker.io', '1', false],
  ['index.docker.io/prom/prometheus', 'prom/prometheus', 'prom/prometheus', 'docker.io', undefined, false],
  [
    'gcr.io/distroless/static:nonroot',
    'gcr.io/distroless/static',
    'distroless/static',
    'gcr.io',
    'nonroot',
    false,
  ],
  ['localhost:5000/a/b:c', 'localhost:5000/a/b', 'a/b', 'localhost:5000', 'c', false],
  ['localhost/a', 'localhost/a', 'a', 'localhost', undefined, false],
  [`alpine:3.23@${digest}`, 'alpine', 'library/alpine', 'docker.io', '3.23', true],
  [`[::1]:5000/a@${digest}`, '[::1]:5000/a', 'a', '[::1]:5000', undefined, true],
] as const) {
  test(`${text} is read in its parts`, () => {
    const read = parseReference(text)!;
    assert.deepEqual(
      [read.familiar, read.repository, read.registry, read.tag, read.digest],
      [familiar, repository, registry, tag, withDigest ? digest : undefined],
    );
  });
}

for (const text of [
  '',
  ':tag',
  'a:',
  'a@',
  'A',
  'a/B',
  'a@sha256:12',
  'a b',
  '-a',
  'a//b',
  `a:${'t'.repeat(200)}`,
  '$X',
]) {
  test(`${JSON.stringify(text.slice(0, 20))} names no image`, () => {
    assert.equal(parseReference(text), undefined);
  });
}
