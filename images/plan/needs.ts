import type { Needs } from './base.ts';
import { byText } from './closure.ts';
import type { PackageFacts, Signal } from './facts.ts';

/** Root certificates as Go code. Source: https://pkg.go.dev/golang.org/x/crypto/x509roots/fallback */
const fallbackRoots = 'golang.org/x/crypto/x509roots/fallback';

/**
 * What a program needs at run time beside itself.
 * @param linked its packages, see `closure`
 * @param libc why it links the C library, if it does
 */
export function needsOf(linked: readonly PackageFacts[], libc: string | undefined): Needs {
  const links = (path: string) => linked.some(({ importPath }) => importPath === path);
  const own = linked.filter(({ standard }) => !standard);
  const signalled = (signal: Signal, among: readonly PackageFacts[]) =>
    named(among.filter(({ signals }) => signals.includes(signal)));
  return {
    certificates: links('crypto/x509') && !links(fallbackRoots) ? 'crypto/x509' : undefined,
    zones: links('time/tzdata') ? undefined : signalled('time-zone', own),
    temp: signalled('temp-folder', own),
    users: signalled('user-lookup', own),
    // A library may start a shell on systems that are no container; what the module itself starts is meant.
    shell: signalled(
      'shell',
      own.filter(({ dir }) => dir !== undefined),
    ),
    libc,
  };
}

function named(packages: readonly PackageFacts[]): string | undefined {
  const paths = packages.map(({ importPath }) => importPath).sort(byText);
  if (paths.length === 0) return undefined;
  return paths.length === 1 ? paths[0]! : `${paths[0]} and ${paths.length - 1} more`;
}
