import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { PATH_VARIABLES, resourceOfPath } from '../../../collector/receivers/log-files/group.ts';
import type { LogIndex } from '../../../collector/telemetry/batch.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';
import { numbers, RESOURCE, Tailing, textsOf } from './tailing.ts';

test('a log is read from its beginning and then as it grows', async (t) => {
  const tail = new Tailing(t);
  await tail.poll();
  tail.write(3);
  await tail.poll();
  tail.write(2);
  await tail.poll(2);
  tail.assertComplete();
  assert.deepEqual(tail.recording.counts, ['log-files logs accepted 3', 'log-files logs accepted 2']);
  assert.deepEqual(tail.batches[0]?.resource, RESOURCE);
  assert.equal(tail.files()[0]?.path, tail.log);
});

test('a line is handed on when it is complete, not before', async (t) => {
  const tail = new Tailing(t);
  const line = tail.line();
  appendFileSync(tail.log, line.slice(0, 10));
  await tail.poll();
  assert.deepEqual(tail.got, []);
  appendFileSync(tail.log, line.slice(10));
  await tail.poll();
  tail.assertComplete();
});

test('rotation by renaming: the old file is read to its end, then the new one', async (t) => {
  const tail = new Tailing(t);
  tail.write(2);
  await tail.poll();
  tail.write(2);
  renameSync(tail.log, `${tail.log}.1`);
  // The writer still holds the old file for a moment, and opens the new one later.
  tail.write(1, `${tail.log}.1`);
  await tail.poll();
  tail.write(1, `${tail.log}.1`);
  await tail.poll();
  tail.write(2);
  await tail.poll();
  tail.assertComplete();
});

test('a rotated file is closed when nothing came for a while, its last unfinished line included', async (t) => {
  const tail = new Tailing(t);
  tail.write(1);
  appendFileSync(tail.log, tail.line().trimEnd());
  await tail.poll();
  assert.deepEqual(tail.got, ['1']);
  renameSync(tail.log, `${tail.log}.1`);
  await tail.poll(30);
  tail.assertComplete();
  assert.deepEqual(tail.files(), []);
});

test('a file that is deleted while it is read is read to its end', async (t) => {
  const tail = new Tailing(t);
  tail.write(2);
  await tail.poll();
  tail.write(2);
  await tail.poll();
  unlinkSync(tail.log);
  tail.write(1);
  await tail.poll();
  tail.assertComplete();
});

test('rotation by copying and truncating: what only the copy holds is read from it', async (t) => {
  const tail = new Tailing(t);
  tail.write(2);
  await tail.poll();
  tail.write(3);
  copyFileSync(tail.log, `${tail.log}.1`);
  truncateSync(tail.log, 0);
  tail.write(1);
  await tail.poll(2);
  tail.assertComplete();
});

test('a truncated file that grew beyond its old length is noticed', async (t) => {
  const tail = new Tailing(t);
  tail.write(2);
  await tail.poll();
  truncateSync(tail.log, 0);
  tail.write(8);
  await tail.poll(2);
  tail.assertComplete();
});

test('truncation to a file that begins alike is noticed by what stood last', async (t) => {
  const tail = new Tailing(t);
  const first = tail.line();
  writeFileSync(tail.log, first + tail.line());
  await tail.poll();
  writeFileSync(tail.log, `${first}{"msg":"x"}\n{"msg":"y"}\n{"msg":"z"}\n{"msg":"longer than before"}\n`);
  await tail.poll(2);
  assert.deepEqual(tail.got, ['1', '2', '1', 'x', 'y', 'z', 'longer than before']);
});

