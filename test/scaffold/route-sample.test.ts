// `go-sre route sample` on an emitted service, and on tables that people edited.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as realDisk from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { GoSreDeps } from '../../scaffold/src/command.ts';
import { withGoParser } from '../../scaffold/src/go/syntax.ts';
import { planSampling } from '../../scaffold/src/route/sample-plan.ts';
import { readSamplingAdvice, type SamplingAdvice, samplingSchema } from '../../slo/index.ts';
import { emitService, plainAnswers } from '../helpers/emitted-service.ts';
import { failingDisk, runGoSreInProcess } from '../helpers/scaffold.ts';

const tables = fileURLToPath(new URL('testdata/route-tables', import.meta.url));
let emitted = '';

before(async () => {
  emitted = join(mkdtempSync(join(tmpdir(), 'route-sample-')), 'shop');
  await emitService(plainAnswers, emitted);
});

after(() => rmSync(join(emitted, '..'), { recursive: true, force: true }));

/** A service with what the command reads of it; `table` takes the place of routes.go. */
function service(t: TestContext, table?: string, named = 'routes.go'): string {
  const dir = mkdtempSync(join(tmpdir(), 'route-sample-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  for (const part of ['internal/server', 'go.mod', 'slo.json'])
    cpSync(join(emitted, part), join(dir, part), { recursive: true });
  if (table === undefined) return dir;
  rmSync(join(dir, 'internal/server/routes.go'));
  writeFileSync(join(dir, 'internal/server', named), table);
  return dir;
}

const routesOf = (dir: string) => readFileSync(join(dir, 'internal/server/routes.go'), 'utf8');

function advice(over: Partial<SamplingAdvice> = {}): SamplingAdvice {
  return {
    ...{ method: 'GET', route: '/orders/{id}', share: 0.063, interval: { low: 0.022, high: 0.063 } },
    ...{ keepFailed: false, keepSlowSeconds: null, because: '4,000 requests counted.' },
    ...over,
  };
}

async function sample(
  dir: string,
  recommendations: unknown,
  argv: readonly string[] = [],
  { disk = realDisk, report = {} }: { disk?: GoSreDeps['disk']; report?: object } = {},
) {
  const file = join(dir, 'sampling.json');
  writeFileSync(
    file,
    JSON.stringify({ schema: samplingSchema, service: 'shop', recommendations, ...report }),
  );
  return runGoSreInProcess(['route', 'sample', '--from', 'sampling.json', ...argv], dir, { disk });
}

test('the advice comes into the column of its route, and no other byte changes', async (t) => {
  const dir = service(t);
  const before = routesOf(dir);
  const ran = await sample(dir, [advice(), advice({ method: 'POST', route: '/orders', share: 0.5 })]);
  assert.equal(ran.exitCode, 0, ran.stderr);
  assert.match(
    ran.stdout,
    /^changed {2}GET \/orders\/\{id\} {2}internal\/server\/routes\.go:\d+\n +telemetry\.Default -> telemetry\.Ratio\(0\.063\)$/m,
  );
  assert.match(
    ran.stdout,
    /^kept {5}POST \/payment\/\{id\}\/capture {2}telemetry\.Always: the report does not have it$/m,
  );
  const wanted = before
    .replace(/("GET \/orders\/\{id\}".*)telemetry\.Default/, '$1telemetry.Ratio(0.063)')
    .replace(/("POST \/orders".*)telemetry\.Default/, '$1telemetry.Ratio(0.5)');
  assert.equal(routesOf(dir), wanted);
  const [, line] = /routes\.go:(\d+)/.exec(ran.stdout)!;
  assert.match(routesOf(dir).split('\n')[Number(line) - 1]!, /Ratio\(0\.063\)/);
});

test('written once more it is what the report advises, and nothing changes', async (t) => {
  const dir = service(t);
  const all = [advice({ keepFailed: true, keepSlowSeconds: 0.25 })];
  await sample(dir, all);
  const once = routesOf(dir);
  assert.match(once, /telemetry\.Ratio\(0\.063\)\.KeepFailed\(\)\.KeepSlow\(250 \* time\.Millisecond\)\}/);
  const ran = await sample(dir, all);
  assert.equal(ran.exitCode, 0);
  assert.match(ran.stdout, /it is what the report advises/);
  assert.match(ran.stdout, /Nothing changes: nothing was written\./);
  assert.equal(routesOf(dir), once);
});

test('a decision against callers stays, what else was kept gives way, and Always only when that is said', async (t) => {
  const table = readFileSync(join(emitted, 'internal/server/routes.go'), 'utf8').replace(
    'telemetry.Default',
    'telemetry.Ratio(0.1).KeepFailed().IgnoreParent()',
  );
  const payment = advice({ method: 'POST', route: '/payment/{id}/capture', share: 0.2 });
  const dir = service(t, table);
  const careful = await sample(dir, [advice(), payment]);
  assert.equal(careful.exitCode, 0, careful.stderr);
  assert.match(routesOf(dir), /telemetry\.Ratio\(0\.063\)\.IgnoreParent\(\)\}/);
  assert.match(routesOf(dir), /"POST \/payment.*telemetry\.Always\}/);
  await sample(dir, [payment], ['--replace-always']);
  assert.match(routesOf(dir), /"POST \/payment.*telemetry\.Ratio\(0\.2\)\.IgnoreParent\(\)\}/);
});

test('an import of time comes with the first duration, where the table has none', async (t) => {
  const dir = service(t, readFileSync(join(tables, 'no-objectives-and-no-time.go.txt'), 'utf8'));
  assert.doesNotMatch(routesOf(dir), /"time"/);
  const ran = await sample(dir, [advice({ keepSlowSeconds: 1 })]);
  assert.equal(ran.exitCode, 0, ran.stderr + ran.stdout);
  assert.match(routesOf(dir), /import \([^)]*\t"time"\n/);
  assert.match(routesOf(dir), /KeepSlow\(time\.Second\)/);
  const line = Number(/routes\.go:(\d+)/.exec(ran.stdout)?.[1]);
  assert.match(routesOf(dir).split('\n')[line - 1]!, /KeepSlow/);
});

test('a route that the table has not, and another service, are refused with what to do', async (t) => {
  const dir = service(t);
  const before = routesOf(dir);
  const unknown = await sample(dir, [advice(), advice({ route: '/gone' })]);
  assert.equal(unknown.exitCode, 1);
  assert.match(
    unknown.stderr,
    /has no GET \/gone; it has GET \/orders\/\{id\}, .* Nothing was written\. Take it out/,
  );
  const other = await sample(dir, [advice()], [], { report: { service: 'pay' } });
  assert.equal(other.exitCode, 1);
  assert.match(
    other.stderr,
    /The report is about pay, this service is shop\. Nothing was written\. .* --service pay/,
  );
  assert.equal(routesOf(dir), before);
  const told = await sample(dir, [advice()], ['--service', 'pay'], { report: { service: 'pay' } });
  assert.equal(told.exitCode, 0, told.stderr);
});

test('every fault of a report is told with its place', async (t) => {
  const dir = service(t);
  const faulty = { ...advice(), share: 1.5, keepfailed: true, keepFailed: 'yes', keepSlowSeconds: 0 };
  const ran = await sample(dir, [faulty, advice(), advice()]);
  assert.equal(ran.exitCode, 1);
  const lines = ran.stderr.replaceAll(`${dir}/`, '').split('\n');
  assert.deepEqual(lines, [
    'go-sre: sampling.json: recommendations[0].keepfailed: is not known here; there are method, route, share, interval, keepFailed, keepSlowSeconds, because',
    'sampling.json: recommendations[0].keepFailed: must be true or false, not "yes"',
    'sampling.json: recommendations[0].share: must be a number from 0 to 1, not 1.5',
    'sampling.json: recommendations[0].keepSlowSeconds: must be at least 0.000001, or null, not 0',
    'sampling.json: recommendations[1]: advises GET /orders/{id} a second time',
    'sampling.json: recommendations[2]: advises GET /orders/{id} a second time',
    'Nothing was written.',
    '',
  ]);
  for (const report of [{ schema: 'go-sre.sampling/v2' }, { recommendations: 'none' }, { service: '' }])
    assert.equal((await sample(dir, [], [], { report })).exitCode, 1);
  writeFileSync(join(dir, 'sampling.json'), '{');
  const broken = await runGoSreInProcess(['route', 'sample', '--from', 'sampling.json'], dir);
  assert.match(
    broken.stderr,
    /sampling\.json is no JSON: .*\. Make it with go-sre-collector sampling report --json/,
  );
  assert.equal((await runGoSreInProcess(['route', 'sample'], dir)).exitCode, 2);
  assert.equal((await runGoSreInProcess(['route', 'sample', '--from', 'none.json'], dir)).exitCode, 1);
});

test('a sampling that is a name, or is computed, is left with what to write, and so is all else', async (t) => {
  const table = readFileSync(join(emitted, 'internal/server/routes.go'), 'utf8').replace(
    'telemetry.Default',
    'usual',
  );
  const dir = service(t, `${table}\nvar usual = telemetry.Default\n`);
  const before = routesOf(dir);
  const ran = await sample(dir, [advice(), advice({ method: 'POST', route: '/orders' })]);
  assert.equal(ran.exitCode, 3);
  assert.match(
    ran.stdout,
    /Left to you:\n {2}1\. write telemetry\.Ratio\(0\.063\) for GET \/orders\/\{id\} at internal\/server\/routes\.go:\d+; its sampling is usual, which/,
  );
  assert.match(ran.stdout, /^would be {2}POST \/orders$/m);
  assert.equal(routesOf(dir), before);
});

test('--dry-run writes nothing, and --diff and --json show the change', async (t) => {
  const dir = service(t);
  const before = routesOf(dir);
  const dry = await sample(dir, [advice()], ['--dry-run', '--diff']);
  assert.equal(dry.exitCode, 0);
  assert.match(
    dry.stdout,
    /A dry run: nothing was written\.[\s\S]*^-.*telemetry\.Default\},\n\+.*telemetry\.Ratio\(0\.063\)\},$/m,
  );
  const json = JSON.parse((await sample(dir, [advice()], ['--dry-run', '--json'])).stdout) as object;
  assert.deepEqual(Object.keys(json), ['dir', 'service', 'written', 'path', 'routes', 'kept', 'left']);
  assert.equal(routesOf(dir), before);
});

