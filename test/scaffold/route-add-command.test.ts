import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import * as realDisk from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import type { GoSreDeps } from '../../scaffold/src/command.ts';
import { emitService, plainAnswers, tagsOf } from '../helpers/emitted-service.ts';
import { runGoSreInProcess } from '../helpers/scaffold.ts';

let emitted = '';

before(async () => {
  emitted = join(mkdtempSync(join(tmpdir(), 'route-add-')), 'shop');
  await emitService(plainAnswers, emitted);
});

after(() => rmSync(join(emitted, '..'), { recursive: true, force: true }));

function service(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'route-add-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  cpSync(emitted, dir, { recursive: true });
  return dir;
}

function run(argv: readonly string[], cwd: string, disk: GoSreDeps['disk'] = realDisk) {
  return runGoSreInProcess(['route', 'add', ...argv], cwd, { disk });
}

/** Every file below a folder with its content. */
function contentOf(dir: string): Map<string, string> {
  const paths = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
  const files = paths.filter((path) => statSync(join(dir, path)).isFile());
  return new Map(files.map((path) => [path, readFileSync(join(dir, path), 'latin1')]));
}

test('a route is told with its promise, its files and its line', async (t) => {
  const dir = service(t);
  const ran = await run(['POST', '/refund', '--threshold', '500ms', '--sample', '10%'], dir);
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.match(
    ran.stdout,
    /^POST \/refund: 99\.9 % of requests without a failure, 99 % within 500 milliseconds; sampling: 10 % of its traces\.$/m,
  );
  const line =
    /^changed {2}internal\/server\/routes\.go:(\d+)\n +(\{"POST \/refund", createRefund\(d\), .*\},)$/m.exec(
      ran.stdout,
    );
  const routes = readFileSync(join(dir, 'internal/server/routes.go'), 'utf8').split('\n');
  assert.equal(routes[Number(line?.[1]) - 1]?.trim(), line?.[2]);
  assert.match(ran.stdout, /createRefund in internal\/server\/refund\.go answers 501 until you write it\./);
  assert.equal((await run(['POST', '/refund'], dir)).exitCode, 1);
});

test('the handler logs trace ids of a telemetry package that was moved', async (t) => {
  const dir = service(t);
  mkdirSync(join(dir, 'internal/platform'));
  renameSync(join(dir, 'internal/telemetry'), join(dir, 'internal/platform/telemetry'));
  for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.go')) continue;
    const text = readFileSync(join(dir, file), 'utf8');
    writeFileSync(join(dir, file), text.replaceAll('/internal/telemetry"', '/internal/platform/telemetry"'));
  }
  const ran = await run(['POST', '/refund'], dir);
  assert.equal(ran.exitCode, 0, ran.stderr);
  const handler = readFileSync(join(dir, 'internal/server/refund.go'), 'utf8');
  assert.match(
    handler,
    /"example\.com\/shop\/internal\/platform\/telemetry"[\s\S]*telemetry\.TraceIDs\(r\.Context/,
  );
  const vetted = spawnSync('go', ['vet', '-tags', tagsOf(plainAnswers), './internal/server'], {
    cwd: dir,
    encoding: 'utf8',
  });
  assert.equal(vetted.status, 0, vetted.stderr);
});

