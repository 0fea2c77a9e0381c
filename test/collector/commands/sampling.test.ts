// `go-sre-collector sampling report` over a store file and over the API.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { ApiDeps } from '../../../collector/api/deps.ts';
import { getSampling } from '../../../collector/api/sampling.ts';
import type { CommandDeps } from '../../../collector/commands/command.ts';
import { runSampling } from '../../../collector/commands/sampling.ts';
import { readSamplingQuestion, SAMPLING_PARAMETERS } from '../../../collector/correlate/sampling/question.ts';
import type { SamplingReport } from '../../../collector/correlate/sampling/report.ts';
import { openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import type { Store } from '../../../collector/storage/store.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { storeOf } from '../../helpers/scenario.ts';
import { canary } from '../correlate/sampling/canary.ts';

const made = canary({ seconds: 5, versions: [{ version: '1' }, { version: '2', sampled: 0.1 }] });

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-sampling-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A store that holds the canary, in a folder of its own. */
async function stored(t: TestContext): Promise<{ folder: string; open: () => Promise<Store> }> {
  const folder = folderOf(t);
  const options = { path: join(folder, 'telemetry.sqlite'), retentionMs: 1e13, maxBytes: 1e12 };
  const open = () => openEmbeddedStore(options, { clock: () => made.toUnixNano });
  const store = await open();
  await store.append(made.batches);
  await store.close();
  return { folder, open };
}

/** What the API's handler answers, without the sockets between. */
function apiOf(store: Store): typeof fetch {
  return async (url) => {
    const { pathname, searchParams } = new URL(String(url));
    assert.equal(pathname, '/api/v1/sampling');
    const query = Object.fromEntries(searchParams);
    const request = { params: {}, query, signal: new AbortController().signal };
    try {
      const deps = { store, clock: () => made.toUnixNano };
      return Response.json(await getSampling(request, deps as unknown as ApiDeps));
    } catch (error) {
      assert.ok(error instanceof CollectorError);
      const { code, message, status } = error;
      return Response.json({ error: { code, message } }, { status });
    }
  };
}

async function run(argv: readonly string[], over: Partial<CommandDeps> = {}) {
  let output = '';
  const told: string[] = [];
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      output += String(chunk);
      done();
    },
  });
  const code = await runSampling(argv, {
    ...{
      output: sink,
      tell: (line) => void told.push(line),
      baseDir: '/',
      clock: () => made.toUnixNano,
      fetch,
    },
    ...over,
  });
  return { code, output, told: told.join('\n') };
}

/** What a terminal obeys, but for ends of lines. */
const ACTING = /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u;

const BOTH = ['--a', 'service.version=1', '--b', 'service.version=2'];

test('a store file, its folder and the API answer with the same report', async (t) => {
  const { folder, open } = await stored(t);
  const asked = ['report', ...BOTH, '--since', '1m', '--json'];
  const fromFile = await run([...asked, '--data', '.'], { baseDir: folder });
  assert.equal(fromFile.code, 0, fromFile.told);
  const byName = await run([...asked, '--data', 'telemetry.sqlite'], { baseDir: folder });
  assert.equal(byName.output, fromFile.output);
  const { toUnixNano, cohorts } = JSON.parse(fromFile.output) as SamplingReport;
  assert.deepEqual(
    cohorts.map(({ missing }) => missing),
    [[], []],
  );
  const store = await open();
  const fetch = apiOf(store);
  const fromApi = await run([...asked, '--to', toUnixNano], { fetch });
  assert.equal(fromApi.code, 0, fromApi.told);
  assert.equal(fromApi.output, fromFile.output);
  const wrong = await (await fetch('http://host:1/api/v1/sampling?certainty=95&b=v%3D2')).text();
  assert.match(wrong, /"b=v=2: must be given together with a\."/);
  const later = await (await fetch('http://host:1/api/v1/sampling?certainty=95')).text();
  assert.match(later, /"certainty=95: must be from 0\.5 to below 1\."/);
  const refused = await run([...asked, '--data', 'telemetry.sqlite'], { baseDir: folder });
  assert.equal(refused.code, 1, 'a store that another has open');
  await store.close();
});