test('a disk that fails leaves the table as it was', async (t) => {
  for (const method of ['writeFile', 'rename'] as const) {
    const dir = service(t);
    const before = routesOf(dir);
    const ran = await sample(dir, [advice()], [], {
      disk: failingDisk(method, 'ENOSPC') as GoSreDeps['disk'],
    });
    assert.equal(ran.exitCode, 1);
    assert.equal(routesOf(dir), before);
    assert.equal(
      readdirSync(join(dir, 'internal/server')).some((name) => name.endsWith('.tmp')),
      false,
    );
  }
});

test('advice for HEAD is for the line of GET, and the safest of both is written', async (t) => {
  const dir = service(t);
  const head = advice({ method: 'HEAD', share: 0.5, keepFailed: true });
  assert.equal((await sample(dir, [advice(), head])).exitCode, 0);
  assert.match(routesOf(dir), /"GET \/orders\/\{id\}".*telemetry\.Ratio\(0\.5\)\.KeepFailed\(\)\}/);
});

/** The package with one table in it, as the planner takes it; of the other files only what the table needs is read. */
function folderWith(table: string, named = 'routes.go') {
  const server = new Map<string, Uint8Array>([[named, Buffer.from(table)]]);
  return { module: 'example.com/shop', server, sloJson: '{"service": "shop"}' };
}

