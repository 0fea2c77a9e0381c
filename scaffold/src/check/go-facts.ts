import { dirname, join } from 'node:path';
import type { BuildContext } from '../../../images/index.ts';
import type { RunProgram } from '../processes.ts';

/** The go command may have to download modules. */
const timeoutMs = 60_000;
const maxDiff = 4000;

/** What the go command says of a context. */
export type GoFacts = Pick<BuildContext, 'tidy' | 'cgo'>;

/** Facts of a context in which no go command is run. */
export function unknownFacts(why: string): GoFacts {
  return { tidy: { state: 'unknown', why }, cgo: undefined };
}

/**
 * Asks the go command about the module in a context: whether go.mod and go.sum are tidy, and whether the packages link C.
 * Never throws: what cannot be asked is unknown, with the reason.
 * @param dir the context
 * @param files paths in it
 * @param packages patterns of the packages that the Dockerfile builds
 */
export async function askGo(
  dir: string,
  files: readonly string[],
  packages: readonly string[],
  run: RunProgram,
): Promise<GoFacts> {
  const goMod = files.filter((path) => path === 'go.mod' || path.endsWith('/go.mod')).sort(byDepth)[0];
  if (goMod === undefined) return unknownFacts('there is no go.mod');
  const folder = dirname(goMod);
  const inside = folder === '.' ? '' : `${folder}/`;
  if (!files.some((path) => path.startsWith(inside) && path.endsWith('.go')))
    return unknownFacts('there are no Go files to hold go.mod against');
  const cwd = join(dir, folder);
  const env = { GOFLAGS: '-mod=mod', GOWORK: 'off', GOTOOLCHAIN: 'local' };
  const tidy = await run('go', ['mod', 'tidy', '-diff'], { cwd, timeoutMs, env });
  const said = tidy.stdout.toString();
  if (tidy.status === 0) return { tidy: { state: 'tidy' }, cgo: await asksForC(cwd, packages, run) };
  if (tidy.status !== undefined && /^diff |^--- /m.test(said)) {
    return {
      tidy: { state: 'untidy', diff: said.slice(0, maxDiff) },
      cgo: await asksForC(cwd, packages, run),
    };
  }
  const why = tidy.problem ?? lastLine(tidy.stderr) ?? `go mod tidy ended with ${tidy.status}`;
  return { tidy: { state: 'unknown', why }, cgo: undefined };
}

function byDepth(a: string, b: string): number {
  return a.split('/').length - b.split('/').length || a.localeCompare(b);
}

function lastLine(text: string): string | undefined {
  return text.trim().split('\n').at(-1) || undefined;
}

/** Whether any package that is linked imports "C" where CGO is on, the standard library's (net, os/user) among them. */
async function asksForC(
  cwd: string,
  packages: readonly string[],
  run: RunProgram,
): Promise<boolean | undefined> {
  const template = '{{if .CgoFiles}}{{.ImportPath}}{{end}}';
  const patterns = packages.length > 0 ? packages : ['./...'];
  const listed = await run('go', ['list', '-deps', '-f', template, ...patterns], {
    ...{ cwd, timeoutMs },
    env: { CGO_ENABLED: '1', GOTOOLCHAIN: 'local' },
  });
  return listed.status === 0 ? listed.stdout.toString().trim() !== '' : undefined;
}
