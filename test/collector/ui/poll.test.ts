import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PollDeps, REFRESH_MS, startPolling } from '../../../collector/ui/state/poll.ts';

/** Timers that pass when told to; runs end when told to. */
function bench() {
  const timers = new Map<number, { run: () => void; ms: number }>();
  const runs: { signal: AbortSignal; end: () => Promise<void> }[] = [];
  const state = { wanted: true };
  let id = 0;
  const deps: PollDeps = {
    run: (signal) =>
      new Promise((resolve) => {
        runs.push({
          signal,
          end: async () => {
            resolve();
            await Promise.resolve();
            await Promise.resolve();
          },
        });
      }),
    wanted: () => state.wanted,
    setTimeout: (run, ms) => {
      timers.set(++id, { run, ms });
      return id;
    },
    clearTimeout: (timer) => timers.delete(timer),
  };
  const fire = () => {
    const all = [...timers];
    for (const [timer, { run, ms }] of all) {
      assert.equal(ms, REFRESH_MS);
      timers.delete(timer);
      run();
    }
  };
  return { deps, timers, runs, state, fire };
}

test('the next run waits for the end of the one before', async () => {
  const b = bench();
  startPolling(b.deps);
  assert.deepEqual([b.runs.length, b.timers.size], [1, 0]);
  await b.runs[0]!.end();
  assert.equal(b.timers.size, 1);
  b.fire();
  assert.equal(b.runs.length, 2);
});

test('a hidden page asks for nothing until it is seen again', async () => {
  const b = bench();
  const polling = startPolling(b.deps);
  await b.runs[0]!.end();
  b.state.wanted = false;
  b.fire();
  b.fire();
  assert.equal(b.runs.length, 1);
  b.state.wanted = true;
  polling.wake();
  assert.deepEqual([b.runs.length, b.timers.size], [2, 0]);
  polling.wake();
  assert.equal(b.runs.length, 2, 'a run is under way already');
});

test('a stop ends the run under way and starts no other', async () => {
  const b = bench();
  const polling = startPolling(b.deps);
  polling.stop();
  assert.equal(b.runs[0]!.signal.aborted, true);
  await b.runs[0]!.end();
  assert.equal(b.timers.size, 0);
});
