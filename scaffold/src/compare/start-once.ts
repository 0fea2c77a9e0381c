import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { GoSreDeps } from '../command.ts';
import { cancelled } from '../errors.ts';
import type { Probe } from './health.ts';

/** Milliseconds from `docker start` to the first healthy answer, or why there was none. */
export type Started = { ms: number } | { problem: string };

export type StartOptions = {
  image: string;
  probe: Probe;
  /** `KEY=VALUE` for the container. */
  env: readonly string[];
  timeoutMs: number;
};

/** What is needed from outside; `wait` stands between two looks. */
export type StartDeps = Pick<GoSreDeps, 'run' | 'cwd' | 'now' | 'fetch'> & {
  signal: AbortSignal;
  dockerHost: string | undefined;
  wait?: (ms: number) => Promise<unknown>;
};

const pollMs = 5;
/** An engine's command takes some 30 ms itself; a container that ended is not looked for more often. */
const lookMs = 500;
const commandMs = 60_000;
const maxTries = 5;

/** Starts one container, waits for its first healthy answer, and removes it, whatever happens. */
export async function startOnce(options: StartOptions, deps: StartDeps): Promise<Started> {
  for (let tries = 1; ; tries++) {
    const started = await startOn(freePort(), options, deps);
    const taken =
      'problem' in started && /port is already allocated|address already in use/.test(started.problem);
    if (!taken || tries === maxTries) return started;
  }
}

/** Below what systems give to outgoing connections. */
function freePort(): number {
  return randomInt(20_000, 32_000);
}

async function startOn(
  port: number,
  { image, probe, env, timeoutMs }: StartOptions,
  deps: StartDeps,
): Promise<Started> {
  const name = `go-sre-compare-${randomBytes(6).toString('hex')}`;
  const docker = (...args: string[]) => deps.run('docker', args, { cwd: deps.cwd, timeoutMs: commandMs });
  const { host, bind } = placesOf(deps.dockerHost);
  const flags =
    probe.kind === 'http'
      ? ['--publish', `${bind}:${port}:${probe.port}/tcp`]
      : ['--health-interval', '100ms', '--health-retries', '10000'];
  try {
    const variables = env.flatMap((variable) => ['--env', variable]);
    const created = await docker('create', '--name', name, '--pull', 'never', ...flags, ...variables, image);
    if (created.status !== 0) return { problem: lastWords(created) };
    const begin = deps.now();
    // Nothing is sent before: a packet for a network that is not yet there is sent anew only a second later.
    const ran = await docker('start', name);
    if (ran.status !== 0) return { problem: lastWords(ran) };
    const healthy =
      probe.kind === 'http'
        ? answers(`http://${host}:${port}${probe.path}`, probe.status, deps)
        : healthyBy(name, docker);
    return await until(healthy, () => stillRuns(name, docker), { begin, timeoutMs }, deps);
  } finally {
    await docker('rm', '--force', '--volumes', name);
  }
}

type Docker = (...args: string[]) => ReturnType<GoSreDeps['run']>;

/** An engine behind TCP has its ports on its own machine. */
function placesOf(dockerHost: string | undefined): { host: string; bind: string } {
  const remote = /^(?:tcp|https?):\/\/(\[[^\]]+\]|[^:/]+)/.exec(dockerHost ?? '')?.[1];
  return remote === undefined ? { host: '127.0.0.1', bind: '127.0.0.1' } : { host: remote, bind: '0.0.0.0' };
}

function lastWords({ stderr, problem }: { stderr: string; problem: string | undefined }): string {
  return problem ?? stderr.trim().split('\n').slice(-2).join(' ');
}

/** Whether a URL answers; a connection that is closed without a word is none, what is no HTTP is an answer of its kind. */
function answers(url: string, status: 'good' | 'any', deps: StartDeps): () => Promise<boolean> {
  return async () => {
    try {
      const response = await deps.fetch(url, {
        redirect: 'manual',
        signal: AbortSignal.timeout(2000),
      });
      await response.body?.cancel();
      return status === 'any' || response.status < 400;
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
      return status === 'any' && cause?.name === 'HTTPParserError';
    }
  };
}

function healthyBy(name: string, docker: Docker): () => Promise<boolean> {
  return async () => {
    const { stdout } = await docker('inspect', '--format', '{{.State.Health.Status}}', name);
    return stdout.toString().trim() === 'healthy';
  };
}

/** Why a container does not run any more, or undefined while it does. */
async function stillRuns(name: string, docker: Docker): Promise<string | undefined> {
  const { stdout } = await docker('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', name);
  const [state, code] = stdout.toString().trim().split(' ');
  if (state !== 'exited' && state !== 'dead') return undefined;
  const logs = await docker('logs', '--tail', '3', name);
  const said = `${logs.stdout.toString().trim()} ${logs.stderr.trim()}`
    .trim()
    .replace(/\s*\n\s*/g, ' | ')
    .slice(0, 300);
  return `its container ended with code ${code}${said === '' ? '' : `, its last words: ${said}`}`;
}

async function until(
  healthy: () => Promise<boolean>,
  whyEnded: () => Promise<string | undefined>,
  { begin, timeoutMs }: { begin: number; timeoutMs: number },
  deps: StartDeps,
): Promise<Started> {
  for (let looked = begin; ; ) {
    if (deps.signal.aborted) throw cancelled();
    if (await healthy()) return { ms: deps.now() - begin };
    const now = deps.now();
    if (now - looked >= lookMs) {
      looked = now;
      const why = await whyEnded();
      if (why !== undefined) return { problem: why };
    }
    if (now - begin > timeoutMs) return { problem: `it gave no healthy answer within ${timeoutMs / 1000} s` };
    await (deps.wait ?? delay)(pollMs);
  }
}
