// The image of collector/Dockerfile: built by a real engine where there is one, else told from what it is made of.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imagesOf, provideImages } from '../../test/helpers/base-images.ts';
import { type Engine, engineProblem, startEngine, tidy } from '../../test/helpers/docker-engine.ts';
import { tool } from '../../test/helpers/tools.ts';
import type { BenchDeps } from '../bench.ts';
import { runCommand } from '../processes.ts';

const root = join(import.meta.dirname, '../..');
const dockerfile = join(root, 'collector/Dockerfile');

/** MB are 10^6 bytes. */
export interface ImageSize {
  megabytes: number;
  /** Of its files packed by gzip, as a registry keeps its layers. */
  gzipMB: number;
  note: string;
}

/** Size of the collector's image; `built` is the folder of the built package, for an estimate. */
export async function imageSize(built: string, deps: BenchDeps): Promise<ImageSize> {
  let problem = engineProblem(deps.env);
  const skip = (reason?: string) => {
    problem ??= reason;
  };
  const compose = tool({ skip }, 'docker-compose');
  if (problem !== undefined || compose === undefined) return estimated(built, problem ?? '', deps);
  let engine: Engine;
  try {
    engine = await startEngine(deps.env);
  } catch (error) {
    return estimated(built, error instanceof Error ? error.message : String(error), deps);
  }
  try {
    return await measured(engine, compose, deps);
  } finally {
    tidy(engine);
    await engine.stop();
  }
}

async function measured(engine: Engine, compose: string, deps: BenchDeps): Promise<ImageSize> {
  for (const line of provideImages(engine, imagesOf(readFileSync(dockerfile, 'utf8')))) deps.tell(line);
  const tag = `go-sre-bench-collector:${process.pid}`;
  const run = (command: string, ...args: string[]) =>
    runCommand({ command, args, env: engine.env, signal: deps.signal });
  const docker = (...args: string[]) => run('docker', ...args);
  const file = join(deps.folder, 'image.compose.json'); // YAML is a superset of JSON
  const build = { context: root, dockerfile };
  writeFileSync(file, JSON.stringify({ services: { collector: { build, image: tag } } }));
  deps.tell("building the collector's image");
  await run(compose, '--file', file, '--project-name', `go-sre-bench-${process.pid}`, 'build');
  try {
    await docker('run', '--rm', '--read-only', tag, '--version');
    const { stdout } = await docker('image', 'inspect', '--format', '{{.Size}}', tag);
    const gzipped = await gzipBytes('docker', ['save', tag], engine.env, deps.signal);
    const note =
      'The image was built and started; imageMB is what `docker image inspect` tells, imageGzipMB what `docker save` gives, packed by gzip -6.';
    return { megabytes: Number(stdout) / 1e6, gzipMB: gzipped / 1e6, note };
  } finally {
    await docker('image', 'rm', '--force', tag).catch(() => undefined);
  }
}

/** Node without symbols, the libraries it links and the package: what the Dockerfile copies, from this machine. */
async function estimated(built: string, why: string, deps: BenchDeps): Promise<ImageSize> {
  const folder = join(deps.folder, 'image');
  mkdirSync(folder);
  const run = (command: string, ...args: string[]) =>
    runCommand({ command, args, env: deps.env, signal: deps.signal });
  await run('strip', `--output-file=${join(folder, 'node')}`, process.execPath);
  const { stdout } = await run('ldd', process.execPath);
  for (const library of stdout.match(/\/lib\S*/g) ?? []) {
    copyFileSync(library, join(folder, library.replaceAll('/', '-')));
  }
  const parts = [
    { cwd: folder, name: '.' },
    { cwd: built, name: 'dist' },
  ];
  const megabytes = parts.reduce((sum, { cwd, name }) => sum + bytesBelow(join(cwd, name)), 0) / 1e6;
  const packed = await gzipBytes(
    'tar',
    ['--create', ...parts.flatMap(({ cwd, name }) => ['--directory', cwd, name])],
    deps.env,
    deps.signal,
  );
  const note = `imageMB and imageGzipMB are estimates, because ${why}: the sum of Node without symbols, the libraries it links and the package.`;
  return { megabytes, gzipMB: packed / 1e6, note };
}

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** Bytes of a program's output after gzip's usual level. @throws Error when the program fails */
async function gzipBytes(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<number> {
  const child = spawn(command, args, { env, signal, stdio: ['ignore', 'pipe', 'inherit'] });
  // Node's own zlib is a faster one that packs less.
  const gzip = spawn('gzip', ['-6'], { env, signal, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = Promise.all([once(child, 'close'), once(gzip, 'close')]);
  child.stdout.pipe(gzip.stdin);
  let bytes = 0;
  for await (const chunk of gzip.stdout) bytes += (chunk as Buffer).length;
  for (const [code] of await ended)
    if (code !== 0) throw new Error(`\`${command} ${args[0]} | gzip\` ended with ${code}`);
  return bytes;
}
