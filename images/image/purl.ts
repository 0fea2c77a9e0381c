import type { GoModule } from './go-build-info.ts';
import type { OsRelease, SystemPackage } from './packages.ts';

// Package URLs. Source: https://github.com/package-url/purl-spec/blob/main/PURL-SPECIFICATION.rst and its types

/** Percent-encoding as the specification has it: more is left as it is than in other parts of a URL. */
function encoded(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%3A', ':')
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function purl(
  type: string,
  path: readonly string[],
  version: string,
  qualifiers: Readonly<Record<string, string>> = {},
): string {
  const pairs = Object.entries(qualifiers)
    .filter(([, value]) => value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${encoded(value)}`);
  const at = version === '' ? '' : `@${encoded(version)}`;
  return `pkg:${type}/${path.map(encoded).join('/')}${at}${pairs.length === 0 ? '' : `?${pairs.join('&')}`}`;
}

/** A Go module; `(devel)` is no version. Paths are lower case there. */
export function goPurl({ path, version }: Pick<GoModule, 'path' | 'version'>): string {
  return purl('golang', path.toLowerCase().split('/'), version === '(devel)' ? '' : version);
}

/** A package of a distribution; without a name of it the one that is known by its packages. */
export function systemPurl(
  { type, name, version, architecture }: SystemPackage,
  os: OsRelease | undefined,
): string {
  const vendor = os?.id || (type === 'deb' ? 'debian' : 'alpine');
  const distro = os === undefined || os.versionId === '' ? '' : `${os.id}-${os.versionId}`;
  return purl(type, [vendor, name], version, { arch: architecture, distro });
}

/** An image by the digest of its manifest, or by what stands for it. */
export function imagePurl(name: string | undefined, digest: string, architecture: string): string {
  const [, repository = 'image', tag = ''] = /^(.*?)(?::([^:/@]+))?(?:@.*)?$/.exec(name ?? 'image') ?? [];
  const last = repository.split('/').at(-1)!.toLowerCase();
  return purl('oci', [last], digest, {
    arch: architecture,
    tag,
    ...(repository.includes('/') && { repository_url: repository }),
  });
}
