import { failed } from '../errors.ts';
import { patternText, type RoutePattern } from './pattern.ts';

/**
 * Refuses what ServeMux takes and gin's tree cannot hold: a wildcard of another name, or a rest of the path, where a
 * route of the same method goes on differently.
 * Source: addRoute and insertChild in gin's tree.go, https://github.com/gin-gonic/gin/blob/master/tree.go
 * @throws CliError (exit code 1) that names the other route
 */
export function refuseForGin(route: RoutePattern, table: readonly RoutePattern[]): void {
  if (/[:*]/.test(route.path)) {
    throw failed(
      `${patternText(route)}: a : or * begins a wildcard for gin, the router of this service. Nothing was written.`,
    );
  }
  const other = table.find((existing) => existing.method === route.method && collide(route, existing));
  if (other === undefined) return;
  throw failed(
    `gin, the router of this service, cannot hold ${patternText(route)} beside ${patternText(other)}: where two routes part, neither may take the rest of the path, and wildcards at one place have one name. Nothing was written.`,
  );
}

function collide({ segments: a }: RoutePattern, { segments: b }: RoutePattern): boolean {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const [mine, theirs] = [a[at]!, b[at]!];
    if (mine.rest || theirs.rest) return true;
    if (mine.wild !== theirs.wild) return false;
    if (mine.text !== theirs.text) return mine.wild;
  }
  return false;
}
