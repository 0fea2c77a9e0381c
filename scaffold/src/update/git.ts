import type { RunGit } from '../git.ts';

/**
 * Paths below `dir` whose state git could not give back: changed, staged or untracked. Undefined where there is no
 * git, or no repository around `dir`.
 */
export async function uncommitted(dir: string, git: RunGit): Promise<Set<string> | undefined> {
  const prefix = await git(['rev-parse', '--show-prefix'], dir);
  if (prefix.status !== 0) return undefined;
  const status = await git(['status', '--porcelain=v2', '-z', '--untracked-files=all', '--', '.'], dir);
  if (status.status !== 0) return undefined;
  const paths = pathsOf(status.output.split('\0'));
  return new Set(
    paths.filter((path) => path.startsWith(prefix.output)).map((path) => path.slice(prefix.output.length)),
  );
}

/** How many fields stand before the path, by the kind of entry (git-status, "Porcelain Format Version 2"). */
const fieldsBefore: Readonly<Record<string, number>> = { '1': 8, '2': 9, u: 10, '?': 1 };

/** The paths of status entries, from the repository's root; a rename gives both of its paths. */
function pathsOf(entries: readonly string[]): string[] {
  const paths: string[] = [];
  for (let i = 0; i < entries.length; i++) {
    const kind = entries[i]!.split(' ', 1)[0] ?? '';
    const fields = fieldsBefore[kind];
    if (fields === undefined) continue;
    paths.push(entries[i]!.split(' ').slice(fields).join(' '));
    if (kind === '2') paths.push(entries[++i] ?? '');
  }
  return paths;
}
