// Pieces of a root file system for a made base image: folders on disk, later packed by tar.
import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from './tool-recipes.ts';
import { ensureTool } from './tools.ts';

/** Debian's path of the CA bundle, relative to the root. */
export const caBundle = 'etc/ssl/certs/ca-certificates.crt';

export function newFolder(workFolder: string, name: string): string {
  const folder = join(workFolder, name);
  mkdirSync(folder);
  return folder;
}

/** Copies one executable, with the folders above it. */
export function install(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, 0o755);
}

/** /etc/passwd with root, nobody and the given lines. */
export function addUsers(folder: string, ...more: string[]): void {
  mkdirSync(join(folder, 'etc'), { recursive: true });
  const all = ['root:x:0:0:root:/root:/bin/sh', 'nobody:x:65534:65534:nobody:/:/sbin/nologin', ...more];
  writeFileSync(join(folder, 'etc/passwd'), `${all.join('\n')}\n`);
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
  mkdirSync(join(folder, dirname(caBundle)), { recursive: true });
  copyFileSync(join('/', caBundle), join(folder, caBundle));
  addUsers(folder);
  addTmp(folder);
}

/** Debian 13's smallest system with what the makers take from it; made once per work folder, in 40 s. */
export function debian13(workFolder: string): string {
  const folder = join(workFolder, 'debian13');
  if (existsSync(folder)) return folder;
  const packages = 'binutils,ca-certificates,libstdc++6,redis-server,tzdata';
  run(ensureTool('debootstrap'), ['--variant=minbase', `--include=${packages}`, 'trixie', folder]);
  copyFileSync(join('/', caBundle), join(folder, caBundle));
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
