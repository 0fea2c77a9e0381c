import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { DockerComposeEnvironment, type StartedDockerComposeEnvironment, Wait } from 'testcontainers';
import { parse } from 'yaml';
import type { LogsBody, SeriesBody, TraceBody } from '../../collector/api/types.ts';
import { dashboardUid, label, serviceMetric, suffix } from '../../slo/index.ts';
import { imagesOfFiles, provideImages, pullProblem } from '../helpers/base-images.ts';
import { type Engine, startEngine, tidy } from '../helpers/docker-engine.ts';
import { run } from '../helpers/tool-recipes.ts';
import { tool } from '../helpers/tools.ts';
import { until } from '../helpers/until.ts';

const root = join(import.meta.dirname, '../..');
const composeFile = join(root, 'docker-compose.yml');
const dockerfiles = ['collector/Dockerfile', 'test/golden/shop/Dockerfile'].map((path) => join(root, path));
const project = `go-sre-test-${process.pid}`;
const healthyDeadlineMs = 120_000;
/** A scrape every 5 s, a span batch every 5 s and a slow machine. */
const meetDeadlineMs = 60_000;
/** Every published port on a free one, so that a running sample system is not in the way. */
const freePorts = {
  SHOP_PORT: '0',
  COLLECTOR_PORT: '0',
  OTLP_PORT: '0',
  GRPC_PORT: '0',
  PROMETHEUS_PORT: '0',
  GRAFANA_PORT: '0',
};

interface ComposeFile {
  services: Record<string, { image?: string }>;
}

test('the sample system of docker-compose.yml', async (t) => {
  const compose = tool(t, 'docker-compose');
  if (!compose || !tool(t, 'docker')) return;
  const { services } = parse(run(compose, ['--file', composeFile, 'config'])) as ComposeFile;
  assert.deepEqual(Object.keys(services).sort(), ['collector', 'grafana', 'prometheus', 'redis', 'shop']);

  const engine = await startEngine(process.env);
  t.after(async () => {
    try {
      composeWith(engine, compose, 'down', '--volumes', '--rmi', 'local', '--timeout', '5');
      tidy(engine);
    } finally {
      await engine.stop();
    }
  });
  const grafana = services['grafana']?.image ?? '';
  const noGrafana = pullProblem(engine, grafana);
  const names = Object.keys(services).filter((name) => name !== 'grafana' || !noGrafana);
  const pulled = names.flatMap((name) => services[name]?.image ?? []);
  for (const made of provideImages(engine, [...pulled, ...imagesOfFiles(dockerfiles)])) t.diagnostic(made);

  const system = await up(engine, compose, names);
  const address = (name: string, port: number) =>
    `http://127.0.0.1:${system.getContainer(`${name}-1`).getMappedPort(port)}`;
  const traceId = randomBytes(16).toString('hex');

  const check = (name: string, fn: () => Promise<void> | void) =>
    t.test(name, async () => {
      try {
        await fn();
      } catch (error) {
        t.diagnostic(composeWith(engine, compose, 'logs', '--no-color', '--tail', '40'));
        throw error;
      }
    });
  await check('runs nothing as root', () => {
    for (const name of names) assert.match(userOf(engine, system, name), /^[1-9]\d*(:\d+)?$/, name);
  });
  await check("brings a request's trace, log line and metric together in the collector", () =>
    meetInCollector(address('shop', 8080), `${address('collector', 4319)}/api/v1`, traceId),
  );
  await check("gives Prometheus the service's series, rules and exemplar", () =>
    meetInPrometheus(`${address('prometheus', 9090)}/api/v1`, traceId),
  );
  await t.test('shows the dashboards in Grafana', { skip: noGrafana ?? false }, () =>
    dashboardsInGrafana(address('grafana', 3000)),
  );
});

/** Runs one command of Docker Compose on the test's own project and answers what it printed. */
function composeWith(engine: Engine, compose: string, ...args: string[]): string {
  const which = ['--file', composeFile, '--project-name', project];
  return run(compose, ['--progress', 'plain', ...which, ...args], engine.env);
}

