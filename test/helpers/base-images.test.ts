import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imagesOf } from './base-images.ts';
import { imageMakers } from './image-makers.ts';

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

/** The message of what making the image says, on an engine that reaches no registry. */
function refusal(reference: string): string {
  const [repository = '', tag = ''] = reference.split(':');
  try {
    imageMakers[repository]?.('/nowhere', tag);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return '';
}

test('a golang image of another Go than the machine has is refused, and so is a system that cannot be made', () => {
  assert.match(
    refusal('golang:1.19.3-alpine'),
    /^golang:1\.19\.3-alpine cannot be made: this machine has Go 1\.\d/,
  );
  assert.match(refusal('golang:1.2'), /^golang:1\.2 cannot be made/);
  assert.match(refusal('golang:1.26-bookworm'), /only Alpine and trixie can/);
});

test('a distroless image with a shell is refused', () => {
  assert.match(refusal('gcr.io/distroless/base-debian13:debug-nonroot'), /debug-nonroot .* cannot be made/);
});
