import type { Build, Stage } from '../../dockerfile/stages.ts';
import type { Edit, Rule } from '../rule.ts';
import { type Copy, copyOf } from './facts/copies.ts';
import { outputStages } from './facts/outputs.ts';
import { baseName, isWithin, joinPath } from './facts/paths.ts';
import { commandName, commandsOf } from './facts/shell.ts';
import { type Read, type Step, stepsOf } from './facts/steps.ts';
import { isRoot, userOf } from './facts/user.ts';
import { valueIn } from './facts/values.ts';

/** Folders whose files are the system's, whoever runs the program. */
const roots = [
  '/etc',
  '/lib',
  '/lib64',
  '/sbin',
  '/tmp',
  '/usr/lib',
  '/usr/local/lib',
  '/usr/local/share',
  '/usr/share',
];
/** A folder below those that is a program's own. */
const programs = ['/usr/share/nginx/html'];
/** Files that are the system's wherever they lie. */
const systemFiles = new Set(['ca-certificates.crt', 'zoneinfo', 'zoneinfo.zip', 'passwd', 'group']);

/** Files that are root's in an image that another user runs. */
export const rootOwned: Rule = {
  code: 'root-owned',
  severity: 'info',
  title: 'Files belong to the user that runs the image',
  what: "Where the image has a USER other than root, every COPY and ADD into it has a --chown that names one, or a later RUN hands its files over by `chown`. A USER in front of a COPY does not change whose the files are. What goes to /etc, /lib, /usr/lib and /usr/share may be root's, and so may certificates and time zones.",
  why: 'The files keep the owner they had in the build, root, and so does what was in a folder: the program cannot write its own files, and the next who meets that makes it root.',
  mend: 'COPY --from=build --chown=65532:65532 /out/app /app',
  link: 'https://docs.docker.com/reference/dockerfile/#copy---chown---chmod',
  *check(subject) {
    const { build } = subject;
    const told = new Set<number>();
    for (const stage of outputStages(build)) {
      const user = userOf(subject, stage);
      if (user.by !== 'instruction') continue;
      const name = user.name ?? user.step.instruction.args;
      if (isRoot(name, user.step, subject)) continue;
      for (const copy of leftToRoot(subject, stage)) {
        const { startLine, endLine } = copy.instruction;
        if (told.has(startLine)) continue;
        told.add(startLine);
        const fix = editOf(build, copy, name);
        yield {
          ...{ line: startLine, endLine },
          message: `${copy.destination} is root's, and the image runs as ${name}: --chown is missing.`,
          ...(fix !== undefined && { fix: [fix] }),
        };
      }
    }
  },
};

function leftToRoot(subject: Read, stage: Stage): Copy[] {
  const steps = stepsOf(subject, stage);
  return steps.flatMap((step, at) => {
    const copy = copyOf(step);
    if (copy === undefined || givesAway(copy)) return [];
    const path = joinPath('/', copy.destination);
    const system = roots.some((root) => isWithin(path, root)) && !programs.some((own) => isWithin(path, own));
    const files =
      copy.sources.length > 0 && copy.sources.every((source) => systemFiles.has(baseName(source)));
    return system || files || steps.slice(at + 1).some((later) => handsOver(later, path)) ? [] : [copy];
  });
}

function givesAway({ chown }: Copy): boolean {
  if (chown === undefined) return false;
  const [user = ''] = chown.split(':');
  return user !== 'root' && !/^0+$/.test(user);
}

/** `chown -R app /app` in a later RUN, of the path itself or a folder above it. */
function handsOver(step: Step, path: string): boolean {
  return commandsOf(step).some((command) => {
    if (commandName(command) !== 'chown' && commandName(command) !== 'install') return false;
    const [owner = '', ...paths] = command.args.filter((arg) => !arg.startsWith('-'));
    if (/^(?:root|0+)(?::|$)/.test(owner)) return false;
    const recursive = command.flags.some((flag) => flag === 'R' || flag === 'recursive');
    return paths.some((written) => {
      const folder = joinPath(step.workdir, valueIn(step, written).replace(/\/\*$/, ''));
      return folder === path || (recursive && isWithin(path, folder)) || isWithin(folder, path);
    });
  });
}

/** A number means the same user in every image; a name may not be known yet where the COPY stands. */
function editOf({ dockerfile }: Build, { instruction, chown }: Copy, user: string): Edit | undefined {
  const line = dockerfile.lines[instruction.startLine - 1] ?? '';
  const match = /^(\s*(?:copy|add))([\t ]+.*)$/i.exec(line);
  if (chown !== undefined || match === null || !/^[1-9]\d*(?::[1-9]\d*)?$/.test(user)) return undefined;
  const { startLine } = instruction;
  return { startLine, endLine: startLine, lines: [`${match[1]} --chown=${user}${match[2]}`] };
}
