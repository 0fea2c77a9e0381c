import type { Build, Stage } from '../../dockerfile/stages.ts';
import type { Instruction } from '../../dockerfile/syntax.ts';
import { shellLine, shellText } from '../../shell/of-instruction.ts';
import type { Rule, Violation } from '../rule.ts';
import { type Copy, copyOf } from './facts/copies.ts';
import { outputLineage } from './facts/outputs.ts';
import { baseName, isWithin, joinPath } from './facts/paths.ts';
import { commandName, commandsOf } from './facts/shell.ts';
import { type Read, type Step, stepsOf } from './facts/steps.ts';
import { valueIn } from './facts/values.ts';

/** Instructions that say something about the image and change neither its files nor how a RUN runs. */
const silent = new Set([
  'label',
  'expose',
  'cmd',
  'entrypoint',
  'healthcheck',
  'stopsignal',
  'maintainer',
  'onbuild',
]);

/** No image can have so many layers, and no rule should take its time over a file that asks for them. */
const maxInstructions = 1000;
const maxStages = 200;

export function isTooLong({ dockerfile, stages }: Build): boolean {
  return dockerfile.instructions.length > maxInstructions || stages.length > maxStages;
}

/** Layers of the image that could be fewer or smaller. */
export const layers: Rule = {
  code: 'layers',
  severity: 'info',
  title: 'No layer only undoes or continues the one before',
  what: 'In the stages that an image is made of no RUN follows directly on another one (with the same mounts), and nothing is removed in a later layer than the one that brought it. Stages that are only copied from may have as many layers as they like.',
  why: 'A file that a later layer removes is still pulled with the earlier one; and two RUNs in a row are one layer more to pull, to store and to search.',
  mend: 'Join the commands: `RUN apk add … && rm -rf …`, or a here-document. Better: do the work in a build stage and copy its result.',
  link: 'https://docs.docker.com/build/building/best-practices/#run',
  *check(subject) {
    const { build } = subject;
    if (isTooLong(build)) {
      const { length } = build.dockerfile.instructions;
      const message = `${length} instructions in ${build.stages.length} stages are more than are judged (${maxInstructions} in ${maxStages}).`;
      yield { line: 1, message };
      return;
    }
    for (const stage of outputLineage(build)) {
      yield* consecutive(stage);
      yield* lateRemovals(subject, stage);
    }
  },
};

/** One finding for each row of RUNs, however long it is. */
function* consecutive({ instructions }: Stage): Iterable<Violation> {
  let row: Instruction[] = [];
  for (const instruction of [...instructions, undefined]) {
    if (instruction !== undefined && silent.has(instruction.keyword)) continue;
    const run = instruction?.keyword === 'run' ? instruction : undefined;
    if (run !== undefined && (row[0] === undefined || sameFlags(run, row[0]))) {
      row.push(run);
      continue;
    }
    if (row.length > 1) yield rowOf(row);
    row = run === undefined ? [] : [run];
  }
}

function rowOf(row: readonly Instruction[]): Violation {
  const [first, second] = [row[0]!, row[1]!];
  const message = `${row.length} RUNs in a row, from line ${first.startLine} on, make ${row.length} layers: one RUN can do all of it.`;
  return { line: second.startLine, endLine: second.endLine, message };
}

function sameFlags(a: Instruction, b: Instruction): boolean {
  const text = ({ flags }: Instruction) =>
    flags
      .map(({ name, value }) => `${name}=${value}`)
      .sort()
      .join(' ');
  return text(a) === text(b);
}

function* lateRemovals(subject: Read, stage: Stage): Iterable<Violation> {
  const steps = stepsOf(subject, stage);
  for (const [at, step] of steps.entries()) {
    if (step.stage !== stage) continue;
    const alone = commandsOf(step).every((command) => tidying.has(commandName(command)));
    for (const command of commandsOf(step)) {
      const removed = removedBy(command, step).find((path) => {
        return (
          !madeBy(step, path, { before: command.index }) &&
          steps.slice(0, at).some((earlier) => madeBy(earlier, path, { alone }))
        );
      });
      if (removed === undefined) continue;
      const line = shellLine(step.instruction, command.index);
      yield {
        line,
        message: `${removed} is removed in another layer than the one that brought it, which keeps it.`,
      };
    }
  }
}

