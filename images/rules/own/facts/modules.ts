import { mountsOf } from '../../../dockerfile/mounts.ts';
import type { Subject } from '../../rule.ts';
import { copyOf } from './copies.ts';
import { contextPath } from './paths.ts';
import { type Step, stepsOf } from './steps.ts';

/** What a go.mod or go.work says, with the lines it says it on. */
export type GoModule = {
  /** Path of the file in the context, and of its folder (empty for the context itself). */
  file: string;
  folder: string;
  /** `1.26.0` of the line `go`, and of the line `toolchain` without its `go`. */
  go: { version: string; line: number } | undefined;
  toolchain: { version: string; line: number } | undefined;
  /** Modules that are needed and not replaced by a folder. */
  requires: readonly { path: string; version: string; line: number }[];
};

/** Reads the lines of a go.mod or go.work that rules ask for. Source: https://go.dev/ref/mod#go-mod-file */
export function parseGoModule(file: string, text: string): GoModule {
  const requires: { path: string; version: string; line: number }[] = [];
  const local = new Set<string>();
  let go: GoModule['go'];
  let toolchain: GoModule['toolchain'];
  let block = '';
  for (const [index, raw] of text.split('\n').entries()) {
    const words = raw
      .replace(/\/\/.*/, '')
      .trim()
      .split(/\s+/)
      .map((word) => word.replace(/^["`]|["`]$/g, ''));
    if (words[0] === ')') block = '';
    if (words[1] === '(' || words[0]?.endsWith('(')) block = words[0]!.replace('(', '');
    const [verb, ...rest] = block === '' ? words : [block, ...words];
    const line = index + 1;
    if (verb === 'go' && rest[0] !== undefined) go ??= { version: rest[0], line };
    if (verb === 'toolchain' && rest[0]?.startsWith('go')) toolchain ??= { version: rest[0].slice(2), line };
    if (verb === 'require' && rest[1]?.startsWith('v'))
      requires.push({ path: rest[0]!, version: rest[1], line });
    const arrow = rest.indexOf('=>');
    if (verb === 'replace' && arrow > 0 && rest[arrow + 2] === undefined) local.add(rest[0]!);
  }
  const slash = file.lastIndexOf('/');
  return {
    ...{ file, go, toolchain, folder: slash < 0 ? '' : file.slice(0, slash) },
    requires: requires.filter(({ path }) => !local.has(path)),
  };
}

/** The module that a build is about; undefined: none is in the context, or it cannot be told which. */
export function moduleOf(subject: Pick<Subject, 'build' | 'context' | 'steps'>): GoModule | undefined {
  return modulesOf(subject).find(({ file }) => file.endsWith('go.mod'));
}

/**
 * The go.mod and go.work files that a build reads: those that COPY, ADD or a bind mount name by themselves or by their
 * folder; where that gives none, the only one of the context.
 */
export function modulesOf(subject: Pick<Subject, 'build' | 'context' | 'steps'>): GoModule[] {
  const { build, context } = subject;
  if (context === undefined) return [];
  const files = [...context.texts.keys()].filter((path) => /(?:^|\/)go\.(?:mod|work)$/.test(path));
  const steps = build.stages.flatMap((stage) => stepsOf(subject, stage));
  const sources = new Set(steps.flatMap(contextSources));
  const read = files.filter((file) => [...sources].some((source) => names(source, file)));
  const mods = files.filter((file) => file.endsWith('go.mod'));
  const found = read.length > 0 ? read : mods.length === 1 ? mods : [];
  return found.map((file) => parseGoModule(file, context.texts.get(file)!));
}

/** What a step takes from the context. */
export function contextSources(step: Step): string[] {
  const { instruction } = step;
  const copy = copyOf(step);
  if (copy !== undefined) return copy.from === undefined ? copy.sources.map(contextPath) : [];
  if (instruction.keyword !== 'run') return [];
  return mountsOf(instruction).flatMap((mount) =>
    mount.type === 'bind' && !mount.fields.has('from')
      ? [contextPath(mount.fields.get('source') ?? '.')]
      : [],
  );
}

/** Whether a source is the file, a pattern of its name, or just the folder it lies in. */
function names(source: string, file: string): boolean {
  const folder = file.slice(0, Math.max(0, file.lastIndexOf('/')));
  if (source === file || source === folder) return true;
  if (!/[*?]/.test(source)) return false;
  const pattern = source
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]');
  return new RegExp(`^${pattern}$`).test(file);
}
