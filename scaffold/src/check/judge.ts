import { join } from 'node:path';
import {
  type BaseImages,
  type BuildContext,
  checkBuild,
  type Dockerfile,
  type Finding,
  parseDockerfile,
  resolveStages,
  rules,
} from '../../../images/index.ts';
import type { GoSreDeps } from '../command.ts';
import { readIfThere } from '../disk.ts';
import { usage } from '../errors.ts';
import type { GateConfig } from './config.ts';
import { readContext } from './context.ts';
import { askGo, type GoFacts, unknownFacts } from './go-facts.ts';
import { type Target, toldPath } from './targets.ts';

/** One Dockerfile and what it is to be judged by. */
export type Question = {
  target: Target;
  config: GateConfig;
  /** `YYYY-MM-DD`. */
  today: string;
  baseImages: BaseImages;
  /** No go command is run. */
  offline: boolean;
};

/** What was found about one Dockerfile. */
export type Answer = {
  question: Question;
  findings: readonly Finding[];
  ignored: number;
  notes: readonly string[];
  /** Lines of the files that findings may name, by the name they are told by. */
  sources: ReadonlyMap<string, readonly string[]>;
};

/** BuildKit reads no larger one. Source: moby/buildkit, frontend/dockerui, maxDockerfileSize. */
const maxBytes = 2 * 1024 * 1024;

/**
 * Reads a Dockerfile and its context, and asks every rule.
 * @param go answers of the go command by context and packages, kept between Dockerfiles of one folder
 * @throws CliError: exit code 2 where the file is too large, 1 when the disk refuses
 */
export async function judge(question: Question, go: Map<string, GoFacts>, deps: GoSreDeps): Promise<Answer> {
  const { target, config, today, baseImages } = question;
  const bytes = target.path === undefined ? await readStdin(deps) : await readIfThere(target.path, deps.disk);
  if (bytes === undefined) throw usage(`${target.name} is gone.`);
  if (bytes.length > maxBytes)
    throw usage(`${target.name} has ${bytes.length} bytes; BuildKit reads ${maxBytes} at most.`);
  const text = bytes.toString();
  const build = resolveStages(parseDockerfile(text));
  const context = await contextOf(question, build.dockerfile, go, deps);
  const subject = { build, context, baseImages, today, settings: config.settings };
  const { findings, ignored } = checkBuild(subject, rules, config.severities, target.name);
  const sources = new Map([[target.name, build.dockerfile.lines]]);
  const named = (path: string) => toldPath(join(target.context ?? deps.cwd, path), deps.cwd);
  for (const [path, content] of context?.texts ?? []) sources.set(named(path), content.split('\n'));
  return {
    ...{ question, ignored, sources },
    findings: findings.map((each) =>
      each.file === target.name ? each : { ...each, file: named(each.file) },
    ),
    notes: notesOn(target, context),
  };
}

async function readStdin({ stdin }: GoSreDeps): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw usage(`Standard input has more than ${maxBytes} bytes; BuildKit reads no more.`);
  }
  return Buffer.concat(chunks);
}

/** Words of COPY and ADD that may name files of the context. */
function copiedWords({ instructions }: Dockerfile): string[] {
  const copies = instructions.filter(({ keyword }) => keyword === 'copy' || keyword === 'add');
  return copies.flatMap(({ json, words }) => json ?? words.map(({ text }) => text));
}

/** Patterns of packages below the context that `go build` is given. */
function builtPackages({ instructions }: Dockerfile): string[] {
  const text = instructions
    .map(({ args, heredocs }) => [args, ...heredocs.map(({ content }) => content)].join('\n'))
    .join('\n');
  const commands = text.match(/\bgo\s+(?:build|install)\b[^\n;&|]*/g) ?? [];
  return [
    ...new Set(commands.flatMap((command) => command.match(/(?<=\s)\.(?:\/[\w./-]*)?(?=\s|$)/g) ?? [])),
  ];
}

async function contextOf(
  { target, offline }: Question,
  dockerfile: Dockerfile,
  go: Map<string, GoFacts>,
  deps: GoSreDeps,
): Promise<BuildContext | undefined> {
  if (target.context === undefined) return undefined;
  const path = target.path ?? join(target.context, 'Dockerfile');
  const context = await readContext(target.context, path, copiedWords(dockerfile), deps.disk);
  const packages = builtPackages(dockerfile);
  if (offline) return { ...context, ...unknownFacts('no go command is run (--offline)') };
  const key = [target.context, ...packages].join('\0');
  const facts = go.get(key) ?? (await askGo(target.context, context.files, packages, deps.run));
  go.set(key, facts);
  return { ...context, ...facts };
}

function notesOn({ name }: Target, context: BuildContext | undefined): string[] {
  if (context === undefined) return [];
  const hasModule = context.files.some((path) => /(?:^|\/)go\.mod$/.test(path));
  return [
    ...(context.truncated
      ? [`${name}: the context has more than ${context.files.length} files; those beyond were not looked at.`]
      : []),
    ...(hasModule && context.tidy.state === 'unknown'
      ? [`${name}: whether go.mod and go.sum are tidy is not known: ${context.tidy.why}.`]
      : []),
  ];
}
