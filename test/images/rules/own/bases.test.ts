import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, places } from './judge.ts';

/** What base-eol says ended of an image. */
function ended(image: string): string[] {
  return judge(`FROM ${image}\n`)
    .filter(({ code }) => code === 'base-eol')
    .map(({ message }) => /support of (.+?) ended/.exec(message)![1]!);
}

test('a tag names a product and the distribution below it, and either may have ended', () => {
  assert.deepEqual(ended('golang:1.22.6-alpine3.19'), ['Go 1.22', 'Alpine 3.19']);
  assert.deepEqual(ended('golang:1.26.8-alpine3.19'), ['Alpine 3.19']);
  assert.deepEqual(ended('python:3.9-bookworm'), ['Python 3.9', 'Debian 12 (bookworm)']);
  assert.deepEqual(ended('node:18-slim'), ['Node.js 18 (hydrogen)']);
  assert.deepEqual(ended('redis:7.2-alpine3.16'), ['Alpine 3.16']);
});

test('versions, points and names of suites mean the same release', () => {
  for (const tag of ['12', '12.5', 'bookworm', '12-slim', 'bookworm-20260101-slim', 'oldstable'])
    assert.deepEqual(ended(`debian:${tag}`), ['Debian 12 (bookworm)'], tag);
  assert.deepEqual(ended('ubuntu:bionic-20230530'), ['Ubuntu 18.04 (bionic)']);
  assert.deepEqual(ended('gcr.io/distroless/static-debian12:nonroot'), ['Debian 12 (bookworm)']);
  assert.deepEqual(ended('centos:centos7.9.2009'), ['CentOS 7']);
});

test('mirrors of official images are judged, other people’s images of the same name are not', () => {
  assert.deepEqual(ended('registry.example.com:5000/mirror/golang:1.20'), ['Go 1.20']);
  assert.deepEqual(ended('public.ecr.aws/docker/library/golang:1.20'), ['Go 1.20']);
  assert.deepEqual(ended('docker.io/library/alpine:3.12'), ['Alpine 3.12']);
  assert.deepEqual(ended('acme/alpine:3.12'), []);
});

test('what moves with its publisher, or is in no table, has not ended', () => {
  for (const image of ['alpine', 'alpine:3', 'alpine:edge', 'golang:alpine', 'golang:1', 'debian:stable'])
    assert.deepEqual(ended(image), [], image);
  for (const image of ['mcr.microsoft.com/dotnet/sdk:5.0', 'gcr.io/distroless/static', 'acme/base:1.0'])
    assert.deepEqual(ended(image), [], image);
  assert.deepEqual(ended('python:2'), ['Python 2.7'], 'no newer 2 will come');
  assert.deepEqual(ended('centos'), ['CentOS 8'], 'no newer one will come');
});

const isPinned = (image: string) => places('base-unpinned', `FROM ${image}\n`).length === 0;

test('a patch, a day, a commit or a digest fixes an image', () => {
  const sum = `sha256:${'0123456789abcdef'.repeat(4)}`;
  for (const image of [
    ...['golang:1.26.8', 'golang:1.26.8-alpine', 'golang:1.27rc1', 'alpine:3.23.5', 'debian:13.2-slim'],
    ...['debian:trixie-20261103-slim', 'node:24.1.0', 'postgres:17.2', 'busybox:1.37.0-musl'],
    ...[
      'ghcr.io/acme/base:sha-3f2a9bc',
      'ghcr.io/acme/base:v1.2.3',
      'minio/minio:RELEASE.2024-10-13T13-34-11Z',
    ],
    ...['gcr.io/distroless/static-debian13:nonroot', `alpine@${sum}`, `alpine:3.23@${sum}`, 'scratch'],
    ...['registry.access.redhat.com/ubi9/ubi-minimal:9.5-1736404155', '${REGISTRY}/golang:1.26.8'],
  ])
    assert.ok(isPinned(image), image);
});

test('everything else moves', () => {
  for (const image of [
    ...['golang', 'golang:latest', 'golang:alpine', 'golang:1', 'golang:1.26', 'golang:1.26-trixie'],
    ...[
      'alpine:3.23',
      'debian:trixie',
      'debian:13',
      'ubuntu:24.04',
      'ubuntu:noble',
      'node:24-slim',
      'postgres:17',
    ],
    ...[
      'gcr.io/distroless/static:nonroot',
      'gcr.io/distroless/static-debian13',
      'cgr.dev/chainguard/static:latest',
    ],
    ...['golang:1.26-alpine3.23', 'localhost:5000/base', '${BASE}', 'golang:${GO}-alpine'],
  ])
    assert.ok(!isPinned(image), image);
});

test('a name that is a stage is no image, whatever its case, and a bare word may be a context', () => {
  const text = `FROM golang:1.26.8 AS Debian
FROM debian
COPY --from=DEBIAN /a /a
COPY --from=0 /b /b
COPY --from=assets /c /c
COPY --from=busybox /d /d
`;
  assert.deepEqual(places('base-unpinned', text), ['6']);
});
