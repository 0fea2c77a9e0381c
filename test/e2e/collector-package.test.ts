import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { folderOf, sendSpans, spansJson, TRACE } from '../helpers/collector.ts';
import { until } from '../helpers/until.ts';

const root = join(import.meta.dirname, '../..');

test('the packed collector installs without a dependency, serves its console, and keeps a trace', async (t) => {
  const folder = folderOf(t);
  execFileSync('npm', ['pack', '-w', 'collector', '--pack-destination', folder, '--silent'], { cwd: root });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  assert.ok(tarball);
  execFileSync(
    'npm',
    ['install', '--offline', '--no-audit', '--no-fund', '--silent', join(folder, tarball)],
    { cwd: folder },
  );
  assert.deepEqual(
    readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['go-sre-collector'],
  );

  const command = join(folder, 'node_modules/.bin/go-sre-collector');
  const child = spawn(command, [
    '--otlp-port',
    '0',
    '--otlp-grpc-port',
    '0',
    '--api-port',
    '0',
    '--data',
    join(folder, 'data/t.sqlite'),
  ]);
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const [line] = await new Promise<[string]>((resolve) => lines.once('line', (text) => resolve([text])));
  const [api = '', otlp = ''] = [...line.matchAll(/:(\d+)/g)].map((match) => match[1] ?? '');
  assert.equal((await sendSpans(Number(otlp), spansJson(Date.now()))).status, 200);
  const trace = await fetch(`http://127.0.0.1:${api}/api/v1/traces/${TRACE}`);
  assert.equal(trace.status, 200);
  const page = await (await fetch(`http://127.0.0.1:${api}/traces`)).text();
  assert.match(page, /<script[^>]* src="\/app\.js"/);

  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const code = await until('the end after SIGTERM', 10_000, () =>
    Promise.race([ended, new Promise<undefined>((r) => setImmediate(r, undefined))]),
  );
  assert.equal(code, 0);
});

test('on a Node that is too old the packed collector says so in one line', (t) => {
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((dir) => !dir.includes('node_modules'))
    .join(delimiter);
  const version = spawnSync('node', ['-p', 'process.versions.node'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  }).stdout;
  if (!version || Number(version.split('.')[0]) >= 24)
    return t.skip(`this machine's own Node is ${version.trim() || 'missing'}: nothing to refuse`);
  execFileSync(process.execPath, ['collector/build.ts'], { cwd: root });
  const refused = spawnSync('node', [join(root, 'collector/dist/main.js')], {
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
  assert.equal(refused.status, 1);
  assert.match(
    refused.stderr,
    /^go-sre-collector: Node \d+\.\d+\.\d+ is too old, it needs Node 24 or newer\. .*\n$/,
  );
});
