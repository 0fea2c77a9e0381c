import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptRankings } from '../../../collector/correlate/kept-rankings.ts';
import type { Ranking } from '../../../collector/correlate/ranking/rank.ts';

const ONSET = 1_700_000_000_000_000_000n;
const at = (seconds: number) => ({
  onsetUnixNano: ONSET,
  incident: { fromUnixNano: ONSET, toUnixNano: ONSET + BigInt(seconds) * 1_000_000_000n },
});

/** Asks at these seconds after the onset; answers at which of them a ranking was made. */
async function madeAt(seconds: readonly number[], fails: (second: number) => boolean = () => false) {
  const kept = new KeptRankings();
  const made: number[] = [];
  for (const second of seconds) {
    const rank = async () => {
      made.push(second);
      if (fails(second)) throw new Error('the store is busy');
      return {} as Ranking;
    };
    await kept.of(at(second), rank).catch(() => undefined);
  }
  return made;
}

test('while an incident grows it is ranked again every half minute, until its beginning is over', async () => {
  const every15 = Array.from({ length: 20 }, (_, i) => 20 + i * 15);
  assert.deepEqual(await madeAt(every15), [20, 50, 80, 110, 140, 155]);
});

test('an incident that is looked at late is ranked once', async () => {
  assert.deepEqual(await madeAt([200, 215, 400, 4000]), [200]);
});

test('a ranking that failed is made anew at the next look', async () => {
  assert.deepEqual(await madeAt([200, 215, 230], (second) => second === 200), [200, 215]);
});
