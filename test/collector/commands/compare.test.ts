// `go-sre-collector compare` through the real command line: a stored file, and a collector that runs.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { getComparison } from '../../../collector/api/compare.ts';
import { type ApiDeps, isText } from '../../../collector/api/deps.ts';
import { runCompare } from '../../../collector/commands/compare.ts';
import type { ReleaseComparison } from '../../../collector/correlate/compare/comparison.ts';
import { openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { releases, START } from '../correlate/compare/releases.ts';

const folder = mkdtempSync(join(tmpdir(), 'go-sre-compare-'));
after(() => rmSync(folder, { recursive: true }));

const VERSIONS = ['--a', 'service.version=1', '--b', 'service.version=2'];
const RANGE = ['--from', '2026-09-21T14:13:20Z', '--to', '2026-09-21T14:23:20Z'];
const WIDE = ['--tolerance', 'errors=9pt', '--tolerance', 'latency=80%'];
const SAME = ['--a', 'service.version=1', '--b', 'service.version=3'];

/** What a request to a collector is answered. */
let ask: typeof fetch = async () => {
  throw new Error('connect ECONNREFUSED');
};

const open = () =>
  openEmbeddedStore(
    { path: join(folder, 'telemetry.sqlite'), retentionMs: 1e13, maxBytes: 1e12 },
    { clock: () => START },
  );

before(async () => {
  const store = await open();
  const common = { requests: 80 };
  await store.append(
    releases([
      { version: '1', ...common },
      { version: '2', errorShare: 0.3, ...common },
      { version: '3', ...common },
    ]),
  );
  await store.close();
});

async function compare(...argv: string[]): Promise<{ code: number; output: string; told: string }> {
  let output = '';
  const told: string[] = [];
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      output += String(chunk);
      done();
    },
  });
  const deps = { output: sink, tell: (line: string) => void told.push(line), baseDir: folder };
  const code = await runCompare(argv, {
    ...deps,
    clock: () => START,
    fetch: (input, init) => ask(input, init),
  });
  return { code, output, told: told.join('\n') };
}

test('the exit code is 1 for a worse release, 0 for one that is not, and 2 when it cannot be told', async () => {
  const worse = await compare(...VERSIONS, '--data', '.');
  assert.equal(worse.code, 1, worse.told);
  assert.match(
    worse.output,
    /^b is worse than a: \d+ of \d+ comparisons of errors, latency and error lines /,
  );
  const good = await compare(...SAME, '--data', 'telemetry.sqlite', ...WIDE, '--json');
  assert.equal(good.code, 0, good.output);
  assert.equal((JSON.parse(good.output) as ReleaseComparison).outcome, 'not worse');
  const none = ['--a', 'service.version=1', '--b', 'service.version=9', '--data', '.'];
  const unknown = await compare(...none);
  assert.deepEqual(
    [unknown.code, unknown.output.split('\n')[0]],
    [2, 'It cannot be told whether b is worse: no request of b is stored.'],
  );
  assert.equal((await compare(...none, '--allow-unknown')).code, 0);
});

test('what is wrong ends with 2 and says what, so that no mistake looks like a worse release', async () => {
  for (const [argv, message] of [
    [
      VERSIONS,
      /^go-sre-collector compare: http:\/\/127\.0\.0\.1:4319 does not answer \(connect ECONNREFUSED\)/,
    ],
    [['--a', 'x', '--b', 'y=1', '--data', '.'], /: --a x: must be KEY=VALUE/],
    [['--c', 'y=1'], /Unknown option '--c'[\s\S]*See go-sre-collector compare --help/],
    [[...VERSIONS, '--data', 'none'], /There is no store .*none/],
    [[...VERSIONS, '--data', '.', '--url', 'http://x'], /--url and --data: give one/],
    [[...VERSIONS, '--url', 'localhost:4319'], /--url localhost:4319: must be an http URL, such as/],
  ] as const) {
    const { code, told, output } = await compare(...argv);
    assert.deepEqual([code, output], [2, ''], told);
    assert.match(told, message);
  }
  const help = await compare('--help');
  assert.equal(help.code, 0);
  for (const line of help.output.split('\n')) assert.ok(line.length <= 125, line);
});

