// A real PostgreSQL or Redis for one test: a container of the image that the emitted compose.yaml names where an engine
// answers and has or gets it, else the server that Debian packages. Both are gone when the test has ended.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parse } from 'yaml';
import { templateFolder } from '../../scaffold/src/package.ts';
import { startPostgres, startRedis } from './backends.ts';
import { pullProblem } from './base-images.ts';
import { runningEngine } from './docker-engine.ts';
import { tool } from './tools.ts';

const password = 'only-for-tests';

/** `postgres://` URL of an empty PostgreSQL; undefined, with the test skipped, where none can be had. */
export async function postgresFor(t: TestContext): Promise<string | undefined> {
  const address = await containerFor(t, 'postgres', 5432, { POSTGRES_PASSWORD: password });
  if (address) return `postgres://postgres:${password}@${address}/postgres?sslmode=disable`;
  const server = tool(t, 'postgres');
  return server && (await startPostgres(t, server));
}

/** `HOST:PORT` of an empty Redis; undefined, with the test skipped, where none can be had. */
export async function redisFor(t: TestContext): Promise<string | undefined> {
  const address = await containerFor(t, 'redis', 6379, {});
  if (address) return address;
  const server = tool(t, 'redis-server');
  return server && (await startRedis(t, server));
}

/** `HOST:PORT` of this service of the emitted compose.yaml, started alone; undefined where it cannot be. */
async function containerFor(
  t: TestContext,
  service: string,
  port: number,
  environment: Record<string, string>,
): Promise<string | undefined> {
  const engine = runningEngine(process.env);
  if (!engine) return undefined;
  const { image, healthcheck } = composeService(service);
  const problem = pullProblem(engine, image);
  if (problem) {
    t.diagnostic(`${problem}; Debian's server instead`);
    return undefined;
  }
  // Ryuk, which removes what a killed test leaves behind, is an image of its own that may be out of reach.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(image)
    .withEnvironment(environment)
    .withExposedPorts(port)
    .withHealthCheck({
      test: ['CMD', ...healthcheck.test.slice(1)],
      interval: 500,
      timeout: 3000,
      retries: 60,
    })
    .withWaitStrategy(Wait.forHealthCheck())
    .start();
  t.after(() => container.stop());
  return `${container.getHost()}:${container.getMappedPort(port)}`;
}

type ComposeService = { image: string; healthcheck: { test: string[] } };

function composeService(name: string): ComposeService {
  const text = readFileSync(join(templateFolder, 'compose.yaml'), 'utf8');
  const { services } = parse(text) as { services: Record<string, ComposeService> };
  const service = services[name];
  if (!service) throw new Error(`the template's compose.yaml has no service ${name}`);
  return service;
}
