import { join, relative, sep } from 'node:path';
import type { Disk } from '../disk.ts';
import { failed, usage } from '../errors.ts';
import { type ListedPackage, listFlags, parseStream } from './go-list.ts';
import { expectGo, type GoTool } from './go-tool.ts';
import { isBelow, isThere, type Layout } from './layout.ts';

type Input = { dir: string; layout: Layout; tags: readonly string[]; go: GoTool; disk: Disk };

/**
 * The programs to build: those that are named, or all below `dir`.
 * @throws CliError: exit code 2 when a name is no program's, 1 when there is none
 */
export async function findMains(named: readonly string[], input: Input): Promise<ListedPackage[]> {
  const { dir, layout, go, tags } = input;
  const patterns =
    named.length > 0
      ? await Promise.all(named.map((name) => asPattern(name, input)))
      : everything(dir, layout);
  const args = [
    'list',
    ...(named.length > 0 ? [] : ['-e']),
    '-find',
    listFlags.mains,
    ...tagFlags(tags),
    '--',
    ...patterns,
  ];
  const found = parseStream<ListedPackage>(expectGo(await go(args, dir), 'Looking for main packages'));
  const unique = [...new Map(found.map((one) => [one.ImportPath, one])).values()];
  const other = unique.find(({ Name }) => Name !== 'main');
  if (named.length > 0 && other !== undefined) {
    throw usage(`--main ${other.ImportPath}: that is package ${other.Name}, no main package.`);
  }
  const mains = unique.filter(({ Name, Module }) => Name === 'main' && Module?.Main === true);
  if (mains.length > 0) return mains;
  const foreign = named.length > 0 ? unique[0] : undefined;
  if (foreign !== undefined) throw usage(`--main ${foreign.ImportPath}: that is no package of this module.`);
  throw failed(
    `There is no main package in ${dir} or below it. Run this in the folder of a program, or name it with --main.`,
  );
}

/** `cmd/shop` is meant as a folder where there is one. */
async function asPattern(name: string, { dir, disk }: Input): Promise<string> {
  if (name.startsWith('-')) throw usage(`--main ${name}: a folder like ./cmd/shop is expected.`);
  const isFolder = !/^\.\.?(?:[/\\]|$)/.test(name) && (await isThere(join(dir, name), disk));
  return isFolder ? `./${name}` : name;
}

/** Patterns for all packages of the main modules below `dir`. */
export function everything(dir: string, { mains }: Pick<Layout, 'mains'>): string[] {
  if (mains.some((main) => isBelow(main, dir))) {
    const inner = mains.filter((main) => main !== dir && isBelow(dir, main));
    return ['./...', ...inner.map((main) => patternBelow(dir, main))];
  }
  return mains.filter((main) => isBelow(dir, main)).map((main) => patternBelow(dir, main));
}

function patternBelow(dir: string, main: string): string {
  const way = relative(dir, main).split(sep).join('/');
  return way === '' ? './...' : `./${way}/...`;
}

export function tagFlags(tags: readonly string[]): string[] {
  return tags.length === 0 ? [] : [`-tags=${tags.join(',')}`];
}
