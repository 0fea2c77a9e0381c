import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isFree } from '../../demo/ports.ts';
import { freePort } from '../helpers/ports.ts';

const root = join(import.meta.dirname, '../..');
/** Quiet time before the fault: the least in which the detector learns what is usual. */
const FAULT_AFTER_SECONDS = 75;
const DEADLINE_MS = 330_000;

function run(args: string[], t: TestContext): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['demo/main.ts', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGTERM'));
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes));
  child.stderr.on('data', (bytes: Buffer) => (output += bytes));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

/** Command lines of running processes that speak of `text`; empty where the system has no /proc. */
function processesWith(text: string): string[] {
  const pids = process.platform === 'linux' ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];
  const lines = pids.map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  });
  return lines.filter((line) => line.includes(text));
}

test('the main job: a slow cache is followed from the metric jump to the log line, and nothing is left running', {
  timeout: DEADLINE_MS,
}, async (t) => {
  const work = mkdtempSync(join(tmpdir(), 'go-sre-main-job-'));
  t.after(() => rmSync(work, { recursive: true, force: true }));
  const flags = ['--service-port', '--admin-port', '--otlp-port', '--api-port'];
  const ports = await Promise.all(flags.map(freePort));
  const moved = flags.flatMap((flag, i) => [flag, String(ports[i])]);
  const args = ['--once', '--work', work, '--fault-after', String(FAULT_AFTER_SECONDS), ...moved];
  const { code, output } = await run(args, t);
  assert.equal(code, 0, output);
  assert.match(output, /p99/);
  assert.match(output, /redis\.GET/);
  assert.match(output, /trace_id [0-9a-f]{32}/);
  assert.match(output, /All 4 links were found/);
  assert.deepEqual(processesWith(work), []);
  for (const port of ports) assert.ok(await isFree(port), `port ${port} is free again`);
});

test('a taken port is refused before anything is built, with its owner and the flag that moves it', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  const { code, output } = await run(['--once', '--service-port', String(address.port)], t);
  assert.equal(code, 1);
  assert.match(output, new RegExp(`^npm start: port ${address.port} \\(service\\) is taken`));
  assert.match(output, /npm start -- --service-port \d+\n$/);
});
