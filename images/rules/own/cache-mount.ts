import { mountsOf } from '../../dockerfile/mounts.ts';
import { type Build, lineage, type Stage, stageOf } from '../../dockerfile/stages.ts';
import type { Edit, Rule, Subject } from '../rule.ts';
import { envOf, type GoRun, goRunsOf, isToolInstall } from './facts/go-runs.ts';
import { isGoImage, shortName } from './facts/images.ts';
import { moduleOf } from './facts/modules.ts';
import { isWithin } from './facts/paths.ts';
import { type Step, stepsOf } from './facts/steps.ts';

/** Go commands that compile, and those that download modules. */
const compiling = new Set(['build', 'install', 'test', 'vet', 'run']);
const downloading = new Set(['mod download', 'build', 'install', 'test', 'vet', 'run', 'get']);
const moduleCache = '/go/pkg/mod';
const buildCache = '/root/.cache/go-build';

/** Builds that compile and download everything anew. */
export const cacheMount: Rule = {
  code: 'cache-mount',
  severity: 'info',
  title: 'Go commands have their caches mounted',
  what: 'Every RUN of `go build`, `go install`, `go test` and `go mod download` mounts a cache over what it fills: the build cache, and the module cache unless modules lie in an earlier layer, in vendor/, or are not needed. GOCACHE, GOMODCACHE and GOPATH count where they are set.',
  why: 'Without the mounts a change of one line compiles the whole program and its dependencies again, and a change of go.mod downloads every module again.',
  mend: 'RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build go build …',
  link: 'https://docs.docker.com/build/cache/optimize/#use-cache-mounts',
  *check(subject) {
    const { build } = subject;
    for (const stage of build.stages) {
      const steps = stepsOf(subject, stage);
      for (const step of steps.filter((one) => one.stage === stage)) {
        const missing = missingOf(step, steps, subject);
        if (missing.length === 0) continue;
        const { run } = missing[0]!;
        const fix = editOf(step, steps, targetsOf(missing, step, steps), build);
        yield {
          line: step.instruction.startLine,
          endLine: step.instruction.endLine,
          message: `go ${run.verb} runs without a cache mount for ${missing.map(({ what, target }) => `${what} (${target})`).join(' and ')}.`,
          ...(fix !== undefined && { fix: [fix] }),
        };
      }
    }
  },
};

type Missing = { what: string; target: string; run: GoRun };

const likelyModules = /(?:\/go|\/pkg|\/pkg\/mod|GOPATH\}?|GOMODCACHE\}?)\/?$/;
const likelyBuilds = /(?:go-build|\.cache|gocache|GOCACHE\}?)\/?$/i;

function missingOf(step: Step, steps: readonly Step[], subject: Subject): Missing[] {
  const runs = goRunsOf(step);
  const missing: Missing[] = [];
  const downloads = runs.find((run) => downloading.has(run.verb) && needsModules(run, steps, subject));
  const modules = downloads && moduleCacheOf(downloads);
  if (downloads !== undefined && !mounts(step, modules!, likelyModules))
    missing.push({ what: 'modules', target: modules!, run: downloads });
  const compiles = runs.find((run) => compiling.has(run.verb));
  const built = compiles && (envOf(compiles, 'GOCACHE') ?? buildCache);
  if (compiles !== undefined && built !== 'off' && !mounts(step, built!, likelyBuilds))
    missing.push({ what: 'compiled packages', target: built!, run: compiles });
  return missing;
}

function mounts(step: Step, path: string, likely: RegExp): boolean {
  return mountsOf(step.instruction).some(
    (mount) =>
      mount.type === 'cache' &&
      covers(mount.fields.get('target') ?? mount.fields.get('id') ?? '', path, likely, step),
  );
}

/** Modules that an earlier RUN of the stage will have behind a mount are needed behind one here. */
function targetsOf(missing: readonly Missing[], step: Step, steps: readonly Step[]): string[] {
  const targets = missing.map(({ target }) => target);
  const before = steps.slice(0, steps.indexOf(step)).filter((one) => one.stage === step.stage);
  const downloaded = before.some((one) => goRunsOf(one).some(({ verb }) => verb === 'mod download'));
  const here = mounts(step, moduleCache, likelyModules) || targets.includes(moduleCache);
  return downloaded && !here ? [moduleCache, ...targets] : targets;
}

