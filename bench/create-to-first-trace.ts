// How long does a newcomer wait, from the create command to the first trace that the collector answers? Both packages
// are packed and installed as npm would, outside the clock; then the printed steps run as they are printed, but for
// the ports, which are free ones. Cold: Go's module and build caches are empty, so every module is downloaded and the
// standard library is compiled.
import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { sleep } from '../demo/wait.ts';
import { freePorts } from '../test/helpers/ports.ts';
import { userShell } from '../test/helpers/user-env.ts';
import type { Bench, BenchDeps } from './bench.ts';
import { runCommand, type Server, startServer } from './processes.ts';
import { cell, type Table } from './report.ts';
import { spread } from './statistics.ts';

const root = join(import.meta.dirname, '..');
const name = 'orders';
const defaultRounds = 3;
const pollMs = 20;
/** A part that takes longer has failed. */
const withinMs = 600_000;

/** A person's shell with this Node, which both packages need, and the service as it is without OTEL_ variables. */
function userEnv(deps: BenchDeps): NodeJS.ProcessEnv {
  const env = Object.entries(deps.env).filter(([name]) => !name.startsWith('OTEL_'));
  return { ...userShell(Object.fromEntries(env), join(process.execPath, '..')), GOWORK: 'off' };
}

/** Packs both packages and installs them into `home`, from the disk alone. */
async function installPackages(home: string, deps: BenchDeps): Promise<void> {
  await mkdir(home);
  const env = userEnv(deps);
  const npm = (args: readonly string[], cwd: string) =>
    runCommand({ command: 'npm', args, cwd, env, signal: deps.signal });
  await npm(['pack', '--silent', '-w', 'scaffold', '-w', 'collector', '--pack-destination', home], root);
  const tarballs = readdirSync(home).filter((file) => file.endsWith('.tgz'));
  const quiet = ['--offline', '--no-audit', '--no-fund', '--silent'];
  await npm(['install', ...quiet, ...tarballs.map((file) => `./${file}`)], home);
}

/** A step of `create-go-sre-service --json`. */
interface Step {
  does: string;
  run: string;
}

/** The step whose command contains `words`. @throws Error when the command prints none */
function step(steps: readonly Step[], words: string): string {
  const found = steps.find(({ run }) => run.includes(words));
  if (found === undefined) throw new Error(`the create command prints no step with \`${words}\``);
  return found.run;
}

/** When each part of one run was done, in seconds from its start. */
interface Times {
  created: number;
  answered: number;
  traced: number;
}

interface Run {
  home: string;
  folder: string;
  env: NodeJS.ProcessEnv;
}

/** Asks until `ask` answers something, or until a server died or the time is over. */
async function poll<T>(
  what: string,
  servers: readonly Server[],
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    await Promise.race([sleep(pollMs), ...servers.map((server) => server.died)]);
  }
  throw new Error(`${what}: not within ${withinMs / 1000} s`);
}

