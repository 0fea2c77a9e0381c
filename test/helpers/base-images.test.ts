import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imagesOf } from './base-images.ts';

test('the images of a Dockerfile are its frontend, its bases and the images it copies from', () => {
  const dockerfile = `# syntax=docker/dockerfile:1
FROM --platform=$BUILDPLATFORM golang:1.26.8-alpine AS build
RUN echo FROM nothing
FROM scratch
COPY --from=build /out /out
COPY --chown=1:1 --from=busybox:1.37.0 /bin/busybox /bin/
`;
  assert.deepEqual(imagesOf(dockerfile), ['docker/dockerfile:1', 'golang:1.26.8-alpine', 'busybox:1.37.0']);
});

test('a stage that builds on another stage needs no image of that name', () => {
  assert.deepEqual(imagesOf('FROM node:24.21.0 as base\nFROM base AS build\nFROM base\n'), ['node:24.21.0']);
});
