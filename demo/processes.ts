import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Program {
  name: string;
  command: string;
  args: string[];
  cwd?: string;
  env?: Record<string, string>;
}

/** A program that runs beside the demo; its last lines are kept for the message when it dies. */
export interface Running {
  name: string;
  /** Resolves with the first line of standard output that `matches`. */
  line(matches: (line: string) => boolean): Promise<string>;
  /** Rejects when the program ends before it was stopped; never resolves. */
  died: Promise<never>;
  stop(): Promise<void>;
}

const KEPT_LINES = 20;
/** A program that does not end by itself after this is killed. */
const STOP_AFTER_MS = 8000;

/** Starts a program in a group of its own, so that stopping it reaches what it started. */
export function startProgram(program: Program): Running {
  const child = spawn(program.command, program.args, {
    ...(program.cwd ? { cwd: program.cwd } : {}),
    env: { ...process.env, ...program.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  // Whatever ends the demo must not leave the program behind; `stop` is the gentle way.
  const killWithUs = () => signalGroup(child, 'SIGKILL');
  process.once('exit', killWithUs);
  const last: string[] = [];
  const waiting = new Set<{ matches: (line: string) => boolean; resolve: (line: string) => void }>();
  const heard = (line: string) => {
    last.push(line);
    if (last.length > KEPT_LINES) last.shift();
    for (const waiter of waiting) {
      if (!waiter.matches(line)) continue;
      waiting.delete(waiter);
      waiter.resolve(line);
    }
  };
  createInterface({ input: child.stdout }).on('line', heard);
  createInterface({ input: child.stderr }).on('line', heard);
  let stopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`exit ${code ?? signal}`));
  });
  const died = new Promise<never>((_, reject) => {
    ended.then((how) => {
      if (!stopping) reject(new Error(`${program.name} ended (${how}). Its last lines:\n${last.join('\n')}`));
    });
  });
  died.catch(() => {});
  return {
    name: program.name,
    died,
    line: (matches) =>
      Promise.race([new Promise<string>((resolve) => waiting.add({ matches, resolve })), died]),
    stop: async () => {
      stopping = true;
      await terminate(child, ended);
      process.off('exit', killWithUs);
    },
  };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // The group is gone already, which is what was wanted.
  }
}

async function terminate(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.stdin?.end();
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_AFTER_MS);
  await ended;
  clearTimeout(timer);
}

/** Runs a program to its end; rejects with its output when it fails. */
export function runProgram(program: Program): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program.command, program.args, {
      ...(program.cwd ? { cwd: program.cwd } : {}),
      env: { ...process.env, ...program.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => out.push(bytes));
    child.once('error', reject);
    child.once('close', (code) => {
      const text = Buffer.concat(out).toString();
      if (code === 0) resolve(text);
      else reject(new Error(`${program.name} failed (exit ${code}):\n${text}`));
    });
  });
}