for (const include of ['app.log', 'app.log*']) {
  test(`restarts at any moment lose and repeat nothing, with the pattern ${include}`, async (t) => {
    const tail = new Tailing(t, { path: include });
    tail.write(3);
    await tail.poll();
    await tail.restart();
    await tail.poll();
    tail.write(2);
    await tail.poll();
    await tail.restart();
    // Written and rotated while the collector was down.
    tail.write(2);
    renameSync(tail.log, `${tail.log}.1`);
    tail.write(2);
    await tail.poll(2);
    tail.assertComplete();
    await tail.restart();
    await tail.poll(30);
    tail.assertComplete();
  });

  test(`copied and truncated while the collector was down, with the pattern ${include}`, async (t) => {
    const tail = new Tailing(t, { path: include });
    tail.write(3);
    await tail.poll();
    await tail.restart();
    tail.write(2);
    copyFileSync(tail.log, `${tail.log}.1`);
    truncateSync(tail.log, 0);
    await tail.poll(2);
    await tail.restart();
    tail.write(2);
    await tail.poll(2);
    tail.assertComplete();
    await tail.restart();
    await tail.poll(30);
    tail.assertComplete();
  });
}

test('a copy that the pattern names too is not read twice, before and after the truncation', async (t) => {
  const tail = new Tailing(t, { path: 'app.log*' });
  tail.write(2);
  await tail.poll();
  tail.write(1);
  copyFileSync(tail.log, `${tail.log}.1`);
  await tail.poll(2);
  tail.assertComplete();
  truncateSync(tail.log, 0);
  await tail.poll();
  tail.write(2);
  await tail.poll(2);
  tail.assertComplete();
  await tail.restart();
  tail.write(1);
  await tail.poll(2);
  tail.assertComplete();
});

test('two logs that begin with the same line are two logs', async (t) => {
  const tail = new Tailing(t, { path: '*.log' });
  writeFileSync(join(tail.folder, 'app.log'), '{"msg":"starting"}\n');
  await tail.poll();
  writeFileSync(join(tail.folder, 'app-2.log'), '{"msg":"starting"}\n{"msg":"second"}\n');
  await tail.poll(2);
  appendFileSync(join(tail.folder, 'app.log'), '{"msg":"first"}\n');
  appendFileSync(join(tail.folder, 'app-2.log'), '{"msg":"second"}\n');
  await tail.poll(2);
  assert.deepEqual(tail.got.toSorted(), ['first', 'second', 'second', 'starting', 'starting']);
});

test('lines that are too long are left out and counted, the lines around them are not', async (t) => {
  const tail = new Tailing(t, { maxLineBytes: 100, chunkBytes: 128 });
  tail.write(1);
  appendFileSync(tail.log, `${'x'.repeat(120)}\n`);
  tail.write(1);
  appendFileSync(tail.log, `${'y'.repeat(5000)}\n`);
  tail.write(1);
  await tail.poll(3);
  tail.assertComplete();
  const tooLong = tail.recording.counts.filter((count) => count.endsWith('line-too-long'));
  assert.deepEqual(tooLong, Array(2).fill('log-files logs refused 1 line-too-long'));
});

test('a backlog larger than one read comes in several batches, each with its position', async (t) => {
  const tail = new Tailing(t, { maxLineBytes: 100, chunkBytes: 300 });
  tail.write(40);
  await tail.poll();
  tail.assertComplete();
  assert.ok(tail.batches.length > 5);
  const positions = tail.batches.map((batch) => Number(batch.checkpoint?.position.split(':')[1]));
  assert.deepEqual(
    positions,
    positions.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(tail.batches.map((batch) => batch.checkpoint?.source)).size, 1);
});

test('bad JSON is kept as text', async (t) => {
  const tail = new Tailing(t);
  appendFileSync(tail.log, 'panic: out of memory\n{"msg":\n');
  await tail.poll();
  assert.deepEqual(tail.got, ['panic: out of memory', '{"msg":']);
});

test('while the store refuses, lines wait in their file; the pauses grow; nothing is lost', async (t) => {
  const tail = new Tailing(t);
  tail.write(2);
  tail.recording.refuse = new CollectorError('store-full', 'full');
  await tail.poll(3);
  assert.equal(tail.recording.warnings.length, 1);
  tail.recording.now += 250_000_000n;
  await tail.poll(3);
  assert.equal(tail.recording.warnings.length, 2);
  tail.recording.refuse = undefined;
  tail.recording.now += 499_000_000n;
  await tail.poll();
  assert.deepEqual(tail.got, []);
  tail.recording.now += 1_000_000n;
  await tail.poll();
  tail.assertComplete();
});

