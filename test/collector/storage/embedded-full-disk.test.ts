/** A disk that is really full: a small file system of its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { openEmbeddedStore } from '../../../collector/storage/embedded/store.ts';
import { NANOS_PER_SECOND } from '../../../collector/telemetry/clock.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { logBatch } from '../../helpers/telemetry.ts';

const ALL = { fromUnixNano: 0n, toUnixNano: 2n ** 62n, order: 'oldest' } as const;
const NO_MOUNT = 'a small file system cannot be mounted here: run as root, with the right to mount tmpfs';

/** A file system of `megabytes` in memory; undefined where it cannot be had. */
function smallDisk(megabytes: number): { folder: string; remove(): void } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'go-sre-full-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
  const remove = () => {
    if (status === 0) spawnSync('umount', [folder]);
    rmdirSync(folder);
  };
  if (status === 0) return { folder, remove };
  remove();
  return undefined;
}

const bulky = (n: number) =>
  logBatch([
    {
      ...{ time: BigInt(n), severityNumber: 9, service: 'shop' },
      body: Buffer.from(crypto.getRandomValues(new Uint8Array(45_000))).toString('base64'),
    },
  ]);

it('a full disk refuses with a time to come again, reads go on, and writing resumes when there is room', async (t) => {
  const disk = smallDisk(26);
  if (!disk) return t.skip(NO_MOUNT);
  let now = 0n;
  const warnings: string[] = [];
  const store = await openEmbeddedStore(
    { path: join(disk.folder, 'store.db'), retentionMs: 1000, maxBytes: 1e9, groupMs: 0 },
    { clock: () => now, warn: (message) => void warnings.push(message) },
  );
  t.after(async () => {
    await store.close();
    disk.remove();
  });
  let stored = 0;
  const fill = async (): Promise<CollectorError> => {
    for (;;) {
      try {
        await store.append([bulky(stored)]);
        stored++;
      } catch (error) {
        assert.ok(error instanceof CollectorError);
        return error;
      }
    }
  };
  // A run of evictions keeps some room in hand, which deleting needs when there is no other.
  await store.evict();
  const ballast = join(disk.folder, 'of-another-program');
  writeFileSync(ballast, Buffer.alloc(4e6, 1));
  const { code, status, retryAfterSeconds } = await fill();
  assert.deepEqual([code, status, (retryAfterSeconds ?? 0) > 0], ['store-full', 503, true]);
  assert.ok(stored > 10, `${stored} fitted`);
  assert.equal((await store.findLogs(ALL)).matched, stored);

  rmSync(ballast);
  await store.append([bulky(stored++)]);
  assert.equal(warnings.length, 2, 'said once when it began and once when it was over');
  assert.equal((await fill()).code, 'store-full');
  assert.equal((await store.findLogs(ALL)).matched, stored);

  now = 10n * NANOS_PER_SECOND;
  assert.equal(await store.evict(), stored);
  await store.append([bulky(0)]);
  assert.equal((await store.findLogs(ALL)).matched, 1);
});

it('a store is opened on a full disk, where it gives up the room that it kept', async (t) => {
  const disk = smallDisk(12);
  if (!disk) return t.skip(NO_MOUNT);
  t.after(() => disk.remove());
  const open = () =>
    openEmbeddedStore(
      { path: join(disk.folder, 'store.db'), retentionMs: 1e9, maxBytes: 1e9, groupMs: 0 },
      { clock: () => 0n },
    );
  const before = await open();
  await before.append([bulky(1)]);
  await before.evict();
  await before.close();
  const ballast = openSync(join(disk.folder, 'of-another-program'), 'w');
  assert.throws(() => {
    for (;;) writeSync(ballast, Buffer.alloc(4096, 1));
  }, /ENOSPC/);
  closeSync(ballast);
  const store = await open();
  assert.equal((await store.findLogs(ALL)).matched, 1);
  await store.close();
});
