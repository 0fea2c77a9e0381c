// `go-sre-collector explain` over a store file and over the API's handlers, without the sockets between.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { after, before, test } from 'node:test';
import { type ApiDeps, isText } from '../../../collector/api/deps.ts';
import { explain, explainAndKeep } from '../../../collector/api/explain.ts';
import { createOneAtATime } from '../../../collector/api/one-at-a-time.ts';
import { type ExplainDeps, runExplain } from '../../../collector/commands/explain.ts';
import type { Incident } from '../../../collector/correlate/incident.ts';
import { keepExplained, newestIncidents } from '../../../collector/correlate/stored-incidents.ts';
import { openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import type { Store } from '../../../collector/storage/store.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { customers, endUnixNano } from '../correlate/customers.ts';

const folder = mkdtempSync(join(tmpdir(), 'go-sre-explain-'));
after(() => rmSync(folder, { recursive: true }));

const open = () =>
  openEmbeddedStore(
    { path: join(folder, 'telemetry.sqlite'), retentionMs: 1e13, maxBytes: 1e12 },
    { clock: () => endUnixNano },
  );

before(async () => {
  const store = await open();
  await store.append(customers());
  await store.close();
});

const AT = ['--at', '2026-09-21T14:15:30Z', '--where', 'customer.id=c2'];

async function run(argv: readonly string[], over: Partial<ExplainDeps> = {}) {
  let output = '';
  const told: string[] = [];
  const shown: string[] = [];
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      output += String(chunk);
      done();
    },
  });
  const code = await runExplain(argv, {
    ...{ output: sink, tell: (line) => void told.push(line), baseDir: folder, clock: () => endUnixNano },
    fetch: async () => {
      throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    },
    // A second passes as soon as somebody waits for one.
    live: {
      show: (line) => void shown.push(line),
      every: (_ms, then) => {
        then();
        return () => {};
      },
    },
    ...over,
  });
  return { code, output, told: told.join('\n'), shown };
}

/** What the API's handlers answer. */
function apiOf(store: Store, asked: string[] = []): typeof fetch {
  const explaining = createOneAtATime({ what: 'An explanation', deadlineMs: 60_000 });
  const keep = (explained: Incident) => keepExplained(store, explained);
  const deps = { store, clock: () => endUnixNano, explaining, keepExplained: keep } as unknown as ApiDeps;
  return async (address, init) => {
    const url = new URL(String(address));
    asked.push(`${init?.method} ${url.pathname}`);
    const handler = init?.method === 'POST' ? explainAndKeep : explain;
    const query = Object.fromEntries(url.searchParams);
    try {
      const answer = await handler({ params: {}, query, signal: new AbortController().signal }, deps);
      return isText(answer) ? new Response(answer.text) : Response.json(answer);
    } catch (error) {
      assert.ok(error instanceof CollectorError);
      return Response.json({ error: { code: error.code, message: error.message } }, { status: error.status });
    }
  };
}

test('a store tells the cause with its services, and shows meanwhile what is read', async () => {
  const { code, output, told, shown } = await run([...AT, '--data', '.']);
  assert.equal(code, 0, told);
  assert.match(
    output,
    /^redis\.GET slow: GET \/orders\/\{id\} with customer\.id=c2 of shop waits\nclosed [0-9a-f]{16}, shop, /,
  );
  assert.match(output, /^Lacked {6}No log lines are stored\./m);
  assert.match(
    output,
    /^2\. Which service \(does not hold\)$[\s\S]*^ {4}Service +Score {2}What changed most$\n {4}shop +\d+\.\d\d /m,
  );
  assert.match(output, /\nThe onset was given\.\n$/);
  assert.ok(
    shown.some((line) => line.startsWith('reading spans of ')),
    shown.join('\n'),
  );
  assert.equal(shown.at(-1), '', 'the line is taken away');
});

test('a collector is asked once, for what every format needs, and keeps it when it is told to', async (t) => {
  const store = await open();
  t.after(() => store.close());
  const asked: string[] = [];
  const fetch = apiOf(store, asked);
  const json = await run([...AT, '--format', 'json', '--keep', '--url', 'http://c:1/base'], { fetch });
  assert.equal(json.code, 0, json.told);
  const { schema, incident, onset } = JSON.parse(json.output);
  assert.deepEqual([schema, onset.found, incident.openedBy], ['go-sre.incident/v1', 'given', 'question']);
  assert.equal(json.told, `kept as incident ${incident.id}`);
  assert.deepEqual(asked, ['POST /base/api/v1/explain']);
  assert.equal(json.shown[0], 'asking http://c:1 … 1 s');
  assert.deepEqual(
    (await newestIncidents(store)).incidents.map(({ id }) => id),
    [incident.id],
  );
});

test('the exit code says whether a cause is named, nothing changed, it failed, or the question is wrong', async (t) => {
  const same = await run(['--from', '2026-09-21T14:15:30Z', '--where', 'customer.id=c1', '--data', '.']);
  assert.equal(same.code, 3);
  assert.match(
    same.told,
    /^go-sre-collector explain: Requests .*with customer\.id=c1: of 1 route none fails/,
  );
  const silent = await run(AT);
  assert.equal(silent.code, 1);
  assert.match(silent.told, /does not answer \(connect ECONNREFUSED\)/);
  const store = await open();
  t.after(() => store.close());
  const unchanged = await run(['--from', '2026-09-21T14:15:30Z', '--where', 'customer.id=c9'], {
    fetch: apiOf(store),
  });
  assert.deepEqual([unchanged.code, unchanged.output], [3, '']);
  const empty = '{"schema":"go-sre.incident/v1","incident":null,"onset":{}}';
  for (const body of ['hello', 'null', '[]', '{}', empty, empty.replace('null', '{"confidence":3}')]) {
    const other = await run(AT, { fetch: async () => new Response(body) });
    assert.deepEqual([other.code, other.output], [1, ''], body);
    assert.match(other.told, /answers with no explanation: it is no collector, or one of another version\.$/);
  }
  for (const [argv, says] of [
    [['--at', 'noon'], /--at noon: must be a time such as/],
    [['--since', '1h', '--from', '1'], /--since 1h: must be left out where --from is given/],
    [['--at', '2026-09-21T14:15:30Z', '--since', '10m'], /--since 10m: must be left out where --at is given/],
    [
      ['--at', '2026-09-21T14:00:00Z', '--from', '2026-09-21T14:30:00Z', '--to', '2026-09-21T14:40:00Z'],
      /--at 2026-09-21T14:00:00Z: must be at or after --from 2026-09-21T14:30:00Z\./,
    ],
    [['--where', 'customer'], /--where customer: must be KEY=VALUE/],
    [['--format', 'pdf'], /--format pdf: must be one of text, markdown, json, html/],
    [['--nope'], /--nope/],
    [['--url', 'http://x', '--data', 'y'], /give one, both say where/],
  ] as const) {
    const { code, told, output } = await run(argv);
    assert.deepEqual([code, output], [2, ''], told);
    assert.match(told, says);
    assert.match(told, /See go-sre-collector explain --help\.$/);
  }
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  for (const line of help.output.split('\n')) assert.ok(line.length <= 125, line);
});
