import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { FollowedLog } from '../../../collector/receivers/log-files/followed-log.ts';
import { isRotatedName } from '../../../collector/receivers/log-files/names.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { numbers, Tailing } from './tailing.ts';

/** Moments after and before whatever time a file of these tests has, but for those that it is given. */
const LATER = 4_000_000_000_000_000_000n;
const EARLIER = 1_000_000_000_000_000_000n;

/** As logrotate names them: the older, the higher. */
function shift(log: string): void {
  const names = readdirSync(dirname(log)).filter((name) => name.startsWith('app.log.'));
  const numbered = names.map((name) => ({ name, n: Number(name.split('.')[2]) })).sort((a, b) => b.n - a.n);
  for (const { name, n } of numbered) {
    const ending = name.endsWith('.gz') ? '.gz' : '';
    renameSync(join(dirname(log), name), `${log}.${n + 1}${ending}`);
  }
}

function rename(log: string): void {
  shift(log);
  renameSync(log, `${log}.1`);
}

function copyAndTruncate(log: string): void {
  shift(log);
  copyFileSync(log, `${log}.1`);
  truncateSync(log, 0);
}

/** As gzip does: the compressed file has the time of the original, which then goes. */
function compress(path: string): void {
  const { atime, mtime } = statSync(path);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
  utimesSync(`${path}.gz`, atime, mtime);
  unlinkSync(path);
}

for (const [how, rotate] of Object.entries({ rename, copyAndTruncate })) {
  test(`${how} several times between two looks: files that were never seen are read, oldest first`, async (t) => {
    const tail = new Tailing(t);
    tail.write(2);
    await tail.poll();
    for (let i = 0; i < 4; i++) {
      tail.write(3);
      rotate(tail.log);
    }
    await tail.poll();
    tail.write(1);
    await tail.poll();
    tail.assertComplete();
    await tail.restart();
    await tail.poll(30);
    tail.assertComplete();
  });

  test(`${how} several times while the collector was down, and some of them compressed`, async (t) => {
    const tail = new Tailing(t);
    tail.write(2);
    await tail.poll();
    await tail.restart();
    tail.write(1);
    for (let i = 0; i < 4; i++) {
      rotate(tail.log);
      tail.write(3);
      if (existsSync(`${tail.log}.2`)) compress(`${tail.log}.2`);
    }
    await tail.poll();
    tail.assertComplete();
    await tail.restart();
    await tail.poll(3);
    tail.assertComplete();
  });
}

test('a log that was rotated before it was ever seen, its name gone meanwhile', async (t) => {
  const tail = new Tailing(t);
  await tail.poll();
  tail.write(2);
  rename(tail.log);
  tail.write(2);
  rename(tail.log);
  await tail.poll(2);
  tail.assertComplete();
});

test('what was rotated away before the first look is history; what the newest still gets is not', async (t) => {
  const tail = new Tailing(t);
  const old = [1, 2, 3].map((n) => `${tail.log}.${n}`);
  for (const path of old) writeFileSync(path, '{"msg":"old"}\n{"msg":"old"}\n');
  compress(old[2]!);
  tail.recording.now = LATER;
  tail.write(1);
  await tail.poll();
  tail.assertComplete();
  for (const path of old.slice(0, 2)) utimesSync(path, 1, 1);
  await tail.restart();
  tail.write(1, old[0]);
  rename(tail.log);
  tail.write(1);
  compress(`${tail.log}.3`);
  await tail.poll(3);
  assert.deepEqual(tail.got.toSorted(), ['1', '2', '3']);
});

test('history stays history although its times are of the future', async (t) => {
  const tail = new Tailing(t);
  for (const n of [1, 2]) writeFileSync(`${tail.log}.${n}`, '{"msg":"old"}\n');
  writeFileSync(`${tail.log}.3.gz`, gzipSync('{"msg":"old"}\n'));
  tail.write(1);
  await tail.poll();
  rename(tail.log);
  tail.write(1);
  await tail.poll(2);
  tail.assertComplete();
});

