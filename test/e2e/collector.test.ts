import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type {
  LogsBody,
  SeriesBody,
  SpanBody,
  StatusBody,
  TraceBody,
  TracesBody,
} from '../../collector/api/types.ts';
import type { RunningCollector } from '../../collector/main.ts';
import {
  CLIENT,
  folderOf,
  SERVER,
  sendSpans,
  spansJson,
  startCollector,
  TRACE,
} from '../helpers/collector.ts';
import { until } from '../helpers/until.ts';

const root = join(import.meta.dirname, '../..');

/** A service's /metrics: one request, with its trace as exemplar. */
async function exporter(t: TestContext): Promise<string> {
  const text = `# TYPE http_server_request_duration_seconds histogram
http_server_request_duration_seconds_bucket{http_route="/api/v2/verify",http_request_method="GET",le="1.0"} 0
http_server_request_duration_seconds_bucket{http_route="/api/v2/verify",http_request_method="GET",le="+Inf"} 1 # {trace_id="${TRACE}",span_id="${SERVER}"} 2.3
http_server_request_duration_seconds_sum{http_route="/api/v2/verify",http_request_method="GET"} 2.3
http_server_request_duration_seconds_count{http_route="/api/v2/verify",http_request_method="GET"} 1
# EOF
`;
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  return `127.0.0.1:${address.port}`;
}

/** Asks until the answer holds what is waited for. */
function askUntil<T>(
  what: string,
  collector: RunningCollector,
  path: string,
  holds: (body: T) => boolean,
): Promise<T> {
  return until(what, 15_000, async () => {
    const body = await ask<T>(collector, path);
    return holds(body) ? body : undefined;
  });
}

async function ask<T>(collector: RunningCollector, path: string): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${collector.apiPort}${path}`);
  assert.equal(response.status, 200, `${path}: ${await response.clone().text()}`);
  return (await response.json()) as T;
}

test('a trace, a log line and a scraped exemplar of one request meet, and survive a restart undoubled', async (t) => {
  const folder = folderOf(t);
  const logFile = join(folder, 'shop.log');
  const now = Date.now();
  const line = {
    ts: new Date(now).toISOString(),
    level: 'warn',
    msg: 'redis attempt failed',
    caller: 'cache/cache.go:142',
    trace_id: TRACE,
    span_id: CLIENT,
  };
  writeFileSync(logFile, `${JSON.stringify(line)}\n`);
  const receivers = {
    logFiles: [{ include: [logFile], resource: { 'service.name': 'shop' } }],
    scrape: [{ job: 'shop', targets: [await exporter(t)], interval: '1s' }],
  };
  let collector = await startCollector(t, folder, receivers);
  assert.equal((await sendSpans(collector.otlpHttpPort, spansJson(now))).status, 200);

  const trace = await ask<TraceBody>(collector, `/api/v1/traces/${TRACE.toUpperCase()}`);
  assert.equal(trace.count, 2);
  assert.deepEqual(trace.parent, [-1, 0]);
  assert.deepEqual(
    trace.label.index.map((i) => trace.label.dictionary[i]),
    ['GET /api/v2/verify', 'redis.GET'],
  );
  assert.equal(trace.adjustedCount, 2);
  assert.equal(trace.durationMs, 2300);

  const found = await ask<TracesBody>(
    collector,
    '/api/v1/traces?service=shop&route=/api/v2/verify&status=error&min_ms=1000',
  );
  assert.deepEqual(
    found.traces.map((row) => [row.traceId, row.hit.spanId, row.spanCount]),
    [[TRACE, SERVER, 2]],
  );
  const span = await ask<SpanBody>(collector, `/api/v1/traces/${TRACE}/spans/${CLIENT}`);
  assert.deepEqual([span.label, span.parentSpanId, span.kind], ['redis.GET', SERVER, 'client']);

  const logsPath = `/api/v1/traces/${TRACE}/logs`;
  const logs = await askUntil<LogsBody>('the log line', collector, logsPath, (body) => body.matched > 0);
  assert.deepEqual(
    logs.logs.map((l) => [l.body, l.level, l.spanId, l.caller]),
    [['redis attempt failed', 'warn', CLIENT, 'cache/cache.go:142']],
  );

  const selector = encodeURIComponent('http_server_request_duration_seconds_bucket{job="shop",le="+Inf"}');
  const seriesPath = `/api/v1/series?match=${selector}&exemplars=true`;
  const series = await askUntil<SeriesBody>(
    'the scrape',
    collector,
    seriesPath,
    (body) => body.series.length > 0,
  );
  assert.equal(series.series[0]?.exemplars[0]?.traceId, TRACE);

  await collector.stop();
  appendFileSync(logFile, `${JSON.stringify({ ...line, msg: 'session lookup failed', level: 'error' })}\n`);
  collector = await startCollector(t, folder, receivers);
  const after = await askUntil<LogsBody>('the new line', collector, logsPath, (body) => body.matched > 1);
  assert.deepEqual(
    after.logs.map((l) => l.body),
    ['redis attempt failed', 'session lookup failed'],
  );
  assert.equal((await ask<TraceBody>(collector, `/api/v1/traces/${TRACE}`)).count, 2);
});

test('the collector tells what it took in, by the names of the OpenTelemetry Collector, and golden signals with exemplars', async (t) => {
  const collector = await startCollector(t, folderOf(t), {});
  await sendSpans(collector.otlpHttpPort, spansJson(Date.now()));
  assert.equal((await sendSpans(collector.otlpHttpPort, '{"resourceSpans":')).status, 400);
  const status = await ask<StatusBody>(collector, '/api/v1/status');
  assert.equal(status.signals.traces.kept, 2);
  const page = async (path: string) => (await fetch(`http://127.0.0.1:${collector.apiPort}${path}`)).text();
  assert.match(
    await page('/metrics'),
    /^otelcol_receiver_accepted_spans_total\{receiver="otlp",transport="http"\} 2$/m,
  );
  const red = await page('/metrics/red');
  assert.match(red, /^span_duration_seconds_count\{[^}]*route="\/api\/v2\/verify"[^}]*\} 1$/m);
  assert.match(red, new RegExp(`# \\{[^}]*trace_id="${TRACE}"`));
  assert.match(red, /# EOF\n$/);
});

