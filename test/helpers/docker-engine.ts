// A real container engine for tests: the machine's own when one answers, else one started here (Linux, as root)
// with its data outside the clone, and stopped again.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cacheRoot, onPath, run } from './tool-recipes.ts';

/** An engine that answers. `env` makes `docker` and its plug-ins talk to it. */
export interface Engine {
  env: NodeJS.ProcessEnv;
  /** Started here: its images are ours to make and to remove. The machine's own engine is not. */
  own: boolean;
  /** Of the daemon that was started here. */
  pid?: number;
  stop(): Promise<void>;
}

const startDeadlineMs = 60_000;
/** dockerd gives containers 15 s to end before it kills them. */
const stopDeadlineMs = 30_000;

function answers(env: NodeJS.ProcessEnv): boolean {
  return spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { env }).status === 0;
}

/** The engine that answers on this machine now, or undefined: none is started. */
export function runningEngine(env: NodeJS.ProcessEnv): Engine | undefined {
  return onPath(['docker'], env) && answers(env) ? { env, own: false, stop: async () => {} } : undefined;
}

/** Why no engine can be had on this machine, or undefined when one answers or can be started. */
export function engineProblem(env: NodeJS.ProcessEnv): string | undefined {
  if (!onPath(['docker'], env)) return 'the docker command is missing';
  if (answers(env)) return undefined;
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return 'no Docker engine answers, and one can be started only on Linux as root';
  }
  return onPath(['dockerd'], env) ? undefined : 'no Docker engine answers, and there is no dockerd to start';
}

/** The engine that already answers, or one started for the caller, who must `stop` it. */
export async function startEngine(env: NodeJS.ProcessEnv): Promise<Engine> {
  const problem = engineProblem(env);
  if (problem) throw new Error(problem);
  return runningEngine(env) ?? (await startDaemon(env));
}

async function startDaemon(env: NodeJS.ProcessEnv): Promise<Engine> {
  const data = join(cacheRoot(env), 'docker');
  mkdirSync(data, { recursive: true });
  // The path of a Unix socket may have 107 bytes, so it stands in a short folder.
  const runtime = mkdtempSync(join(tmpdir(), 'go-sre-docker-'));
  const socket = `unix://${join(runtime, 'docker.sock')}`;
  const logFile = join(runtime, 'dockerd.log');
  const log = openSync(logFile, 'a');
  const flags = ['--data-root', data, '--storage-driver', 'overlay2', '--host', socket];
  const folders = ['--exec-root', join(runtime, 'exec'), '--pidfile', join(data, 'dockerd.pid')];
  // setpriv's signal ends the daemon even when this process is killed and cannot.
  const daemon = spawn('setpriv', ['--pdeathsig', 'TERM', 'dockerd', ...flags, ...folders], {
    stdio: ['ignore', log, log],
    env,
  });
  const engineEnv = { ...env, DOCKER_HOST: socket, DOCKER_BUILDKIT: '1' };
  const stop = async () => {
    await end(daemon);
    rmSync(runtime, { recursive: true, force: true });
  };
  const deadline = performance.now() + startDeadlineMs;
  while (!answers(engineEnv)) {
    if (daemon.exitCode !== null || performance.now() > deadline) {
      const lastWords = readFileSync(logFile, 'utf8').trim().split('\n').slice(-8).join('\n');
      await stop();
      throw new Error(`dockerd did not start; its last words:\n${lastWords}`);
    }
    await delay(100);
  }
  return { env: engineEnv, own: true, ...(daemon.pid !== undefined && { pid: daemon.pid }), stop };
}

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = once(daemon, 'exit');
  daemon.kill('SIGTERM');
  const patience = AbortSignal.timeout(stopDeadlineMs);
  patience.addEventListener('abort', () => daemon.kill('SIGKILL'));
  await ended;
}

/** Removes what builds left behind in an engine of ours, but for 4 GB of build cache that spare the next run. */
export function tidy(engine: Engine): void {
  if (!engine.own) return;
  run('docker', ['image', 'prune', '--force'], engine.env);
  // With DOCKER_BUILDKIT=1 a client without the buildx plug-in refuses this command.
  const env = { ...engine.env, DOCKER_BUILDKIT: '0' };
  run('docker', ['builder', 'prune', '--force', '--keep-storage', '4gb'], env);
}