test('flags that are wrong are told by their names before a collector is asked', async () => {
  for (const [argv, message] of [
    [['--a', 'x', '--b', 'y=1'], '--a x: must be KEY=VALUE, such as service.version=1.4.0.'],
    [
      ['--a', 'service.version=1'],
      '--a and --b share requests: give each a condition, such as --a service.version=1, or a time of its own, such as --a-from and --a-to.',
    ],
    [[...VERSIONS, '--since', '0'], '--since 0: must be a duration such as 30m, 2h or 1d.'],
    [
      [...VERSIONS, '--since', '9999999d', '--to', '60'],
      '--since 9999999d: must be so that the range begins after 1970.',
    ],
    [
      [...VERSIONS, '--since', '1h', '--from', '1'],
      '--since and --from both say where the range begins: give one of them.',
    ],
    [
      [...VERSIONS, '--a-from', 'monday'],
      '--a-from monday: must be a time such as 2026-01-31T14:22:00Z, or seconds since the epoch.',
    ],
    [[...VERSIONS, '--b-from', '8000', '--to', '7000'], '--b-from 8000: must be before --to 7000.'],
    [
      [...VERSIONS, '--tolerance', 'foo=1'],
      '--tolerance foo=1: must be errors=POINTSpt or latency=PERCENT%, such as errors=0.1pt.',
    ],
    [
      [...VERSIONS, '--tolerance', 'latency=5'],
      '--tolerance latency=5: must be in percent, up to 1000, such as latency=10%.',
    ],
  ] as const) {
    const { code, told } = await compare(...argv);
    const lines = [`go-sre-collector compare: ${message}`, 'See go-sre-collector compare --help.'];
    assert.deepEqual([code, told], [2, lines.join('\n')]);
  }
});

test('a defect is told with its stack, and nothing in it acts on the terminal', async () => {
  const side = { conditions: [], fromUnixNano: '\u001b[2J\u202e1', toUnixNano: '2', n: 1 };
  ask = async () => Response.json({ outcome: 'worse', lines: [], notes: [], reason: '', a: side, b: side });
  const { code, told } = await compare(...VERSIONS);
  assert.equal(code, 2);
  assert.match(
    told,
    /^go-sre-collector compare: SyntaxError: Cannot convert {2}\[2J 1 to a BigInt\n +at BigInt/,
  );
});

test('a running collector is asked through its API, which answers the same, as JSON or as text', async (t) => {
  const stored = await compare(...VERSIONS, ...RANGE, '--data', '.', '--json');
  const store = await open();
  t.after(() => store.close());
  const inUse = await compare(...VERSIONS, '--data', '.');
  assert.equal(inUse.code, 2);
  assert.match(inUse.told, /another (process|collector)/i);
  ask = async (address) => {
    const url = new URL(String(address));
    const query = Object.fromEntries(url.searchParams);
    assert.equal(url.pathname, '/api/v1/compare');
    const request = { params: {}, query, signal: new AbortController().signal };
    try {
      const answer = await getComparison(request, { store, clock: () => START } as unknown as ApiDeps);
      return isText(answer) ? new Response(answer.text) : Response.json(answer);
    } catch (error) {
      assert.ok(error instanceof CollectorError);
      return Response.json({ error: { code: error.code, message: error.message } }, { status: error.status });
    }
  };
  const asked = await compare(...VERSIONS, ...RANGE, '--json');
  assert.deepEqual([asked.code, JSON.parse(asked.output)], [1, JSON.parse(stored.output)]);
  const query =
    'a=service.version=1&b=service.version=2&from=1790000000&to=1790000600&service=none&format=text';
  const text = await (await ask(`http://c/api/v1/compare?${query}`)).text();
  assert.match(text, /^It cannot be told whether b is worse: no request of a and b is stored\.\n/);
  const refused = await (await ask('http://c/api/v1/compare?a=v%3D1&b=v%3D2&tolerance=latency%3D5')).text();
  assert.match(refused, /"tolerance latency=5: must be in percent/);
});

test('an answer that is no comparison is refused', async () => {
  for (const answer of [
    '',
    'null',
    '{"outcome":"fine","lines":[]}',
    '<html>',
    '{"outcome":"toString","lines":[]}',
  ]) {
    ask = async () => new Response(answer);
    const { code, told } = await compare(...VERSIONS);
    assert.equal(code, 2);
    assert.match(told, /127\.0\.0\.1:4319 answers with no comparison: it is no collector/, answer);
  }
});
