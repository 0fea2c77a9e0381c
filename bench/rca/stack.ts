// What a fault happens in: load, shop, a proxy, shipping, Redis and PostgreSQL behind proxies, and our collector.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type FaultProxy, NO_FAULT } from '../../demo/fault-proxy.ts';
import { until } from '../../demo/wait.ts';
import type { BenchDeps } from '../bench.ts';
import { type Ours, startOurs } from '../collector/ours.ts';
import { type Server, startServer } from '../processes.ts';
import { startProducts, startSessions } from './backends.ts';
import { type DnsServer, startDnsServer } from './dns-server.ts';
import { type HttpProxy, shiftTimes, startHttpProxy } from './http-proxy.ts';
import { startLoad } from './load.ts';
import { type Binaries, type ServiceName, VERSIONS } from './services.ts';

const STARTED_WITHIN_MS = 30_000;
/** The host name under which shop knows shipping. */
const SHIPPING_HOST = 'shipping.internal';
/** How a case's stack differs from the usual one. */
export interface StackChoice {
  /** Instances of shipping; 1 by default. */
  instances?: number;
  /** Milliseconds that each answer of PostgreSQL takes from the start. */
  databaseMs?: number;
  /** What shipping's clock is off by, in seconds, from the start. */
  shippingSkewSeconds?: number;
  /** Processors that shipping may use at once; all of the machine by default. */
  shippingProcessors?: number;
}

/** How an instance of a service is started. */
interface Start {
  version?: (typeof VERSIONS)[number];
  env?: Record<string, string>;
}

/** A stack that runs. */
export interface Stack {
  ours: Ours;
  redis: FaultProxy;
  database: FaultProxy;
  dns: DnsServer;
  /** Between shop and shipping. */
  between: HttpProxy;
  /** Switches a defect on in a service's code. */
  switchOn(service: ServiceName, fault: string): Promise<void>;
  /** Ends an instance of shipping and starts another in its place. */
  replace(instance: number, start: Start): Promise<void>;
  /** Rejects when a part ends by itself. */
  died: Promise<never>;
  stop(): Promise<void>;
}

/** Where an instance of a service listens. */
interface Ports {
  public: number;
  admin: number;
  faults: number;
}

/** The tools and binaries of all stacks. */
export interface Parts {
  collector: string;
  binaries: Binaries;
  redisServer: string;
  postgres: string;
  /** A port for a service; none is given twice. */
  port(): Promise<number>;
}

/** Starts everything in a folder of its own and waits until it answers; stops it in reverse. */
export async function startStack(
  folder: string,
  choice: StackChoice,
  parts: Parts,
  deps: BenchDeps,
): Promise<Stack> {
  mkdirSync(folder, { recursive: true });
  const builder = new StackBuilder(folder, choice, parts, deps);
  try {
    return await builder.build();
  } catch (error) {
    await builder.stop();
    throw error;
  }
}

class StackBuilder {
  readonly #folder: string;
  readonly #choice: StackChoice;
  readonly #parts: Parts;
  readonly #deps: BenchDeps;
  readonly #stops: (() => unknown)[] = [];
  readonly #instances: { ports: Ports; server: Server; env: Record<string, string> }[] = [];
  readonly #failure = Promise.withResolvers<never>();
  readonly #cleanup = { after: (stop: () => unknown) => void this.#stops.push(stop) };

  constructor(folder: string, choice: StackChoice, parts: Parts, deps: BenchDeps) {
    this.#folder = folder;
    this.#choice = choice;
    this.#parts = parts;
    this.#deps = deps;
    this.#failure.promise.catch(() => undefined);
  }

  async stop(): Promise<void> {
    for (let stop = this.#stops.pop(); stop; stop = this.#stops.pop()) await stop();
  }

  async build(): Promise<Stack> {
    const redis = this.#add(await startSessions(this.#cleanup, this.#parts.redisServer));
    const { database, url } = await this.#startDatabase();
    const dns = this.#add(await startDnsServer());
    const [shopPorts, ...shippingPorts] = await this.#ports(1 + (this.#choice.instances ?? 1));
    const ours = await this.#startOurs(shopPorts!, shippingPorts);
    for (const ports of shippingPorts) await this.#startShipping(ports, url, ours);
    const between = this.#add(
      await startHttpProxy({ targets: shippingPorts.map((ports) => `127.0.0.1:${ports.public}`) }),
    );
    await this.#seed(shippingPorts[0]!);
    await this.#startService('shop', shopPorts!, {
      REDIS_ADDR: `127.0.0.1:${redis.port}`,
      SHIPPING_URL: `http://${SHIPPING_HOST}:${between.address.split(':')[1]}`,
      DNS_SERVER: dns.address,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${ours.otlp}`,
    });
    this.#add(startLoad(`http://127.0.0.1:${shopPorts!.public}`));
    const faults = { shop: [shopPorts!], shipping: shippingPorts };
    return {
      ...{ ours, redis, database, dns, between },
      switchOn: async (service, fault) => {
        for (const ports of faults[service]) await put(`http://127.0.0.1:${ports.faults}/${fault}`);
      },
      replace: (instance, start) => this.#replace(instance, start),
      died: this.#failure.promise,
      stop: () => this.stop(),
    };
  }

