// Programs that a bench starts: each in a process group of its own, so that its children end with it, and all of
// them end with the bench, however that ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Command {
  command: string;
  args: readonly string[];
  cwd?: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** A program gets this long to end by itself. */
const stopAfterMs = 8000;
const keptCharacters = 4000;

/** What was started and has not ended. */
const running = new Set<ChildProcess>();

/** Ends everything that was started; for the moment when the bench is cancelled or this process ends. */
export function killAll(): void {
  for (const child of running) signalGroup(child, 'SIGKILL');
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // It has ended already.
  }
}

function start(
  { command, args, cwd, env, signal }: Command,
  stdin: 'ignore' | 'pipe',
  stdout: 'ignore' | 'pipe',
) {
  signal.throwIfAborted();
  const child = spawn(command, [...args], {
    ...(cwd !== undefined && { cwd }),
    env,
    stdio: [stdin, stdout, 'pipe'],
    detached: true,
  });
  running.add(child);
  const stderr: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, by) => resolve(code === 0 ? undefined : `exit ${code ?? by}`));
  });
  ended.then(() => running.delete(child));
  return { child, ended, stderr: () => stderr.join('') };
}

function failure({ command, args }: Command, how: string, said: string): Error {
  return new Error(
    `\`${[command, ...args].join(' ')}\` failed (${how}):\n${said.trim().slice(-keptCharacters)}`,
  );
}

/** Runs a program to its end. @throws Error with its last words when it fails */
export async function runCommand(command: Command): Promise<{ stdout: string; stderr: string }> {
  const { child, ended, stderr } = start(command, 'ignore', 'pipe');
  let stdout = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const how = await ended;
  command.signal.throwIfAborted();
  if (how !== undefined) throw failure(command, how, stdout + stderr());
  return { stdout, stderr: stderr() };
}

/** A program that runs until it is stopped. */
export interface Server {
  /** 0 when it could not be started, which `died` tells. */
  pid: number;
  /** Rejects when the program ends before it was stopped; never resolves. */
  died: Promise<never>;
  stop(): Promise<void>;
}

/** Starts a program whose output nobody reads. */
export function startServer(command: Command): Server {
  const { child, ended, stderr } = start(command, 'ignore', 'ignore');
  let stopping = false;
  const died = new Promise<never>((_, reject) => {
    ended.then((how) => {
      if (!stopping) reject(failure(command, how ?? 'it ended', stderr()));
    });
  });
  died.catch(() => undefined);
  const stop = async () => {
    stopping = true;
    signalGroup(child, 'SIGTERM');
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), stopAfterMs);
    await ended;
    clearTimeout(timer);
  };
  return { pid: child.pid ?? 0, died, stop };
}

/** A program that answers one line of JSON to each line of JSON, after a first line that says it is ready. */
export interface Conversation {
  ask(question: object): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts a program to talk to. @throws Error with its last words when it ends instead */
export async function converse(command: Command): Promise<Conversation> {
  const { child, ended, stderr } = start(command, 'pipe', 'pipe');
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const line = await lines.next();
    command.signal.throwIfAborted();
    if (line.done) throw failure(command, (await ended) ?? 'it ended', stderr());
    return JSON.parse(line.value);
  };
  await next();
  return {
    ask: async (question) => {
      if (!child.stdin!.write(`${JSON.stringify(question)}\n`)) await once(child.stdin!, 'drain');
      return next();
    },
    stop: async () => {
      child.stdin!.end();
      await ended;
    },
  };
}
