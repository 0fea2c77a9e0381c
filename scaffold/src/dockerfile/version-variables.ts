import { join } from 'node:path';
import type { VersionVariable } from '../../../images/index.ts';
import { type Disk, readIfThere } from '../disk.ts';
import { type GoFile, type GoNode, type ParseGo, parts, within } from '../go/syntax.ts';
import type { ListedPackage } from './go-list.ts';

/** The names programs give such a variable, in lower case. */
const names: readonly (readonly [VersionVariable['holds'], RegExp])[] = [
  ['version', /^(?:app|build|program)?_?version$/],
  ['revision', /^(?:git|build|vcs)?_?(?:commit|revision|sha|commit_?(?:hash|sha)|hash)$/],
  ['created', /^(?:build|built|compile|commit)?_?(?:date|time|at|timestamp)$/],
];

/** Packages outside the module that programs keep their version in. Source: https://github.com/prometheus/common/blob/main/version/info.go */
const known: Readonly<Record<string, readonly VersionVariable[]>> = {
  'github.com/prometheus/common/version': [
    { name: 'github.com/prometheus/common/version.Version', holds: 'version' },
    { name: 'github.com/prometheus/common/version.Revision', holds: 'revision' },
  ],
};

/**
 * Variables of a program that `-ldflags -X` can set: of package main, and of the module's packages that are called
 * version or buildinfo. One that already holds a version, as a release's own file does, is left as it is.
 * @param linked the packages that it links
 */
export async function versionVariables(
  main: ListedPackage,
  linked: readonly ListedPackage[],
  parse: ParseGo,
  disk: Pick<Disk, 'readFile'>,
): Promise<VersionVariable[]> {
  const own = linked.filter(
    ({ ImportPath, Module }) =>
      Module?.Main === true && /(?:^|\/)(?:version|buildinfo|build)$/.test(ImportPath),
  );
  const found: VersionVariable[] = [];
  for (const one of [main, ...own.filter(({ ImportPath }) => ImportPath !== main.ImportPath)]) {
    const prefix = one === main ? 'main' : one.ImportPath;
    for (const file of one.GoFiles ?? []) {
      const text = (await readIfThere(join(one.Dir ?? '', file), disk))?.toString();
      if (text === undefined || !/\bvar\b/.test(text)) continue;
      found.push(...variablesOf(parse(file, text), prefix));
    }
  }
  return [...found, ...linked.flatMap(({ ImportPath }) => known[ImportPath] ?? [])];
}

function variablesOf({ root }: GoFile, prefix: string): VersionVariable[] {
  const specs = parts(root)
    .filter(({ type }) => type === 'var_declaration')
    .flatMap((declaration) => within(declaration, 'var_spec'));
  return specs.flatMap((spec) => {
    if (isEmbedded(spec)) return [];
    const type = spec.childForFieldName('type')?.text;
    const list = spec.childForFieldName('value');
    const values = list === null ? undefined : parts(list).map(({ text }) => text);
    const declared = spec.childrenForFieldName('name').filter((node) => node?.type === 'identifier');
    return declared.flatMap((node, at) => {
      const name = node?.text ?? '';
      const holds = names.find(([, pattern]) => pattern.test(name.toLowerCase()))?.[0];
      if (holds === undefined || !settable(type, values === undefined ? undefined : (values[at] ?? '')))
        return [];
      return [{ name: `${prefix}.${name}`, holds }];
    });
  });
}

/** What is embedded in it is its value already. */
function isEmbedded(spec: GoNode): boolean {
  const before = [spec, spec.parent].map((node) => node?.previousNamedSibling?.text ?? '');
  return before.some((text) => text.startsWith('//go:embed'));
}

/** Source: https://pkg.go.dev/cmd/link: -X sets strings that are uninitialized or initialized to a constant. */
function settable(type: string | undefined, value: string | undefined): boolean {
  if (value === undefined) return type === 'string';
  return (
    (type === undefined || type === 'string') &&
    /^(?:"[^"\\]*"|`[^`]*`)$/.test(value) &&
    !/\d+\.\d+/.test(value)
  );
}
