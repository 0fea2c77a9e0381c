import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './processes.ts';

const root = join(import.meta.dirname, '..');

/** The generated service's name, in its folder, its binary, its metrics and its traces. */
export const SERVICE = 'shop';

/** Tells a folder of the demo's own, which may be emptied, from one that a person filled. */
const MARKER = '.go-sre-demo';

/** Makes the folder the demo works in. @throws Error when it holds files that the demo did not make */
export async function prepareWorkDir(work: string): Promise<void> {
  // Not recursive: below some special folders Node's recursive mkdir never returns.
  await mkdir(work).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST')
      throw new Error(`--work ${work} cannot be made: ${error.message}. Its parent must exist.`);
  });
  const files = await readdir(work).catch((error: Error) => {
    throw new Error(`--work ${work} is no folder that can be read: ${error.message}`);
  });
  if (files.length > 0 && !files.includes(MARKER)) {
    throw new Error(
      `--work ${work} holds files that the demo did not make, and it would overwrite some. Name an empty or new folder.`,
    );
  }
  await writeFile(join(work, MARKER), 'Made by npm start, which empties and fills it again.\n');
}

/** Generates the service with the real command and builds it. */
export async function buildService(work: string): Promise<string> {
  await rm(join(work, SERVICE), { recursive: true, force: true });
  const args = [
    'scaffold/src/create.ts',
    SERVICE,
    '--dir',
    join(work, SERVICE),
    '--with',
    'redis',
    '--yes',
    '--no-git',
  ];
  await runProgram({ name: 'create-go-sre-service', command: process.execPath, args, cwd: root });
  const binary = join(work, 'bin', SERVICE);
  const build = ['build', '-tags', 'grpcnotrace', '-trimpath', '-o', binary, `./cmd/${SERVICE}`];
  await runProgram({ name: 'go build', command: 'go', args: build, cwd: join(work, SERVICE) });
  return binary;
}

export async function buildCache(work: string): Promise<string> {
  const binary = join(work, 'bin', 'cache');
  await runProgram({
    name: 'go build',
    command: 'go',
    args: ['build', '-o', binary, '.'],
    cwd: join(root, 'demo', 'cache'),
  });
  return binary;
}

export async function buildConsole(): Promise<void> {
  await runProgram({
    name: 'console build',
    command: process.execPath,
    args: ['collector/ui/build.ts'],
    cwd: root,
  });
}
