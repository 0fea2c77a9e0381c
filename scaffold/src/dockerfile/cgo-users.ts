import { join } from 'node:path';
import type { CgoFacts, CgoUser, PureSide } from '../../../images/index.ts';
import type { Disk } from '../disk.ts';
import { readIfThere } from '../disk.ts';
import type { ListedPackage } from './go-list.ts';

/** Libraries that every C toolchain and the cc image have. */
const ordinary = ['c', 'm', 'dl', 'rt', 'pthread', 'resolv', 'util', 'gcc_s', 'stdc++', 'atomic'];

/** What a Go file for builds without cgo says when it only stands in. */
const refusal =
  /\b(?:requires?|needs?|without|no) ?-?cgo\b|CGO_ENABLED|ErrNo_?CGO|\bcgo (?:is )?(?:disabled|required|not)|compiled without|not (?:supported|implemented|available)|unsupported|is a stub/i;

/** The C side of a package, where the build with cgo gives it one. */
export function cgoOf(listed: ListedPackage): CgoFacts | undefined {
  const swig = (listed.SwigFiles ?? []).length + (listed.SwigCXXFiles ?? []).length > 0;
  if ((listed.CgoFiles ?? []).length === 0 && !swig) return undefined;
  const flags = listed.CgoLDFLAGS ?? [];
  const libraries = flags.flatMap((flag) => /^-l(.+)$/.exec(flag)?.[1] ?? []);
  return {
    pkgConfig: [...new Set((listed.CgoPkgConfig ?? []).filter((name) => !name.startsWith('-')))],
    libraries: [...new Set(libraries.filter((name) => !ordinary.includes(name)))],
    swig,
  };
}

/**
 * The packages outside the standard library that use C.
 * @param withC the listing with cgo
 * @param without the one without, by import path
 */
export async function cgoUsers(
  withC: readonly ListedPackage[],
  without: ReadonlyMap<string, ListedPackage>,
  disk: Pick<Disk, 'readFile'>,
): Promise<CgoUser[]> {
  const users = withC.filter((one) => one.Standard !== true && cgoOf(one) !== undefined);
  return Promise.all(
    users.map(async (one) => ({
      importPath: one.ImportPath,
      module: one.Module?.Path ?? '',
      cgo: cgoOf(one)!,
      pure: await pureSide(one, without.get(one.ImportPath), disk),
    })),
  );
}

async function pureSide(
  withC: ListedPackage,
  without: ListedPackage | undefined,
  disk: Pick<Disk, 'readFile'>,
): Promise<PureSide> {
  // What the build without cgo does not reach is reached through another package's C side.
  if (without === undefined) return 'whole';
  const files = without.GoFiles ?? [];
  if (without.Error !== undefined || files.length === 0) return 'none';
  const own = files.filter((name) => !withC.GoFiles?.includes(name));
  if (own.length === 0) return 'dropped';
  for (const name of own) {
    const text = (await readIfThere(join(without.Dir ?? '', name), disk))?.toString() ?? '';
    if (refusal.test(text)) return 'refuses';
  }
  return 'whole';
}
