import { spawn } from 'node:child_process';

/** How to run a program. */
type RunOptions = {
  cwd: string;
  /** Added to the environment that the command was started with. */
  env?: Readonly<Record<string, string>>;
  /** Given to its standard input, which is empty otherwise. */
  stdin?: Uint8Array;
  /** It is killed after so long. */
  timeoutMs?: number;
  /** More output than this ends it; 64 MiB where nothing is said. */
  maxBytes?: number;
};

/** What a program said and how it ended. */
export type RunResult = {
  /** Exit code; undefined where it could not be started or was killed, and `problem` says why. */
  status: number | undefined;
  stdout: Buffer;
  stderr: string;
  problem: string | undefined;
};

/** Runs a program to its end without a shell; never throws. */
export type RunProgram = (
  program: string,
  args: readonly string[],
  options: RunOptions,
) => Promise<RunResult>;

const defaultMaxBytes = 64 * 1024 * 1024;

/** `RunProgram` by child processes; `signal` ends those that are running. */
export function programRunner(env: NodeJS.ProcessEnv, signal?: AbortSignal): RunProgram {
  return (program, args, { cwd, env: more, stdin, timeoutMs, maxBytes = defaultMaxBytes }) =>
    new Promise((resolve) => {
      const child = spawn(program, [...args], { cwd, env: { ...env, ...more }, stdio: 'pipe' });
      const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
      let bytes = 0;
      let problem: string | undefined;
      const kill = (why: string) => {
        problem ??= why;
        child.kill('SIGKILL');
      };
      const keep = (into: Buffer[]) => (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) kill(`${program} said more than ${maxBytes} bytes`);
        else into.push(chunk);
      };
      child.stdout.on('data', keep(stdout));
      child.stderr.on('data', keep(stderr));
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => kill(`${program} took more than ${timeoutMs} ms`), timeoutMs);
      const cancel = () => kill('cancelled');
      signal?.addEventListener('abort', cancel, { once: true });
      child.on('error', (error: NodeJS.ErrnoException) => {
        problem ??= error.code === 'ENOENT' ? `${program} is not installed` : error.message;
      });
      child.on('close', (code) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancel);
        const status = problem === undefined && code !== null && code >= 0 ? code : undefined;
        if (status === undefined) problem ??= `${program} was killed`;
        resolve({ status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString(), problem });
      });
      // A program that ends without reading closes its end first.
      child.stdin.on('error', () => undefined);
      child.stdin.end(stdin);
    });
}
