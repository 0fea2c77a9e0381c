import type { ImageConfig } from './config.ts';
import type { FileSystem, ImageFile } from './file-system.ts';
import type { Binary, Entry } from './image.ts';

/** Where an engine looks without a PATH. Source: https://github.com/moby/moby/blob/v28.2.2/oci/defaults.go and https://pkg.go.dev/github.com/containerd/containerd/v2/pkg/oci */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const shell = /(?:^|\/)(?:sh|bash|dash|ash|busybox)$/;

/** Finds what the image runs: ENTRYPOINT and CMD, looked up as the runtime does. */
export function findEntry(config: ImageConfig, files: FileSystem): Entry {
  const argv = [...config.entrypoint, ...config.cmd];
  const find = (word: string) => lookUp(word, config, files);
  const command = shell.test(argv[0] ?? '') && argv[1] === '-c' ? (argv[2] ?? '') : undefined;
  // `exec /app -x` in a shell, or `tini -- /app`: the first word that is a Go binary is what is meant.
  const words = command === undefined ? argv : command.split(/[\s;&|()]+/);
  const programs = words.slice(0, maxWords).flatMap((word) => asBinary(find(word)) ?? []);
  return {
    argv,
    file: argv.length === 0 ? undefined : find(argv[0]!),
    goProgram: programs.find(({ facts }) => facts.go !== undefined),
    healthcheck: healthcheckOf(config, find),
  };
}

/** `CMD` is run as it is, `CMD-SHELL` by the shell of the image. Source: https://github.com/moby/docker-image-spec/blob/v1.3.1/spec.md */
function healthcheckOf(
  { healthcheck }: ImageConfig,
  find: (word: string) => ImageFile | undefined,
): Entry['healthcheck'] {
  if (healthcheck === undefined) return undefined;
  const program = healthcheck[0] === 'CMD-SHELL' ? '/bin/sh' : (healthcheck[1] ?? '');
  return { program, found: find(program) !== undefined };
}

const maxWords = 100;

function asBinary(file: ImageFile | undefined): Binary | undefined {
  const facts = file?.facts?.binary;
  return file === undefined || facts === undefined ? undefined : { file, facts };
}

function lookUp(word: string, { env, workingDir }: ImageConfig, files: FileSystem): ImageFile | undefined {
  if (word === '') return undefined;
  if (word.includes('/')) return ifFile(files.find(word.startsWith('/') ? word : `${workingDir}/${word}`));
  const path = env.findLast((variable) => variable.startsWith('PATH='))?.slice(5) ?? defaultPath;
  for (const folder of path.split(':').slice(0, maxWords)) {
    const found = ifFile(files.find(`${folder}/${word}`));
    if (found !== undefined) return found;
  }
  return undefined;
}

function ifFile(file: ImageFile | undefined): ImageFile | undefined {
  return file?.kind === 'file' || file?.kind === 'hardlink' ? file : undefined;
}
