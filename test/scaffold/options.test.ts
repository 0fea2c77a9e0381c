// Every pair of answers in some emitted service, and each of these services formatted, tidy, vetted, tested, built,
// run, asked, scraped and traced. Options that options.json gains join by themselves.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { TraceBody } from '../../collector/api/types.ts';
import type { Answers } from '../../scaffold/src/answers.ts';
import { startShipping } from '../helpers/backends.ts';
import { folderOf, startCollector } from '../helpers/collector.ts';
import { postgresFor, redisFor } from '../helpers/database-servers.ts';
import { emitService, optionsOf, plainAnswers, subsetsOf, tagsOf } from '../helpers/emitted-service.ts';
import { pairwise } from '../helpers/pairwise.ts';
import { type RunningService, startService } from '../helpers/running-service.ts';
import { tool } from '../helpers/tools.ts';
import { until } from '../helpers/until.ts';

const deadlineMs = 30_000;

/** The parameters of the generator with their values; an option of --with is a parameter of its own. */
const parameters = {
  module: ['example.com/shop', 'github.com/acme/shop/v2', 'github.com/Acme/Shop'],
  router: optionsOf('router'),
  ci: subsetsOf(optionsOf('ci').sort()),
  port: [8080, 9000],
  ...Object.fromEntries(optionsOf('with').map((option) => [option, [true, false]])),
};

const combinations: Answers[] = pairwise(parameters).map((row) => ({
  name: 'shop',
  module: String(row.module),
  port: Number(row.port),
  router: String(row.router),
  ci: row.ci as string[],
  with: optionsOf('with')
    .filter((option) => (row as Record<string, unknown>)[option])
    .sort(),
}));

function titleOf({ module, port, router, ci, with: chosen }: Answers): string {
  return `${router} with ${chosen.join(', ') || 'nothing'}, ${module}, port ${port}, CI ${ci.join(', ') || 'none'}`;
}

/** Runs a command in a folder; answers what it printed, both streams together, and fails with it. */
function run(
  command: string,
  args: readonly string[],
  cwd: string,
  more: Record<string, string> = {},
): Promise<string> {
  // Without a VCS and with trimmed paths, what one service compiles is there for the others.
  const env = {
    ...process.env,
    GOWORK: 'off',
    CGO_ENABLED: '0',
    GOFLAGS: '-trimpath -buildvcs=false',
    ...more,
  };
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, env, maxBuffer: 256 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout + stderr);
      else reject(new Error(`${command} ${args.join(' ')}:\n${(stdout + stderr).slice(-20_000)}`));
    });
  });
}

/**
 * Builds as for a release and answers the size in bytes; fails when the linker had to keep every exported method,
 * since a reached function calls methods by a name it computes (text/template does): then 3.6 MB come along.
 */
async function build(answers: Answers, folder: string, binary: string): Promise<number> {
  const flags = ['-tags', tagsOf(answers), '-ldflags', '-s -w -dumpdep', '-o', binary];
  assert.deepEqual(reflecting(await run('go', ['build', ...flags, './cmd/shop'], folder)), []);
  return statSync(binary).size;
}

/** The functions that the linker's dump marks as calling methods by a computed name, each once. */
function reflecting(dump: string): string[] {
  return [...new Set([...dump.matchAll(/^(\S+) <ReflectMethod> -> /gm)].map(([, name]) => name!))];
}

/** What routes of the template want beside their path. */
const queries: Readonly<Record<string, string>> = { '/api/v2/verify': '?session=s-1' };

/** The requests that the route table allows, one per route, from the objectives in slo.json. */
function requestsOf(folder: string): { route: string; method: string; path: string; body?: string }[] {
  const { slos }: { slos: { method: string; route: string }[] } = JSON.parse(
    readFileSync(join(folder, 'slo.json'), 'utf8'),
  );
  const routes = new Map(slos.map(({ method, route }) => [`${method} ${route}`, { method, route }]));
  return [...routes.values()].map(({ method, route }) => {
    const path = route.replaceAll(/\{[^}]*\}/g, '12345') + (queries[route] ?? '');
    const body = JSON.stringify({ item: 'tea', quantity: 2, name: 'tea', price_cents: 120 });
    const sends = method !== 'GET' && !route.startsWith('/payment');
    return { route, method, path, ...(sends && { body }) };
  });
}

/** Asks every route once, and answers the trace id of each by `METHOD /route`. */
async function askEveryRoute(folder: string, service: RunningService): Promise<Map<string, string>> {
  const traces = new Map<string, string>();
  for (const { route, method, path, body } of requestsOf(folder)) {
    const response = await fetch(`http://${service.addr}${path}`, { method, ...(body && { body }) });
    const answer = await response.text();
    const good = response.ok || response.status === 404;
    assert.ok(good, `${method} ${route}: ${response.status} ${answer}\n${service.complaints()}`);
    const line = await service.logLine(
      (entry) => entry.msg === 'request' && entry.route === route && entry.method === method,
    );
    assert.match(String(line.trace_id), /^[0-9a-f]{32}$/);
    traces.set(`${method} ${route}`, String(line.trace_id));
  }
  return traces;
}

