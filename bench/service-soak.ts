// Does the service stay as it is under a day's requests, and how late are its answers at a fixed rate? A day's worth of
// good and bad requests goes through the real binary over loopback as fast as it can; heap and goroutines are read
// before and after. Then ours and the bare handlers take turns under an open loop at one rate.
import { join } from 'node:path';
import { until } from '../demo/wait.ts';
import { httpPath } from '../slo/index.ts';
import { freePorts } from '../test/helpers/ports.ts';
import type { Bench, BenchDeps } from './bench.ts';
import { runCommand, type Server, startServer } from './processes.ts';
import { cell, type Table } from './report.ts';
import { buildPeer, buildService, emitService } from './service.ts';
import { type Sink, startSink } from './sink.ts';
import { median, spread } from './statistics.ts';

/** Ten requests a second for a day. */
const defaultRequests = 864_000;
/** Fills the store of orders (10,000) and makes every series, so that neither counts as growth. */
const warmUpRequests = 100_000;
const defaultRounds = 5;
const openRate = 1000;
const openSeconds = 10;
const connections = 16;
const startedWithinMs = 30_000;
/** Goroutines of closed connections end by themselves; this long is waited for them. */
const settledWithinMs = 30_000;

interface Target {
  addr: string;
  stop(): Promise<void>;
}