test('a full store is asked again soon, however long it asks senders to wait; a limit is not', async (t) => {
  const tail = new Tailing(t);
  tail.write(1);
  tail.recording.refuse = new CollectorError('store-full', 'full', { retryAfterSeconds: 30 });
  await tail.poll();
  tail.recording.refuse = new CollectorError('overloaded', 'too much', { retryAfterSeconds: 30 });
  tail.recording.now += 250_000_000n;
  await tail.poll();
  tail.recording.refuse = undefined;
  tail.recording.now += 29_000_000_000n;
  await tail.poll();
  assert.deepEqual(tail.got, []);
  tail.recording.now += 1_000_000_000n;
  await tail.poll();
  tail.assertComplete();
  assert.equal(tail.recording.warnings.length, 2);
});

test('lines that are refused for good are counted and do not stop the rest', async (t) => {
  const tail = new Tailing(t);
  tail.write(2);
  tail.recording.refuse = new CollectorError('bad-data', 'no');
  await tail.poll();
  tail.recording.refuse = undefined;
  tail.write(1);
  await tail.poll();
  assert.deepEqual(tail.got, ['3']);
  assert.deepEqual(tail.recording.counts, ['log-files logs refused 2 bad-data', 'log-files logs accepted 1']);
});

test('more files than may be open are named once, the others are read', async (t) => {
  const tail = new Tailing(t, { path: '*.log', maxFiles: 1 });
  tail.write(1);
  writeFileSync(join(tail.folder, 'b.log'), '{"msg":"b"}\n');
  await tail.poll(3);
  tail.assertComplete();
  assert.deepEqual(tail.recording.warnings, ['more than 1 log files: narrow the include patterns']);
});

for (const include of ['app.log', 'app.log*']) {
  test(`random writes, rotations and restarts: every line once, in order, with the pattern ${include}`, async (t) => {
    for (let seed = 1; seed <= 8; seed++) {
      const tail = new Tailing(t, { path: include, chunkBytes: 400, maxLineBytes: 200 });
      const below = numbers(seed);
      tail.write(1);
      await tail.poll();
      for (let step = 0; step < 40; step++) {
        const kind = below(8);
        if (kind <= 3) tail.write(1 + below(12));
        else if (kind <= 5) await tail.poll();
        else if (kind === 6) await tail.restart();
        else {
          // One rotation between two polls: another would overwrite app.log.1 unread, for any reader.
          await tail.poll();
          tail.write(below(3));
          if (below(2) === 0) {
            copyFileSync(tail.log, `${tail.log}.1`);
            truncateSync(tail.log, 0);
          } else renameSync(tail.log, `${tail.log}.1`);
          tail.write(1 + below(3));
          if (below(3) === 0) await tail.restart();
          await tail.poll(2);
        }
      }
      await tail.poll(2);
      tail.assertComplete();
    }
  });
}

/** Appends CRI lines: the parts of one line of a stream. */
function writeCri(path: string, stream: string, ...parts: string[]): void {
  for (const [i, part] of parts.entries()) {
    const tag = i < parts.length - 1 ? 'P' : 'F';
    appendFileSync(path, `2026-01-01T00:00:00.000000001Z ${stream} ${tag} ${part}\n`);
  }
}

/** Appends a part of a line whose end comes later. */
function beginCri(path: string, stream: string, part: string): void {
  appendFileSync(path, `2026-01-01T00:00:00.000000001Z ${stream} P ${part}\n`);
}

test("a container's log: the stream of each line is kept, and its time where it has none", async (t) => {
  const tail = new Tailing(t);
  writeCri(tail.log, 'stderr', 'plain');
  writeCri(tail.log, 'stdout', '{"msg":', '"joined"}');
  await tail.poll();
  assert.deepEqual(tail.got, ['joined', 'plain']);
  const streams = tail.batches.map((batch) => [batch.resource, batch.checkpoint !== undefined]);
  assert.deepEqual(streams, [
    [{ ...RESOURCE, 'log.iostream': 'stdout' }, false],
    [{ ...RESOURCE, 'log.iostream': 'stderr' }, true],
  ]);
  assert.deepEqual(tail.recording.counts, ['log-files logs accepted 2']);
  const times = tail.batches.flatMap(({ index }) => [...(index as LogIndex).timeUnixNano]);
  assert.deepEqual(times, Array(2).fill(1_767_225_600_000_000_001n));
});

