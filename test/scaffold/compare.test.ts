import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Image } from '../../images/index.ts';
import type { GoSreDeps } from '../../scaffold/src/command.ts';
import type { Probe } from '../../scaffold/src/compare/health.ts';
import { probeOf, readHealth } from '../../scaffold/src/compare/health.ts';
import { spreadOf } from '../../scaffold/src/compare/spread.ts';
import { type StartDeps, startOnce } from '../../scaffold/src/compare/start-once.ts';
import { startTimes } from '../../scaffold/src/compare/start-times.ts';
import { CliError } from '../../scaffold/src/errors.ts';
import type { RunResult } from '../../scaffold/src/processes.ts';
import { runGoSreInProcess } from '../helpers/scaffold.ts';
import { asTar, dockerSave, type Making, tarOf } from '../images/image/making.ts';

const small: Making = { layers: [tarOf([{ path: 'shop', body: 'x'.repeat(1000) }])], names: ['shop:small'] };
const large: Making = {
  layers: [
    tarOf([{ path: 'go', body: 'y'.repeat(9000) }]),
    tarOf([{ path: 'shop', body: 'x'.repeat(1000) }]),
  ],
  names: ['shop:large'],
  history: [{ created_by: 'FROM <golang>' }, { created_by: 'RUN go build' }],
};

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-compare-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const hole = { VulnerabilityID: 'CVE-1', PkgName: 'a', InstalledVersion: '1', Severity: 'CRITICAL' };
  writeFileSync(join(folder, 'a.tar'), asTar(dockerSave(large)));
  writeFileSync(join(folder, 'b.tar'), asTar(dockerSave(small)));
  writeFileSync(
    join(folder, 'a.json'),
    JSON.stringify({ ArtifactName: 'a', Results: [{ Vulnerabilities: [hole] }] }),
  );
  writeFileSync(join(folder, 'b.json'), JSON.stringify({ ArtifactName: 'b', Results: [] }));
  return folder;
}

const both = ['compare', 'a.tar', 'b.tar', '--cve-a', 'a.json', '--cve-b', 'b.json'];

test('size and known holes of two files stand side by side, and why no start was measured', async (t) => {
  const { exitCode, stdout, stderr } = await runGoSreInProcess(both, folderOf(t));
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^ +A a\.tar +B b\.tar +B \/ A\n +size +10,000 +1,000 +0\.10\n/);
  assert.match(stdout, /known holes, critical +1 +0 +0\.00\n/);
  assert.match(stdout, /start, median +– +–\n/);
  assert.match(
    stdout,
    /start of A not measured: it is a file, and only an image of the engine can be started; docker load it/,
  );
  assert.match(stdout, /1 +9,000 +\d+ +1 +FROM <golang>\n/);
});

test('the same as one object', async (t) => {
  const { stdout } = await runGoSreInProcess([...both, '--json'], folderOf(t));
  const { a, b } = JSON.parse(stdout);
  assert.deepEqual([a.size, a.layers.length, b.size, b.layers.length], [10_000, 2, 1000, 1]);
  assert.deepEqual([a.vulnerabilities.critical, b.vulnerabilities.critical], [1, 0]);
  assert.match(a.start.notMeasured, /^it is a file/);
});

test('the chart tells each value in words, escapes names, and needs nothing from elsewhere', async (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, '<b>&.tar'), readFileSync(join(folder, 'b.tar')));
  await runGoSreInProcess(['compare', 'a.tar', '<b>&.tar', '--svg', 'c.svg'], folder);
  const svg = readFileSync(join(folder, 'c.svg'), 'utf8');
  assert.match(svg, /role="img" aria-labelledby="t d"/);
  assert.match(
    svg,
    /<desc id="d">size: A 10,000, B 1,000; size compressed: .*start, median: A –, B –<\/desc>/,
  );
  assert.match(svg, /B &lt;b&gt;&amp;\.tar/);
  assert.match(svg, /prefers-color-scheme: dark/);
  assert.doesNotMatch(svg, /<script|href|url\(|@import|<b>/);
});

for (const [words, why] of [
  [['a.tar'], /Two images are compared/],
  [['a.tar', 'b.tar', 'c.tar'], /"c\.tar" is more/],
  [['a.tar', 'b.tar', '--runs', '1000'], /--runs is at most 100/],
  [['a.tar', 'b.tar', '--health', 'ftp://x'], /--health is an address such as/],
  [['a.tar', 'b.tar', '--env', 'NOVALUE'], /--env is KEY=VALUE/],
  [['a.tar', 'b.tar', '--timeout', '0'], /--timeout is from 1 to 3600/],
  [['a.tar', 'b.tar', '--cve-a', 'gone.json'], /There is no gone\.json, which --cve-a names/],
] as const) {
  test(`wrong usage, exit code 2: ${words.slice(1).join(' ')}`, async (t) => {
    const { exitCode, stderr } = await runGoSreInProcess(['compare', ...words], folderOf(t));
    assert.match(stderr, why);
    assert.equal(exitCode, 2);
  });
}

test('the middle of several runs, and how far they lie apart', () => {
  assert.deepEqual(spreadOf([30, 10, 20]), { runs: [30, 10, 20], median: 20, min: 10, max: 30 });
  assert.equal(spreadOf([40, 10, 20, 30]).median, 25);
});

