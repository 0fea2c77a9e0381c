// `go-sre route add` on tables that people edited: each file of testdata/route-tables/ takes the place of routes.go in
// an emitted service, and its name says what was edited.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Answers } from '../../scaffold/src/answers.ts';
import type { RouteReport } from '../../scaffold/src/route/report.ts';
import { emitService, plainAnswers, tagsOf } from '../helpers/emitted-service.ts';
import { runGoSreInProcess } from '../helpers/scaffold.ts';

const tables = fileURLToPath(new URL('testdata/route-tables', import.meta.url));
const shapes = readdirSync(tables).map((file) => basename(file, '.go.txt'));
const reshaped = shapes.filter((shape) => shape.startsWith('reshaped-'));

/** The table's file, where it is not routes.go. */
const placedAs: Readonly<Record<string, string>> = { 'the-file-is-called-api': 'api.go' };

/** Edits after which slo.json cannot follow: the table and it disagree, or not every route can be read. */
const sloIsLeft = [
  ...['an-empty-table', 'an-empty-table-with-a-comment', 'no-objectives-and-no-time'],
  ...['imports-one-by-one', 'imports-with-comments', 'imports-with-time-in-the-middle'],
  'routes-made-by-a-helper',
];

/** Edits that no Go compiler takes. */
const noGo = ['reshaped-half-typed', 'reshaped-handlers-of-another-type'];

/** Everything that the command may change. */
const parts = ['internal/server', 'slo.json', 'ops'];

let folder = '';
const service = () => join(folder, 'shop');
const server = () => join(service(), 'internal/server');

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'route-tables-'));
  await emitService(plainAnswers, service());
  for (const part of parts)
    cpSync(join(service(), part), join(folder, 'as-emitted', part), { recursive: true });
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** The emitted service with one table in the place of routes.go. */
function place(shape: string): { path: string; bytes: Buffer } {
  for (const part of parts) {
    rmSync(join(service(), part), { recursive: true });
    cpSync(join(folder, 'as-emitted', part), join(service(), part), { recursive: true });
  }
  rmSync(join(server(), 'routes.go'));
  const path = join(server(), placedAs[shape] ?? 'routes.go');
  const bytes = readFileSync(join(tables, `${shape}.go.txt`));
  writeFileSync(path, bytes);
  return { path, bytes };
}

async function routeAdd(
  argv: readonly string[],
  dir = service(),
): Promise<{ exitCode: number; report: RouteReport; stderr: string }> {
  const { exitCode, stdout, stderr } = await runGoSreInProcess(['route', 'add', ...argv, '--json'], dir);
  return { exitCode, report: JSON.parse(stdout || 'null') as RouteReport, stderr };
}

function go(
  command: string,
  args: readonly string[],
  {
    input,
    answers = plainAnswers,
    dir = service(),
  }: { input?: Buffer; answers?: Answers; dir?: string } = {},
): string {
  const env = { ...process.env, GOFLAGS: `-tags=${tagsOf(answers)}`, GOWORK: 'off' };
  const ran = spawnSync(command, args, { cwd: dir, env, encoding: 'utf8', ...(input && { input }) });
  assert.equal(ran.status, 0, `${command} ${args.join(' ')}:\n${ran.stdout}${ran.stderr}`);
  return ran.stdout;
}

const importLine = /^(?:\t|import )"time"\r?\n/m;

/** What came into a file, but for an import; fails when anything else changed than one place. */
function inserted(old: Buffer, now: Buffer): string {
  const [before, whole] = [old.toString('latin1'), now.toString('latin1')];
  const after = importLine.test(before) ? whole : whole.replace(importLine, '').replace('\t"time"\n\n', '');
  let same = 0;
  while (same < before.length && before[same] === after[same]) same += 1;
  const length = after.length - before.length;
  for (let start = same; start >= 0; start -= 1) {
    // The new text may begin as the old one goes on.
    if (after.slice(0, start) + after.slice(start + length) === before)
      return after.slice(start, start + length);
  }
  return assert.fail(`more changed than one place:\n${whole}`);
}

