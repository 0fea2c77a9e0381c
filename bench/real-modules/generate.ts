// The Dockerfile of a module, by the command that a user runs, and what our own gate says of it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { BenchDeps } from '../bench.ts';
import type { Checkout } from './checkout.ts';
import type { RealModule } from './modules.ts';

const command = join(import.meta.dirname, '../../scaffold/src/go-sre.ts');

/** Findings of the gate on the files that were written, or why none was written. */
export type Generated = { findings: number } | { refused: string };

/** @throws Error with the words of a command that failed without naming a reason */
export async function generate(
  { tags }: RealModule,
  checkout: Checkout,
  goVersion: string,
  deps: BenchDeps,
): Promise<Generated> {
  // Many programs bring a Dockerfile of their own, which is written over.
  const flags = ['--main', checkout.main, '--go-version', goVersion, '--force'];
  const tagged = tags === undefined ? [] : ['--tags', tags];
  const written = goSre(['dockerfile', checkout.folder, ...flags, ...tagged], deps);
  if (written.status !== 0) {
    const words = written.stderr.trim();
    // What it refuses it names; anything else is a defect.
    if (written.status === 2 || !words.startsWith('go-sre: ')) throw new Error(words);
    return {
      refused: words
        .replace(/^go-sre: /, '')
        .split('\n')
        .slice(0, 4)
        .join(' '),
    };
  }
  const judged = goSre(['check', join(checkout.folder, 'Dockerfile'), '--json', '--offline'], deps);
  const { findings } = JSON.parse(judged.stdout) as { findings: unknown[] };
  return { findings: findings.length };
}

function goSre(args: readonly string[], deps: BenchDeps) {
  const done = spawnSync(process.execPath, [command, ...args], {
    env: deps.env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (done.error) throw done.error;
  return done;
}
