import type { ImageReference } from '../../../dockerfile/reference.ts';
import { lineage, type Stage } from '../../../dockerfile/stages.ts';
import { copyOf } from './copies.ts';
import { distrolessSuite, isDistroless, isGoImage, shortName } from './images.ts';
import { commandName, commandsOf } from './shell.ts';
import { type Read, type Step, stepsOf } from './steps.ts';

/** The C library that programs of an image find. `none`: none at all; undefined elsewhere: nobody knows. */
export type Libc = { kind: 'musl' } | { kind: 'none' } | { kind: 'glibc'; version: string | undefined };

/** glibc by suite. Sources: https://packages.debian.org/glibc-source, https://packages.ubuntu.com/glibc-source, https://access.redhat.com/solutions/38634 */
const glibc: Readonly<Record<string, string>> = {
  ...{ stretch: '2.24', buster: '2.28', bullseye: '2.31', bookworm: '2.36', trixie: '2.41' },
  ...{
    'debian:9': '2.24',
    'debian:10': '2.28',
    'debian:11': '2.31',
    'debian:12': '2.36',
    'debian:13': '2.41',
  },
  ...{
    xenial: '2.23',
    bionic: '2.27',
    focal: '2.31',
    jammy: '2.35',
    noble: '2.39',
    plucky: '2.41',
    questing: '2.42',
  },
  ...{ 'ubuntu:16.04': '2.23', 'ubuntu:18.04': '2.27', 'ubuntu:20.04': '2.31', 'ubuntu:22.04': '2.35' },
  ...{ 'ubuntu:24.04': '2.39', 'ubuntu:25.04': '2.41', 'ubuntu:25.10': '2.42' },
  ...{
    'centos:7': '2.17',
    'centos:8': '2.28',
    'rockylinux:8': '2.28',
    'rockylinux:9': '2.34',
    'rockylinux:10': '2.39',
  },
  ...{
    'almalinux:8': '2.28',
    'almalinux:9': '2.34',
    'almalinux:10': '2.39',
    'ubi8:': '2.28',
    'ubi9:': '2.34',
    'ubi10:': '2.39',
  },
  ...{
    'amazonlinux:2': '2.26',
    'amazonlinux:2023': '2.34',
    'fedora:41': '2.40',
    'fedora:42': '2.41',
    'fedora:43': '2.42',
  },
};

/** Debian of the Go images whose tag names none. Source: the tags on https://hub.docker.com/_/golang when each was current. */
function goSuite(tag: string): string | undefined {
  const version = /^\d+\.\d+/.exec(tag)?.[0];
  if (version === undefined) return /^\D/.test(tag) ? 'trixie' : undefined;
  const minor = Number(version.split('.')[1]);
  if (minor >= 25) return 'trixie';
  if (minor === 24) return undefined;
  return minor >= 20 ? 'bookworm' : 'bullseye';
}

/** @returns undefined where it cannot be told */
export function libcOfImage(reference: ImageReference): Libc | undefined {
  const { tag = '', repository } = reference;
  const name = shortName(reference);
  if (isDistroless(reference)) return distrolessLibc(reference, name);
  if (repository.startsWith('chainguard/'))
    return name === 'static' ? { kind: 'none' } : { kind: 'glibc', version: undefined };
  if (name === 'alpine' || tag.split('-').some((part) => /^alpine/.test(part))) return { kind: 'musl' };
  if (name === 'busybox') return busyboxLibc(tag);
  const suite = tag.split('-').find((part) => Object.hasOwn(glibc, part));
  if (suite !== undefined) return { kind: 'glibc', version: glibc[suite] };
  if (isGoImage(reference)) return { kind: 'glibc', version: glibc[goSuite(tag) ?? ''] };
  const family = repository.split('/').find((part) => /^ubi\d+$/.test(part));
  if (family !== undefined) return { kind: 'glibc', version: glibc[`${family}:`] };
  const known = [
    'debian',
    'ubuntu',
    'centos',
    'rockylinux',
    'almalinux',
    'amazonlinux',
    'fedora',
    'buildpack-deps',
    'node',
    'python',
  ];
  if (!known.includes(name)) return undefined;
  const version = /^\d+(?:\.\d+)?/.exec(tag)?.[0] ?? '';
  return { kind: 'glibc', version: glibc[`${name}:${version}`] ?? glibc[`${name}:${version.split('.')[0]}`] };
}

function distrolessLibc(reference: ImageReference, name: string): Libc {
  if (name.startsWith('static')) return { kind: 'none' };
  return { kind: 'glibc', version: glibc[`debian:${distrolessSuite(reference) ?? ''}`] };
}

function busyboxLibc(tag: string): Libc | undefined {
  if (/musl/.test(tag)) return { kind: 'musl' };
  return /glibc/.test(tag) ? { kind: 'glibc', version: undefined } : undefined;
}

/** The C library of a stage: its image's, unless a step brings another one. */
export function libcOf(subject: Read, stage: Stage): Libc | undefined {
  const { base } = lineage(stage).at(-1)!;
  if (stepsOf(subject, stage).some((step) => bringsLibc(step))) return undefined;
  if (base.kind === 'scratch') return { kind: 'none' };
  return base.kind === 'image' && base.reference !== undefined ? libcOfImage(base.reference) : undefined;
}

/** The loader copied from elsewhere, or packages that stand in for glibc on Alpine. */
function bringsLibc(step: Step): boolean {
  const copy = copyOf(step);
  if (copy !== undefined)
    return copy.sources.some((source) =>
      /\/ld-(?:linux|musl)|\/libc\.(?:so|musl)|^\/?(?:usr\/)?lib(?:64)?(?:\/|$)/.test(source),
    );
  return commandsOf(step).some((command) => {
    const name = commandName(command);
    return (
      (name === 'apk' || name === 'dpkg') &&
      command.args.some((arg) =>
        /^(?:gcompat|libc6-compat|glibc(?:$|[-_.].*))/.test(arg.slice(arg.lastIndexOf('/') + 1)),
      )
    );
  });
}
