import { lineage, type Stage, stageOf } from '../../dockerfile/stages.ts';
import type { Rule, Subject } from '../rule.ts';
import { type Copy, copyOf } from './facts/copies.ts';
import { goRunsOf, makesProgram } from './facts/go-runs.ts';
import { outputLineage } from './facts/outputs.ts';
import { isWithin, joinPath } from './facts/paths.ts';
import { stepsOf } from './facts/steps.ts';

/** Folders that hold far more than what one program needs of them. */
const trees = new Set(
  '/ /bin /boot /etc /go /go/pkg /go/pkg/mod /go/src /home /lib /lib64 /opt /root /sbin /srv /src /usr /usr/bin /usr/include /usr/lib /usr/lib64 /usr/local /usr/local/go /usr/local/lib /usr/sbin /usr/share /usr/src /var /var/cache /var/lib /workspace'.split(
    ' ',
  ),
);

/** Whole trees that are copied into an image. */
export const copyWide: Rule = {
  code: 'copy-wide',
  severity: 'warning',
  title: 'Only what is run is copied into the image',
  what: 'COPY --from into a stage that an image is made of names files, or a folder of results, and not the root, a system folder, or the folder that the other stage worked in with its sources. COPY of the whole context beside what another stage built counts too. Stages that are made for copying, from scratch, may be copied whole.',
  why: 'Sources, caches and tools come along: the image grows, and what was left in the build lies open in it.',
  mend: 'Let the build write to one place and copy that: `COPY --from=build /out/app /app`.',
  link: 'https://docs.docker.com/build/building/multi-stage/',
  *check(subject) {
    const { build } = subject;
    for (const stage of outputLineage(build)) {
      const own = stepsOf(subject, stage).filter((step) => step.stage === stage);
      for (const copy of own.flatMap((step) => copyOf(step) ?? [])) {
        const wide = wideSources(copy, stage, subject);
        if (wide.length === 0) continue;
        const from = copy.from === undefined ? 'the context' : copy.from;
        yield {
          line: copy.instruction.startLine,
          endLine: copy.instruction.endLine,
          message: `${wide.join(' and ')} of ${from} is a whole tree: the image needs some files of it.`,
        };
      }
    }
  },
};

function wideSources(copy: Copy, stage: Stage, subject: Subject): string[] {
  const { build } = subject;
  if (copy.from === undefined) {
    // An image with a program needs no sources, whether it was built here or in another stage.
    const built = stage.instructions.some(
      ({ keyword, flags }) =>
        keyword === 'copy' &&
        flags.some(({ name, value }) => name === 'from' && compiles(subject, value, stage)),
    );
    const builds =
      built || stepsOf(subject, stage).some((step) => goRunsOf(step).some(({ verb }) => makesProgram(verb)));
    return builds ? copy.sources.filter((source) => joinPath('/', source) === '/') : [];
  }
  const from = stageOf(build, copy.from, stage);
  if (from !== undefined && isAssembled(from)) return [];
  const worked = from === undefined ? [] : workedIn(subject, from);
  return copy.sources.filter((source) => {
    const path = joinPath('/', source.replace(/\/\*{1,2}$/, '/'));
    if (from !== undefined && isProgram(subject, from, path)) return false;
    return trees.has(path) || worked.some((folder) => isWithin(folder, path));
  });
}

function compiles(subject: Subject, from: string | undefined, at: Stage): boolean {
  const stage = from === undefined ? undefined : stageOf(subject.build, from, at);
  return (
    stage !== undefined &&
    stepsOf(subject, stage).some((step) => goRunsOf(step).some(({ verb }) => makesProgram(verb)))
  );
}

/** A stage from scratch holds what was copied into it and nothing else. */
function isAssembled(stage: Stage): boolean {
  return lineage(stage).at(-1)!.base.kind === 'scratch';
}

/** The folders that hold the sources a stage works on; the root is none. */
function workedIn(subject: Subject, stage: Stage): string[] {
  const folders = stepsOf(subject, stage).flatMap((step) => {
    const runs = goRunsOf(step);
    if (runs.length > 0) return runs.map(({ folder }) => folder);
    const copy = copyOf(step);
    if (copy === undefined || copy.from !== undefined || copy.sources.length === 0) return [];
    const destination = joinPath('/', copy.destination);
    const whole = copy.sources.some((source) => joinPath('/', source) === '/');
    return [...(isWithin(destination, step.workdir) ? [step.workdir] : []), ...(whole ? [destination] : [])];
  });
  return [...new Set(folders)].filter((folder) => folder !== '/');
}

/** Whether a build writes its program to just that path. */
function isProgram(subject: Subject, stage: Stage, path: string): boolean {
  return stepsOf(subject, stage).some((step) => goRunsOf(step).some(({ output }) => output === path));
}
