import { pairsOf } from '../../../dockerfile/pairs.ts';
import { type Build, expand, lineage, platformArgs, type Stage } from '../../../dockerfile/stages.ts';
import type { Dockerfile, Instruction } from '../../../dockerfile/syntax.ts';
import type { ShellOf } from '../../../shell/of-instruction.ts';
import type { Shell } from '../../../shell/syntax.ts';
import type { Subject } from '../../rule.ts';
import { type Copy, readCopy } from './copies.ts';
import { type GoRun, readGoRuns } from './go-runs.ts';
import { joinPath } from './paths.ts';
import { isBare } from './values.ts';

/** The values of variables; undefined: declared without a value. */
type Scope = ReadonlyMap<string, string | undefined>;

/** One instruction of a stage, or of a stage below it, and what holds where it stands. */
export type Step = {
  stage: Stage;
  instruction: Instruction;
  /** ARG and ENV as they are in front of the instruction. */
  scope: Scope;
  /** The working directory in front of it. */
  workdir: string;
  /** The last USER in front of it, as it is written. */
  user: string | undefined;
  escapeToken: Dockerfile['escapeToken'];
  /** What a RUN runs. */
  shell: () => Shell;
  /** What a COPY or ADD copies, and the go commands of a RUN; each read once. */
  copy: () => Copy | undefined;
  goRuns: () => readonly GoRun[];
};

/** What steps are read from. */
export type Read = Pick<Subject, 'build' | 'steps'>;

/** The steps of a stage. */
export type StepsOf = (stage: Stage) => readonly Step[];

/** Makes a reader of stages that reads each of them once, however many rules ask. */
export function createStepsOf(build: Build, shell: ShellOf): StepsOf {
  const known = new Map<Stage, readonly Step[]>();
  return (stage) => {
    const steps = known.get(stage) ?? readSteps(build, shell, stage);
    known.set(stage, steps);
    return steps;
  };
}

/** As `steps` of the subject: from the first instruction of the lowest stage on. */
export function stepsOf({ steps }: Pick<Subject, 'steps'>, stage: Stage): readonly Step[] {
  return steps(stage);
}

/** Where the Go images work without a WORKDIR; others work in `/`. Source: https://hub.docker.com/_/golang */
const goWorkdir = '/go';

/**
 * What makes a stage, from the first instruction of the stage that has an image as its base (or scratch) to its own last.
 * A stage inherits ARGs, ENV and WORKDIR of the stage it is built from.
 * Source: https://docs.docker.com/build/building/variables/#scoping
 */
function readSteps(build: Build, shell: ShellOf, stage: Stage): Step[] {
  const { escapeToken } = build.dockerfile;
  const stages = lineage(stage).reverse();
  let scope: Scope = new Map<string, string | undefined>();
  let workdir = baseWorkdir(stages[0]!);
  let user: string | undefined;
  const steps: Step[] = [];
  for (const current of stages) {
    for (const instruction of current.instructions) {
      const own = {
        stage: current,
        instruction,
        scope,
        workdir,
        user,
        escapeToken,
        shell: () => shell(instruction),
      };
      const step: Step = { ...own, copy: once(() => readCopy(step)), goRuns: once(() => readGoRuns(step)) };
      steps.push(step);
      const { keyword, args } = instruction;
      if (keyword === 'arg' || keyword === 'env') scope = declare(instruction, scope, build);
      if (keyword === 'user') user = args;
      if (keyword === 'workdir') workdir = joinPath(workdir, expand(args, scope, escapeToken).text);
    }
  }
  return steps;
}

function baseWorkdir({ base }: Stage): string {
  const name = base.kind === 'image' ? base.reference?.repository : undefined;
  return name?.split('/').at(-1) === 'golang' ? goWorkdir : '/';
}

function declare(instruction: Instruction, scope: Scope, build: Build): Scope {
  const next = new Map(scope);
  for (const { key, value } of pairsOf(instruction)) {
    if (value !== undefined) {
      const { text, unresolved } = expand(value, scope, build.dockerfile.escapeToken);
      next.set(key, unresolved.some((name) => isBare(name, value)) ? undefined : text);
    } else if (!next.has(key) || next.get(key) === undefined)
      next.set(key, build.globalArgs.get(key) ?? platformArgs.get(key));
  }
  return next;
}

function once<T>(read: () => T): () => T {
  let known: { value: T } | undefined;
  return () => {
    known ??= { value: read() };
    return known.value;
  };
}
