import { lineage, type Stage, stageOf } from '../../dockerfile/stages.ts';
import type { Rule, Subject } from '../rule.ts';
import { type Copy, copyOf } from './facts/copies.ts';
import { envOf, type GoRun, goRunsOf, makesProgram } from './facts/go-runs.ts';
import { isGoImage } from './facts/images.ts';
import { type Libc, libcOf, libcOfImage } from './facts/libc.ts';
import { outputLineage } from './facts/outputs.ts';
import { baseName, isWithin, joinPath } from './facts/paths.ts';
import { commandName, commandsOf } from './facts/shell.ts';
import { type Step, stepsOf } from './facts/steps.ts';

/** Programs that need a C library which the image does not have. */
export const libcMismatch: Rule = {
  code: 'libc-mismatch',
  severity: 'error',
  title: 'The program finds the C library it was linked with',
  what: 'A Go program that was built with CGO goes into an image with the same C library: glibc (Debian, Ubuntu, distroless base and cc) or musl (Alpine), and for glibc not an older one than it was built on. CGO is on where CGO_ENABLED=1 says so, or nothing says anything and the build stage has a C compiler, as the Debian Go images have. Programs that are linked statically run anywhere.',
  why: 'The kernel answers "no such file or directory" for a program that is there, or the loader "version GLIBC_2.34 not found": at the first start, not in the build.',
  mend: 'Build with CGO_ENABLED=0 where no package needs C. Otherwise build and run on the same distribution, or link with `-linkmode external -extldflags "-static"`.',
  link: 'https://pkg.go.dev/cmd/cgo',
  *check(subject) {
    const { build } = subject;
    for (const stage of outputLineage(build)) {
      const target = libcOf(subject, stage);
      if (target === undefined) continue;
      for (const copy of stepsOf(subject, stage).flatMap((step) =>
        step.stage === stage ? (copyOf(step) ?? []) : [],
      )) {
        const from = copy.from === undefined ? undefined : stageOf(build, copy.from, stage);
        const message = from && problemOf(copy, from, target, subject);
        if (message !== undefined)
          yield { line: copy.instruction.startLine, endLine: copy.instruction.endLine, message };
      }
    }
  },
};

function problemOf(copy: Copy, from: Stage, target: Libc, subject: Subject): string | undefined {
  const steps = stepsOf(subject, from);
  const runs = steps.flatMap(goRunsOf).filter((run) => makesProgram(run.verb));
  const programs = runs.length > 0 ? runs : steps.flatMap(hiddenBuild).slice(-1);
  for (const run of programsIn(copy, programs)) {
    const source = linkedWith(run, from, steps, subject);
    const problem = source && mismatch(source, target);
    if (problem !== undefined) return `The program that line ${run.line} builds ${problem}.`;
  }
  return undefined;
}

/** Where a script builds, and ENV or ARG say that CGO is on, it builds with CGO. */
function hiddenBuild(step: Step): GoRun[] {
  const { instruction, scope } = step;
  if (scope.get('CGO_ENABLED') !== '1' || instruction.keyword !== 'run') return [];
  const builds = commandsOf(step).some((command) =>
    /^(?:make|mage|task|just|goreleaser|bazel|[\w./-]*build[\w.-]*)$/.test(command.name),
  );
  if (!builds) return [];
  return [
    {
      step,
      line: instruction.startLine,
      verb: 'build',
      args: [],
      text: instruction.args,
      env: new Map(),
      folder: step.workdir,
      output: undefined,
    },
  ];
}

/** The builds whose program a COPY takes: by the name of what they write, or all where that tells nothing. */
function programsIn({ sources }: Copy, programs: readonly GoRun[]): readonly GoRun[] {
  const paths = sources
    .map((source) => joinPath('/', source))
    .filter((path) => !/^\/(?:etc|usr\/share|usr\/lib|lib|lib64|usr\/local\/go)(?:\/|$)/.test(path));
  if (paths.length === 0) return [];
  const named = programs.filter(
    ({ output }) =>
      output !== undefined &&
      paths.some(
        (path) => isWithin(output, path) || isWithin(path, output) || baseName(path) === baseName(output),
      ),
  );
  return named.length > 0
    ? named
    : programs.filter(({ output }) => output === undefined || output.includes('$'));
}

