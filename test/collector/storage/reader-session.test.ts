/** A reader's own catalogue: it follows what the writer adds and deletes, whatever was forgotten meanwhile. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it } from 'node:test';
import { ReaderSession } from '../../../collector/storage/embedded/reader-session.ts';
import { openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import { NANOS_PER_SECOND } from '../../../collector/telemetry/clock.ts';
import { logBatch } from '../../helpers/telemetry.ts';

const ALL = { fromUnixNano: 0n, toUnixNano: 2n ** 62n, order: 'oldest' } as const;
const log = (time: number) =>
  logBatch([{ time: BigInt(time), severityNumber: 9, service: 'shop', body: `line ${time}` }]);

async function withReader(
  use: (parts: {
    append(time: number): Promise<void>;
    /** Moves the clock on by a second; what is older than one and a half goes. */
    pass(): Promise<number>;
    /** All deletions but the newest, as the writer does when there are many. */
    forget(): void;
    read(): Promise<number[]>;
    session: ReaderSession;
  }) => Promise<void>,
  breathe = async () => {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-session-'));
  const path = join(folder, 'store.db');
  let now = 0n;
  const store = await openEmbeddedStore(
    { path, retentionMs: 1500, maxBytes: 1e9, groupMs: 0 },
    { clock: () => now },
  );
  let milliseconds = 0;
  const session = new ReaderSession(path, 1e6, { monotonicMs: () => (milliseconds += 10), breathe });
  try {
    await use({
      append: (time) => store.append([log(time)]),
      pass: () => {
        now += NANOS_PER_SECOND;
        return store.evict();
      },
      forget: () => {
        const other = new DatabaseSync(path);
        other.exec('DELETE FROM removed_blocks WHERE seq < (SELECT max(seq) FROM removed_blocks)');
        other.close();
      },
      read: async () => Array.from((await session.run('findLogs', ALL, {})).columns.timeUnixNano, Number),
      session,
    });
  } finally {
    session.close();
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

it('what was added and deleted since the last query is in the next one', () =>
  withReader(async ({ append, pass, read }) => {
    await append(1);
    assert.deepEqual(await read(), [1]);
    await pass();
    await append(2);
    assert.deepEqual(await read(), [1, 2]);
    assert.equal(await pass(), 1);
    await append(3);
    assert.deepEqual(await read(), [2, 3]);
  }));

it('a reader that was away while deletions were forgotten reads the whole catalogue anew', () =>
  withReader(async ({ append, pass, read, forget }) => {
    for (const time of [1, 2, 3]) {
      await append(time);
      await pass();
    }
    assert.deepEqual(await read(), [3]);
    await append(4);
    assert.deepEqual(await read(), [3, 4]);
    await pass();
    await append(5);
    await pass();
    await append(6);
    await pass();
    forget();
    assert.deepEqual(await read(), [6]);
  }));

it('a query answers from the state at its start, whatever is deleted and added amid it', async () => {
  let amid = async () => {};
  await withReader(
    async ({ append, pass, read }) => {
      for (const time of [1, 2, 3]) await append(time);
      let isDone = false;
      amid = async () => {
        if (isDone) return;
        isDone = true;
        await pass();
        await append(4);
        assert.equal(await pass(), 3);
      };
      assert.deepEqual(await read(), [1, 2, 3]);
      assert.ok(isDone);
      assert.deepEqual(await read(), [4]);
    },
    () => amid(),
  );
});
