import type { ImageReference } from '../../dockerfile/reference.ts';
import type { Rule, Violation } from '../rule.ts';
import { distrolessSuite, type ImageUse, imagesOf, isDistroless, shortName } from './facts/images.ts';

/** Numbers of a version that name one release, where that is not three. */
const patchParts: ReadonlyMap<string, number> = new Map([
  ['debian', 2],
  ['postgres', 2],
  ['rockylinux', 2],
  ['almalinux', 2],
  ['amazonlinux', 4],
]);

/** Images that tags do not fix to what they hold. */
export const baseUnpinned: Rule = {
  code: 'base-unpinned',
  severity: 'warning',
  title: 'Every base image is fixed to a patch or a digest',
  what: 'Every image that a stage is built on or copies from has a digest, or a tag that names one patch release or one day: `golang:1.26.8-alpine`, `alpine:3.23.5`, `debian:trixie-20261103-slim`. Distroless images have no such tags; there a suite in the name and a tag other than `latest` and `debug` is what their publisher offers. A variable counts with its default, and not at all without one.',
  why: 'What a floating tag means changes without a commit: the build of yesterday cannot be repeated, and its cache is lost when the base moves.',
  mend: 'Write the patch release into the tag, or add the digest: `docker buildx imagetools inspect IMAGE` prints it. Let a bot move it.',
  link: 'https://docs.docker.com/build/building/best-practices/#pin-base-image-versions',
  *check({ build }) {
    for (const use of imagesOf(build)) {
      const problem = problemOf(use);
      if (problem !== undefined) yield violation(use, problem);
    }
  },
};

function violation(use: ImageUse, problem: string): Violation {
  return { line: use.line, message: `${asWritten(use)} ${problem}.` };
}

/** With its variables where their values are not known. */
function asWritten({ text, unresolved, stage }: ImageUse): string {
  return unresolved.length === 0 ? text : (stage.from.words[0]?.text ?? text);
}

function problemOf(use: ImageUse): string | undefined {
  const { reference, unresolved } = use;
  const written = asWritten(use);
  if (/@sha256:|@\$/.test(written)) return undefined;
  const tag = reference?.tag ?? /:([^/]*)$/.exec(written)?.[1];
  if (unresolved.length > 0 && (tag === undefined || tag.includes('$') || !written.includes(tag))) {
    return `is what $${unresolved[0]} names when it is built: nothing here fixes it`;
  }
  if (tag === undefined) return 'has neither tag nor digest, so it is whatever `latest` means that day';
  if (reference !== undefined && isDistroless(reference)) return distrolessProblem(reference);
  return isFixed(tag, reference === undefined ? '' : shortName(reference)) ? undefined : floating(tag);
}

function distrolessProblem(reference: ImageReference): string | undefined {
  if (distrolessSuite(reference) === undefined)
    return 'names no suite: it moves to the next Debian without notice';
  return ['latest', 'debug'].includes(reference.tag ?? '') ? floating(reference.tag!) : undefined;
}

function floating(tag: string): string {
  return `is a floating tag: what ${tag} means changes from day to day`;
}

/** Whether a tag names one patch release, one day, or one commit. */
function isFixed(tag: string, name: string): boolean {
  const parts = tag.split(/[-_+]/);
  if (/(?:^|\D)20\d{2}[-.]?(?:0[1-9]|1[0-2])[-.]?(?:0[1-9]|[12]\d|3[01])(?:\D|$)/.test(tag)) return true;
  if (parts.some((part) => /^(?=.*\d)[0-9a-f]{7,64}$/.test(part))) return true;
  if (parts.some((part) => /^v?\d+\.\d+(?:\.\d+)?(?:rc|beta|alpha|a|b)\d+$/.test(part))) return true;
  // Red Hat's `9.6-1749542372` and Debian's `13.2`.
  const wanted = patchParts.get(name) ?? 3;
  return parts.some((part, at) => {
    const version = new RegExp(
      `^(?:v|${at === 0 ? name.replace(/[^a-z0-9]/g, '.') : 'v'})?(\\d+(?:\\.\\d+)*)`,
    ).exec(part);
    return version !== null && version[1]!.split('.').length >= wanted;
  });
}
