import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Looks } from '../../../collector/own/looks.ts';

function looksAt() {
  let now = 1_000n;
  let ms = 0;
  const looks = new Looks({ clock: () => now, monotonicMs: () => ms });
  return {
    looks,
    pass: (nanos: bigint, milliseconds: number) => {
      now += nanos;
      ms += milliseconds;
    },
  };
}

test('a look is told with the time of telemetry at which it began, and how long it took', async () => {
  const { looks, pass } = looksAt();
  assert.deepEqual(looks.taken(), { looks: 0, seconds: 0, lookedUnixNano: undefined });
  const answer = await looks.timed(async () => {
    pass(500n, 250);
    return 'seen';
  });
  assert.equal(answer, 'seen');
  assert.deepEqual(looks.taken(), { looks: 1, seconds: 0.25, lookedUnixNano: 1_000n });
});

test('a look that failed has not looked', async () => {
  const { looks } = looksAt();
  await assert.rejects(
    looks.timed(() => Promise.reject(new Error('too slow'))),
    /too slow/,
  );
  assert.deepEqual(looks.taken(), { looks: 0, seconds: 0, lookedUnixNano: undefined });
});