test('a threshold above the bound of the server is taken with a warning', async (t) => {
  const ran = await run(['GET', '/report', '--threshold', '1m'], service(t));
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.match(ran.stdout, /99 % within 1 minute;/);
  assert.match(ran.stderr, /60 s, exceeds the server's requestTimeout of 25 s/);
  assert.equal((await run(['GET', '/report', '--threshold', '25s'], service(t))).stderr, '');
});

test('objectives and rules follow, and slo render --check agrees', async (t) => {
  const dir = service(t);
  await run(['GET', '/a/{rest...}'], dir);
  await run(['GET', '/b/{$}'], dir);
  const ran = await runGoSreInProcess(['slo', 'render', '--check'], dir);
  assert.equal(ran.exitCode, 0, ran.stdout);
  assert.match(readFileSync(join(dir, 'ops/prometheus/rules.yaml'), 'utf8'), /get-a-rest-latency/);
});

test('rules that did not follow from slo.json before are left alone, with the command that renders them', async (t) => {
  const dir = service(t);
  writeFileSync(join(dir, 'ops/prometheus/rules.yaml'), '# mine\n');
  const ran = await run(['GET', '/a'], dir);
  assert.equal(ran.exitCode, 3);
  assert.match(ran.stdout, /Left to you:\n {2}1\. .*ops\/.*\n {7}npx .* go-sre slo render\n$/s);
  assert.equal(readFileSync(join(dir, 'ops/prometheus/rules.yaml'), 'utf8'), '# mine\n');
  assert.match(readFileSync(join(dir, 'slo.json'), 'utf8'), /get-a-availability/);
});

test('--dry-run writes nothing, and --diff prints what git apply makes the same service of', async (t) => {
  const [dry, real] = [service(t), service(t)];
  const before = contentOf(dry);
  const ran = await run(['POST', '/refund', '--dry-run', '--diff'], dry);
  assert.match(ran.stdout, /A dry run: nothing was written\./);
  assert.deepEqual(contentOf(dry), before);
  await run(['POST', '/refund'], real);
  const diff = ran.stdout.slice(ran.stdout.indexOf('diff --git'));
  const applied = spawnSync('git', ['apply', '-'], { cwd: dry, input: diff, encoding: 'utf8' });
  assert.equal(applied.status, 0, applied.stderr);
  assert.deepEqual(contentOf(dry), contentOf(real));
});

for (const [method, nth] of [
  ['writeFile', 1],
  ['writeFile', 3],
  ['rename', 1],
  ['rename', 4],
] as const) {
  test(`a disk that fails at ${method} number ${nth} leaves the service as it was`, async (t) => {
    const dir = service(t);
    const before = contentOf(dir);
    const working: GoSreDeps['disk'] = { ...realDisk };
    let calls = 0;
    const fail = (...args: never[]) => {
      calls += 1;
      if (calls === nth) return Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }));
      return (working[method] as (...args: never[]) => Promise<void>)(...args);
    };
    const ran = await run(['POST', '/refund'], dir, { ...working, [method]: fail });
    assert.equal(ran.exitCode, 1);
    assert.match(ran.stderr, /Nothing was written below .*EIO/);
    assert.deepEqual(contentOf(dir), before);
  });
}

const refusals: readonly [string[], number, RegExp][] = [
  [[], 2, /METHOD and PATTERN are missing/],
  [['POST'], 2, /PATTERN is missing/],
  [['POST', '/a', 'b'], 2, /"b" is more/],
  [['post', '/a'], 2, /Did you mean POST\?/],
  [['GET', '/orders/:id'], 2, /did you mean "\/orders\/\{id\}"/],
  [['GET', '/a', '--objectiv', '0.9'], 2, /Did you mean --objective\?/],
  [['GET', '/a', '--objective', '99.9'], 2, /Did you mean 99\.9%\?/],
  [['GET', '/a', '--sample', '-1'], 2, /begins with a dash.* --sample=VALUE/],
  [['GET', '/a', '--handler', 'getOrder'], 2, /this name already/],
  [['GET', '/orders/{order}'], 1, /ServeMux refuses/],
  [['GET', '/a', '--dir', 'nowhere'], 1, /no internal\/server in .*nowhere.*--dir/],
];

for (const [argv, exitCode, says] of refusals) {
  test(`route add ${argv.join(' ')} ends with ${exitCode}, a reason and a remedy, and writes nothing`, async (t) => {
    const dir = service(t);
    const before = contentOf(dir);
    const ran = await run(argv, dir);
    assert.equal(ran.exitCode, exitCode, ran.stdout);
    assert.match(ran.stderr, says);
    assert.deepEqual(contentOf(dir), before);
  });
}
