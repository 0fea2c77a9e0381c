import { matchesGlob, parseGlob } from '../ignore/glob.ts';

/**
 * The patterns of a list like GOPRIVATE's that match one of these module paths: each pattern is compared with as many
 * leading parts of the path as it has itself. Source: https://pkg.go.dev/golang.org/x/mod/module#MatchPrefixPatterns
 */
export function privatePatterns(list: string, modules: readonly string[]): string[] {
  const patterns = list.split(',').map((one) => one.trim().replace(/\/+$/, ''));
  return [...new Set(patterns)].filter((pattern) => {
    const glob = pattern === '' ? undefined : parseGlob(pattern);
    const count = pattern.split('/').length;
    return glob !== undefined && modules.some((path) => matchesPrefix(glob, path, count));
  });
}

function matchesPrefix(
  glob: NonNullable<ReturnType<typeof parseGlob>>,
  path: string,
  count: number,
): boolean {
  const parts = path.split('/');
  return parts.length >= count && matchesGlob(glob, parts.slice(0, count).join('/'));
}