test('Docker writes JSON in JSON', async (t) => {
  const tail = new Tailing(t);
  const wrapped = (log: string) => JSON.stringify({ log, stream: 'stdout', time: '2026-01-01T00:00:00Z' });
  appendFileSync(tail.log, `${wrapped(tail.line())}\n${wrapped('{"msg":')}\n`);
  await tail.poll();
  assert.deepEqual(tail.got, ['1']);
  appendFileSync(tail.log, `${wrapped('"cut \\"here\\""}\n')}\n`);
  await tail.poll();
  assert.deepEqual(tail.got, ['1', 'cut "here"']);
});

test('the format of a group holds for all its files, whatever they look like', async (t) => {
  const tail = new Tailing(t, { format: 'json' });
  writeCri(tail.log, 'stdout', 'a');
  await tail.poll();
  assert.deepEqual(tail.got, ['2026-01-01T00:00:00.000000001Z stdout F a']);
});

test('a line that was cut is whole after a restart between its parts, and the lines beside it come once', async (t) => {
  const tail = new Tailing(t, { chunkBytes: 300, maxLineBytes: 200 });
  writeCri(tail.log, 'stdout', 'first');
  beginCri(tail.log, 'stdout', 'begun, ');
  for (let i = 0; i < 20; i++) writeCri(tail.log, 'stderr', `beside ${i}`);
  await tail.poll();
  await tail.restart();
  beginCri(tail.log, 'stdout', 'continued, ');
  await tail.poll();
  await tail.restart();
  writeCri(tail.log, 'stdout', 'ended');
  await tail.poll();
  const beside = Array.from({ length: 20 }, (_, i) => `beside ${i}`);
  assert.deepEqual(tail.got, ['first', ...beside, 'begun, continued, ended']);
});

test('a store that refuses between the parts of a line changes nothing of it', async (t) => {
  const tail = new Tailing(t);
  beginCri(tail.log, 'stdout', 'a');
  await tail.poll();
  tail.recording.refuse = new CollectorError('store-full', 'full');
  beginCri(tail.log, 'stdout', 'b');
  await tail.poll();
  tail.recording.refuse = undefined;
  tail.recording.now += 10_000_000_000n;
  writeCri(tail.log, 'stdout', 'c');
  await tail.poll();
  assert.deepEqual(tail.got, ['abc']);
});

test('what there is of a line whose end never came is handed on when its file is closed', async (t) => {
  const tail = new Tailing(t);
  writeCri(tail.log, 'stdout', 'whole');
  beginCri(tail.log, 'stdout', 'begun');
  await tail.poll();
  renameSync(tail.log, `${tail.log}.1`);
  await tail.poll(30);
  assert.deepEqual(tail.got, ['whole', 'begun']);
});

test("the path of a pod's log names its service", async (t) => {
  const tail = new Tailing(t, {
    path: 'pods/*/*/*.log',
    resource: { 'service.name': '${container}', 'k8s.pod.name': '${pod}', 'container.id': '${id}' },
  });
  const folder = join(tail.folder, 'pods', 'default_shop-7d9f_0a1b', 'shop');
  mkdirSync(folder, { recursive: true });
  writeCri(join(folder, '0.log'), 'stdout', 'a');
  await tail.poll();
  const expected = { 'service.name': 'shop', 'k8s.pod.name': 'shop-7d9f', 'log.iostream': 'stdout' };
  assert.deepEqual(tail.batches[0]?.resource, expected);
});