/** Builds and starts these services and waits until each is healthy. */
async function up(engine: Engine, compose: string, names: string[]) {
  // Built apart from `up`, whose error would not hold the words of a failed build.
  composeWith(engine, compose, 'build');
  // testcontainers reads the engine's address from the environment of its process.
  Object.assign(process.env, engine.env);
  return await new DockerComposeEnvironment(root, 'docker-compose.yml')
    .withProjectName(project)
    // Its reaper is one more image to pull; what it would remove `down` removes.
    .withAutoCleanup(false)
    .withClientOptions({ executable: { standalone: true, executablePath: compose } })
    .withEnvironment(freePorts)
    .withDefaultWaitStrategy(Wait.forHealthCheck())
    .withStartupTimeout(healthyDeadlineMs)
    .up(names);
}

function userOf(engine: Engine, system: StartedDockerComposeEnvironment, name: string): string {
  const id = system.getContainer(`${name}-1`).getId();
  return run('docker', ['inspect', '--format', '{{.Config.User}}', id], engine.env).trim();
}

async function meetInCollector(shop: string, api: string, traceId: string): Promise<void> {
  const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
  const response = await fetch(`${shop}/api/v2/verify?session=nobody`, { headers: { traceparent } });
  assert.equal(response.status, 404, 'the session is unknown, and Redis was asked');

  const trace = await until('the trace in the collector', meetDeadlineMs, async () => {
    const body = await getJson<TraceBody>(`${api}/traces/${traceId}`);
    return body.label.dictionary.includes('redis.GET') ? body : undefined;
  });
  const { dictionary, index } = trace.service;
  assert.deepEqual([...new Set(index.map((at) => dictionary[at]))], ['shop']);

  const line = await until("the request's log line in the collector", meetDeadlineMs, async () => {
    const { logs } = await getJson<LogsBody>(`${api}/traces/${traceId}/logs`);
    return logs.find(({ body }) => body === 'request');
  });
  assert.equal(line.service, 'shop');
  assert.ok(trace.spanId.includes(line.spanId), 'the line names a span of the trace');

  const match = `${serviceMetric.requestDuration}${suffix.bucket}{${label.route}="/api/v2/verify"}`;
  const query = new URLSearchParams({ match, exemplars: 'true' });
  await until("the metric's exemplar in the collector", meetDeadlineMs, async () => {
    const { series } = await getJson<SeriesBody>(`${api}/series?${query}`);
    return series.flatMap(({ exemplars }) => exemplars).find((exemplar) => exemplar.traceId === traceId);
  });
}

async function meetInPrometheus(api: string, traceId: string): Promise<void> {
  interface Answer<T> {
    data: T;
  }
  await until('the scraped service in Prometheus', meetDeadlineMs, async () => {
    const query = new URLSearchParams({ query: `up{${label.job}="shop"}` });
    const { data } = await getJson<Answer<{ result: { value: [number, string] }[] }>>(
      `${api}/query?${query}`,
    );
    return data.result.find(({ value }) => value[1] === '1');
  });
  const query = new URLSearchParams({
    query: serviceMetric.requestDuration + suffix.bucket,
    start: String(Date.now() / 1000 - 3600),
    end: String(Date.now() / 1000 + 3600),
  });
  await until('the exemplar in Prometheus', meetDeadlineMs, async () => {
    const found = await getJson<Answer<unknown>>(`${api}/query_exemplars?${query}`);
    return JSON.stringify(found.data).includes(traceId) || undefined;
  });
  const { data } = await getJson<Answer<{ groups: { rules: { health: string; name: string }[] }[] }>>(
    `${api}/rules`,
  );
  const rules = data.groups.flatMap((group) => group.rules);
  assert.ok(rules.length > 0, 'the rules of the service are loaded');
  assert.deepEqual(
    rules.filter(({ health }) => health === 'err'),
    [],
  );
}

async function dashboardsInGrafana(grafana: string): Promise<void> {
  const expected = [
    'go-sre-collector',
    dashboardUid.fleet,
    dashboardUid.service('shop'),
    dashboardUid.objectives('shop'),
  ];
  await until('the dashboards in Grafana', meetDeadlineMs, async () => {
    const found = await getJson<{ uid: string }[]>(`${grafana}/api/search?type=dash-db`);
    return expected.every((uid) => found.some((one) => one.uid === uid)) || undefined;
  });
}

/** The JSON that a URL answers; throws when it answers an error. */
async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