type Command = ReturnType<typeof commandsOf>[number];

/** Paths that a command removes, absolute; package managers' caches and packages by the name of what removes them. */
function removedBy(command: Command, step: Step): string[] {
  const { args } = command;
  const name = commandName(command);
  if (name === 'rm') {
    const paths = args.filter((arg) => !arg.startsWith('-') && arg !== '');
    return paths
      .map((path) => joinPath(step.workdir, valueIn(step, path).replace(/\/\*$/, '')))
      .filter((path) => path !== '/');
  }
  if (name === 'apk' && args.includes('del')) return ['apk del'];
  if ((name === 'apt-get' || name === 'apt') && args.some((arg) => /^(?:purge|remove|autoremove)$/.test(arg)))
    return ['apt-get purge'];
  if ((name === 'apt-get' || name === 'apt') && args.includes('clean')) return ['/var/cache/apt'];
  if (/^(?:yum|dnf|microdnf)$/.test(name) && args.includes('clean')) return ['/var/cache/dnf'];
  return [];
}

/** What package managers leave behind, by the folder that it is found in. */
const leavings: readonly { path: string; by: RegExp }[] = [
  { path: '/var/lib/apt', by: /\bapt(?:-get)?\b[^&;|]*\bupdate\b/ },
  { path: '/var/cache/apt', by: /\bapt(?:-get)?\b[^&;|]*\binstall\b/ },
  { path: '/var/cache/apk', by: /\bapk\b(?![^&;|]*--no-cache)[^&;|]*\badd\b/ },
  { path: '/var/cache/dnf', by: /\b(?:yum|dnf|microdnf)\b[^&;|]*\binstall\b/ },
  { path: '/var/cache/yum', by: /\b(?:yum|dnf|microdnf)\b[^&;|]*\binstall\b/ },
  { path: '/root/.cache/pip', by: /\bpip3?\b(?![^&;|]*--no-cache-dir)[^&;|]*\binstall\b/ },
  { path: '/root/.npm', by: /\bnpm\b[^&;|]*\b(?:ci|install)\b/ },
  { path: 'apk del', by: /\bapk\b[^&;|]*\badd\b/ },
  { path: 'apt-get purge', by: /\bapt(?:-get)?\b[^&;|]*\binstall\b/ },
];

/** Whether a step brings that path: by COPY or ADD over it, or by a RUN that names it or is known to leave it. */
function madeBy(step: Step, path: string, { before = Number.POSITIVE_INFINITY, alone = true } = {}): boolean {
  const copy = copyOf(step);
  if (copy !== undefined) return path.startsWith('/') && brings(copy, path, alone);
  if (step.instruction.keyword !== 'run') return false;
  const text = shellText(step.instruction).slice(0, before);
  if (
    leavings.some(
      (one) => (path === one.path || (path.startsWith('/') && isWithin(path, one.path))) && one.by.test(text),
    )
  )
    return true;
  if (
    !path.startsWith('/') ||
    commandsOf(step).some(
      (command) =>
        command.index < before && commandName(command) === 'rm' && removedBy(command, step).includes(path),
    )
  )
    return false;
  const name = baseName(path);
  return commandsOf(step).some(
    (command) =>
      command.index < before &&
      !['rm', 'ls', 'test', 'cat', 'cd', 'echo', 'chmod', 'chown'].includes(commandName(command)) &&
      command.words
        .slice(1)
        .some(
          ({ literal, expands }) =>
            !expands &&
            literal.includes(name) &&
            joinPath(step.workdir, literal.replace(/^-[a-zA-Z]/, '')) === path,
        ),
  );
}

/** Commands that make no files. */
const tidying = new Set(['', 'rm', 'rmdir', 'cd', 'set', 'find', 'xargs', 'chown', 'chmod', 'echo', 'true']);

/** What lies in a copied folder is only known to come from there when the RUN makes nothing itself. */
function brings({ destination, sources }: Copy, path: string, alone: boolean): boolean {
  const to = joinPath('/', destination);
  if (to === path || sources.some((source) => joinPath(to, source.split('/').at(-1)!) === path)) return true;
  return alone && to !== '/' && (isWithin(path, to) || isWithin(to, path));
}