const choices = { replaceAlways: false };
const advised = (...recommendations: SamplingAdvice[]) => ({ service: 'shop', recommendations });

test('in tables that people edited only the cell changes, or nothing', async () => {
  const left: string[] = [];
  await withGoParser((parse) => {
    for (const file of readdirSync(tables)) {
      const shape = basename(file, '.go.txt');
      const table = readFileSync(join(tables, file), 'utf8');
      const empty = shape.startsWith('an-empty-table');
      if (empty) {
        assert.throws(() => planSampling(advised(advice()), folderWith(table), choices, parse), /has no GET/);
        continue;
      }
      const plan = planSampling(advised(advice()), folderWith(table), choices, parse);
      if (plan.left.length > 0) left.push(shape);
      if (plan.change === undefined) continue;
      const after = String(plan.change.after);
      assert.notEqual(after, table, shape);
      const undone = after.replace(/(\w+\.)?Ratio\(0\.063\)/, (_, name = '') => `${name}Default`);
      assert.equal(undone, table, shape);
    }
  });
  assert.deepEqual(left, [
    'reshaped-a-helper-that-appends',
    'reshaped-built-in-a-loop',
    'reshaped-from-a-map',
    'reshaped-half-typed',
    'reshaped-numbered-routes',
    'reshaped-several-tables',
    'routes-made-by-a-helper',
  ]);
});

test('whatever is advised, the table keeps every other byte and says just that', async () => {
  const table = readFileSync(join(emitted, 'internal/server/routes.go'), 'utf8');
  const any = fc.record({
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    keepFailed: fc.boolean(),
    keepSlowSeconds: fc.option(fc.double({ min: 1e-6, max: 3600, noNaN: true })),
  });
  await withGoParser((parse) =>
    fc.assert(
      fc.property(any, (over) => {
        const plan = planSampling(advised(advice(over)), folderWith(table), choices, parse);
        const after = String(plan.change?.after);
        const [, cell = '', share = '', kept = ''] =
          /"GET \/orders\/\{id\}".*, (telemetry\.Ratio\(([\d.]+)\)(.*))\}/.exec(after) ?? [];
        assert.ok(Math.abs(Number(share) - over.share) < 1e-11);
        assert.equal(kept.includes('.KeepFailed()'), over.keepFailed);
        assert.equal(kept.includes('.KeepSlow('), over.keepSlowSeconds !== null);
        assert.equal(after.replace(cell, 'telemetry.Default'), table);
        assert.equal(parse('routes.go', after).brokenLine, undefined);
      }),
      { numRuns: 50, seed: 7 },
    ),
  );
});

test('any bytes as a report are advice without a fault, or faults with their places', () => {
  const value = fc.oneof(
    fc.constant(advice()),
    fc.jsonValue(),
    fc.record({ method: fc.string(), share: fc.double() }),
  );
  const report = fc.oneof(
    fc.jsonValue(),
    fc.record({
      schema: fc.constant(samplingSchema),
      service: fc.jsonValue(),
      recommendations: fc.array(value),
    }),
  );
  fc.assert(
    fc.property(report, (given) => {
      const { advised: found, problems } = readSamplingAdvice(given);
      assert.equal(found === undefined, (problems?.length ?? 0) > 0);
      for (const { share } of found?.recommendations ?? []) assert.ok(share >= 0 && share <= 1);
    }),
    { numRuns: 300, seed: 7 },
  );
});