test('a command line that is wrong is answered with what is wrong, and nothing is made', async (t) => {
  const baseDir = folderOf(t);
  const refused = async (...argv: string[]) => {
    const { code, told, output } = await run(argv, { baseDir });
    assert.deepEqual([code, output], [2, ''], argv.join(' '));
    return told;
  };
  assert.match(await refused('repot'), /there is no command repot\. Did you mean report\?/);
  assert.match(await refused('report', '--sins', '1h'), /'--sins'/);
  assert.match(await refused('report', '--data', 'a', '--url', 'b'), /give one, both say where/);
  assert.match(
    await refused('report', '--url', 'localhost:4319'),
    /--url localhost:4319: must be an http URL/,
  );
  const missing = await run(['report', '--data', 'none.sqlite'], { baseDir });
  assert.deepEqual(
    [missing.code, missing.told],
    [1, `go-sre-collector sampling: There is no store ${baseDir}/none.sqlite.`],
  );
  assert.equal((await run([])).code, 2);
  assert.match((await run(['report', '--help'])).output, /--keep-above RATIO/);
});

test('flags that are wrong are told by their names before a collector is asked', async () => {
  const fetch = async () => {
    throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
  };
  for (const [flags, message] of [
    [['--since', '1y'], '--since 1y: must be a duration, such as 250ms, 30m or 1h.'],
    [
      ['--since', '1h', '--from', '1'],
      '--since 1h: must be left out where --from is given: both say where the range begins.',
    ],
    [['--fault-traces', 'x'], '--fault-traces x: must be a whole number of traces, 1 to 100000.'],
    [['--fault-within', '5'], '--fault-within 5: must be a duration, such as 250ms, 30m or 1h.'],
    [['--certainty', '2'], '--certainty 2: must be from 0.5 to below 1.'],
    [['--a', 'x'], '--a x: must be KEY=VALUE of a resource attribute, such as service.version=1.4.0.'],
    [['--b', 'v=2'], '--b v=2: must be given together with --a.'],
    [['--to', '60'], '--to 60: must be so that the range begins before it ends, and after 1970.'],
  ] as const) {
    const { code, told } = await run(['report', ...flags], { fetch });
    const lines = [`go-sre-collector sampling: ${message}`, 'See go-sre-collector sampling --help.'];
    assert.deepEqual([code, told], [2, lines.join('\n')]);
  }
});

test('no name that a sender gave acts on the terminal, in the report or in an error', async (t) => {
  const name = 'shop\u001b[2J\u202egnp\n2';
  const rude = canary({ seconds: 5, versions: [{ version: name }] });
  const store = await storeOf(t, rude.batches);
  const deps = { fetch: apiOf(store) };
  const asked = ['report', '--a', `service.version=${name}`];
  const { code, output, told } = await run(asked, deps);
  assert.equal(code, 0, told);
  assert.ok(output.includes('a: version=shop [2J gnp 2'), output);
  assert.doesNotMatch(output, ACTING);
  const message = `Which service is meant has to be said; there are ${name}, cart.`;
  const error = { code: 'bad-request', message };
  const refused = await run(['report'], { fetch: async () => Response.json({ error }, { status: 400 }) });
  assert.equal(refused.code, 2);
  assert.match(refused.told, /there are shop \[2J gnp 2, cart\.\nSee go-sre-collector sampling --help\.$/);
});

test('what answers in the place of a collector is told', async () => {
  const answering = (answer: () => Response) => run(['report'], { fetch: async () => answer() });
  const page = await answering(() => new Response('<html>'));
  assert.match(
    page.told,
    /http:\/\/127\.0\.0\.1:4319 answers with no go-sre\.sampling\/v1: it is no collector/,
  );
  const broken = await answering(() => new Response('gone', { status: 502 }));
  assert.deepEqual(
    [broken.code, broken.told],
    [1, 'go-sre-collector sampling: http://127.0.0.1:4319: it answered with status 502.'],
  );
  const silent = await answering(() => {
    throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
  });
  assert.match(silent.told, /does not answer \(connect ECONNREFUSED\)\. Start the collector, name another/);
});

test('any texts are a question, or are refused by the name of one of them', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('1h', '0.5', '5', 'a=b', '2026-01-02T03:04:05Z', '1e9'));
  const texts = fc.dictionary(fc.constantFrom(...SAMPLING_PARAMETERS), text);
  fc.assert(
    fc.property(texts, (given) => {
      try {
        const nameOf = (parameter: string) => `--${parameter}`;
        const question = readSamplingQuestion(given, { nowUnixNano: made.toUnixNano, nameOf });
        assert.ok(question.fromUnixNano < question.toUnixNano && question.fromUnixNano >= 0n);
        assert.ok(question.wanted.certainty < 1 && question.wanted.keepAbove > 0);
      } catch (error) {
        assert.ok(error instanceof CollectorError && error.code === 'bad-request', String(error));
        assert.match(error.message, /^--\w+[ :]/);
      }
    }),
    { numRuns: 500, seed: 7 },
  );
});