  #add<T extends { stop(): Promise<void>; died?: Promise<never> }>(part: T): T {
    this.#stops.push(() => part.stop());
    part.died?.catch(this.#failure.reject);
    return part;
  }

  async #ports(services: number): Promise<Ports[]> {
    const { port } = this.#parts;
    const found: Ports[] = [];
    for (let i = 0; i < services; i++)
      found.push({ public: await port(), admin: await port(), faults: await port() });
    return found;
  }

  async #startDatabase(): Promise<{ database: FaultProxy; url: string }> {
    const { postgres, binaries } = this.#parts;
    const shipping = binaries.shipping[VERSIONS[0]];
    const { proxy, url } = await startProducts(this.#cleanup, postgres, shipping, this.#deps);
    const latencyMs = this.#choice.databaseMs ?? 0;
    proxy.set({ ...NO_FAULT, latencyMs });
    return { database: this.#add(proxy), url };
  }

  async #startOurs(shop: Ports, shipping: readonly Ports[]): Promise<Ours> {
    const job = (name: ServiceName, all: readonly Ports[]) => ({
      job: name,
      targets: all.map(({ admin }) => `127.0.0.1:${admin}`),
      interval: '5s',
    });
    const log = (name: ServiceName) => ({
      include: [join(this.#folder, `${name}-*.log`)],
      resource: { 'service.name': name },
    });
    const config = {
      receivers: {
        scrape: [job('shop', [shop]), job('shipping', shipping)],
        logFiles: [log('shop'), log('shipping')],
      },
      profiles: { quietAfter: '60s' },
    };
    const folder = join(this.#folder, 'collector');
    return this.#add(await startOurs(this.#parts.collector, folder, { config }, this.#deps));
  }

  async #startShipping(ports: Ports, url: string, ours: Ours): Promise<void> {
    const { shippingSkewSeconds: skew, shippingProcessors: processors } = this.#choice;
    const env: Record<string, string> = {
      DATABASE_URL: url,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${ours.otlp}`,
      ...(processors === undefined ? {} : { GOMAXPROCS: String(processors) }),
    };
    if (skew !== undefined) {
      const rewrite = (body: Buffer) => shiftTimes(body, BigInt(skew) * 1_000_000_000n);
      const shifted = this.#add(await startHttpProxy({ targets: [ours.otlp], rewrite }));
      env['OTEL_EXPORTER_OTLP_ENDPOINT'] = `http://${shifted.address}`;
      env['OTEL_EXPORTER_OTLP_PROTOCOL'] = 'http/json';
      env['OTEL_EXPORTER_OTLP_COMPRESSION'] = 'none';
    }
    const server = await this.#startService('shipping', ports, env);
    this.#instances.push({ ports, server, env });
  }

  async #startService(
    name: ServiceName,
    ports: Ports,
    env: Record<string, string>,
    version: Start['version'] = VERSIONS[0],
  ): Promise<Server> {
    const binary = this.#parts.binaries[name][version];
    const server = startServer({
      command: binary,
      args: [],
      env: {
        ...withoutOtel(this.#deps.env),
        ADDR: `127.0.0.1:${ports.public}`,
        ADMIN_ADDR: `127.0.0.1:${ports.admin}`,
        FAULT_ADDR: `127.0.0.1:${ports.faults}`,
        LOG_FILE: join(this.#folder, `${name}-${ports.public}.log`),
        OTEL_TRACES_SAMPLER: 'always_on',
        ...env,
      },
      signal: this.#deps.signal,
    });
    this.#add(server);
    const ready = until(`the start of ${name}`, STARTED_WITHIN_MS, async () =>
      (await fetch(`http://127.0.0.1:${ports.admin}/readyz`)).ok ? true : undefined,
    );
    await Promise.race([ready, server.died]);
    return server;
  }

  async #replace(instance: number, { version, env = {} }: Start): Promise<void> {
    const old = this.#instances[instance]!;
    await old.server.stop();
    const all = { ...old.env, ...env };
    old.server = await this.#startService('shipping', old.ports, all, version);
  }

  /** The product that quotes begin with. */
  async #seed(shipping: Ports): Promise<void> {
    const body = '{"name":"parcel","price_cents":490}';
    await put(`http://127.0.0.1:${shipping.public}/products/parcel`, body);
  }
}

/** What a person set for other services must not decide where these send their traces. */
function withoutOtel(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('OTEL_')));
}

async function put(url: string, body?: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'PUT', ...(body === undefined ? {} : { body, headers }) });
  if (!response.ok) throw new Error(`PUT ${url} answered ${response.status}: ${await response.text()}`);
}