/** The home of another user has its caches elsewhere, and a variable is not followed: there the name's end tells enough. */
function covers(target: string, path: string, likely: RegExp, step: Step): boolean {
  if (target === '') return false;
  const within = isWithin(path, target.replace(/\/+$/, '') || '/');
  const known = (path !== moduleCache && path !== buildCache) || isOfficial(step);
  return within || ((!known || `${target}${path}`.includes('$')) && likely.test(target));
}

/** Whether root works in the official Go image, whose caches are known to be where they are. */
function isOfficial({ stage, scope, user }: Step): boolean {
  const { base } = lineage(stage).at(-1)!;
  const official =
    base.kind === 'image' && base.reference !== undefined && shortName(base.reference) === 'golang';
  return official && user === undefined && !['HOME', 'XDG_CACHE_HOME'].some((name) => scope.has(name));
}

function moduleCacheOf(run: GoRun): string {
  const cache = envOf(run, 'GOMODCACHE');
  const path = envOf(run, 'GOPATH')?.split(':')[0];
  return cache ?? (path === undefined || path === '' ? moduleCache : `${path}/pkg/mod`);
}

/** Modules of an earlier layer, of vendor/, or none at all need no cache here. */
function needsModules(run: GoRun, steps: readonly Step[], subject: Subject): boolean {
  const { context } = subject;
  if (run.verb === 'mod download' || isToolInstall(run)) return true;
  const flags = `${run.text} ${envOf(run, 'GOFLAGS') ?? ''}`;
  if (/-mod[= ]vendor/.test(flags)) return false;
  const before = steps.slice(0, steps.indexOf(run.step));
  const inLayer = before.some(
    (step) =>
      goRunsOf(step).some(({ verb }) => ['mod download', 'mod vendor', 'work vendor'].includes(verb)) &&
      !hasCache(step),
  );
  if (inLayer) return false;
  const module = moduleOf(subject);
  return (
    !(module !== undefined && module.requires.length === 0) &&
    context?.files.includes('vendor/modules.txt') !== true
  );
}

function hasCache({ instruction }: Step): boolean {
  return mountsOf(instruction).some((mount) => mount.type === 'cache');
}

/** Only where the caches are sure to be where the mounts go, and nothing reads them as part of a layer. */
function editOf(
  { instruction, stage }: Step,
  steps: readonly Step[],
  targets: readonly string[],
  build: Build,
): Edit | undefined {
  const first = build.dockerfile.lines[instruction.startLine - 1] ?? '';
  const match = /^(\s*run)[\t ]+(\S.*)$/i.exec(first);
  if (match === null || instruction.json !== undefined || !isOnGo(steps)) return undefined;
  const moved = steps.some(
    ({ instruction: { keyword, args } }) =>
      keyword === 'user' || /\bGO(?:PATH|CACHE|MODCACHE)\b|\bHOME\b|XDG_CACHE_HOME/.test(args),
  );
  const read = build.stages.some((other) =>
    other.instructions.some(
      ({ keyword, args, flags }) =>
        keyword === 'copy' &&
        /\/go\/pkg|\.cache/.test(args) &&
        flags.some(({ name, value }) => name === 'from' && stageOf(build, value ?? '', other) === stage),
    ),
  );
  if (moved || read || build.stages.some(({ base }) => base.kind === 'stage' && base.stage === stage))
    return undefined;
  const mounts = targets
    .map((target) => `--mount=type=cache,target=${target}`)
    .join(` ${build.dockerfile.escapeToken}\n    `);
  const lines = `${match[1]} ${mounts} ${build.dockerfile.escapeToken}\n    ${match[2]}`.split('\n');
  return { startLine: instruction.startLine, endLine: instruction.startLine, lines };
}

function isOnGo(steps: readonly Step[]): boolean {
  const { stage } = steps[0] ?? {};
  const base = stage === undefined ? undefined : bottom(stage).base;
  return base?.kind === 'image' && isGoImage(base.reference);
}

function bottom(stage: Stage): Stage {
  return stage.base.kind === 'stage' ? bottom(stage.base.stage) : stage;
}