test('a log that a pattern finds later: what was rotated since the pattern is looked at is read, older is not', async (t) => {
  const tail = new Tailing(t, { path: 'logs/*.log' });
  tail.recording.now = EARLIER;
  await tail.poll();
  mkdirSync(join(tail.folder, 'logs'));
  const log = join(tail.folder, 'logs', 'new.log');
  writeFileSync(`${log}.9`, '{"msg":"old"}\n');
  utimesSync(`${log}.9`, 1, 1);
  tail.write(2, `${log}.1`);
  tail.write(2, log);
  await tail.poll();
  tail.assertComplete();
});

test('a compressed file is read on from where the original was read to, and only when that is gone', async (t) => {
  const tail = new Tailing(t, { chunkBytes: 400, maxLineBytes: 200 });
  tail.write(30);
  await tail.poll();
  await tail.restart();
  tail.write(3000);
  rename(tail.log);
  const original = `${tail.log}.1`;
  const whole = gzipSync(readFileSync(original));
  tail.write(1);
  writeFileSync(`${original}.gz`, whole.subarray(0, whole.length >> 1));
  unlinkSync(original);
  // What is half written is waited for.
  await tail.poll();
  assert.equal(tail.got.length, 31);
  writeFileSync(`${original}.gz`, whole);
  await tail.poll(120);
  assert.deepEqual(
    tail.got.map(Number).toSorted((a, b) => a - b),
    Array.from({ length: 3031 }, (_, i) => i + 1),
  );
});

test('a file that was never seen is read once, though it is there plain and compressed for a while', async (t) => {
  const tail = new Tailing(t);
  tail.write(1);
  await tail.poll();
  tail.write(2);
  rename(tail.log);
  tail.write(1);
  rename(tail.log);
  tail.write(1);
  writeFileSync(`${tail.log}.2.gz`, gzipSync(readFileSync(`${tail.log}.2`)));
  await tail.poll(2);
  unlinkSync(`${tail.log}.2`);
  await tail.poll(30);
  tail.assertComplete();
});

/** Looks while nothing can be stored. */
async function pollInVain(tail: Tailing, times: number): Promise<void> {
  tail.recording.refuse = new CollectorError('store-full', 'full');
  for (let i = 0; i < times; i++) {
    await tail.poll();
    tail.recording.now += 100_000_000_000n;
  }
  tail.recording.refuse = undefined;
}

test('a log of which nothing could be read is copied, looked at and then truncated', async (t) => {
  const tail = new Tailing(t);
  await tail.poll();
  tail.write(2);
  copyFileSync(tail.log, `${tail.log}.1`);
  await pollInVain(tail, 3);
  truncateSync(tail.log, 0);
  tail.write(1);
  await tail.poll(3);
  assert.deepEqual(tail.got.toSorted(), ['1', '2', '3']);
});

test('a rotated file of which nothing could be read is compressed while it is open', async (t) => {
  const tail = new Tailing(t);
  await tail.poll();
  tail.write(2);
  await pollInVain(tail, 1);
  rename(tail.log);
  await pollInVain(tail, 1);
  compress(`${tail.log}.1`);
  tail.write(1);
  await tail.poll(30);
  tail.assertComplete();
});

test('files that wait for the store are read in the order in which they were written', async (t) => {
  const tail = new Tailing(t);
  tail.write(1);
  await tail.poll();
  await tail.restart();
  for (let i = 0; i < 2; i++) {
    rename(tail.log);
    tail.write(2);
  }
  await pollInVain(tail, 1);
  rename(tail.log);
  tail.write(1);
  await tail.poll();
  tail.assertComplete();
});

