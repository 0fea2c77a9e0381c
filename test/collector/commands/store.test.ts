// The store commands through the real command line, in this process.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Writable } from 'node:stream';
import { after, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { runStore } from '../../../collector/commands/store.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import type { Store } from '../../../collector/storage/store.ts';
import { id, lineBatch, logBatch, type PlainSpan, sampleBatch, spanBatch } from '../../helpers/telemetry.ts';
import { exemplarRows, logRows, sampleRows, spanRows } from '../storage/rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'go-sre-store-command-'));
after(() => rmSync(folder, { recursive: true }));

const T0 = 1_764_000_000_000_000_001n;
const ALL = { fromUnixNano: 0n, toUnixNano: 2n ** 62n };
const hex = (n: number) => n.toString(16).padStart(16, '0');

async function store(argv: string[]): Promise<{ code: number; output: string; told: string }> {
  let output = '';
  const told: string[] = [];
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      output += String(chunk);
      done();
    },
  });
  const deps = {
    output: sink,
    tell: (line: string) => void told.push(line),
    baseDir: folder,
    clock: () => 7n,
  };
  const code = await runStore(argv, deps);
  return { code, output, told: told.join('\n') };
}

const open = (name: string) =>
  openEmbeddedStore(
    { path: join(folder, name), retentionMs: 1e12, maxBytes: 1e12, groupMs: 0 },
    { clock: () => 1n },
  );

const span = (n: number, over: Partial<PlainSpan> = {}): PlainSpan => ({
  traceId: hex(0xabc) + hex(n >> 2),
  spanId: hex(n + 1),
  parentSpanId: n % 4 === 0 ? '' : hex(n),
  name: `GET /orders/{id}`,
  service: n % 3 === 0 ? 'pay' : 'shop',
  start: T0 + BigInt(n),
  duration: 9_007_199_254_740_993n,
  kind: 2,
  status: n % 2,
  statusMessage: n % 2 === 1 ? 'fine' : '',
  traceState: 'ot=th:8',
  route: '/orders/{id}',
  httpStatus: 200,
  attributes: { user: `ü${n}` },
  resource: { zone: 'a' },
  events: [{ time: T0 + 5n, name: 'retry', attributes: { n: `${n}` } }],
  ...over,
});

const series = (kind: 'counter' | 'gauge', job: string) =>
  ({
    name: 'a__b_total',
    labels: { job, instance: 'i', le: '0.5' },
    kind,
    temporality: kind === 'counter' ? 'cumulative' : 'none',
  }) as const;

/** A store with every signal, some of its spans sealed. */
async function filled(name: string): Promise<void> {
  const one = await open(name);
  await one.append([spanBatch(Array.from({ length: 30 }, (_, n) => span(n)))]);
  await one.seal();
  await one.append([spanBatch(Array.from({ length: 10 }, (_, n) => span(n + 30)))]);
  const log = { time: T0 + 3n, severityNumber: 9, service: 'shop', body: 'redis "failed"', scope: 'http' };
  await one.append([
    logBatch([
      log,
      { ...log, time: T0 + 8n, traceId: hex(1) + hex(2), spanId: hex(3), attributes: { user: 'Anna' } },
    ]),
    lineBatch([{ ...log, time: 1_764_000_000_123_000_000n, attributes: { lane: 'x' } }], 'shop'),
  ]);
  const [counter, gauge] = [series('counter', 'shop'), series('gauge', 'pay')];
  await one.append([
    sampleBatch(
      [
        { series: counter, time: T0, value: 0.1 },
        { series: counter, time: T0 + 1n, value: Number.NaN },
        { series: gauge, time: T0, value: Number.POSITIVE_INFINITY },
      ],
      [{ series: counter, time: T0 + 2n, value: 0.25, traceId: hex(1) + hex(2), spanId: hex(3) }],
    ),
  ]);
  await one.close();
}

/** Everything the store answers, in a form that compares. */
async function contents(one: Store, exemplars = true) {
  const traceIds = Array.from({ length: 10 }, (_, n) => id(hex(0xabc) + hex(n)));
  const spans = await one.trace({ traceIds, detail: 'full' });
  const logs = await one.findLogs({ ...ALL, order: 'oldest' });
  const samples = await one.series({ ...ALL, matchers: [], exemplars: true });
  return {
    spans: spanRows(spans.columns),
    logs: logRows(logs.columns),
    samples: sampleRows(samples.columns),
    ...(exemplars && { exemplars: exemplarRows(samples.columns) }),
  };
}

async function using<T>(name: string, use: (one: EmbeddedStore) => Promise<T>): Promise<T> {
  const one = await open(name);
  try {
    return await use(one);
  } finally {
    await one.close();
  }
}

