import type { Archive } from './archive.ts';
import { chooseImage, type Wish } from './choose.ts';
import type { HistoryLine } from './config.ts';
import { highestGlibc } from './elf-dynamic.ts';
import { findEntry } from './entry.ts';
import type { Spool } from './file-facts.ts';
import { type FileSystem, fileSystem, type Hidden, type ImageFile } from './file-system.ts';
import type { Binary, Image, Libc, SecretFile, Wasted } from './image.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { parseApk, parseDpkg, parseOsRelease, type SystemPackage } from './packages.ts';
import { type LayerFacts, type LayerReading, readLayer } from './read-layer.ts';

export type ReadingDeps = {
  spool: Spool;
  limits?: Limits;
  /** Whether layers that lie unpacked are packed once to learn their size in a registry; the rest is counted either way. */
  measureUpToBytes?: number;
};

/**
 * Reads an image once from its lowest layer to its highest.
 * @throws ImageError when it is damaged, too large, not what its digests say, or not the one that is wished for
 */
export async function readImage(archive: Archive, wish: Wish, deps: ReadingDeps): Promise<Image> {
  const limits = deps.limits ?? defaultLimits;
  const chosen = await chooseImage(archive, wish, limits);
  const hidden: Hidden[] = [];
  const files = fileSystem(2 * limits.entries, (told) => void hidden.push(told));
  const blobBytes = chosen.layers.reduce((sum, { source }) => sum + source.size, 0);
  const reading: LayerReading = {
    ...{ files, spool: deps.spool, limits },
    left: { entries: limits.entries, bytes: limits.unpackedBytes },
    measure: blobBytes <= (deps.measureUpToBytes ?? 0),
  };
  const layers: LayerFacts[] = [];
  for (const [i, blob] of chosen.layers.entries()) {
    layers.push(await readLayer(blob, i, chosen.config.diffIds[i]!, reading));
  }
  const seen = [...files.files()];
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  const packed = layers.map((layer) => layer.compressedBytes);
  const { names, manifestDigest, configDigest, config } = chosen;
  return {
    ...{ names, manifestDigest, configDigest, config, size },
    compressedSize: packed.reduce(
      (sum, bytes) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
      0,
    ),
    compressedMeasured: layers.some(({ compression }) => compression === 'none'),
    layers: withHistory(layers, config.history),
    wasted: wastedOf(hidden, seen, size),
    ...lookAt(seen, files, hidden),
    entry: findEntry(config, files),
    exists: (path) => files.find(path) !== undefined,
  };
}

/** The history names the steps that made no layer, too. */
function withHistory(layers: readonly LayerFacts[], history: readonly HistoryLine[]): Image['layers'] {
  const made = history.filter(({ empty }) => !empty);
  const told = made.length === layers.length;
  return layers.map((layer, i) => ({
    ...layer,
    createdBy: told ? made[i]!.createdBy || made[i]!.comment : '',
  }));
}

function wastedOf(hidden: readonly Hidden[], seen: readonly ImageFile[], size: number): Wasted {
  const bytes = (how: Hidden['how']) =>
    hidden.reduce((sum, told) => sum + (told.how === how ? told.file.size : 0), 0);
  const byContent = new Map<string, ImageFile[]>();
  for (const file of seen) {
    if (file.kind !== 'file' || file.size === 0 || file.facts === undefined) continue;
    const same = byContent.get(file.facts.sha256);
    if (same === undefined) byContent.set(file.facts.sha256, [file]);
    else same.push(file);
  }
  const copies = [...byContent]
    .flatMap(([sha256, files]) => (files.length < 2 ? [] : [{ sha256, size: files[0]!.size, files }]))
    .sort(
      (a, b) =>
        b.size * (b.files.length - 1) - a.size * (a.files.length - 1) || (a.sha256 < b.sha256 ? -1 : 1),
    );
  const duplicated = copies.reduce((sum, { size: each, files }) => sum + each * (files.length - 1), 0);
  const [overwritten, removed] = [bytes('overwritten'), bytes('removed')];
  return {
    ...{ overwritten, removed, duplicated, copies },
    share: size === 0 ? 0 : (overwritten + removed + duplicated) / size,
    hidden: hidden.toSorted((a, b) => b.file.size - a.file.size),
  };
}