function linkedWith(
  run: GoRun,
  stage: Stage,
  steps: readonly Step[],
  { context }: Subject,
): Libc | undefined {
  if (isStatic(run) || !usesCgo(run, stage, steps)) return undefined;
  // Where no package links C, CGO that is on by default changes nothing.
  if (context?.cgo === false && envOf(run, 'CGO_ENABLED') !== '1') return undefined;
  const compiler = `${envOf(run, 'CC') ?? ''}`;
  if (/musl/.test(compiler)) return { kind: 'musl' };
  if (/-gnu\.\d|zig/.test(compiler)) return undefined;
  const { base } = lineage(stage).at(-1)!;
  return base.kind === 'image' && base.reference !== undefined ? libcOfImage(base.reference) : undefined;
}

function isStatic(run: GoRun): boolean {
  const flags = [run.text, ...run.args, envOf(run, 'GOFLAGS') ?? '', envOf(run, 'CGO_LDFLAGS') ?? ''].join(
    ' ',
  );
  if (/(?:^|[\s"'=])-static(?:-pie)?(?:$|[\s"'])/.test(flags)) return true;
  return /\bnetgo\b/.test(flags) && /\bosusergo\b/.test(flags) && envOf(run, 'CGO_ENABLED') !== '1';
}

/** On by CGO_ENABLED, or by default where the stage has a C compiler and nothing is built for another machine. */
function usesCgo(run: GoRun, stage: Stage, steps: readonly Step[]): boolean {
  const value = envOf(run, 'CGO_ENABLED');
  if (value !== undefined) return value.trim() === '1';
  if (run.env.has('CGO_ENABLED') || run.step.scope.has('CGO_ENABLED') || writtenOff(run, steps)) return false;
  if (isForAnother(run)) return false;
  const { base } = lineage(stage).at(-1)!;
  const reference = base.kind === 'image' ? base.reference : undefined;
  const before = steps.slice(0, steps.indexOf(run.step) + 1);
  if (reference !== undefined && isGoImage(reference) && libcOfImage(reference)?.kind === 'glibc')
    return true;
  return before.some(installsCompiler);
}

/** Built for another machine than most builds run on, so that CGO is off unless it is asked for. */
function isForAnother(run: GoRun): boolean {
  const [os, architecture] = [envOf(run, 'GOOS') ?? 'linux', envOf(run, 'GOARCH') ?? 'amd64'];
  return !/^(?:linux$|\$)/.test(os) || !/^(?:amd64$|\$)/.test(architecture);
}

/** `go env -w CGO_ENABLED=0` holds for the steps behind it. */
function writtenOff(run: GoRun, steps: readonly Step[]): boolean {
  return steps
    .slice(0, steps.indexOf(run.step))
    .flatMap(goRunsOf)
    .some(({ verb, args }) => verb === 'env' && args.includes('-w') && args.includes('CGO_ENABLED=0'));
}

const compilers =
  /^(?:gcc|g\+\+|clang|build-base|build-essential|musl-dev|gcc-c\+\+|libc6?-dev|tcc)(?:[=~<>].*|-\d+)?$/;

function installsCompiler(step: Step): boolean {
  return commandsOf(step).some((command) => {
    const installs = command.args.some((arg) => arg === 'add' || arg === 'install');
    return (
      installs &&
      /^(?:apk|apt|apt-get|dnf|yum|microdnf)$/.test(commandName(command)) &&
      command.args.some(
        (arg) => /^(?:gcc|g\+\+|clang|build-base|build-essential)/.test(arg) && compilers.test(arg),
      )
    );
  });
}

function mismatch(source: Libc, target: Libc): string | undefined {
  const on =
    source.kind === 'musl'
      ? 'musl'
      : `glibc${source.kind === 'glibc' && source.version !== undefined ? ` ${source.version}` : ''}`;
  if (target.kind === 'none') return `is linked with ${on} by CGO, and this image has no C library`;
  if (source.kind !== target.kind) return `is linked with ${on} by CGO, and this image has ${target.kind}`;
  if (source.kind !== 'glibc' || target.kind !== 'glibc') return undefined;
  if (source.version === undefined || target.version === undefined) return undefined;
  const newer = Number(source.version.split('.')[1]) > Number(target.version.split('.')[1]);
  return newer ? `may need ${on} by CGO, and this image has glibc ${target.version}` : undefined;
}
