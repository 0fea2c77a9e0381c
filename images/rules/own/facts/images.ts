import { mountsOf } from '../../../dockerfile/mounts.ts';
import { type ImageReference, parseReference } from '../../../dockerfile/reference.ts';
import { type Build, expand, type Stage, stageOf } from '../../../dockerfile/stages.ts';
import type { Instruction } from '../../../dockerfile/syntax.ts';

/** An image from a registry that a build uses. */
export type ImageUse = {
  /** `from`: a stage is built on it. */
  by: 'from' | 'copy' | 'mount';
  stage: Stage;
  line: number;
  /** As it is written, with the defaults of variables. */
  text: string;
  /** Undefined where a variable without a default keeps the name from being one. */
  reference: ImageReference | undefined;
  /** Variables in it that have no default. */
  unresolved: readonly string[];
};

/** Every image that a build takes from a registry, in the order of the file. */
export function imagesOf(build: Build): ImageUse[] {
  return build.stages.flatMap((stage) => [
    ...baseImage(stage),
    ...stage.instructions.flatMap((instruction) => otherImages(build, stage, instruction)),
  ]);
}

function baseImage(stage: Stage): ImageUse[] {
  const { base, baseText, from, unresolved } = stage;
  if (base.kind !== 'image') return [];
  const line = from.words[0]?.line ?? from.startLine;
  return [
    { by: 'from', stage, line, text: baseText, reference: readable(base.reference, baseText), unresolved },
  ];
}

function otherImages(build: Build, stage: Stage, instruction: Instruction): ImageUse[] {
  const { keyword, flags, startLine } = instruction;
  const uses: ImageUse[] = [];
  const add = (by: ImageUse['by'], written: string | undefined, line: number) => {
    const text = expand(written ?? '', build.globalArgs, build.dockerfile.escapeToken).text;
    if (text === '' || text.includes('$') || isStage(build, text, stage) || /^\d+$/.test(text)) return;
    const reference = parseReference(text);
    // A bare word may as well be a context that the build is given by name.
    if (reference === undefined || (!/[:/@]/.test(text) && !wellKnown.has(text))) return;
    uses.push({ by, stage, line, text, reference, unresolved: [] });
  };
  if (keyword === 'copy' || keyword === 'add')
    for (const { name, value, line } of flags) if (name === 'from') add('copy', value, line);
  if (keyword === 'run')
    for (const mount of mountsOf({ flags })) add('mount', mount.fields.get('from'), startLine);
  return uses;
}

const wellKnown = new Set(
  'alpine amazonlinux busybox buildpack-deps centos debian docker fedora golang httpd nginx node php postgres python redis ruby rust ubuntu'.split(
    ' ',
  ),
);

function isStage(build: Build, name: string, at: Stage): boolean {
  if (stageOf(build, name, at) !== undefined) return true;
  return build.stages.some((stage) => stage.name === name.toLowerCase());
}

/** Digests that are cut short, as examples have them, still tell that one is meant. */
function readable(reference: ImageReference | undefined, text: string): ImageReference | undefined {
  const at = text.indexOf('@');
  if (reference !== undefined || at < 0) return reference;
  const named = parseReference(text.slice(0, at));
  return named && { ...named, text, digest: text.slice(at + 1) };
}

/** The last part of an image's name, which mirrors keep: `golang` of `registry.example.com/hub/library/golang`. */
export function shortName({ repository }: ImageReference): string {
  return repository.slice(repository.lastIndexOf('/') + 1);
}

/** Whether an image holds the Go toolchain: the official one and its mirrors, and Chainguard's. */
export function isGoImage(reference: ImageReference | undefined): boolean {
  if (reference === undefined) return false;
  const name = shortName(reference);
  return name === 'golang' || (name === 'go' && reference.repository.split('/').includes('chainguard'));
}

/** `debian13` of `gcr.io/distroless/static-debian13`; undefined: no distroless image, or one without a suite. */
export function distrolessSuite(reference: ImageReference): string | undefined {
  return isDistroless(reference) ? /-debian(\d+)$/.exec(reference.repository)?.[1] : undefined;
}

/** Google's distroless images and their mirrors. */
export function isDistroless({ familiar, repository }: ImageReference): boolean {
  return familiar.startsWith('gcr.io/distroless/') || /(?:^|\/)distroless\//.test(repository);
}
