// Records emitted services in real time: under little, usual and much traffic, starting, at the debug level, and with a
// cache that became slow.
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { type FaultProxy, startFaultProxy } from '../../demo/fault-proxy.ts';
import { startProgram } from '../../demo/processes.ts';
import { startTraffic } from '../../demo/traffic.ts';
import { until } from '../../demo/wait.ts';
import { httpPath, type Random } from '../../slo/index.ts';
import { freePorts } from '../../test/helpers/ports.ts';
import type { BenchDeps } from '../bench.ts';
import { type Server, startServer } from '../processes.ts';
import {
  type Act,
  failing,
  flowsAt,
  type Start,
  slowCache,
  starting,
  talking,
  usual,
  usualCache,
} from './acts.ts';
import { slotSeconds } from './day.ts';
import type { Recorded, Segment } from './recording.ts';

const startedWithinMs = 30_000;
const openMetrics = 'application/openmetrics-text;version=1.0.0';

/** Keeps the bodies of OTLP requests. */
async function startKeeper(): Promise<{ endpoint: string; bodies: Uint8Array[]; stop(): void }> {
  const bodies: Uint8Array[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      bodies.push(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { endpoint: `http://127.0.0.1:${port}`, bodies, stop };
}

interface Stage {
  binary: string;
  folder: string;
  redis: string;
  endpoint: string;
  random: Random;
  deps: BenchDeps;
}

/** One instance of the service, put through acts. */
class Actor {
  readonly name: string;
  readonly log: string;
  readonly segments: Segment[] = [];
  readonly #stage: Stage;
  #server: Server | undefined;
  #base = '';
  #admin = '';
  #isWhole = false;

  constructor(name: string, stage: Stage) {
    this.name = name;
    this.#stage = stage;
    this.log = join(stage.folder, `${name}.log`);
  }

  async start({ debug, isWhole }: Start): Promise<void> {
    await this.stop();
    this.#isWhole = isWhole;
    const { binary, redis, endpoint, deps } = this.#stage;
    const [port, adminPort] = await freePorts();
    this.#base = `http://127.0.0.1:${port}`;
    this.#admin = `http://127.0.0.1:${adminPort}`;

    const env = {
      ...deps.env,
      ...{
        ADDR: `127.0.0.1:${port}`,
        ADMIN_ADDR: `127.0.0.1:${adminPort}`,
        LOG_FILE: this.log,
        REDIS_ADDR: redis,
      },
      ...{ LOG_LEVEL: debug ? 'debug' : 'info', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
      OTEL_RESOURCE_ATTRIBUTES: `service.instance.id=${this.name}`,
      ...(isWhole && { OTEL_TRACES_SAMPLER: 'always_on' }),
    };
    this.#server = startServer({ command: binary, args: [], env, signal: deps.signal });
    const ready = until(`an answer of ${this.name}`, startedWithinMs, async () =>
      (await fetch(this.#admin + httpPath.ready)).ok ? true : undefined,
    );
    await Promise.race([ready, this.#server.died]);
  }

  async play(acts: readonly Act[]): Promise<void> {
    for (const act of acts) {
      if (act.restart) await this.start(act.restart);
      await this.#record(act);
    }
  }

  async #record({ doing, seconds, perSecond }: Act): Promise<void> {
    const { random, deps } = this.#stage;
    const every = (ms: number, work: () => void) => {
      const timer = setInterval(work, ms);
      return { stop: () => clearInterval(timer) };
    };
    const fromStart = doing === 'start';
    const segment: Segment = { instance: this.name, doing, isWhole: this.#isWhole, scrapes: [], fromStart };
    this.segments.push(segment);
    const traffic = startTraffic(this.#base, flowsAt(perSecond), { random, every });
    const began = performance.now();
    for (let frame = fromStart ? 1 : 0; frame <= seconds / slotSeconds; frame++) {
      const wait = began + frame * slotSeconds * 1000 - performance.now();
      await sleep(Math.max(0, wait), undefined, { signal: deps.signal });
      segment.scrapes.push(await this.#scrape());
    }
    await traffic.stop();
  }

  async #scrape(): Promise<Segment['scrapes'][number]> {
    const atUnixNano = BigInt(Date.now()) * 1_000_000n;
    const answer = await fetch(this.#admin + httpPath.metrics, { headers: { accept: openMetrics } });
    if (!answer.ok) throw new Error(`a scrape of ${this.name} was answered with ${answer.status}`);
    return { atUnixNano, body: new Uint8Array(await answer.arrayBuffer()) };
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#server = undefined;
  }
}

/** The cache behind a proxy that can slow it down. */
async function startCache(
  binary: string,
  random: Random,
): Promise<{ proxy: FaultProxy; stop(): Promise<void> }> {
  const cache = startProgram({ name: 'cache', command: binary, args: [] });
  const [host = '', port = ''] = (await cache.line((line) => /:\d+$/.test(line))).split(':');
  const later = (ms: number, work: () => void) => void setTimeout(work, ms);
  const proxy = await startFaultProxy({ host, port: Number(port) }, { random, later });
  const stop = async () => {
    await proxy.stop();
    await cache.stop();
  };
  return { proxy, stop };
}

/** Records for about four minutes. */
export async function record(
  binaries: { service: string; cache: string },
  random: Random,
  deps: BenchDeps,
): Promise<Recorded> {
  const folder = join(deps.folder, 'recording');
  mkdirSync(folder, { recursive: true });
  const keeper = await startKeeper();
  const { proxy, stop } = await startCache(binaries.cache, random);
  const redis = `127.0.0.1:${proxy.port}`;
  const stage = { binary: binaries.service, folder, redis, endpoint: keeper.endpoint, random, deps };
  const of = (names: readonly string[]) => names.map((name) => new Actor(name, stage));
  const [sampled, whole] = [of(['a', 'b', 'c']), of(['d', 'e', 'f'])];
  const others = of(['starting', 'talking']);
  const actors = [...sampled, ...whole, ...others];
  const [restarted, talker] = others as [Actor, Actor];
  try {
    const start = (own: readonly Actor[], isWhole: boolean) =>
      own.map((actor) => actor.start({ debug: false, isWhole }));
    await Promise.all([...start(sampled, false), ...start(whole, true)]);
    deps.tell('recording the usual, starts and the debug level');
    proxy.set(usualCache);
    const side = [...sampled, ...whole].map((actor) => actor.play(usual));
    await Promise.all([...side, restarted.play(starting), talker.play(talking)]);
    deps.tell('recording a slow cache');
    proxy.set(slowCache);
    await Promise.all(sampled.map((actor) => actor.play(failing)));
  } finally {
    // The last spans are sent when they stop.
    await Promise.all(actors.map((actor) => actor.stop()));
    keeper.stop();
    await stop();
  }
  const logs = new Map(actors.map(({ name, log }) => [name, new Uint8Array(readFileSync(log))]));
  return { segments: actors.flatMap(({ segments }) => segments), traces: keeper.bodies, logs };
}
