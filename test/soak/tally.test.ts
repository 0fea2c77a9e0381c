import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { randomFrom } from '../helpers/random.ts';
import { drawEnding, PHASES } from './random-life.ts';
import { judgeOnce, judgeRequests, judgeScrapes, Tally } from './tally.ts';

/** Two parts each; the copies of each request's parts as they are stored. */
function judged(acknowledged: boolean[], attempts: number[], copies: number[][]): [number, number] {
  const tally = new Tally();
  judgeRequests(
    tally,
    'request',
    { acknowledged, attempts },
    () => 2,
    (n, i) => copies[n]![i]!,
  );
  return [tally.losses, tally.doubled];
}

test('an acknowledged request is there whole, and one without an answer whole or not at all', () => {
  assert.deepEqual(
    judged(
      [true, true],
      [1, 1],
      [
        [1, 1],
        [1, 1],
      ],
    ),
    [0, 0],
  );
  assert.deepEqual(judged([true], [1], [[1, 0]]), [1, 0]);
  assert.deepEqual(judged([true], [1], [[0, 0]]), [2, 0]);
  assert.deepEqual(
    judged(
      [false, false],
      [1, 1],
      [
        [0, 0],
        [1, 1],
      ],
    ),
    [0, 0],
  );
  assert.deepEqual(judged([false], [1], [[0, 1]]), [1, 0], 'half of it is neither');
});

test('a request may be there as often as it was sent, and no more', () => {
  assert.deepEqual(judged([true], [3], [[3, 2]]), [0, 0]);
  assert.deepEqual(judged([true], [1], [[2, 1]]), [0, 1]);
  assert.deepEqual(judged([false], [0], [[1, 1]]), [0, 2], 'it was never sent');
});

test('lines are there once each', () => {
  const tally = new Tally();
  judgeOnce(
    tally,
    'line',
    4,
    new Map([
      [0, 1],
      [1, 3],
      [3, 1],
    ]),
  );
  assert.deepEqual([tally.losses, tally.doubled], [1, 2]);
});

test('a scrape is acknowledged by the next one of the same life', () => {
  const scrapes = (stored: [number, number][], failed = 0) => {
    const tally = new Tally();
    judgeScrapes(tally, [0, 0, 1, 1], 5, new Map(stored), failed);
    return [tally.losses, tally.doubled];
  };
  assert.deepEqual(
    scrapes([
      [0, 5],
      [2, 5],
    ]),
    [0, 0],
    'the last of a life may be missing',
  );
  assert.deepEqual(
    scrapes([
      [1, 5],
      [2, 5],
    ]),
    [5, 0],
  );
  assert.deepEqual(
    scrapes([
      [0, 5],
      [1, 3],
      [2, 6],
    ]),
    [2, 1],
  );
  assert.deepEqual(scrapes([], 1), [5, 0], 'one of two was told to have failed');
});

test('the same seed draws the same endings, and every phase has its turn', () => {
  const drawn = (seed: number) => {
    const random = randomFrom(seed);
    return Array.from({ length: 200 }, () => drawEnding(random, 1000));
  };
  assert.deepEqual(drawn(1), drawn(1));
  assert.notDeepEqual(drawn(1), drawn(2));
  assert.deepEqual(new Set(drawn(1).map(({ phase }) => phase)), new Set(PHASES));
});

test('a name nobody knows is refused with the nearest one', () => {
  const main = join(import.meta.dirname, 'main.ts');
  const { status, stderr } = spawnSync(process.execPath, [main, 'kil'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /there is no soak kil\. Did you mean kill\?/);
});
