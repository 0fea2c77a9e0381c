import type { BaseImages, ReleaseCycle } from '../data/base-images.ts';

/** What a program starts on. */
export const baseKinds = ['scratch', 'static', 'cc', 'alpine', 'debian'] as const;
export type BaseKind = (typeof baseKinds)[number];

/** What a program needs beside itself, each with whom it is known from; undefined: it does not. */
export type Needs = {
  certificates: string | undefined;
  zones: string | undefined;
  temp: string | undefined;
  users: string | undefined;
  shell: string | undefined;
  /** The C library, linked dynamically. */
  libc: string | undefined;
};

/** What the runtime stage is given because its base lacks it. */
export type Extra = 'certificates' | 'zones' | 'temp' | 'users';

export type BaseChoice = {
  kind: BaseKind;
  image: string;
  /** One line, for the comment above it. */
  reason: string;
  extras: readonly Extra[];
};

/** What each base has of its own. Source: https://github.com/GoogleContainerTools/distroless/blob/main/base/README.md */
const has: Readonly<Record<BaseKind, readonly Extra[]>> = {
  scratch: [],
  static: ['certificates', 'zones', 'temp', 'users'],
  cc: ['certificates', 'zones', 'temp', 'users'],
  alpine: ['certificates', 'temp', 'users'],
  debian: ['temp', 'users'],
};

/** Debian releases that distroless images exist for. */
const distrolessReleases = ['13', '12'];

/** The base of a program's runtime stage: the smallest that has what it needs, or the one asked for. */
export function chooseBase(
  needs: Needs,
  asked: BaseKind | undefined,
  data: BaseImages,
  today: string,
): BaseChoice {
  const kind = asked ?? smallest(needs);
  const wanted = (['certificates', 'zones', 'temp', 'users'] as const).filter(
    (extra) => needs[extra] !== undefined,
  );
  return {
    kind,
    image: imageOf(kind, data, today),
    reason: asked === undefined ? reasonFor(kind, needs) : `${titles[kind]}: asked for with --base ${kind}`,
    extras: wanted.filter((extra) => !has[kind].includes(extra)),
  };
}

function smallest({ libc, shell, zones, temp, users }: Needs): BaseKind {
  if (libc !== undefined) return shell === undefined ? 'cc' : 'debian';
  if (shell !== undefined) return 'alpine';
  return zones === undefined && temp === undefined && users === undefined ? 'scratch' : 'static';
}

const titles: Readonly<Record<BaseKind, string>> = {
  scratch: 'scratch',
  static: 'distroless static',
  cc: 'distroless cc',
  alpine: 'alpine',
  debian: 'debian slim',
};

function reasonFor(kind: BaseKind, needs: Needs): string {
  if (kind === 'scratch') {
    const bundle = needs.certificates === undefined ? '' : ' beside the CA bundle';
    return `scratch: the binary is static and needs no other file${bundle}`;
  }
  const clauses = [
    kind === 'cc' || kind === 'debian' ? `it links the C library (${needs.libc})` : undefined,
    needs.shell === undefined ? undefined : `it starts a shell (${needs.shell})`,
    kind !== 'static' || needs.zones === undefined ? undefined : `it loads time zones (${needs.zones})`,
    kind !== 'static' || needs.temp === undefined ? undefined : `it writes temporary files (${needs.temp})`,
    kind !== 'static' || needs.users === undefined ? undefined : `it looks up its user (${needs.users})`,
  ];
  return `${titles[kind]}: ${clauses.filter((clause) => clause !== undefined).join(', ')}`;
}

function imageOf(kind: BaseKind, data: BaseImages, today: string): string {
  const debian = newestKept(data, 'debian', today, distrolessReleases);
  if (kind === 'scratch') return 'scratch';
  if (kind === 'alpine') return `alpine:${newestKept(data, 'alpine', today)?.latest ?? '3.23'}`;
  if (kind === 'debian') return `debian:${debian?.latest ?? '13'}-slim`;
  return `gcr.io/distroless/${kind}-debian${debian?.cycle ?? '13'}:nonroot`;
}

/** Debian's name in the tags of the Go images: `trixie`. */
export function debianName(data: BaseImages, today: string): string {
  return newestKept(data, 'debian', today, distrolessReleases)?.codename ?? 'trixie';
}

/** The newest line of releases that is kept up on that day; the newest of all where none is. */
function newestKept(
  data: BaseImages,
  product: string,
  today: string,
  only?: readonly string[],
): ReleaseCycle | undefined {
  const all = (data.products[product] ?? []).filter(({ cycle }) => only?.includes(cycle) ?? true);
  const newestFirst = [...all].sort((a, b) => (a.released < b.released ? 1 : -1));
  return newestFirst.find(({ eol }) => eol === undefined || eol >= today) ?? newestFirst[0];
}