test('a log behind a link, rotated while the collector was down, is read to its end and of the same pod', async (t) => {
  const id = 'ab'.repeat(32);
  const resource = { 'service.name': '${container}', 'container.id': '${id}' };
  const tail = new Tailing(t, { path: 'containers/*.log', resource });
  const folder = join(tail.folder, 'pods', 'default_shop-7d9f_0a1b', 'shop');
  const log = join(folder, '0.log');
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(tail.folder, 'containers'));
  symlinkSync(log, join(tail.folder, 'containers', `shop-7d9f_default_shop-${id}.log`));
  writeCri(log, 'stdout', 'a');
  await tail.poll();
  await tail.restart();
  writeCri(log, 'stdout', 'b');
  renameSync(log, `${log}.20260101-000000`);
  writeCri(log, 'stdout', 'c');
  await tail.poll(2);
  assert.deepEqual(tail.got, ['a', 'b', 'c']);
  for (const batch of tail.batches) {
    assert.deepEqual(batch.resource, {
      ...{ 'service.name': 'shop', 'container.id': id, 'log.iostream': 'stdout' },
    });
  }
});

test('paths of container logs say what their writer is', () => {
  const all = {
    ...Object.fromEntries(PATH_VARIABLES.map((name) => [name, `\${${name}}`])),
    text: 'as it is',
  };
  const id = 'ab'.repeat(32);
  const container = { container: 'redis-main', namespace: 'prod', pod: 'cache-0' };
  assert.deepEqual(resourceOfPath(all, `/var/log/containers/cache-0_prod_redis-main-${id}.log`), {
    ...{ ...container, id, file: `cache-0_prod_redis-main-${id}`, text: 'as it is' },
  });
  assert.deepEqual(resourceOfPath(all, '/var/log/pods/prod_cache-0_u-1/redis-main/0.log.20260101-000000'), {
    ...{ ...container, uid: 'u-1', file: '0', text: 'as it is' },
  });
  assert.deepEqual(resourceOfPath(all, `/var/lib/docker/containers/${id}/${id}-json.log`), {
    ...{ id, file: `${id}-json`, text: 'as it is' },
  });
  assert.deepEqual(resourceOfPath({ a: 'log of ${file}' }, '/var/log/shop.log'), { a: 'log of shop' });
});

test('a long backlog is read on at once, without waiting for the next look', async (t) => {
  const tail = new Tailing(t, { maxLineBytes: 100, chunkBytes: 128 });
  tail.write(100);
  const { waiting } = await tail.start();
  assert.deepEqual(waiting, [0]);
  while (waiting.at(-1) === 0) await tail.fire();
  assert.equal(waiting.at(-1), 1000);
  tail.assertComplete();
});

test('random cuts, streams, rotations and restarts: every line of a container once, in order', async (t) => {
  for (let seed = 1; seed <= 8; seed++) {
    const tail = new Tailing(t, { chunkBytes: 700, maxLineBytes: 200 });
    const below = numbers(seed);
    const expected: Record<string, string[]> = { stdout: [], stderr: [] };
    const open: Record<string, string> = {};
    let n = 0;
    const write = (ends: boolean) => {
      const stream = below(2) === 0 ? 'stdout' : 'stderr';
      const part = ` ${n++}`;
      if (ends) writeCri(tail.log, stream, part);
      else beginCri(tail.log, stream, part);
      const line = (open[stream] ?? '') + part;
      if (ends) expected[stream]!.push(line);
      if (ends) delete open[stream];
      else open[stream] = line;
    };
    for (let step = 0; step < 60; step++) {
      const kind = below(8);
      if (kind <= 4) for (let i = below(6); i >= 0; i--) write(below(3) === 0 || n % 20 === 0);
      else if (kind === 5) await tail.poll();
      else if (kind === 6) await tail.restart();
      else if (Object.keys(open).length === 0 && n > 0) {
        await tail.poll();
        renameSync(tail.log, `${tail.log}.1`);
        write(true);
        await tail.poll(2);
      }
    }
    await tail.poll(2);
    const got: Record<string, string[]> = { stdout: [], stderr: [] };
    for (const batch of tail.batches) {
      if (batch.count > 0) got[batch.resource['log.iostream'] ?? '']!.push(...textsOf(batch));
    }
    assert.deepEqual(got, expected);
  }
});
