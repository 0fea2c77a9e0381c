// Pieces of a root file system for a made base image: folders on disk, later packed by tar.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './tool-recipes.ts';
import { ensureTool } from './tools.ts';

/** Debian's path of the CA bundle, relative to the root. */
export const caBundle = 'etc/ssl/certs/ca-certificates.crt';

/** A new root file system: two images of one repository do not meet in it. */
export function newFolder(workFolder: string, name: string): string {
  const folder = mkdtempSync(join(workFolder, `${name}-`));
  // As whatever user, a container's process must be able to see its root.
  chmodSync(folder, 0o755);
  return folder;
}

/** Copies one executable, with the folders above it. */
export function install(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, 0o755);
}

/** /etc/passwd with root, nobody and the given lines, and /etc/group with a group for each. */
export function addUsers(folder: string, ...more: string[]): void {
  const all = ['root:x:0:0:root:/root:/bin/sh', 'nobody:x:65534:65534:nobody:/:/sbin/nologin', ...more];
  addText(folder, 'etc/passwd', all);
  const groups = all.map((line) => line.split(':')).map(([name, , , gid]) => `${name}:x:${gid}:`);
  addText(folder, 'etc/group', groups);
}

/** Writes a text of these lines, with the folders above it. */
export function addText(folder: string, path: string, lines: string[]): void {
  mkdirSync(join(folder, dirname(path)), { recursive: true });
  writeFileSync(join(folder, path), `${lines.join('\n')}\n`);
}

export function addCaBundle(folder: string): void {
  mkdirSync(join(folder, dirname(caBundle)), { recursive: true });
  copyFileSync(join('/', caBundle), join(folder, caBundle));
}

/** /usr/share/zoneinfo, out of the archive that Go brings. */
export function addTimeZones(folder: string): void {
  const zones = join(folder, 'usr/share/zoneinfo');
  mkdirSync(zones, { recursive: true });
  const goroot = run('go', ['env', 'GOROOT']).trim();
  run(ensureTool('busybox'), ['unzip', '-q', '-d', zones, join(goroot, 'lib/time/zoneinfo.zip')]);
}

/** The loader and libc of musl, from Debian's package. */
export function addMusl(folder: string): void {
  const loader = ensureTool('musl');
  install(loader, join(folder, loader));
}

export function addTmp(folder: string): void {
  mkdirSync(join(folder, 'tmp'));
  chmodSync(join(folder, 'tmp'), 0o1777);
}

/** A shell and the usual commands in 2 MB, the machine's CA bundle, users and /tmp. */
export function addBusybox(folder: string): void {
  const busybox = ensureTool('busybox');
  install(busybox, join(folder, 'bin/busybox'));
  for (const name of run(busybox, ['--list']).trim().split('\n')) {
    const link = join(folder, 'bin', name);
    if (!existsSync(link)) symlinkSync('busybox', link);
  }
  addCaBundle(folder);
  addUsers(folder);
  addTmp(folder);
}

/** What the makers take from Debian 13, and what builds programs in C there. */
const debianPackages = {
  debian13: ['binutils', 'ca-certificates', 'libssl3t64', 'libstdc++6', 'redis-server', 'tzdata'],
  'debian13-slim': [],
  'debian13-build': [
    'ca-certificates',
    'gcc',
    'g++',
    'git',
    'libc6-dev',
    'make',
    'openssh-client',
    'pkg-config',
  ],
};

/** Debian 13's smallest system with these packages; made once per work folder, in 40 s. */
export function debian13(workFolder: string, name: keyof typeof debianPackages = 'debian13'): string {
  const folder = join(workFolder, name);
  if (existsSync(folder)) return folder;
  const packages = debianPackages[name];
  const include = packages.length === 0 ? [] : [`--include=${packages.join(',')}`];
  run(ensureTool('debootstrap'), ['--variant=minbase', ...include, 'trixie', folder]);
  rmSync(join(folder, 'var/cache/apt/archives'), { recursive: true, force: true });
  // The slim image of Debian has no bundle.
  if (existsSync(join(folder, dirname(caBundle)))) addCaBundle(folder);
  return folder;
}

/** Copies these absolute paths from one root to another, links as links, folders without their content. */
export function copyPaths(fromRoot: string, toRoot: string, paths: string[]): void {
  const wanted = paths.filter(
    (path) => path.startsWith('/') && !/^\/(\.$|usr\/share\/(doc|man|lintian)\/)/.test(path),
  );
  const list = `${toRoot}.list`;
  writeFileSync(list, [...new Set(wanted)].map((path) => `.${path}`).join('\n'));
  const archive = `${toRoot}.tar`;
  run('tar', [
    '--create',
    '--file',
    archive,
    '--directory',
    fromRoot,
    '--no-recursion',
    '--files-from',
    list,
  ]);
  run('tar', ['--extract', '--file', archive, '--directory', toRoot]);
}
