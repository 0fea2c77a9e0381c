import { failed } from '../errors.ts';

/** The fields of `go list -json` that are read. Source: https://pkg.go.dev/cmd/go#hdr-List_packages_or_modules */
export type ListedPackage = {
  Dir?: string;
  ImportPath: string;
  Name?: string;
  Standard?: boolean;
  DepOnly?: boolean;
  ForTest?: string;
  Module?: ListedModule;
  Imports?: readonly string[];
  ImportMap?: Readonly<Record<string, string>>;
  CgoPkgConfig?: readonly string[];
  CgoLDFLAGS?: readonly string[];
  CgoCFLAGS?: readonly string[];
  CgoCPPFLAGS?: readonly string[];
  CgoCXXFLAGS?: readonly string[];
  Error?: { Err: string };
} & Partial<Readonly<Record<FileField, readonly string[]>>>;

type ListedModule = {
  Path: string;
  Version?: string;
  Main?: boolean;
  Dir?: string;
  GoVersion?: string;
  Replace?: { Path: string; Version?: string; Dir?: string };
};

/** Every list of files that a build may read; those for other systems stand in the last two. */
const fileFields = [
  ...(['GoFiles', 'CgoFiles', 'CFiles', 'CXXFiles', 'MFiles', 'HFiles', 'FFiles', 'SFiles'] as const),
  ...([
    'SwigFiles',
    'SwigCXXFiles',
    'SysoFiles',
    'EmbedFiles',
    'IgnoredGoFiles',
    'IgnoredOtherFiles',
  ] as const),
] as const;
type FileField = (typeof fileFields)[number];

const packageFields = [
  ...['Dir', 'ImportPath', 'Name', 'Standard', 'Module', 'Imports', 'ImportMap', 'Error'],
  ...['CgoPkgConfig', 'CgoLDFLAGS', 'CgoCFLAGS', 'CgoCPPFLAGS', 'CgoCXXFLAGS'],
  ...fileFields,
];

/** What `go list` is asked for about what is linked, about programs, and about tests. */
export const listFlags = {
  linked: `-json=${packageFields.join(',')}`,
  mains: '-json=Dir,ImportPath,Name,Module',
  tested: '-json=ImportPath,Imports,ImportMap,Module,ForTest,DepOnly,Standard,Error',
} as const;

/** Every file of a package that some build reads, without the tests. */
export function filesOf(listed: ListedPackage): string[] {
  const all = fileFields.flatMap((field) => listed[field] ?? []).map((path) => path.replaceAll('\\', '/'));
  const embedded = new Set(listed.EmbedFiles ?? []);
  return [...new Set(all)].filter((path) => embedded.has(path) || !path.endsWith('_test.go'));
}

/** Import paths as they are resolved: the standard library has copies of some modules under names of its own. */
export function importsOf({ Imports = [], ImportMap = {} }: ListedPackage): string[] {
  return Imports.filter((path) => path !== 'C').map((path) => ImportMap[path] ?? path);
}

/**
 * The objects of a stream like `go list -json` writes: each begins with `{` and ends with `}` at the start of a line.
 * @throws CliError (exit code 1) where it is none
 */
export function parseStream<T>(text: string): T[] {
  const ends = text.replaceAll('\r\n', '\n').split(/^}$/m);
  try {
    return ends.slice(0, -1).map((part) => JSON.parse(`${part}}`) as T);
  } catch (error) {
    throw failed(
      `go list printed something else than JSON: ${(error as Error).message}. Which go is on the PATH?`,
    );
  }
}
