import { basename, dirname, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import {
  generatedMark,
  type ModuleFacts,
  type ModuleReport,
  type Plan,
  planBuild,
  renderDockerfile,
  reportModules,
  shippedBaseImages,
  splitWords,
} from '../../../images/index.ts';
import type { GoSreDeps } from '../command.ts';
import { ifThere } from '../disk.ts';
import { failed, usage } from '../errors.ts';
import { compareVersions } from '../go/version.ts';
import { type Read, readFacts } from './facts.ts';
import {
  planOptions,
  platformsOf,
  privateAccess,
  type ShapingValues,
  shapingFlags,
  tagsOf,
  wordsOf,
} from './flags.ts';
import { type GoTool, goTool } from './go-tool.ts';
import { type Layout, readLayout, within } from './layout.ts';
import { findMains } from './mains.ts';
import { readModuleFacts } from './module-facts.ts';
import { compareWith, ignoreFileOf, type OutputFile, readWritten } from './written.ts';

export type GenerateInput = {
  /** Absolute. */
  folder: string;
  file: string;
  shaping: ShapingValues;
  /** Which modules are compared with the graph: all takes the tests' dependencies, too. */
  modules: 'all' | 'linked' | 'none';
};

/** What would be written, and everything it follows from. */
export type Generated = {
  /** That the paths of `files` are in. */
  folder: string;
  context: string;
  files: readonly OutputFile[];
  texts: { dockerfile: string; dockerignore: string };
  plan: Plan;
  moduleFacts: ModuleFacts | undefined;
  report: ModuleReport | undefined;
  warnings: readonly string[];
  /** The flags that shape the file, as words. */
  words: string;
};

/**
 * Reads the module and plans its files; writes nothing.
 * @throws CliError with what is wrong and what to do
 */
export async function generate(input: GenerateInput, deps: GoSreDeps): Promise<Generated> {
  const { folder, file, modules } = input;
  const { disk } = deps;
  if ((await ifThere(folder, disk.lstat(folder + sep))) === undefined) {
    throw usage(`There is no folder ${folder}.`);
  }
  const shaping = await shapingOf(input, deps);
  const options = planOptions(shaping);
  const platforms = platformsOf(shaping);
  const found = goTool(deps.run, { GO111MODULE: 'on' });
  const layout = await readLayout(folder, shaping.context && resolve(folder, shaping.context), {
    disk,
    go: found,
  });
  const tags = shaping.tags === undefined ? layout.tags : tagsOf(shaping);
  const go = goTool(deps.run, { GO111MODULE: 'on', ...layout.settings });
  const mains = await findMains(shaping.main ?? [], { dir: folder, layout, tags, go, disk });
  const read = await readFacts({ layout, mains, tags, cgo: options.cgo, platforms, go, disk });
  const access = privateAccess(shaping, read.facts.privatePatterns);
  const words = wordsOf({
    ...shaping,
    ...(tags.length === 0 ? {} : { tags: [tags.join(',')] }),
    ...(access === undefined
      ? {}
      : {
          private: [access.by, ...(access.patterns.length > 0 ? [access.patterns.join(',')] : [])].join('='),
        }),
  });
  const today = new Date(deps.now()).toISOString().slice(0, 10);
  const plan = planBuild(read.facts, {
    ...{ ...options, tags, private: access, commandLine: words, baseImages: shippedBaseImages, today },
    file: within(layout.context, file),
  });
  if (plan.problems.length > 0) throw usage(plan.problems.join(' '));
  const moduleFacts =
    modules === 'none'
      ? undefined
      : await modulesOf(plan, read, { layout, tags, platform: platforms[0]!, go, tests: modules === 'all' });
  const report = moduleFacts && reportModules(moduleFacts, compareVersions);
  const texts = { dockerfile: renderDockerfile(plan), dockerignore: plan.dockerignore };
  return {
    ...{ context: layout.context, texts, plan, moduleFacts, report, words },
    folder: dirname(file),
    files: await outputs(file, layout, texts, deps),
    warnings: [...read.warnings, ...plan.warnings, ...(report?.disagreements ?? [])],
  };
}

/** The flags that the file was written with, but for those that are given now. */
async function shapingOf({ file, shaping }: GenerateInput, { disk }: GoSreDeps): Promise<ShapingValues> {
  const given = Object.fromEntries(Object.entries(shaping).filter(([, value]) => value !== undefined));
  const { words } = await readWritten(file, disk);
  if (words === undefined) return given;
  try {
    const args = splitWords(words);
    if (args !== undefined) return { ...parseArgs({ args, options: shapingFlags }).values, ...given };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  throw failed(
    `The line "${generatedMark} …" of ${file} holds flags that cannot be read. Mend or remove it.`,
  );
}

function modulesOf(
  { programs }: Plan,
  { linked }: Read,
  input: { layout: Layout; tags: readonly string[]; platform: string; go: GoTool; tests: boolean },
) {
  const roots = programs.map(({ importPath }) => importPath);
  return readModuleFacts({ ...input, linked, roots, cgo: programs.some((one) => one.cgo) });
}

function outputs(
  file: string,
  { context }: Layout,
  texts: Generated['texts'],
  { disk }: GoSreDeps,
): Promise<OutputFile[]> {
  const [folder, name] = [dirname(file), basename(file)];
  const ignore = folder === context ? ignoreFileOf(name) : `${name}.dockerignore`;
  const isOurs = (before: string) =>
    before.includes('# Generated by go-sre dockerfile') || before.includes(generatedMark);
  return Promise.all([
    compareWith(folder, name, texts.dockerfile, isOurs, disk),
    compareWith(folder, ignore, texts.dockerignore, isOurs, disk),
  ]);
}
