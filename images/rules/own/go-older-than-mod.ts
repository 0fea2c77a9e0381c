import { lineage, type Stage, stageOf } from '../../dockerfile/stages.ts';
import { compareGo } from '../../plan/go-version.ts';
import type { Rule } from '../rule.ts';
import { copyOf } from './facts/copies.ts';
import { envOf, goRunsOf } from './facts/go-runs.ts';
import { isGoImage } from './facts/images.ts';
import { contextSources, type GoModule, modulesOf } from './facts/modules.ts';
import { type Read, stepsOf } from './facts/steps.ts';

/** Go images that cannot build the module they are given. */
export const goOlderThanMod: Rule = {
  code: 'go-older-than-mod',
  severity: 'error',
  title: 'The Go image is not older than the module asks for',
  what: 'A stage that is built on a Go image and takes sources from the context has at least the Go of the lines `go` and `toolchain` in the go.mod (or go.work) that it builds. A floating tag like `1.26` counts as its newest patch. Where GOTOOLCHAIN lets the go command download what it lacks, nothing is said.',
  why: 'Official Go images set GOTOOLCHAIN=local: the build ends with "go.mod requires go >= …", and it does so first on the machine that builds releases.',
  mend: 'Take the image of the Go that go.mod names, or a newer one.',
  link: 'https://go.dev/doc/toolchain',
  *check(subject) {
    const { build } = subject;
    const modules = modulesOf(subject);
    if (modules.length === 0) return;
    for (const stage of build.stages) {
      const { base } = stage;
      if (base.kind !== 'image' || !isGoImage(base.reference)) continue;
      const image = imageVersion(base.reference?.tag ?? '');
      if (image === undefined || !buildsContext(subject, stage)) continue;
      for (const module of modules) {
        const asked = newestAsked(module);
        if (asked === undefined || !isOlder(image, asked.version) || downloads(subject, stage, asked.version))
          continue;
        yield {
          line: stage.from.startLine,
          message: `${stage.baseText} has Go ${image}, and line ${asked.line} of ${module.file} asks for ${asked.version}.`,
        };
        break;
      }
    }
  },
};

/** `1.26.8` of a tag; undefined where it names no version. */
function imageVersion(tag: string): string | undefined {
  return /^(\d+\.\d+(?:\.\d+)?(?:-?(?:rc|beta)\d+)?)/.exec(tag)?.[1];
}

/** A tag without a patch moves to the newest one, which the module can ask for. */
function isOlder(image: string, asked: string): boolean {
  return /^\d+\.\d+$/.test(image)
    ? compareGo(image, /^\d+\.\d+/.exec(asked)![0]) < 0
    : compareGo(image, asked) < 0;
}

function newestAsked({ go, toolchain }: GoModule): { version: string; line: number } | undefined {
  const asked = [go, toolchain].flatMap((one) =>
    one === undefined || !/^\d/.test(one.version) ? [] : [one],
  );
  return asked.sort((a, b) => compareGo(b.version, a.version))[0];
}

/** Whether the stage, or one that is built on it, takes anything from the context, itself or from a stage that has. */
function buildsContext(subject: Read, stage: Stage): boolean {
  const family = subject.build.stages.filter((other) => lineage(other).includes(stage));
  return family.some((other) => takesContext(subject, other, new Set()));
}

function takesContext(subject: Read, stage: Stage, seen: Set<Stage>): boolean {
  if (seen.has(stage)) return false;
  seen.add(stage);
  return stepsOf(subject, stage).some((step) => {
    if (contextSources(step).length > 0) return true;
    const from = copyOf(step)?.from;
    const other = from === undefined ? undefined : stageOf(subject.build, from, stage);
    return other !== undefined && takesContext(subject, other, seen);
  });
}

/** GOTOOLCHAIN as ENV, ARG or the RUN's own line says: `auto`, `path`, or a version that is new enough. */
function downloads(subject: Read, stage: Stage, asked: string): boolean {
  const steps = subject.build.stages
    .filter((other) => lineage(other).includes(stage))
    .flatMap((other) => stepsOf(subject, other));
  const values = steps.flatMap((step) => [
    ...goRunsOf(step).map((run) => envOf(run, 'GOTOOLCHAIN')),
    step.scope.get('GOTOOLCHAIN'),
  ]);
  return values.some((value) => {
    if (value === undefined) return false;
    const version = /^go(\d[^+]*)/.exec(value)?.[1];
    return /(?:^|\+)(?:auto|path)$/.test(value) || (version !== undefined && compareGo(version, asked) >= 0);
  });
}