for (const [what, path, status, says] of [
  [
    'a trace that is not stored',
    `/api/v1/traces/${'1'.repeat(32)}`,
    404,
    /was not sampled, has not arrived yet, or was evicted/,
  ],
  ['a trace id that is none', '/api/v1/traces/xyz', 400, /must be 32 hex digits/],
  ['a path that is none', '/api/v1/tracez', 404, /\/api\/v1\/traces/],
  ['a parameter given twice', '/api/v1/logs?q=a&q=b', 400, /q is given twice/],
  ['a limit out of bounds', '/api/v1/logs?limit=100000', 400, /limit=100000: must be 1 to 1000/],
  ['a time that is none', '/api/v1/logs?from=yesterday', 400, /from=yesterday: must be nanoseconds/],
  ['a word outside its set', '/api/v1/traces?status=bad', 400, /one of any, unset, ok, error/],
  ['a broken selector', '/api/v1/series?match=%7B', 400, /must be a series selector/],
] as const) {
  test(`the API refuses with what is wrong: ${what}`, async (t) => {
    const collector = await startCollector(t, folderOf(t), {});
    const response = await fetch(`http://127.0.0.1:${collector.apiPort}${path}`);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    assert.equal(response.status, status);
    assert.match(error.message, says);
  });
}

test('what is not read is answered with its method, and pages carry a strict content security policy', async (t) => {
  const collector = await startCollector(t, folderOf(t), {});
  const post = await fetch(`http://127.0.0.1:${collector.apiPort}/api/v1/traces`, { method: 'POST' });
  assert.equal(post.status, 405);
  const home = await fetch(`http://127.0.0.1:${collector.apiPort}/`);
  assert.match(await home.text(), /npm run build/);
  assert.match(home.headers.get('content-security-policy') ?? '', /default-src 'none'/);
});

function collectorCli(args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['collector/main.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
    timeout: 30_000,
  });
}

test('--check-config lists every problem with its path and exits 2, and exits 0 when there is none', (t) => {
  const file = join(folderOf(t), 'collector.yaml');
  writeFileSync(file, 'store: { retention: 5, maxsize: 1GB }\n');
  const bad = collectorCli(['--check-config', '--config', file]);
  assert.equal(bad.status, 2);
  assert.match(bad.stderr, /store\.retention must be a duration/);
  assert.match(bad.stderr, /store\.maxsize is not a known key; did you mean maxSize\?/);
  writeFileSync(file, 'store: { retention: 5h }\n');
  const good = collectorCli(['--check-config', '--config', file]);
  assert.deepEqual([good.status, good.stderr], [0, 'configuration is valid\n']);
  writeFileSync(file, 'store: {\n');
  const broken = collectorCli(['--check-config', '--config', file]);
  assert.equal(broken.status, 2);
  assert.ok(broken.stderr.includes(`${file}, line `), broken.stderr);
  const missing = collectorCli(['--check-config', '--config', `${file}.none`]);
  assert.equal(missing.status, 2);
  assert.match(missing.stderr, /cannot be read: ENOENT/);
});

test('a store that cannot be opened ends the start with the flag that moves it, and no advice on ports', (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, 'file'), '');
  const started = collectorCli([
    '--data',
    join(folder, 'file', 'x.sqlite'),
    '--api-port',
    '0',
    '--otlp-port',
    '0',
    '--otlp-grpc-port',
    '0',
  ]);
  assert.equal(started.status, 1);
  assert.match(started.stderr, /x\.sqlite cannot be opened: .*--data/);
  assert.doesNotMatch(started.stderr, /port/);
});

test('a taken port ends the start with the flag that moves it', async (t) => {
  const collector = await startCollector(t, folderOf(t), {});
  const args = [
    '--api-port',
    String(collector.apiPort),
    '--otlp-port',
    '0',
    '--otlp-grpc-port',
    '0',
    '--data',
    join(folderOf(t), 'x.sqlite'),
  ];
  const second = collectorCli(args);
  assert.equal(second.status, 1);
  assert.match(second.stderr, /--api-port/);
});
