import type { ModuleFacts, ModuleVersion, TestedPackage } from '../../../images/index.ts';
import { importsOf, type ListedPackage, listFlags, parseStream } from './go-list.ts';
import type { GoTool } from './go-tool.ts';
import type { Layout } from './layout.ts';
import { everything, tagFlags } from './mains.ts';

type Input = {
  layout: Layout;
  linked: readonly ListedPackage[];
  roots: readonly string[];
  tags: readonly string[];
  cgo: boolean;
  platform: string;
  go: GoTool;
  /** Whether the tests are listed. */
  tests: boolean;
};

/** What go list and go mod graph say of the modules; what fails is told in the facts. */
export async function readModuleFacts(input: Input): Promise<ModuleFacts> {
  const { layout, linked, roots, tags, cgo, platform, go, tests } = input;
  const env = { CGO_ENABLED: cgo ? '1' : '0', GOARCH: platform.split('/')[1] ?? 'amd64' };
  const all = everything(layout.root, layout);
  const [graph, tested] = await Promise.all([
    go(['mod', 'graph'], layout.root, { GOFLAGS: '' }),
    tests
      ? go(
          ['list', '-e', '-test', '-deps', listFlags.tested, ...tagFlags(tags), '--', ...all],
          layout.root,
          env,
        )
      : undefined,
  ]);
  const packages = tested?.ok ? parseStream<ListedPackage>(tested.stdout) : undefined;
  const broken = packages?.find(({ Error: error }) => error !== undefined)?.Error?.Err.split('\n')[0];
  return {
    mains: layout.modules.filter(({ role }) => role === 'main').map(({ path }) => path),
    graph: graph.ok ? edges(graph.stdout) : undefined,
    graphProblem: graph.ok ? undefined : firstLine(graph.words),
    tested: packages && new Map(packages.map((one) => [one.ImportPath, convert(one)])),
    testedProblem: tested === undefined ? undefined : tested.ok ? broken : firstLine(tested.words),
    linked: new Map(linked.map((one) => [one.ImportPath, convert(one)])),
    roots,
  };
}

function firstLine(words: string): string {
  return words.split('\n')[0] ?? '';
}

/** Each line is `MODULE@VERSION MODULE@VERSION`; main modules have no version. */
function edges(text: string): [ModuleVersion, ModuleVersion][] {
  return text.split(/\r?\n/).flatMap((line): [ModuleVersion, ModuleVersion][] => {
    const [from, to] = line.split(' ');
    return from === undefined || to === undefined ? [] : [[moduleOf(from), moduleOf(to)]];
  });
}

function moduleOf(text: string): ModuleVersion {
  const [path = '', version] = text.split('@');
  return { path, version };
}

function convert(listed: ListedPackage): TestedPackage {
  const { Module, DepOnly, ForTest, ImportPath } = listed;
  return {
    importPath: ImportPath,
    module: Module === undefined ? undefined : { path: Module.Path, version: Module.Version },
    imports: importsOf(listed),
    root: DepOnly !== true && ForTest === undefined && !ImportPath.endsWith('.test'),
  };
}