/** Every route has its series from the start, with the trace of its request as an exemplar. */
async function checkMetrics(service: RunningService, traces: ReadonlyMap<string, string>): Promise<string> {
  const headers = { accept: 'application/openmetrics-text; version=1.0.0' };
  const response = await fetch(`http://${service.adminAddr}/metrics`, { headers });
  assert.match(response.headers.get('content-type') ?? '', /^application\/openmetrics-text/);
  const metrics = await response.text();
  assert.match(metrics, /\n# EOF\n$/);
  const lines = metrics
    .split('\n')
    .filter((line) => line.startsWith('http_server_request_duration_seconds_'));
  for (const [pattern, trace] of traces) {
    const [method, route] = pattern.split(' ');
    const own = lines.filter(
      (line) => line.includes(`http_request_method="${method}"`) && line.includes(`http_route="${route}"`),
    );
    for (const code of ['200', '500']) {
      assert.ok(
        own.some((line) => line.includes(`http_response_status_code="${code}"`)),
        `${pattern} ${code}`,
      );
    }
    assert.ok(
      own.some((line) => line.includes(`# {`) && line.includes(`trace_id="${trace}"`)),
      `exemplar of ${pattern}`,
    );
  }
  return metrics;
}

const clientKind = 3;

/** Each request is one trace of one server span, and below it a span for each attempt of a client: how many. */
async function checkTraces(
  api: string,
  traces: ReadonlyMap<string, string>,
  metrics: string,
): Promise<number> {
  let clientSpans = 0;
  for (const [pattern, id] of traces) {
    const trace = await until(`the trace of ${pattern}`, deadlineMs, async () => {
      const answer = await fetch(`${api}/api/v1/traces/${id}`);
      const body = answer.ok ? ((await answer.json()) as TraceBody) : undefined;
      return body?.parent.includes(-1) ? body : undefined;
    });
    const root = trace.parent.indexOf(-1);
    assert.equal(trace.name.dictionary[trace.name.index[root]!], pattern);
    assert.deepEqual(trace.service.dictionary.filter(Boolean), ['shop']);
    assert.ok(!trace.orphan.includes(true));
    // A connection made within an attempt is a client's span too, below that of the attempt.
    const isClient = (span: number) => trace.kind[span] === clientKind;
    clientSpans += trace.parent.filter((parent, span) => isClient(span) && !isClient(parent)).length;
  }
  assert.equal(clientSpans, attemptsIn(metrics));
  return clientSpans;
}

/** How many attempts the clients counted. */
function attemptsIn(metrics: string): number {
  const counters = /^(?:\w+_client_attempts_total|http_client_request_duration_seconds_count)\{.*\} (\d+)/gm;
  return [...metrics.matchAll(counters)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** The servers that the options of the template need; undefined when one cannot be had and the test is skipped. */
async function startBackends(t: TestContext): Promise<Record<string, string> | undefined> {
  const redis = await redisFor(t);
  const postgres = redis === undefined ? undefined : await postgresFor(t);
  if (redis === undefined || postgres === undefined) return undefined;
  return { REDIS_ADDR: redis, DATABASE_URL: postgres, SHIPPING_URL: await startShipping(t) };
}

test('every pair of answers gives a service that is right in all parts', {
  concurrency: 2,
  timeout: 900_000,
}, async (t) => {
  const promtool = tool(t, 'promtool');
  const backends = promtool && (await startBackends(t));
  if (!promtool || !backends) return;
  const collector = await startCollector(t, folderOf(t), {});
  const check = async (answers: Answers, t: TestContext) => {
    const work = mkdtempSync(join(tmpdir(), 'go-sre-options-'));
    t.after(() => rmSync(work, { recursive: true, force: true }));
    const folder = join(work, 'shop');
    await emitService(answers, folder);
    assert.equal(await run('gofmt', ['-l', '.'], folder), '');
    assert.equal(await run('go', ['mod', 'tidy', '-diff'], folder), '');
    const size = await build(answers, folder, join(work, 'binary'));
    t.diagnostic(`${(size / 1e6).toFixed(2)} MB`);
    await run('go', ['vet', '-tags', tagsOf(answers), './...'], folder);
    await run('go', ['test', '-tags', tagsOf(answers), '-ldflags', '-s -w', './...'], folder);
    await run(promtool, ['check', 'rules', 'ops/prometheus/rules.yaml'], folder);

    if (answers.with.includes('postgres')) await run(join(work, 'binary'), ['migrate'], folder, backends);
    const service = await startService(
      join(work, 'binary'),
      `http://127.0.0.1:${collector.otlpHttpPort}`,
      backends,
    );
    try {
      const traces = await askEveryRoute(folder, service);
      const metrics = await checkMetrics(service, traces);
      const attempts = await checkTraces(`http://127.0.0.1:${collector.apiPort}`, traces, metrics);
      assert.equal(attempts > 0, answers.with.length > 0);
    } finally {
      assert.equal(await service.stop(), 0);
    }
  };
  await Promise.all(combinations.map((answers) => t.test(titleOf(answers), (own) => check(answers, own))));
});

test('an import that reaches text/template is found by the function that calls methods by name', async (t) => {
  const work = mkdtempSync(join(tmpdir(), 'go-sre-reflect-'));
  t.after(() => rmSync(work, { recursive: true, force: true }));
  const folder = join(work, 'shop');
  await emitService(plainAnswers, folder);
  writeFileSync(
    join(folder, 'cmd/shop/greeting.go'),
    'package main\n\nimport (\n\t"os"\n\t"text/template"\n)\n\nfunc init() {\n\ttemplate.Must(template.New("").Parse("{{.}}")).Execute(os.Stderr, 1)\n}\n',
  );
  await assert.rejects(
    build(plainAnswers, folder, join(work, 'binary')),
    /text\/template\.\(\*state\)\.evalField/,
  );
});