it('what is exported as OTLP/JSON lines and imported answers every query as before', async () => {
  await filled('a.db');
  const before = await using('a.db', (one) => contents(one));
  assert.deepEqual([before.spans.length, before.logs.length, before.samples.length], [40, 3, 3]);
  assert.equal((await store(['export', 'a.db', '--out', 'a.jsonl'])).code, 0);
  const imported = await store(['import', 'b.db', 'a.jsonl']);
  assert.equal(imported.code, 0, imported.told);
  assert.match(imported.told, /46 records imported$/);
  assert.deepEqual(await using('b.db', (one) => contents(one)), before);
  for (const name of ['a.db', 'b.db']) {
    assert.equal((await store(['check', name])).code, 0);
    assert.ok(!existsSync(join(folder, `${name}-wal`)), 'a log is left behind');
  }
});

it('an import of the same file again, or of one with spans that are there already, stores nothing twice', async () => {
  await filled('c.db');
  await store(['export', 'c.db', '--out', 'c.jsonl']);
  await store(['import', 'd.db', 'c.jsonl']);
  const again = await store(['import', 'd.db', 'c.jsonl']);
  assert.match(again.told, /0 records imported/);
  assert.equal((await using('d.db', (one) => one.status())).signals.logs.records, 3);
  const more = (await store(['export', 'c.db', '--signal', 'traces'])).output;
  const extra = more.split('\n')[0]!.replaceAll('"spanId":"', '"spanId":"').replace(hex(1), hex(999));
  writeFileSync(join(folder, 'more.jsonl.gz'), gzipSync(`${extra}\n${more}`));
  const overlapping = await store(['import', 'd.db', 'more.jsonl.gz']);
  assert.match(overlapping.told, /1 records imported, 69 were stored before/);
  assert.equal((await using('d.db', (one) => one.status())).signals.traces.records, 41);
});

for (const signal of ['traces', 'logs', 'metrics']) {
  it(`${signal} come back from a Parquet table as they were, but for exemplars`, async () => {
    await filled(`p-${signal}.db`);
    const out = `${signal}.parquet`;
    const flags = ['--format', 'parquet', '--signal', signal, '--out', out];
    const exported = await store(['export', `p-${signal}.db`, ...flags]);
    assert.equal(exported.code, 0, exported.told);
    const imported = await store(['import', `q-${signal}.db`, out]);
    assert.equal(imported.code, 0, imported.told);
    const key = signal === 'traces' ? 'spans' : signal === 'logs' ? 'logs' : 'samples';
    const [before, after] = await Promise.all(
      [`p-${signal}.db`, `q-${signal}.db`].map((name) => using(name, (one) => contents(one, false))),
    );
    assert.deepEqual(after![key], before![key]);
    assert.match((await store(['import', `q-${signal}.db`, out])).told, /0 records imported/);
  });
}

it('a selection by signal, time and service exports just that', async () => {
  await filled('s.db');
  const spans = async (...flags: string[]) => {
    const { output } = await store(['export', 's.db', ...flags]);
    return [...output.matchAll(/"parentSpanId"|"kind":2/g)].filter(([found]) => found === '"kind":2').length;
  };
  assert.equal(await spans('--service', 'pay'), 14);
  assert.equal(await spans('--from', '2030-01-01T00:00:00Z'), 0);
  assert.equal(await spans('--from', `${T0 + 10n}`, '--to', `${T0 + 35n}`), 25);
  assert.equal(await spans('--signal', 'logs,metrics'), 0);
});

it('a line that cannot be read ends the import with its number, whole lines before it are stored, and a mended file goes on', async () => {
  await filled('l.db');
  const lines = (await store(['export', 'l.db'])).output.trimEnd().split('\n');
  assert.ok(lines.length >= 4, `${lines.length}`);
  const cut = [...lines.slice(0, 3), lines[3]!.slice(0, 40), ...lines.slice(3)];
  writeFileSync(join(folder, 'cut.jsonl'), cut.join('\n'));
  const { code, told } = await store(['import', 'm.db', 'cut.jsonl']);
  assert.equal(code, 1);
  assert.match(told, /cut\.jsonl, line 4: .*Lines 1 to 3 are stored, nothing of what follows/);
  writeFileSync(join(folder, 'cut.jsonl'), lines.join('\n'));
  assert.equal((await store(['import', 'm.db', 'cut.jsonl'])).code, 0);
  assert.deepEqual(await using('m.db', (one) => contents(one)), await using('l.db', (one) => contents(one)));
  assert.equal((await using('m.db', (one) => one.status())).signals.logs.records, 3);
});

