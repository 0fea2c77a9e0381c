// The published package as a new user gets it: packed, installed into an empty folder without a network, run by npx
// on the machine's own Node, and its service built, run and asked.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { TraceBody } from '../../collector/api/types.ts';
import { folderOf, startCollector } from '../helpers/collector.ts';
import { startService } from '../helpers/running-service.ts';
import { until } from '../helpers/until.ts';
import { userShell } from '../helpers/user-env.ts';

const scaffold = fileURLToPath(new URL('../../scaffold', import.meta.url));
const goEnv = { GOFLAGS: '-tags=grpcnotrace', GOWORK: 'off' };

let home = '';
let packed: { filename: string; size: number; files: { path: string }[] };

/** The environment of a person's shell, without the person's settings of git. */
function userEnv(): NodeJS.ProcessEnv {
  return { ...userShell(process.env), GIT_CONFIG_GLOBAL: '/dev/null' };
}

function runAsUser(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', env: { ...userEnv(), ...goEnv } });
}

before(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'create-e2e-')));
  const answer = execFileSync('npm', ['pack', '--json', '--pack-destination', home], {
    cwd: scaffold,
    encoding: 'utf8',
    env: { ...userEnv(), npm_config_loglevel: 'error' },
  });
  packed = JSON.parse(answer.slice(answer.indexOf('[\n')))[0];
  const install = ['install', '--offline', '--no-audit', '--no-fund', `./${packed.filename}`];
  runAsUser('npm', install, home);
});

after(() => rmSync(home, { recursive: true, force: true }));

test('the package holds the whole template, the bundles and the licences, and is small', () => {
  const inPackage = new Set(packed.files.map(({ path }) => path));
  const template = readdirSync(join(scaffold, 'template'), { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(scaffold, 'template', path)).isFile())
    .map((path) => `template/${path}`);
  assert.ok(template.length > 20);
  assert.deepEqual(
    template.filter((path) => !inPackage.has(path)),
    [],
  );
  const wasm = ['dist/tree-sitter-go.wasm', 'dist/web-tree-sitter.wasm'];
  const started = ['route/handler.go', 'route/handler_test.go'];
  const pipelines = ['pipelines/image.gitlab-ci.yml', 'pipelines/image.workflow.yml'];
  const others = ['README.md', 'dist/LICENSE', 'dist/create.js', 'dist/go-sre.js'];
  for (const path of [...others, ...pipelines, ...wasm, ...started]) {
    assert.ok(inPackage.has(path), path);
  }
  const licences = readFileSync(
    join(home, 'node_modules/create-go-sre-service/dist/THIRD-PARTY-LICENSES.txt'),
  );
  for (const name of [
    '@clack/prompts',
    '@clack/core',
    'sisteransi',
    'tree-sitter-go',
    'web-tree-sitter',
    'yaml',
    'fastify',
    'fzstd',
    'valibot',
  ]) {
    assert.ok(licences.includes(`${name} `), name);
  }
  // 120 kB of them parse Go for route add, 200 kB are the web server of registry serve; both are loaded when asked for.
  assert.ok(packed.size < 900_000, `${packed.size} bytes`);
});

test('the installed package brought nothing else along', () => {
  const installed = readdirSync(join(home, 'node_modules')).filter((name) => !name.startsWith('.'));
  assert.deepEqual(installed, ['create-go-sre-service']);
});

test('npx create-go-sre-service orders --yes gives a service that is formatted, builds and passes its tests', () => {
  const said = runAsUser('npx', ['create-go-sre-service', 'orders', '--yes'], home);
  assert.match(said, /Created orders in .*orders: \d+ files/);
  assert.match(
    said,
    /OTEL_TRACES_SAMPLER=always_on LOG_FILE=orders\.log go run -tags grpcnotrace \.\/cmd\/orders/,
  );
  const service = join(home, 'orders');
  assert.ok(existsSync(join(service, '.gitignore')));
  assert.equal(runAsUser('gofmt', ['-l', '.'], service), '');
  runAsUser('go', ['build', '-o', join(home, 'orders-binary'), './cmd/orders'], service);
  assert.match(runAsUser('go', ['test', './...'], service), /^ok\s/m);
});

test('go-sre slo render has nothing to change in a new service', () => {
  const said = runAsUser('npx', ['go-sre', 'slo', 'render', '--check', '--dir', 'orders'], home);
  assert.match(said, /^unchanged {2}ops\/prometheus\/rules\.yaml$/m);
});

test('go-sre route add gives a service that is formatted, builds and passes its tests, without a further command', () => {
  const said = runAsUser('npx', ['go-sre', 'route', 'add', 'POST', '/refund', '--dir', 'orders'], home);
  assert.match(said, /^changed {2}internal\/server\/routes\.go:\d+$/m);
  const service = join(home, 'orders');
  assert.equal(runAsUser('gofmt', ['-l', '.'], service), '');
  assert.match(runAsUser('go', ['test', './internal/...'], service), /^ok\s/m);
  const rendered = runAsUser('npx', ['go-sre', 'slo', 'render', '--check', '--dir', 'orders'], home);
  assert.doesNotMatch(rendered, /^changed/m);
});

test('the service answers, and log, trace and metric of one request carry the same trace id', {
  timeout: 60_000,
}, async (t) => {
  const collector = await startCollector(t, folderOf(t), {});
  const endpoint = `http://127.0.0.1:${collector.otlpHttpPort}`;
  const service = await startService(join(home, 'orders-binary'), endpoint, {}, userEnv());
  t.after(service.stop);
  const order = { method: 'POST', body: '{"item":"tea","quantity":2}' };
  const response = await fetch(`http://${service.addr}/orders`, order);
  assert.equal(response.status, 201, await response.text());
  const line = await service.logLine((entry) => entry.msg === 'request');
  assert.match(String(line.trace_id), /^[0-9a-f]{32}$/);
  assert.match(String(line.span_id), /^[0-9a-f]{16}$/);
  assert.equal(line.route, '/orders');
  const trace = await until('the trace of the first request in the collector', 15_000, async () => {
    const answer = await fetch(`http://127.0.0.1:${collector.apiPort}/api/v1/traces/${line.trace_id}`);
    return answer.ok ? ((await answer.json()) as TraceBody) : undefined;
  });
  assert.ok(trace.spanId.includes(String(line.span_id)));
  assert.deepEqual(trace.service.dictionary.filter(Boolean), ['orders']);
  assert.equal((await fetch(`http://${service.adminAddr}/healthz`)).status, 200);
  const headers = { accept: 'application/openmetrics-text; version=1.0.0' };
  const metrics = await (await fetch(`http://${service.adminAddr}/metrics`, { headers })).text();
  assert.match(metrics, /^http_server_request_duration_seconds_count\{.*http_route="\/orders"/m);
  assert.match(metrics, new RegExp(`# \\{.*trace_id="${line.trace_id}"`));
});