test('what is healthy is read from a flag, or from the image: HEALTHCHECK before the first port', () => {
  const http: Probe = { kind: 'http', port: 8080, path: '/readyz', status: 'good' };
  for (const text of ['http://localhost:8080/readyz', ':8080/readyz', '8080/readyz'])
    assert.deepEqual(readHealth(text), http);
  const image = {
    exposedPorts: ['53/udp', '8080/tcp'],
    healthcheck: ['CMD', '/shop'],
  } as never as Parameters<typeof probeOf>[0];
  assert.deepEqual(probeOf(image), { kind: 'healthcheck' });
  assert.deepEqual(probeOf({ ...image, healthcheck: undefined }), {
    kind: 'http',
    port: 8080,
    path: '/',
    status: 'any',
  });
  assert.equal(probeOf({ ...image, healthcheck: undefined, exposedPorts: [] }), undefined);
});

/** An engine whose container answers from `healthyAt` on, by a clock that goes on with each wait. */
function engine(answer: (words: readonly string[]) => Partial<RunResult>, healthyAt: number) {
  const asked: string[] = [];
  const clock = { ms: 0 };
  const deps: StartDeps = {
    run: async (_, args) => {
      asked.push(args[0]!);
      clock.ms += 10;
      return { status: 0, stdout: Buffer.alloc(0), stderr: '', problem: undefined, ...answer(args) };
    },
    cwd: '.',
    now: () => clock.ms,
    fetch: (async () => {
      if (clock.ms < healthyAt) throw new TypeError('fetch failed');
      return new Response('ok');
    }) as typeof fetch,
    signal: new AbortController().signal,
    dockerHost: undefined,
    wait: async (ms) => {
      clock.ms += ms;
    },
  };
  return { asked, deps };
}

const options = {
  image: 'shop:1',
  probe: { kind: 'http', port: 8080, path: '/', status: 'good' },
  env: [],
  timeoutMs: 2000,
} as const;

test('the time is from docker start to the first healthy answer, and the container is removed', async () => {
  const { asked, deps } = engine(() => ({}), 200);
  assert.deepEqual(await startOnce(options, deps), { ms: 190 });
  assert.deepEqual(asked, ['create', 'start', 'rm']);
});

test('a container that ends is told with its last words', async () => {
  const { asked, deps } = engine((args) => {
    if (args[0] === 'inspect') return { stdout: Buffer.from('exited 3\n') };
    return args[0] === 'logs' ? { stderr: 'panic: no config\n' } : {};
  }, Number.POSITIVE_INFINITY);
  assert.deepEqual(await startOnce(options, deps), {
    problem: 'its container ended with code 3, its last words: panic: no config',
  });
  assert.equal(asked.at(-1), 'rm');
});

test('one that never answers is given up, one that cannot be started is told, and both are removed', async () => {
  const silent = engine(() => ({}), Number.POSITIVE_INFINITY);
  assert.deepEqual(await startOnce(options, silent.deps), {
    problem: 'it gave no healthy answer within 2 s',
  });
  const broken = engine(
    (args) => (args[0] === 'start' ? { status: 127, stderr: 'exec: "/shop": not found\n' } : {}),
    0,
  );
  assert.deepEqual(await startOnce(options, broken.deps), { problem: 'exec: "/shop": not found' });
  assert.deepEqual([silent.asked.at(-1), broken.asked.at(-1)], ['rm', 'rm']);
});

test('both images are started in turn, and the first start of each does not count', async () => {
  const started: string[] = [];
  const { deps } = engine((args) => {
    if (args[0] === 'create') started.push(args.at(-1)!);
    return {};
  }, 0);
  const contender = (target: string, origin: 'engine' | 'tar') => ({ target, origin, image: {} as Image });
  const wanted = { ...options, runs: 2 };
  const [a, b] = await startTimes([contender('a:1', 'engine'), contender('b:1', 'engine')], wanted, deps);
  assert.deepEqual(started, ['a:1', 'b:1', 'a:1', 'b:1', 'a:1', 'b:1']);
  assert.ok('spread' in a && 'spread' in b);
  assert.deepEqual([a.spread.runs.length, b.spread.runs.length], [2, 2]);
  const [file] = await startTimes([contender('a.tar', 'tar'), contender('b:1', 'engine')], wanted, deps);
  assert.ok('notMeasured' in file);
});

test('a port that somebody else has is not the end', async () => {
  let starts = 0;
  const { asked, deps } = engine((args) => {
    if (args[0] !== 'start' || ++starts > 1) return {};
    return { status: 1, stderr: 'Bind for 127.0.0.1:20000 failed: port is already allocated\n' };
  }, 0);
  assert.ok('ms' in (await startOnce(options, deps)));
  assert.deepEqual(asked, ['create', 'start', 'rm', 'create', 'start', 'rm']);
});

test('who is told to end removes the container first', async () => {
  const { asked, deps } = engine(() => ({}), Number.POSITIVE_INFINITY);
  await assert.rejects(
    startOnce(options, { ...deps, signal: AbortSignal.abort() }),
    (error) => error instanceof CliError && error.exitCode === 130,
  );
  assert.equal(asked.at(-1), 'rm');
});

test('behind an engine on another machine its ports are asked there', async () => {
  const { deps } = engine(() => ({}), 0);
  const urls: string[] = [];
  const fetched: GoSreDeps['fetch'] = async (url) => {
    urls.push(String(url));
    return new Response('ok');
  };
  await startOnce(options, { ...deps, fetch: fetched, dockerHost: 'tcp://docker:2375' });
  assert.match(urls[0]!, /^http:\/\/docker:\d{5}\/$/);
});
