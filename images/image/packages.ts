/** A package of the distribution, as the image lists it. */
export type SystemPackage = {
  type: 'deb' | 'apk';
  name: string;
  version: string;
  architecture: string;
  source: string | undefined;
};

/** What /etc/os-release says. Source: https://www.freedesktop.org/software/systemd/man/latest/os-release.html */
export type OsRelease = { id: string; versionId: string; prettyName: string };

/** Reads `KEY=VALUE` lines, with or without quotes. */
export function parseOsRelease(text: string): OsRelease {
  const values = new Map(
    [...text.matchAll(/^([A-Z_]+)=(["']?)(.*)\2\s*$/gm)].map(([, key, , value]) => [key!, value!] as const),
  );
  return {
    id: values.get('ID') ?? '',
    versionId: values.get('VERSION_ID') ?? '',
    prettyName: values.get('PRETTY_NAME') ?? values.get('ID') ?? '',
  };
}

/**
 * Reads dpkg's status, or one file of status.d as distroless images have it; what is not installed is left out.
 * Source: https://man7.org/linux/man-pages/man5/deb-control.5.html
 */
export function parseDpkg(text: string): SystemPackage[] {
  return text.split(/\r?\n(?:[ \t]*\r?\n)+/).flatMap((paragraph) => {
    const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(paragraph)?.[1]?.trim();
    const [name, version, status] = [field('Package'), field('Version'), field('Status')];
    if (!name || !version || (status !== undefined && !/ installed$/.test(status))) return [];
    const source = field('Source')?.replace(/ \(.*/, '');
    return [{ type: 'deb' as const, name, version, architecture: field('Architecture') ?? '', source }];
  });
}

/** Reads apk's list. Source: https://wiki.alpinelinux.org/wiki/Apk_spec */
export function parseApk(text: string): SystemPackage[] {
  return text.split(/\n\n+/).flatMap((paragraph) => {
    const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(paragraph)?.[1];
    const [name, version] = [field('P'), field('V')];
    if (!name || !version) return [];
    return [{ type: 'apk' as const, name, version, architecture: field('A') ?? '', source: field('o') }];
  });
}