async function firstTrace(run: Run, deps: BenchDeps): Promise<Times> {
  const [port, admin] = await neighbours();
  const [otlp, api] = await freePorts();
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const args = [
    'create-go-sre-service',
    name,
    '--dir',
    run.folder,
    '--port',
    String(port),
    '--yes',
    '--json',
  ];
  const { stdout } = await runCommand({
    command: 'npx',
    args,
    cwd: run.home,
    env: run.env,
    signal: deps.signal,
  });
  const { next } = JSON.parse(stdout) as { next: Step[] };
  const created = seconds();
  const shell = (line: string, cwd: string, env = run.env) =>
    startServer({ command: 'sh', args: ['-c', line], cwd, env, signal: deps.signal });
  // npx looks in the folder it runs in for what is installed; a published package would come from its cache.
  const inHome = {
    ...run.env,
    PATH: `${join(run.home, 'node_modules', '.bin')}${delimiter}${run.env['PATH']}`,
  };
  const endpoint = { ...run.env, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${otlp}` };
  const service = shell(step(next, 'go run'), run.folder, endpoint);
  const collectorLine = `${step(next, '--scrape').replace('npx -y ', '')} --otlp-port ${otlp} --otlp-grpc-port 0 --api-port ${api}`;
  const collector = shell(collectorLine, run.home, inHome);
  const servers = [collector, service];
  try {
    const url = `http://127.0.0.1:${port}/orders`;
    // A traceparent of our own names the trace beforehand; the service stores it because `always_on` is printed.
    const traceId = crypto.randomUUID().replaceAll('-', '');
    const headers = { traceparent: `00-${traceId}-${traceId.slice(0, 16)}-01` };
    const body = '{"item":"tea","quantity":2}';
    await poll(`an answer of port ${admin}`, servers, async () =>
      (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok ? true : undefined,
    );
    const { status } = await fetch(url, { method: 'POST', body, headers });
    if (status !== 201) throw new Error(`POST ${url} answered ${status}`);
    const answered = seconds();
    await poll('the trace in the collector', servers, async () =>
      (await fetch(`http://127.0.0.1:${api}/api/v1/traces/${traceId}`)).ok ? true : undefined,
    );
    return { created, answered, traced: seconds() };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** A free port whose next one is free too: the service takes both. */
async function neighbours(): Promise<[number, number]> {
  for (;;) {
    const [port] = await freePorts();
    const [next] = await freePorts(port + 1).catch(() => [0]);
    if (next === port + 1) return [port, next];
  }
}

async function warm(home: string, deps: BenchDeps): Promise<Times[]> {
  const rounds = deps.settings.rounds ?? defaultRounds;
  const times: Times[] = [];
  // The first fills the caches and does not count.
  for (let round = 0; round <= rounds; round++) {
    deps.tell(round === 0 ? 'filling the caches' : `warm, round ${round} of ${rounds}`);
    const folder = join(deps.folder, `warm-${round}`);
    const found = await firstTrace({ home, folder, env: userEnv(deps) }, deps);
    if (round > 0) times.push(found);
  }
  return times;
}

async function cold(home: string, deps: BenchDeps): Promise<Times> {
  deps.tell('cold: every module is downloaded and everything is compiled');
  const caches = { GOMODCACHE: join(deps.folder, 'modules'), GOCACHE: join(deps.folder, 'builds') };
  // Without the flag the module cache is read-only, and the bench could not remove it.
  const flags = `${deps.env['GOFLAGS'] ?? ''} -modcacherw`.trim();
  const env = { ...userEnv(deps), ...caches, GOFLAGS: flags };
  return firstTrace({ home, folder: join(deps.folder, 'cold'), env }, deps);
}

function timeTable(warmTimes: readonly Times[], coldTimes: Times): Table {
  const parts = { created: 'service created', answered: 'first answer', traced: 'trace answered' } as const;
  const rows = (Object.keys(parts) as (keyof Times)[]).map((part) => {
    const { least, median, most } = spread(warmTimes.map((times) => times[part]));
    return [parts[part], ...[least, median, most, coldTimes[part]].map(cell)];
  });
  return { head: ['seconds from the start', 'warm: least', 'median', 'most', 'cold'], rows };
}

export const createToFirstTrace: Bench<'create-to-first-trace'> = {
  question: 'how long it takes from the create command to the first trace in the collector',
  async run(deps) {
    const home = join(deps.folder, 'home');
    deps.tell('packing and installing both packages');
    await installPackages(home, deps);
    const warmTimes = await warm(home, deps);
    const coldTimes = await cold(home, deps);
    const figures = {
      warmSeconds: spread(warmTimes.map(({ traced }) => traced)).median,
      coldSeconds: coldTimes.traced,
    };
    const notes = [
      'The service sends its spans every second (OTEL_BSP_SCHEDULE_DELAY), so a warm run has up to that in it.',
      'Fetching the two packages with npx is not in it; cold depends on the network.',
    ];
    return { tables: [timeTable(warmTimes, coldTimes)], notes, figures };
  },
};
