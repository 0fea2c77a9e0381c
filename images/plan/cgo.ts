import type { BuildFacts, CgoUser, PackageFacts } from './facts.ts';

/** Packages whose build without C does the same work for a program in a container, though their files say otherwise. */
const dispensable: readonly { path: string; why: string }[] = [
  // Source: https://github.com/coreos/go-systemd/blob/main/util/util_stub.go: without libsystemd, which no small image has, both answer the same error.
  {
    path: 'github.com/coreos/go-systemd/v22/internal/dlopen',
    why: 'it looks for libsystemd, which the image does not have',
  },
  { path: 'github.com/coreos/go-systemd/v22/util', why: 'it asks libsystemd, which the image does not have' },
];

export type CgoChoice = {
  on: boolean;
  reason: string;
  /** Packages with C that are linked. */
  users: readonly CgoUser[];
  /** Of `users`, those it is on for; empty where something else is the cause. */
  needed: readonly CgoUser[];
  /** Notes about packages whose C is left out. */
  left: readonly string[];
};

/** Whether the program is built with C. */
export function chooseCgo(
  facts: Pick<BuildFacts, 'cgoUsers' | 'pureProblem' | 'packages'>,
  asked: 'on' | 'off' | undefined,
): CgoChoice {
  const users = facts.cgoUsers;
  const left = users.flatMap((user) => {
    const why = dispensableWhy(user);
    return why === undefined ? [] : [`${user.importPath}: ${why}`];
  });
  const needed = users.filter((user) => dispensableWhy(user) === undefined);
  const on = (reason: string, of = needed): CgoChoice => ({ on: true, reason, users, needed: of, left: [] });
  const off = (reason: string, notes = left): CgoChoice => ({
    on: false,
    reason,
    users: [],
    needed: [],
    left: notes,
  });
  if (asked !== undefined) return asked === 'on' ? on('--cgo on') : off('--cgo off', []);
  if (needed.length > 0) return on(reasonOf(needed));
  const opens = pluginUser([...facts.packages.values()]);
  if (opens !== undefined) return on(`${opens} opens plugins, which takes the C library`);
  if (facts.pureProblem !== undefined) return on(`without cgo go list says: ${facts.pureProblem}`);
  return off(left.length === 0 ? 'nothing but the standard library has C' : 'what has C has the same in Go');
}

/**
 * The package of the module itself that opens shared objects as Go plugins. A library that can is no reason: nobody
 * built it for an image without them.
 */
export function pluginUser(linked: readonly PackageFacts[]): string | undefined {
  return linked.find(({ dir, imports }) => dir !== undefined && imports.includes('plugin'))?.importPath;
}

function dispensableWhy({ importPath, pure }: CgoUser): string | undefined {
  if (pure === 'whole') return 'it has Go files for a build without cgo';
  return pure === 'none' ? undefined : dispensable.find(({ path }) => path === importPath)?.why;
}

function reasonOf(needed: readonly CgoUser[]): string {
  const names = needed.slice(0, 3).map(({ importPath, pure }) => `${importPath} (${wordsFor[pure]})`);
  const more = needed.length > 3 ? ` and ${needed.length - 3} more` : '';
  return `C in ${names.join(', ')}${more}`;
}

const wordsFor = {
  none: 'no Go file without it',
  refuses: 'its Go files without it refuse to work',
  whole: 'has both',
  dropped: 'nothing takes its place without it',
} as const;