it('what is no telemetry at all is told with its line or its file', async () => {
  for (const [name, text, says] of [
    ['words.jsonl', 'hello\n', /words\.jsonl, line 1: the body is not JSON.* Nothing of it is stored/],
    ['other.jsonl', '{"resourceProfiles":[]}\n', /line 1: it holds no resourceSpans/],
    ['broken.parquet', 'PAR1 and then nothing', /cannot be read as Parquet/],
  ] as const) {
    writeFileSync(join(folder, name), text);
    const { code, told } = await store(['import', 'n.db', name]);
    assert.equal(code, 1);
    assert.match(told, says);
  }
  assert.equal((await store(['import', 'n.db', 'absent.jsonl'])).code, 1);
});

const fingerprint = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

it('a check finds a body, a count, a service and a column that are wrong, and changes nothing', async () => {
  await filled('w.db');
  const path = join(folder, 'w.db');
  const damage = (sql: string) => {
    const db = new DatabaseSync(path);
    db.exec(sql);
    db.close();
  };
  damage(`UPDATE blocks SET count = count + 1 WHERE stage = 0 AND signal = 'traces';
    UPDATE blocks SET body = zeroblob(length(body)) WHERE encoding = 'log-lines' AND length(body) > 0;
    UPDATE blocks SET service_records = '[[1, 2]]' WHERE signal = 'logs' AND encoding = 'otlp-protobuf';
    INSERT INTO sealed_columns VALUES (${4096 * 77}, x'00');
    DELETE FROM series_sets;`);
  const before = fingerprint(path);
  const { code, output, told } = await store(['check', 'w.db']);
  assert.equal(code, 1, told);
  for (const says of [
    /says 11 records/,
    /raw logs\) says 1 records of "shop"/,
    /left of block 77/,
    /series/,
  ]) {
    assert.match(output, says);
  }
  assert.equal(fingerprint(path), before);
});

it('compact seals what waits, gives room back, and leaves every answer as it was', async () => {
  await filled('k.db');
  const before = await using('k.db', (one) => contents(one));
  const { code, told } = await store(['compact', 'k.db']);
  assert.equal(code, 0, told);
  assert.match(told, /\d+ bytes became \d+; 1[0-9] records were sealed/);
  assert.deepEqual(await using('k.db', (one) => contents(one)), before);
  assert.equal((await store(['check', 'k.db'])).code, 0);
});

it('a store that is in use, absent, foreign or newer is refused by every command and left as it is', async () => {
  await filled('u.db');
  const inUse = await open('u.db');
  for (const command of ['check', 'compact', 'export']) {
    const { code, told } = await store([command, 'u.db']);
    assert.equal(code, 1);
    assert.match(told, /in use by another process/);
    assert.match((await store([command, 'absent.db'])).told, /There is no store/);
  }
  await inUse.close();
  const path = join(folder, 'u.db');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA user_version = 99');
  db.close();
  writeFileSync(join(folder, 'text.db'), 'somebody keeps this\n'.repeat(50));
  writeFileSync(join(folder, 'empty.jsonl'), '');
  for (const name of ['u.db', 'text.db']) {
    const before = fingerprint(join(folder, name));
    for (const argv of [
      ['check', name],
      ['compact', name],
      ['export', name],
      ['import', name, 'empty.jsonl'],
    ]) {
      const { code, told } = await store(argv);
      assert.equal(code, 1, `${argv.join(' ')}: ${told}`);
      assert.match(told, /schema version 99|not a SQLite database/);
    }
    assert.equal(fingerprint(join(folder, name)), before);
  }
  assert.ok(!existsSync(join(folder, 'absent.db')));
});

it('wrong words end with 2 and what is right, help with 0', async () => {
  for (const [argv, says] of [
    [['chek', 'x'], /Did you mean check\?/],
    [['check'], /one FILE/],
    [['export', 'a', '--format', 'csv'], /otlp-json or parquet/],
    [['export', 'a', '--format', 'parquet'], /needs --out/],
    [['export', 'a', '--format', 'parquet', '--out', 'x'], /one table/],
    [['export', 'a', '--from', 'tuesday'], /must be a time/],
    [['export', 'a', '--signal', 'spans'], /must be of traces, logs, metrics/],
    [['export', 'a', '--bogus'], /bogus/],
    [['import', 'a'], /what to import/],
  ] as const) {
    const { code, told } = await store([...argv]);
    assert.equal(code, 2, told);
    assert.match(told, says);
  }
  for (const command of ['check', 'compact', 'export', 'import']) {
    const { code, output } = await store([command, '--help']);
    assert.equal(code, 0);
    assert.match(output, new RegExp(`store ${command} FILE`));
  }
});

it('the collector itself takes the commands', () => {
  const main = new URL('../../../collector/main.ts', import.meta.url).pathname;
  const run = spawnSync(process.execPath, [main, 'store', 'check', join(folder, 'none.db')], {
    encoding: 'utf8',
  });
  assert.equal(run.status, 1);
  assert.match(run.stderr, /There is no store/);
});