async function answering(server: Server, url: string): Promise<void> {
  const answered = until(
    `an answer of ${url}`,
    startedWithinMs,
    async () => (await fetch(url)).status < 500 || undefined,
  );
  try {
    await Promise.race([answered, server.died]);
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function startShop(binary: string, sink: Sink, deps: BenchDeps): Promise<Target & { admin: string }> {
  const [port, adminPort] = await freePorts();
  const [addr, admin] = [`127.0.0.1:${port}`, `127.0.0.1:${adminPort}`];
  const env = { ...deps.env, ADDR: addr, ADMIN_ADDR: admin, OTEL_EXPORTER_OTLP_ENDPOINT: sink.endpoint };
  const server = startServer({ command: binary, args: [], env, signal: deps.signal });
  await answering(server, `http://${admin}${httpPath.ready}`);
  return { addr, admin, stop: server.stop };
}

async function startBare(binary: string, deps: BenchDeps): Promise<Target> {
  const addr = `127.0.0.1:${(await freePorts())[0]}`;
  const server = startServer({
    command: binary,
    args: [],
    env: { ...deps.env, ADDR: addr },
    signal: deps.signal,
  });
  await answering(server, `http://${addr}/orders/1`);
  return { addr, stop: server.stop };
}

async function load<Answer>(binary: string, args: readonly string[], deps: BenchDeps): Promise<Answer> {
  const { stdout } = await runCommand({ command: binary, args, env: deps.env, signal: deps.signal });
  return JSON.parse(stdout) as Answer;
}

interface ClosedAnswer {
  requests: number;
  seconds: number;
  requestsASecond: number;
  byStatus: Record<string, number>;
}

function closedLoop(binary: string, addr: string, requests: number, deps: BenchDeps): Promise<ClosedAnswer> {
  const args = ['closed', '-addr', addr, '-connections', String(connections), '-requests', String(requests)];
  return load(binary, args, deps);
}

/** The number behind `pattern` in an answer of the admin port. */
async function reading(admin: string, path: string, pattern: RegExp): Promise<number> {
  const text = await (await fetch(`http://${admin}${path}`)).text();
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`${path}: nothing that looks like ${pattern} in the answer`);
  return Number(found);
}

/** What the process holds. */
interface State {
  /** Bytes that are reachable, after a garbage collection. */
  heap: number;
  goroutines: number;
}

async function state(admin: string): Promise<State> {
  const heap = () => reading(admin, '/debug/pprof/heap?gc=1&debug=1', /^# HeapAlloc = (\d+)$/m);
  await heap(); // what a first collection finds finalizable goes with the second
  return { heap: await heap(), goroutines: await goroutines(admin) };
}

function goroutines(admin: string): Promise<number> {
  return reading(admin, '/debug/pprof/goroutine?debug=1', /^goroutine profile: total (\d+)$/m);
}

interface Soaked {
  before: State;
  after: State;
  answer: ClosedAnswer;
}

async function soak(loader: string, shop: string, deps: BenchDeps): Promise<Soaked> {
  const requests = deps.settings.requests ?? defaultRequests;
  const sink = await startSink();
  try {
    const { addr, admin, stop } = await startShop(shop, sink, deps);
    try {
      deps.tell(`warming up with ${warmUpRequests} requests`);
      await closedLoop(loader, addr, warmUpRequests, deps);
      const idle = await goroutines(admin);
      await settle(admin, idle);
      const before = await state(admin);
      deps.tell(`a day: ${requests} requests`);
      const answer = await closedLoop(loader, addr, requests, deps);
      await settle(admin, before.goroutines);
      return { before, after: await state(admin), answer };
    } finally {
      await stop();
    }
  } finally {
    sink.stop();
  }
}

/** Waits until no more than `wanted` goroutines are left, in vain when they leak. */
async function settle(admin: string, wanted: number): Promise<void> {
  const settled = async () => ((await goroutines(admin)) <= wanted ? true : undefined);
  await until('the end of the connections', settledWithinMs, settled).catch(() => undefined);
}

/** What the open loop tells, in microseconds from the moment a request was due. */
interface OpenAnswer {
  p50: number;
  p99: number;
  p999: number;
  worst: number;
}

interface Latencies {
  ours: OpenAnswer[];
  bare: OpenAnswer[];
}

async function latencies(binaries: Binaries, deps: BenchDeps): Promise<Latencies> {
  const sink = await startSink();
  const shop = await startShop(binaries.shop, sink, deps);
  const bare = await startBare(binaries.bare, deps);
  const found: Latencies = { ours: [], bare: [] };
  const open = (addr: string, seconds: number): Promise<OpenAnswer> => {
    const rate = ['-rate', String(openRate), '-duration', `${seconds}s`, '-connections', String(connections)];
    return load(binaries.load, ['open', '-addr', addr, ...rate], deps);
  };
  try {
    await fillStore(shop.addr);
    await Promise.all([open(shop.addr, 2), open(bare.addr, 2)]);
    const rounds = deps.settings.rounds ?? defaultRounds;
    for (let round = 1; round <= rounds; round++) {
      deps.tell(`round ${round} of ${rounds} at ${openRate} requests a second`);
      found.ours.push(await open(shop.addr, openSeconds));
      found.bare.push(await open(bare.addr, openSeconds));
    }
    return found;
  } finally {
    await Promise.all([shop.stop(), bare.stop()]);
    sink.stop();
  }
}

/** The orders that the open loop reads; the bare handlers have theirs from the start. */
async function fillStore(addr: string): Promise<void> {
  for (let order = 1; order <= 100; order++) {
    const body = '{"item":"tea","quantity":2}';
    const { status } = await fetch(`http://${addr}/orders`, { method: 'POST', body });
    if (status !== 201) throw new Error(`POST /orders answered ${status}`);
  }
}

interface Binaries {
  shop: string;
  bare: string;
  load: string;
}

async function buildAll(deps: BenchDeps): Promise<Binaries> {
  deps.tell('emitting and building the service and its peers');
  const binaries = {
    shop: join(deps.folder, 'shop.bin'),
    bare: join(deps.folder, 'bare.bin'),
    load: join(deps.folder, 'load.bin'),
  };
  const service = await emitService(join(deps.folder, 'shop'), {});
  await buildService(service, binaries.shop, deps);
  await buildPeer('bare', binaries.bare, deps);
  await buildPeer('load', binaries.load, deps);
  return binaries;
}

function stateTable({ before, after }: Soaked): Table {
  const growth = (after.heap - before.heap) / 1e6;
  return {
    head: ['', 'before', 'after', 'growth'],
    rows: [
      ['heap after a collection, MB', cell(before.heap / 1e6), cell(after.heap / 1e6), cell(growth)],
      [
        'goroutines',
        ...[before.goroutines, after.goroutines, after.goroutines - before.goroutines].map(cell),
      ],
    ],
  };
}

const quantiles = ['p50', 'p99', 'p999', 'worst'] as const;

function latencyTable(found: Latencies): Table {
  const rows = quantiles.flatMap((quantile) =>
    (['ours', 'bare'] as const).map((who) => {
      const { least, median: middle, most } = spread(found[who].map((answer) => answer[quantile]));
      return [`${quantile} ${who}`, ...[least, middle, most].map((micros) => cell(micros / 1000))];
    }),
  );
  return { head: [`ms at ${openRate}/s, from when it was due`, 'least', 'median', 'most'], rows };
}

function ratio(found: Latencies, quantile: 'p99' | 'p999'): number {
  return (
    median(found.ours.map((answer) => answer[quantile])) /
    median(found.bare.map((answer) => answer[quantile]))
  );
}

export const serviceSoak: Bench<'service-soak'> = {
  question: "whether memory and goroutines stay flat under a day's requests, and how late answers are",
  async run(deps) {
    const binaries = await buildAll(deps);
    const soaked = await soak(binaries.load, binaries.shop, deps);
    const found = await latencies(binaries, deps);
    const { requests, seconds, requestsASecond, byStatus } = soaked.answer;
    const answers = Object.entries(byStatus).map(([status, count]) => `${status}: ${cell(count)}`);
    const notes = [
      `${cell(requests)} requests in ${cell(seconds)} s (${cell(requestsASecond)} a second, ${connections} connections): ${answers.join(', ')}.`,
      'Ratios are ours / bare of the median over the rounds.',
    ];
    const figures = {
      heapGrowthMB: (soaked.after.heap - soaked.before.heap) / 1e6,
      goroutineGrowth: soaked.after.goroutines - soaked.before.goroutines,
      p99Ratio: ratio(found, 'p99'),
      p999Ratio: ratio(found, 'p999'),
    };
    return { tables: [stateTable(soaked), latencyTable(found)], notes, figures };
  },
};
