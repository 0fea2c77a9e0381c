import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kernelBodies } from '../../../collector/formats/kernel-bodies.ts';
import { addressOf } from '../../../collector/formats/kernel-memory.ts';

const MIB = 1024 * 1024;
const isShared = (buffer: Buffer) => addressOf(buffer) !== undefined;

/** Takes buffers of a size until there is no more room in the shared memory. */
function takeAll(size: number): Buffer[] {
  const taken: Buffer[] = [];
  for (;;) {
    const buffer = kernelBodies.take(size);
    if (!isShared(buffer)) return taken;
    taken.push(buffer);
  }
}

test('buffers that are out never overlap, and one without room in the shared memory has its own', () => {
  const taken = takeAll(100_000);
  assert.ok(taken.length > 50);
  const places = taken.map((buffer) => buffer.byteOffset).sort((a, b) => a - b);
  for (let n = 1; n < places.length; n++) assert.ok(places[n]! - places[n - 1]! >= 100_000);
  assert.equal(kernelBodies.take(100_000).length, 100_000);
  for (const buffer of taken) kernelBodies.give(buffer);
});

test('what small bodies had becomes room for large ones once all are given back', () => {
  const small = takeAll(5000);
  assert.ok(!isShared(kernelBodies.take(4 * MIB)));
  const last = small.pop()!;
  for (const buffer of small) kernelBodies.give(buffer);
  assert.ok(!isShared(kernelBodies.take(4 * MIB)), 'one is still out');
  kernelBodies.give(last);
  const large = kernelBodies.take(4 * MIB);
  assert.ok(isShared(large));
  kernelBodies.give(large);
});

test('a buffer that was given back is given again; its end is known by its address, and only by that', () => {
  const first = kernelBodies.take(5000, 2000);
  kernelBodies.give(first);
  const again = kernelBodies.take(7000);
  assert.equal(again.byteOffset, first.byteOffset);
  assert.equal(kernelBodies.endOf(again.byteOffset), again.byteOffset + again.length);
  assert.equal(kernelBodies.endOf(again.byteOffset + 1), undefined);
  kernelBodies.give(again);
});

test('a body above what is shared has memory of its own, of just its size', () => {
  const large = kernelBodies.take(4 * MIB + 1, MIB);
  assert.equal(large.length, 4 * MIB + 1);
  assert.ok(!isShared(large));
  kernelBodies.give(large);
});