test('a file that was seen and not read is no history, however old it looks', async (t) => {
  const tail = new Tailing(t);
  tail.recording.now = LATER;
  tail.write(2);
  await tail.poll();
  // As when it is killed before the first line is stored.
  for (const source of tail.recording.checkpoints.keys()) {
    if (/^log:\d/.test(source)) tail.recording.checkpoints.delete(source);
  }
  tail.recording.batches.length = 0;
  await tail.restart();
  rename(tail.log);
  utimesSync(`${tail.log}.1`, 1, 1);
  await tail.poll();
  tail.assertComplete();
});

test('a store that tells only how far files were read: they are read on, what it does not tell of is history', async (t) => {
  const tail = new Tailing(t);
  tail.recording.now = LATER;
  tail.write(1);
  await tail.poll();
  for (const source of tail.recording.checkpoints.keys()) {
    if (source.startsWith('log-')) tail.recording.checkpoints.delete(source);
  }
  await tail.restart();
  tail.write(1);
  rename(tail.log);
  tail.write(1);
  rename(tail.log);
  tail.write(1);
  await tail.poll(2);
  assert.deepEqual(tail.got, ['1', '2', '4']);
});

test('a compressed file that stays damaged is given up, told and counted once', async (t) => {
  const tail = new Tailing(t);
  tail.write(1);
  await tail.poll();
  writeFileSync(`${tail.log}.1.gz`, gzipSync('{"msg":"x"}\n').subarray(0, 15));
  await tail.poll(100);
  tail.write(1);
  rename(tail.log);
  await tail.poll(100);
  tail.assertComplete();
  assert.deepEqual(
    tail.recording.counts.filter((count) => count.includes('refused')),
    ['log-files logs refused 1 rotated-file-unreadable'],
  );
  assert.deepEqual(tail.recording.warnings, [
    'a rotated log file cannot be read, its lines are lost: unexpected end of file',
  ]);
});

test('more unseen files than may be open are read in portions', async (t) => {
  const tail = new Tailing(t, { maxFiles: 3 });
  tail.write(1);
  await tail.poll();
  for (let i = 0; i < 8; i++) {
    tail.write(1);
    rename(tail.log);
  }
  tail.write(1);
  await tail.poll(120);
  assert.deepEqual(
    tail.got.map(Number).toSorted((a, b) => a - b),
    Array.from({ length: 10 }, (_, i) => i + 1),
  );
});

test('a first line that is too long is left out once, and the log is known again', async (t) => {
  const tail = new Tailing(t, { maxLineBytes: 100, chunkBytes: 128 });
  writeFileSync(tail.log, `${'x'.repeat(5000)}\n`);
  tail.write(2);
  await tail.poll(2);
  await tail.restart();
  tail.write(1);
  await tail.poll(2);
  tail.assertComplete();
});

test('a long backlog of a rotated file does not keep other logs waiting, but what followed it', async (t) => {
  const tail = new Tailing(t, { path: '*.log', maxLineBytes: 100, chunkBytes: 128 });
  tail.write(1);
  await tail.poll();
  tail.write(200);
  rename(tail.log);
  tail.write(1);
  writeFileSync(join(tail.folder, 'other.log'), '{"msg":"other"}\n');
  await tail.poll();
  assert.ok(tail.got.includes('other'));
  await tail.poll(9);
  assert.deepEqual(
    tail.got.filter((text) => text !== 'other'),
    Array.from({ length: 202 }, (_, i) => String(i + 1)),
  );
});

test('a file that a look does not see, or whose inode had another content before, is not forgotten', () => {
  const log = new FollowedLog('/app.log', { include: [], resource: {}, format: 'json' });
  const state = (n: number) => ({
    fingerprint: String(n).padStart(16, '0'),
    offset: n,
    tail: '0'.repeat(16),
  });
  const isKnown = (n: number) => log.read.some((file) => file.state.offset === n);
  log.note('log:1:1', state(1));
  log.note('log:1:2', state(2));
  // As a checkpoint that an older file of this inode left behind.
  log.note('log:1:2', state(3));
  for (let n = 10; n < 160; n++) log.note(`log:1:${n}`, state(n));
  const present = new Set(['log:1:1', 'log:1:2']);
  log.prune(present);
  log.prune(new Set(['log:1:2']));
  for (let looks = 0; looks < 5; looks++) log.prune(present);
  assert.ok(isKnown(1) && isKnown(2) && isKnown(3));
  assert.ok(!isKnown(10) && isKnown(159), 'of those that are gone only the newest stay known');
});

