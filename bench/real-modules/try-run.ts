// Whether the program of an image starts: it is asked for its version, or for help.
import { spawnSync } from 'node:child_process';
import type { Engine } from '../../test/helpers/docker-engine.ts';

/** What a container did when it was asked. */
export interface Answer {
  /** Exit code; undefined: it still ran after the deadline, and was ended. */
  code: number | undefined;
  output: string;
}

export interface Trial {
  ran: boolean;
  /** What was asked and how it ended: `--version: 0`. */
  how: string;
  /** Its first words, or why it did not run. */
  said: string;
}

const questions = [['--version'], ['version'], ['--help'], ['-h'], ['help']];

/** A server that takes no question starts to serve; it may do so for this long. */
const deadlineMs = 10_000;

/** What a program says that cannot start, with whatever exit code. */
const broken =
  /GLIBC_|shared librar|no such file or directory|exec format error|^panic: |permission denied/im;
const usage = /usage|version|flags?\b|options|commands?\b|\bv?\d+\.\d+/i;

/** True when the program answered as one that is asked for its version or for help. */
export function hasRun({ code, output }: Answer): boolean {
  if (code === undefined) return true;
  if (code === 0) return !broken.test(output);
  return code <= 2 && usage.test(output) && !broken.test(output);
}

/** Runs the image with each question until one is answered. */
export function tryRun(engine: Engine, tag: string): Trial {
  let last: Trial = { ran: false, how: '', said: '' };
  for (const question of questions) {
    const answer = ask(engine, tag, question);
    const end =
      answer.code === undefined ? `ran until it was ended after ${deadlineMs / 1000} s` : answer.code;
    const said = answer.output.trim().split('\n')[0]?.slice(0, 100) ?? '';
    last = { ran: hasRun(answer), how: `${question.join(' ')}: ${end}`, said };
    if (last.ran) return last;
  }
  return last;
}

function ask(engine: Engine, tag: string, question: readonly string[]): Answer {
  const name = `go-sre-trial-${process.pid}`;
  const docker = (args: string[], timeout?: number) =>
    spawnSync('docker', args, {
      env: engine.env,
      encoding: 'utf8',
      ...(timeout !== undefined && { timeout }),
    });
  const limits = ['--memory', '1g', '--pids-limit', '200', '--network', 'none'];
  const done = docker(['run', '--name', name, ...limits, tag, ...question], deadlineMs);
  docker(['rm', '--force', name]);
  const output = `${done.stdout}${done.stderr}`;
  return { code: done.error === undefined ? (done.status ?? undefined) : undefined, output };
}