/** The text without blanks and what parts one route from the next. */
function bare(text: string): string {
  return text.replace(/^table = append\(table, Route\{|[\s,{}()]/g, '');
}

for (const shape of shapes.filter((name) => !reshaped.includes(name))) {
  test(`a route is added to ${shape.replaceAll('-', ' ')}`, async () => {
    const { path, bytes } = place(shape);
    const { exitCode, report, stderr } = await routeAdd(['POST', '/refunds/{id}', '--sample', '0.2']);
    assert.equal(exitCode, sloIsLeft.includes(shape) ? 3 : 0, `${stderr}${report?.left.join('\n')}`);
    const now = readFileSync(path);
    assert.equal(bare(inserted(bytes, now)), bare(report.entry));
    // In whatever order the table has its columns.
    for (const part of [/"POST \/refunds\/\{id\}"/, /\bcreateRefund\b/, /\b250 \* /, /\.Ratio\(0\.2\)/]) {
      assert.match(report.entry, part);
    }
    const normal = (text: Buffer) => Buffer.from(text.toString().replace(/^\uFEFF|\r/g, ''));
    assert.equal(go('gofmt', ['-l'], { input: normal(now) }), '', now.toString());
    assert.equal(go('gofmt', ['-l', ...newFiles(report)]), '');
    keepForGo(shape);
  });
}

for (const shape of reshaped) {
  test(`the line is printed, and the rest written, where the table is ${shape.replaceAll('-', ' ')}`, async () => {
    const { path, bytes } = place(shape);
    const { exitCode, report } = await routeAdd(['POST', '/refunds/{id}']);
    assert.equal(exitCode, 3);
    assert.ok(readFileSync(path).equals(bytes));
    assert.ok('reason' in report.place);
    assert.match(report.left[0]!, /internal\/server\/routes\.go:\d+/);
    assert.match(report.left[0]!, /\n\{"POST \/refunds\/\{id\}", createRefund\(d\), .*\},$/);
    assert.match(report.left.join('\n'), /go run -tags \S+ \.\/cmd\/shop slo > slo\.json.*slo render/s);
    assert.equal(go('gofmt', ['-l', ...newFiles(report)]), '');
    if (!noGo.includes(shape)) keepForGo(shape);
  });
}

test('a route that was added is refused a second time, with its line, although the table has a shape of its own', async () => {
  for (const shape of ['reshaped-built-in-a-loop', 'reshaped-from-a-map']) {
    place(shape);
    assert.equal((await routeAdd(['POST', '/refunds/{id}'])).exitCode, 3);
    const files = readdirSync(server());
    const again = await routeAdd(['POST', '/refunds/{id}']);
    assert.equal(again.exitCode, 1);
    assert.match(
      again.stderr,
      /refunds\.go has createRefund for POST .*\n\{"POST \/refunds\/\{id\}", createRefund\(d\), /,
    );
    assert.deepEqual(readdirSync(server()), files);
    const there = await routeAdd(['POST', '/orders']);
    assert.equal(there.exitCode, 1);
    assert.match(there.stderr, /internal\/server\/routes\.go:\d+ has the route POST \/orders already/);
    assert.equal((await routeAdd(['GET', '/livez'])).exitCode, 3, 'the admin port has routes of its own');
  }
});

function newFiles(report: RouteReport): string[] {
  return report.files.filter(({ state }) => state === 'new').map(({ path }) => path);
}

/** Keeps the package beside the others, so that one call of go sees all of them. */
function keepForGo(shape: string): void {
  cpSync(server(), join(service(), 'internal/shapes', shape), { recursive: true });
}

test('every table compiles and is vetted with its new route', () => {
  go('go', ['vet', './internal/shapes/...']);
});

const tried = ['as-emitted', 'a-variable-of-the-package', 'columns-in-another-order', 'an-empty-table'];

test('the new handler passes its test, among them with columns in another order and in an empty table', () => {
  const said = go('go', [
    'test',
    '-run=^TestCreateRefund$',
    '-v',
    ...tried.map((shape) => `./internal/shapes/${shape}`),
  ]);
  assert.equal(said.match(/^--- PASS: TestCreateRefund /gm)?.length, tried.length, said);
});

test('a route is added to a service on gin, which compiles and passes the new test', async () => {
  const onGin: Answers = { ...plainAnswers, router: 'gin' };
  const dir = join(folder, 'gin');
  await emitService(onGin, dir);
  const { exitCode, report, stderr } = await routeAdd(['POST', '/refunds/{id}'], dir);
  assert.equal(exitCode, 0, `${stderr}${report?.left.join('\n')}`);
  const inGin = { answers: onGin, dir };
  assert.equal(go('gofmt', ['-l', '.'], inGin), '');
  go('go', ['build', './...'], inGin);
  const said = go('go', ['test', '-run=^TestCreateRefund$', '-v', './internal/server'], inGin);
  assert.match(said, /^--- PASS: TestCreateRefund /m);
});