type Seen = Pick<
  Image,
  | 'binaries'
  | 'libc'
  | 'secrets'
  | 'setuid'
  | 'worldWritable'
  | 'packageManagers'
  | 'shells'
  | 'os'
  | 'packages'
  | 'fileNames'
  | 'rootNames'
>;

// Names of programs. Source: the distributions' own packages apk-tools, apt, dpkg, dnf, microdnf, rpm, zypper, pacman, opkg
const managerPath =
  /^(?:usr\/)?(?:local\/)?s?bin\/(?:apk|apt|apt-get|dpkg|yum|dnf[45]?|microdnf|tdnf|rpm|zypper|pacman|opkg)$/;
const shellPath =
  /^(?:usr\/)?(?:local\/)?s?bin\/(?:sh|bash|dash|ash|zsh|ksh|busybox)$|^busybox\/(?:sh|busybox)$/;

/** What rules and reports look at, gathered from the files that can be seen. */
function lookAt(seen: readonly ImageFile[], files: FileSystem, hidden: readonly Hidden[]): Seen {
  const plain = seen.filter(({ kind }) => kind === 'file' || kind === 'hardlink');
  const binaries = plain.flatMap((file): Binary[] =>
    file.kind === 'file' && file.facts?.binary !== undefined ? [{ file, facts: file.facts.binary }] : [],
  );
  const paths = (form: RegExp) =>
    seen.flatMap(({ path, kind }) => (kind !== 'folder' && form.test(path) ? [path] : []));
  const text = (path: string) => files.find(path)?.facts?.text;
  const release = text('etc/os-release') ?? text('usr/lib/os-release');
  return {
    binaries,
    libc: libcOf(binaries, seen),
    secrets: secretsOf(plain, hidden),
    setuid: plain.filter(({ mode }) => (mode & 0o6000) !== 0),
    worldWritable: plain.filter(({ mode }) => (mode & 0o002) !== 0),
    packageManagers: paths(managerPath),
    shells: paths(shellPath),
    os: release === undefined ? undefined : parseOsRelease(release),
    packages: packagesOf(plain),
    rootNames: new Set(
      [...(text('etc/passwd') ?? '').matchAll(/^([^:\n]+):[^:\n]*:0+:/gm)].map(([, name]) => name!),
    ),
    fileNames: new Set(seen.map(({ path }) => path.slice(path.lastIndexOf('/') + 1))),
  };
}

function libcOf(binaries: readonly Binary[], seen: readonly ImageFile[]): Libc | undefined {
  const glibc = binaries.find(({ facts }) => facts.dynamic?.soname === 'libc.so.6');
  if (glibc !== undefined) {
    const offers = glibc.facts.dynamic?.offers ?? [];
    const release = glibc.facts.libcRelease ?? highestGlibc(offers);
    return { kind: 'glibc', path: glibc.file.path, release, offers };
  }
  const musl = seen.find(({ path }) => /(?:^|\/)(?:ld-musl-[^/]+|libc\.musl-[^/]+)\.so\.1$/.test(path));
  return musl && { kind: 'musl', path: musl.path };
}

function secretsOf(plain: readonly ImageFile[], hidden: readonly Hidden[]): SecretFile[] {
  const holding = (file: ImageFile, visible: boolean): SecretFile[] => {
    const secrets = file.kind === 'file' ? (file.facts?.secrets ?? []) : [];
    return secrets.length === 0 ? [] : [{ file, secrets, visible }];
  };
  return [
    ...plain.flatMap((file) => holding(file, true)),
    ...hidden.flatMap(({ file }) => holding(file, false)),
  ];
}

function packagesOf(plain: readonly ImageFile[]): SystemPackage[] {
  const found = plain.flatMap(({ path, facts }) => {
    if (facts?.text === undefined) return [];
    if (path.startsWith('var/lib/dpkg/status')) return path.endsWith('.md5sums') ? [] : parseDpkg(facts.text);
    return path.endsWith('lib/apk/db/installed') ? parseApk(facts.text) : [];
  });
  return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
