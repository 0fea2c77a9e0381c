import { compareVersions } from '../elf-dynamic.ts';
import type { Binary, Image } from '../image.ts';
import type { ImageRule } from './rule.ts';

/** What matters: what the image runs and other Go programs; the distribution's own programs fit its own libraries. */
function ownBinaries({ binaries, entry }: Image): Binary[] {
  return binaries.filter(
    ({ file, facts }) => facts.type !== 'other' && (facts.go !== undefined || file === entry.file),
  );
}

export const entrypointMissing: ImageRule = {
  code: 'entrypoint-missing',
  severity: 'error',
  title: 'What the image runs is there',
  what: 'ENTRYPOINT and CMD name a program that is in the image and may be executed.',
  why: 'Such an image builds, is scanned and is pushed, and its first container says "exec: no such file or directory".',
  mend: 'Copy the program to the path that ENTRYPOINT names, with its mode, and write ENTRYPOINT as a JSON list where the image has no shell.',
  link: 'https://docs.docker.com/reference/dockerfile/#entrypoint',
  *check({ image: { entry, config, exists } }) {
    const [first] = entry.argv;
    if (first === undefined) {
      yield 'The image runs nothing: it has neither ENTRYPOINT nor CMD.';
    } else if (entry.file === undefined) {
      const other = first.includes('/') && exists(first) ? 'which is no file' : 'which is not in it';
      yield `The image runs ${JSON.stringify(first)}, ${other}${first.includes('/') ? '' : ', in no folder of its PATH'}.`;
    } else if ((entry.file.mode & 0o111) === 0) {
      yield `The image runs /${entry.file.path}, which may not be executed: its mode is ${entry.file.mode.toString(8).padStart(4, '0')}.`;
    } else if (config.os !== '' && config.os !== 'linux') {
      yield `The image is for ${config.os}; only what is for Linux can be judged.`;
    }
  },
};

export const healthcheckMissing: ImageRule = {
  code: 'healthcheck-missing',
  severity: 'error',
  title: 'What HEALTHCHECK runs is there',
  what: 'The program of HEALTHCHECK is in the image; in its shell form that is /bin/sh.',
  why: 'A check that cannot be run fails: the container is told to be unhealthy however well it is, and what waits for it waits for ever.',
  mend: 'Let the service check itself, as HEALTHCHECK CMD ["/shop", "health"], or leave the check to the orchestrator.',
  link: 'https://docs.docker.com/reference/dockerfile/#healthcheck',
  *check({ image: { entry } }) {
    if (entry.healthcheck === undefined || entry.healthcheck.found) return;
    yield `HEALTHCHECK runs ${JSON.stringify(entry.healthcheck.program)}, which is not in the image.`;
  },
};

export const architectureMismatch: ImageRule = {
  code: 'architecture-mismatch',
  severity: 'error',
  title: 'Programs are for the architecture that the image says',
  what: 'What the image runs, and every Go program in it, is built for the architecture of its configuration.',
  why: 'It does not start there ("exec format error"), or only under an emulator that happens to be installed.',
  mend: 'Build with GOARCH=$TARGETARCH, and from a stage with --platform=$BUILDPLATFORM.',
  link: 'https://docs.docker.com/build/building/multi-platform/',
  *check({ image }) {
    const { architecture } = image.config;
    for (const { file, facts } of ownBinaries(image)) {
      if (architecture === '' || facts.architecture === architecture) continue;
      if (architecture === 'amd64' && facts.architecture === '386') continue; // runs there
      yield `/${file.path} is built for ${facts.architecture}, the image is for ${architecture}.`;
    }
  },
};

export const interpreterMissing: ImageRule = {
  code: 'interpreter-missing',
  severity: 'error',
  title: 'Programs find the loader that they are linked for',
  what: 'The loader that a program names (/lib64/ld-linux-x86-64.so.2 of glibc, /lib/ld-musl-x86_64.so.1 of musl) is in the image, or the program is static.',
  why: 'Without it the program does not start, and the message is about the program: "no such file or directory".',
  mend: 'Build with CGO_ENABLED=0, or link statically, or choose a base of the C library that it was built with: distroless/cc or Debian for glibc, Alpine for musl.',
  link: 'https://man7.org/linux/man-pages/man8/ld.so.8.html',
  *check({ image }) {
    for (const { file, facts } of ownBinaries(image)) {
      if (facts.interpreter === undefined || image.exists(facts.interpreter)) continue;
      const there =
        image.libc === undefined ? 'the image has no C library' : `the image has ${image.libc.kind}`;
      yield `/${file.path} cannot start: its loader ${facts.interpreter} is missing; ${there}.`;
    }
  },
};

export const libraryMissing: ImageRule = {
  code: 'library-missing',
  severity: 'error',
  title: 'Programs find the libraries that they are linked with',
  what: 'Every library that what the image runs, or a Go program in it, asks for is somewhere in the image.',
  why: 'The loader ends such a program before its first instruction.',
  mend: 'Install the library in the final stage, or copy it from the stage that builds; CGO_ENABLED=0 needs none.',
  link: 'https://man7.org/linux/man-pages/man8/ld.so.8.html',
  *check({ image }) {
    for (const { file, facts } of ownBinaries(image)) {
      // Without its loader it is told already.
      if (facts.interpreter !== undefined && !image.exists(facts.interpreter)) continue;
      const missing = (facts.dynamic?.needed ?? []).filter((name) => !found(name, image));
      if (missing.length > 0)
        yield `/${file.path} needs ${missing.join(', ')}, which ${missing.length === 1 ? 'is' : 'are'} not in the image.`;
    }
  },
};

/** musl's libc is its loader, under whatever name it is asked for. */
function found(name: string, { fileNames, libc }: Image): boolean {
  const base = name.slice(name.lastIndexOf('/') + 1);
  return fileNames.has(base) || (libc?.kind === 'musl' && /^libc\.(?:so$|musl-)/.test(base));
}

export const glibcTooOld: ImageRule = {
  code: 'glibc-too-old',
  severity: 'error',
  title: "The image's glibc is as new as its programs need",
  what: 'Every version of glibc that a program or a library asks for (GLIBC_2.34, …) is offered by the libc.so.6 of the image.',
  why: 'Linked on a newer distribution it does not start: "version `GLIBC_2.34\' not found".',
  mend: 'Build on the distribution release that the image is based on, or base the image on a newer one; CGO_ENABLED=0 needs no glibc.',
  link: 'https://sourceware.org/glibc/wiki/FAQ',
  *check({ image: { binaries, libc } }) {
    if (libc?.kind !== 'glibc' || libc.offers.length === 0) return;
    const offers = new Set(libc.offers);
    for (const { file, facts } of binaries) {
      const wants = (facts.dynamic?.wants ?? []).filter(
        ({ library, version }) =>
          library === 'libc.so.6' && /^GLIBC_[\d.]+$/.test(version) && !offers.has(version),
      );
      const highest = wants
        .map(({ version }) => version.slice(6))
        .sort(compareVersions)
        .at(-1);
      if (highest === undefined) continue;
      yield `/${file.path} needs GLIBC_${highest}, the image has glibc ${libc.release ?? 'of another release'} (/${libc.path}).`;
    }
  },
};
