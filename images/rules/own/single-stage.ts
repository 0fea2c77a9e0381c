import type { ImageReference } from '../../dockerfile/reference.ts';
import { type Build, lineage, type Stage } from '../../dockerfile/stages.ts';
import type { Rule } from '../rule.ts';
import { goRunsOf, isToolInstall } from './facts/go-runs.ts';
import { isGoImage, shortName } from './facts/images.ts';
import { outputStages } from './facts/outputs.ts';
import { commandName, commandsOf } from './facts/shell.ts';
import { type Step, stepsOf } from './facts/steps.ts';

/** Images that hold the toolchain their program was built with. */
export const singleStage: Rule = {
  code: 'single-stage',
  severity: 'warning',
  title: 'The toolchain stays out of the image',
  what: "No stage that an image is made of is built on a Go image, directly or by way of another stage, or installs Go from packages or an archive and leaves it there. A stage that only installs other modules' tools (`go install MODULE@VERSION`) is an image of tools and may. Images of Rust, Maven, Gradle, GCC and .NET's SDK count where something is built in them.",
  why: 'The toolchain, the sources and the module cache are hundreds of megabytes that the program never reads, and every hole in them is reported against the image.',
  mend: 'Build in one stage and copy the program into another: `FROM scratch`, `COPY --from=build /out/app /app`.',
  link: 'https://docs.docker.com/build/building/multi-stage/',
  *check(subject) {
    const { build } = subject;
    for (const stage of outputStages(build)) {
      const base = lineage(stage).at(-1)!;
      const steps = stepsOf(subject, stage);
      const name = base.base.kind === 'image' && isGoImage(base.base.reference) ? base.baseText : undefined;
      if (name !== undefined && !isToolbox(steps, stage)) {
        yield {
          line: stage.from.startLine,
          message: `The image is built on ${name}: the toolchain and what was built with it stay in it.`,
        };
        continue;
      }
      const installed = steps.find((step) => installsGo(step));
      const compiler = base.base.kind === 'image' ? compilerIn(base.base.reference, steps) : undefined;
      if (compiler !== undefined) {
        yield {
          line: stage.from.startLine,
          message: `The image is built on ${base.baseText}: ${compiler} and what it was given stay in it.`,
        };
        continue;
      }
      if (installed !== undefined && name === undefined && runsGo(steps, build)) {
        yield {
          line: installed.instruction.startLine,
          message: 'Go is installed into the image and stays in it.',
        };
      }
    }
  },
};

/** Images of other compilers by the last part of their name, and the commands that say something is built in them. */
const compilers: Readonly<Record<string, RegExp>> = {
  rust: /\bcargo\s+(?:build|install)\b/,
  maven: /\bmvn\b/,
  gradle: /\bgradlew?\b/,
  gcc: /\b(?:gcc|g\+\+|make|cmake)\b/,
  sdk: /\bdotnet\s+(?:build|publish)\b/,
};

function compilerIn(reference: ImageReference | undefined, steps: readonly Step[]): string | undefined {
  const name = reference === undefined ? '' : shortName(reference);
  const builds = Object.hasOwn(compilers, name) ? compilers[name] : undefined;
  if (builds === undefined) return undefined;
  return steps.some(({ instruction: { keyword, args } }) => keyword === 'run' && builds.test(args))
    ? name
    : undefined;
}

/** An image of tools: others' modules are installed, and nothing of the context is built. */
function isToolbox(steps: readonly Step[], stage: Stage): boolean {
  const runs = steps.flatMap(goRunsOf);
  const starts = stage.instructions.find(({ keyword }) => keyword === 'cmd' || keyword === 'entrypoint');
  const startsGo = starts !== undefined && /\bgo\b.*\brun\b/.test(starts.args);
  const copies = steps.some(
    ({ instruction }) => instruction.keyword === 'copy' || instruction.keyword === 'add',
  );
  return (
    !copies && !startsGo && runs.every((run) => isToolInstall(run) || ['env', 'version'].includes(run.verb))
  );
}

function runsGo(steps: readonly Step[], { stages }: Build): boolean {
  if (steps.some((step) => goRunsOf(step).length > 0)) return true;
  return stages
    .at(-1)!
    .instructions.some(
      ({ keyword, args }) => (keyword === 'cmd' || keyword === 'entrypoint') && /\bgo\b.*\brun\b/.test(args),
    );
}

const goPackages = /^(?:go|golang|golang-go|golang-\d+(?:\.\d+)*(?:-go)?|go-\d.*)(?:[=~<>].*)?$/;

/** A package or an archive of Go that the same RUN does not take away again. */
function installsGo(step: Step): boolean {
  const commands = commandsOf(step);
  const adds = commands.some((command) => {
    const { args } = command;
    const name = commandName(command);
    if (/^(?:curl|wget|tar|bsdtar)$/.test(name))
      return args.some((arg) => /\bgo[\w.${}-]*\.linux-[\w${}]+\.tar\.gz/.test(arg));
    if (name === 'apk') return args.includes('add') && args.some((arg) => goPackages.test(arg));
    return (
      /^(?:apt|apt-get|dnf|yum|microdnf|zypper)$/.test(name) &&
      args.includes('install') &&
      args.some((arg) => goPackages.test(arg))
    );
  });
  if (!adds) return false;
  return !commands.some(({ name, args }) => {
    if (name === 'apk') return args.includes('del');
    if (/^(?:apt|apt-get|dnf|yum|microdnf)$/.test(name))
      return args.some((arg) => /^(?:purge|remove|autoremove)$/.test(arg));
    return name === 'rm' && args.some((arg) => /^\/usr\/local\/go\/?$/.test(arg));
  });
}
