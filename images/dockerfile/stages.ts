import { LexError, lex } from './lex.ts';
import { pairsOf } from './pairs.ts';
import { type ImageReference, parseReference } from './reference.ts';
import type { Dockerfile, Instruction } from './syntax.ts';

/** What a stage is built from. */
type Base =
  | { kind: 'scratch' }
  | { kind: 'stage'; stage: Stage }
  /** A reference that cannot be read, such as one of a variable without a value, is undefined. */
  | { kind: 'image'; reference: ImageReference | undefined };

/** One `FROM` and what follows up to the next. */
export type Stage = {
  /** From 0, in the order of the file. */
  index: number;
  /** Of `AS name`, lower case as BuildKit compares it. */
  name: string | undefined;
  from: Instruction;
  /** The base as it is written, without quotes, variables expanded by the defaults of the ARGs before the first FROM. */
  baseText: string;
  /** Variables in the base that have no default. */
  unresolved: readonly string[];
  base: Base;
  platform: string | undefined;
  /** Without the FROM. */
  instructions: readonly Instruction[];
};

/** The stages of a file, and what stands before the first. */
export type Build = {
  dockerfile: Dockerfile;
  /** ARGs before the first FROM: name -> default. */
  globalArgs: ReadonlyMap<string, string | undefined>;
  /** Instructions before the first FROM. */
  preamble: readonly Instruction[];
  stages: readonly Stage[];
};

/** A text with variables expanded, and the names of those that have no value; quotes are taken off. */
export type Expanded = { text: string; unresolved: readonly string[] };

/**
 * Expands `$NAME` and `${NAME…}` by these values. Where BuildKit would refuse the text, it stays as it is.
 * @param escapeToken the file's escape character
 */
export function expand(
  text: string,
  values: ReadonlyMap<string, string | undefined>,
  escapeToken: '\\' | '`',
): Expanded {
  if (!/["'$\\`]/.test(text)) return { text, unresolved: [] };
  const unresolved = new Set<string>();
  const get = (name: string) => {
    const value = values.get(name);
    if (value === undefined) unresolved.add(name);
    return value;
  };
  try {
    return { text: lex(text, { escapeToken, get }).text, unresolved: [...unresolved] };
  } catch (error) {
    if (!(error instanceof LexError)) throw error;
    return { text, unresolved: [...unresolved] };
  }
}

/** Values that BuildKit sets for every build. Source: https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope */
export const platformArgs: ReadonlyMap<string, string> = new Map([
  ['TARGETPLATFORM', 'linux/amd64'],
  ['TARGETOS', 'linux'],
  ['TARGETARCH', 'amd64'],
  ['TARGETVARIANT', ''],
  ['BUILDPLATFORM', 'linux/amd64'],
  ['BUILDOS', 'linux'],
  ['BUILDARCH', 'amd64'],
  ['BUILDVARIANT', ''],
]);

/** Cuts a file into its stages and says what each is built from. */
export function resolveStages(dockerfile: Dockerfile): Build {
  const { instructions, escapeToken } = dockerfile;
  const first = instructions.findIndex(({ keyword }) => keyword === 'from');
  const preamble = first < 0 ? instructions : instructions.slice(0, first);
  const globalArgs = new Map<string, string | undefined>();
  for (const { key, value } of preamble.filter(({ keyword }) => keyword === 'arg').flatMap(pairsOf)) {
    const known = new Map([...platformArgs, ...globalArgs]);
    globalArgs.set(key, value === undefined ? undefined : expand(value, known, escapeToken).text);
  }
  const stages: Stage[] = [];
  const byName = new Map<string, Stage>();
  const values = new Map([...platformArgs, ...globalArgs]);
  const starts = instructions.flatMap(({ keyword }, at) => (keyword === 'from' ? [at] : []));
  for (const [index, at] of starts.entries()) {
    const own = instructions.slice(at + 1, starts[index + 1]);
    const stage = readStage(instructions[at]!, own, { index, byName, values, escapeToken });
    stages.push(stage);
    if (stage.name !== undefined) byName.set(stage.name, stage);
  }
  return { dockerfile, globalArgs, preamble, stages };
}

/** What a FROM is read by: the stages before it and the values of variables. */
type Surroundings = {
  index: number;
  byName: ReadonlyMap<string, Stage>;
  values: ReadonlyMap<string, string | undefined>;
  escapeToken: '\\' | '`';
};

function readStage(
  from: Instruction,
  instructions: readonly Instruction[],
  { index, byName, values, escapeToken }: Surroundings,
): Stage {
  const { text, unresolved } = expand(from.words[0]?.text ?? '', values, escapeToken);
  const platform = from.flags.find(({ name }) => name === 'platform')?.value;
  const named = from.words[1]?.text.toLowerCase() === 'as' ? from.words[2]?.text.toLowerCase() : undefined;
  return {
    index,
    name: named,
    from,
    baseText: text,
    unresolved,
    base: baseOf(text, byName),
    platform: platform === undefined ? undefined : expand(platform, values, escapeToken).text,
    instructions,
  };
}

function baseOf(text: string, byName: ReadonlyMap<string, Stage>): Base {
  const stage = byName.get(text.toLowerCase());
  if (stage !== undefined) return { kind: 'stage', stage };
  if (text === 'scratch') return { kind: 'scratch' };
  return { kind: 'image', reference: parseReference(text) };
}

/** The stage that is built where no target is named. */
export function finalStage({ stages }: Build): Stage | undefined {
  return stages.at(-1);
}

/** The stage and those that it is built from, each on the next; the last one has an image as its base, or scratch. */
export function lineage(stage: Stage): Stage[] {
  const found: Stage[] = [];
  for (let at: Stage | undefined = stage; at !== undefined; ) {
    found.push(at);
    at = at.base.kind === 'stage' ? at.base.stage : undefined;
  }
  return found;
}

/** What `COPY --from`, `RUN --mount=from` name: a stage by name or number, or else an image. */
export function stageOf(build: Build, from: string, at: Stage): Stage | undefined {
  const earlier = build.stages.slice(0, at.index);
  const named = earlier.findLast(({ name }) => name === from.toLowerCase());
  return named ?? (/^\d+$/.test(from) ? earlier[Number(from)] : undefined);
}
