import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { openForReading } from '../../../collector/storage/embedded/file.ts';
import { openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import { systemClock } from '../../../collector/telemetry/clock.ts';
import { spanRows } from './rows.ts';

const APPENDER = new URL('./appender.ts', import.meta.url).pathname;
const ROUNDS = 3;

/** Runs the appender until it has acknowledged a few groups, kills it amid the next, tells the last number heard. */
async function appendUntilKilled(path: string, groups: number, how: string): Promise<number> {
  const child = spawn(process.execPath, [APPENDER, path, how], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let acknowledged = 0;
  let heard = 0;
  for await (const line of createInterface(child.stdout)) {
    acknowledged = Number(line);
    if (++heard === groups) child.kill('SIGKILL');
  }
  const [, signal] = await ended;
  assert.equal(signal, 'SIGKILL', 'the appender ended before it was killed');
  return acknowledged;
}

it('a killed writer loses nothing that was acknowledged and stores nothing twice', () =>
  killedRounds('append', () => {}));

it('nor does one that is killed while it seals', async () => {
  let sealed = 0;
  await killedRounds('seal', (path) => {
    const db = openForReading(path);
    const row = db.prepare('SELECT sum(stage) AS sealed FROM blocks').get();
    sealed += Number(row?.['sealed']);
    db.close();
  });
  assert.ok(sealed > 0, 'nothing was sealed');
});

/** Kills the appender a few times; every time all that it acknowledged must be there, once. */
async function killedRounds(how: 'append' | 'seal', look: (path: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'go-sre-crash-'));
  const path = join(folder, 'store.db');
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const acknowledged = await appendUntilKilled(path, 5 + round * (how === 'seal' ? 5 : 1), how);
      const store = await openEmbeddedStore(
        { path, retentionMs: 1e9, maxBytes: 1e9 },
        { clock: systemClock },
      );
      const last = Number(await store.checkpoint('numbers'));
      assert.ok(last >= acknowledged, `${acknowledged} were acknowledged, the checkpoint is at ${last}`);
      const traceIds = Array.from({ length: last + 8 }, (_, n) => {
        const hex = (n + 1).toString(16).padStart(16, '0');
        return Buffer.from(hex + hex, 'hex');
      });
      const stored = spanRows((await store.trace({ traceIds, detail: 'index' })).columns);
      look(path);
      const records = (await store.status()).signals.traces.records;
      await store.close();
      assert.deepEqual(
        stored.map((row) => Number(row.start)),
        Array.from({ length: last }, (_, n) => n + 1),
      );
      assert.equal(records, last, 'a span is stored twice');
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}