test('another content of a known file is a reason to store which files are known', () => {
  const log = new FollowedLog('/app.log', { include: [], resource: {}, format: 'json' });
  const state = (n: number) => ({
    fingerprint: String(n).padStart(16, '0'),
    offset: n,
    tail: '0'.repeat(16),
  });
  for (let n = 0; n < 150; n++) {
    log.note('log:1:1', state(n));
    log.prune(new Set(['log:1:1']));
    assert.match(log.unsaved() ?? '', new RegExp(`:${n}:`));
    log.saved();
    assert.equal(log.unsaved(), undefined);
  }
});

test('names that rotation gives, and names that it does not', () => {
  for (const name of [
    'app.log.1',
    'app.log.12.gz',
    'app.log-20260101',
    'app.log.2026-01-01_12-00',
    'app.log-20260101-1767225600.gz',
    'app-2026-01-01T00-00-00.000.log',
    'app-2026-01-01T00-00-00.000.log.gz',
    'app.2026-01.log',
  ]) {
    assert.ok(isRotatedName(name, 'app.log'), name);
  }
  assert.ok(isRotatedName('0.log.20260101-000000.gz', '0.log'));
  for (const name of [
    'app.log',
    'app.log.gz',
    'app.log.1.tmp',
    'app.log.1.zst',
    'app.log.bak',
    'app2.log',
    'app-api.log',
    'app-2.log',
    'app.2.log',
    'app.log-2',
  ]) {
    assert.ok(!isRotatedName(name, 'app.log'), name);
  }
});

/** What a rotation deletes: the oldest file, if all of it was read; its inode is free for another then. */
function deleteOldest(tail: Tailing): void {
  const oldest = readdirSync(tail.folder).filter((name) => name.startsWith('app.log.')).length;
  const path = `${tail.log}.${oldest}`;
  if (oldest < 2 || !existsSync(path)) return;
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const got = new Set(tail.got);
  if (lines.every((line) => got.has(JSON.parse(line).msg))) unlinkSync(path);
}

for (const include of ['app.log', 'app.log*', '*.log']) {
  test(`random rotations, compression, refusals and restarts: every line once, with the pattern ${include}`, async (t) => {
    for (let seed = 1; seed <= 6; seed++) {
      const below = numbers(seed);
      const tail = new Tailing(t, { path: include, chunkBytes: 400, maxLineBytes: 200 });
      const rotate = seed % 2 === 0 ? rename : copyAndTruncate;
      const inOrder = seed % 3 === 0;
      tail.write(1);
      await tail.poll();
      for (let step = 0; step < 40; step++) {
        const kind = below(11);
        if (kind <= 3) tail.write(1 + below(12));
        else if (kind === 4) await tail.poll();
        else if (kind === 5) await tail.restart();
        else if (kind === 6) {
          tail.recording.refuse = new CollectorError('store-full', 'full');
          await tail.poll();
          tail.recording.refuse = undefined;
          tail.recording.now += 100_000_000_000n;
          if (below(2) === 0) await tail.restart();
        } else if (kind === 7) deleteOldest(tail);
        else if (kind === 8 && !inOrder) {
          const path = `${tail.log}.${2 + below(3)}`;
          if (existsSync(path)) compress(path);
        } else if (existsSync(tail.log)) rotate(tail.log);
      }
      await tail.poll(4);
      const got = tail.got.map(Number);
      assert.deepEqual(
        inOrder ? got : got.toSorted((a, b) => a - b),
        Array.from({ length: tail.written }, (_, i) => i + 1),
        `seed ${seed}`,
      );
    }
  });
}
