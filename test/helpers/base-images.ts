// The images that container tests build on: pulled where a registry answers; where none does, and only in an
// engine of our own, made from what the machine and Debian have, and tagged with their real names.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from './docker-engine.ts';
import { imageMakers } from './image-makers.ts';
import { run } from './tool-recipes.ts';

/** What a failed pull says when the network or the registry is at fault, and not the image's name. */
const unreachable = /dial tcp|no such host|i\/o timeout|connection refused|unreachable|TLS handshake|: EOF/;

/**
 * The images that building a Dockerfile needs: its frontend, the bases of its stages and the images it copies
 * from, without its own stages and `scratch`.
 */
export function imagesOf(dockerfile: string): string[] {
  const all = (pattern: RegExp) => [...dockerfile.matchAll(pattern)].map((match) => match[1] ?? '');
  const stages = new Set(all(/^FROM\s+.*\s+AS\s+(\S+)/gim));
  const wanted = [
    ...all(/^#\s*syntax\s*=\s*(\S+)/gim),
    ...all(/^FROM\s+(?:--\S+\s+)*(\S+)/gim),
    ...all(/^COPY\s+.*--from=(\S+)/gim),
  ];
  return [...new Set(wanted)].filter((image) => !stages.has(image) && image !== 'scratch' && image !== '');
}

/**
 * Sees to it that the engine has every image and answers one line for each that had to be made. Throws when an
 * image does not exist, and when it cannot be pulled into an engine that is not ours.
 */
export function provideImages(engine: Engine, references: string[]): string[] {
  const workFolder = mkdtempSync(join(tmpdir(), 'go-sre-images-'));
  try {
    return references.flatMap((reference) => provide(engine, reference, workFolder) ?? []);
  } finally {
    rmSync(workFolder, { recursive: true, force: true });
  }
}

/** Why the engine cannot have this image here, or undefined once it has it. */
export function pullProblem(engine: Engine, reference: string): string | undefined {
  const docker = (...args: string[]) => spawnSync('docker', args, { encoding: 'utf8', env: engine.env });
  if (docker('image', 'inspect', reference).status === 0) return undefined;
  const pull = docker('pull', '--quiet', reference);
  return pull.status === 0 ? undefined : `the image ${reference} cannot be pulled: ${pull.stderr.trim()}`;
}

/** The parts of an image's name; the tag is `latest` where it has none. */
function partsOf(reference: string): { repository: string; tag: string; digest: string | undefined } {
  const [name = '', digest] = reference.split('@');
  const [, repository = name, tag = 'latest'] = /^(.*):([^/:]+)$/.exec(name) ?? [];
  return { repository, tag, digest };
}

function provide(engine: Engine, reference: string, workFolder: string): string | undefined {
  const problem = pullProblem(engine, reference);
  if (!problem) return undefined;
  const { repository, tag, digest } = partsOf(reference);
  const maker = imageMakers[repository];
  if (!engine.own || !maker || !unreachable.test(problem)) throw new Error(problem);
  if (digest) throw new Error(`${reference} cannot be made: a digest names what only a registry has`);
  const start = performance.now();
  const { folder, config, madeFrom } = maker(workFolder, tag);
  const archive = join(workFolder, 'image.tar');
  run('tar', ['--create', '--file', archive, '--numeric-owner', '--directory', folder, '.']);
  const changes = config.flatMap((line) => ['--change', line]);
  run('docker', ['import', ...changes, archive, reference], engine.env);
  rmSync(archive);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  return `${reference}: no registry answers, made from ${madeFrom} in ${seconds} s`;
}

/** The images of several Dockerfiles, each named once. */
export function imagesOfFiles(paths: string[]): string[] {
  return [...new Set(paths.flatMap((path) => imagesOf(readFileSync(path, 'utf8'))))];
}
