// What a share is enough for, against naive counting and against simulated traffic whose truth is known.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  atLeast,
  lowestShare,
  recommend,
  WANTED,
} from '../../../../collector/correlate/sampling/recommend.ts';
import {
  reproduction,
  slowRequests,
  spanLoss,
  traceLoss,
} from '../../../../collector/correlate/sampling/shares.ts';
import { randomFrom } from '../../../helpers/random.ts';

const BOUNDS = [0.1, 0.5, Number.POSITIVE_INFINITY];
const CERTAIN = { share: 1, low: 1, high: 1 };
const TIMES = {
  processes: 1,
  ended: 0,
  scrapeSeconds: 5,
  window: { fromUnixNano: 0n, toUnixNano: 3_600_000_000_000n },
};

const countOf = (requests: number, failed: number, slow = 0) => ({
  ...{ method: 'GET', route: '/a', requests, failed, bounds: BOUNDS },
  cumulative: [requests - slow, requests, requests],
});

/** How many of `n` draws hit. */
function hits(random: () => number, n: number, p: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) if (random() < p) sum++;
  return sum;
}

test('the tail of the binomial distribution is what counting every outcome gives', () => {
  const probability = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.nat(9), fc.nat(12), probability, (n, k, p) => {
      let sum = 0;
      for (let outcome = 0; outcome < 2 ** n; outcome++) {
        const ones = outcome.toString(2).replaceAll('0', '').length;
        if (ones >= k) sum += p ** ones * (1 - p) ** (n - ones);
      }
      assert.ok(Math.abs(atLeast(k, n, p) - sum) < 1e-9, `${atLeast(k, n, p)} against ${sum}`);
    }),
    { seed: 7 },
  );
});

test('the lowest share is enough, and a little less is not', () => {
  const many = fc.integer({ min: 1, max: 10_000_000 });
  const part = fc.double({ min: 0.05, max: 1, noNaN: true });
  fc.assert(
    fc.property(many, fc.integer({ min: 1, max: 200 }), part, (requests, traces, survival) => {
      const share = lowestShare({ requests, traces, survival, certainty: 0.95 });
      const reached = (at: number) => atLeast(traces, requests, at * survival);
      if (share === undefined) assert.ok(reached(1) < 0.95);
      else assert.ok(reached(share) >= 0.95 && reached(share * 0.999) < 0.95);
    }),
    { seed: 7 },
  );
});

test('with the advised share the wanted traces are there as often as wanted, whatever hour was counted', () => {
  const random = randomFrom(3);
  const [perHour, failing] = [5000, 0.03];
  let [reached, hours] = [0, 0];
  for (let run = 0; run < 40; run++) {
    const counted = countOf(perHour, hits(random, perHour, failing));
    const advice = recommend({ count: counted, slow: undefined, seconds: 3600, survival: CERTAIN }, WANTED)!;
    assert.equal(advice.keepFailed, false, advice.because);
    assert.ok(advice.interval.low <= advice.share && advice.interval.high <= advice.share);
    for (let hour = 0; hour < 10; hour++) {
      const failed = hits(random, perHour, failing);
      if (hits(random, failed, advice.share) >= WANTED.faultTraces) reached++;
      hours++;
    }
  }
  assert.ok(reached / hours >= WANTED.certainty, `${reached} of ${hours} hours`);
});

test('failures too rare for a sample are kept, never seen ones too, and nothing beside a share of all', () => {
  const busy = recommend(
    { count: countOf(100_000, 4), slow: undefined, seconds: 3600, survival: CERTAIN },
    WANTED,
  )!;
  assert.equal(busy.keepFailed, true);
  assert.ok(busy.share < 0.001);
  assert.match(busy.because, /4 failed \(< 0\.01 %, .*so they are kept whatever is drawn/);
  const never = recommend(
    { count: countOf(100_000, 0), slow: undefined, seconds: 3600, survival: CERTAIN },
    WANTED,
  )!;
  assert.equal(never.keepFailed, true);
  const rare = recommend(
    { count: countOf(3, 1), slow: undefined, seconds: 3600, survival: CERTAIN },
    WANTED,
  )!;
  assert.deepEqual([rare.share, rare.keepFailed], [1, false]);
  assert.match(rare.because, /72 a day: too few for 100 complete traces, so all are stored/);
  const never2 = { ...WANTED, keepAbove: 1 };
  const forced = recommend(
    { count: countOf(100_000, 4), slow: undefined, seconds: 3600, survival: CERTAIN },
    never2,
  )!;
  assert.deepEqual([forced.share, forced.keepFailed], [1, false]);
});

test('what is lost on the way makes the share larger, and what is not known of it too', () => {
  const facts = { count: countOf(10_000, 200), slow: undefined, seconds: 3600 };
  const share = (survival: typeof CERTAIN) => recommend({ ...facts, survival }, WANTED)!.share;
  const [all, half, unsure] = [
    share(CERTAIN),
    share({ share: 0.5, low: 0.5, high: 0.5 }),
    share({ share: 0.5, low: 0.25, high: 0.75 }),
  ];
  assert.ok(half > 1.8 * all && half < 2.2 * all, `${half} against ${all}`);
  assert.ok(unsure > 1.9 * half, `${unsure} against ${half}`);
});

test('slow requests are those above a bucket: the one that was asked for, or that at most a hundredth exceed', () => {
  assert.deepEqual(slowRequests(countOf(1000, 0, 10), undefined), { seconds: 0.1, requests: 10 });
  assert.deepEqual(slowRequests(countOf(1000, 0, 11), undefined), { seconds: 0.5, requests: 0 });
  assert.deepEqual(slowRequests(countOf(1000, 0, 10), 0.2), { seconds: 0.5, requests: 0 });
  assert.equal(slowRequests(countOf(1000, 0, 10), 2), undefined);
});

test('the interval of a reproduction holds the truth in at least 93 of 100 runs', () => {
  const random = randomFrom(11);
  let held = 0;
  const runs = 600;
  for (let run = 0; run < runs; run++) {
    const truth = { sampled: 0.05 + 0.9 * random(), complete: 0.5 + 0.5 * random() };
    const requests = 50 + Math.floor(random() * 400);
    const stored = hits(random, requests, truth.sampled);
    const n = Math.min(stored, 100);
    const complete = hits(random, n, truth.complete);
    const drawn = { stored, n, complete, sampled: n, stating: n, meanWeight: 1 };
    const found = reproduction([{ requests, drawn }])!;
    const share = truth.sampled * truth.complete;
    if (found.low <= share && share <= found.high) held++;
  }
  assert.ok(held / runs >= 0.93, `${held} of ${runs}`);
});

test('the interval of a loss by weights holds the truth in at least 93 of 100 runs', () => {
  const random = randomFrom(5);
  let held = 0;
  const runs = 300;
  for (let run = 0; run < runs; run++) {
    const [share, lost] = [0.05 + 0.5 * random(), 0.3 * random()];
    const requests = 2000;
    const sampled = hits(random, requests, share * (1 - lost));
    const found = traceLoss(
      requests,
      [{ stored: sampled, sampled, meanWeight: 1 / share, keptFor: 0 }],
      TIMES,
    )!;
    if (found.low <= lost && lost <= found.high) held++;
  }
  assert.ok(held / runs >= 0.93, `${held} of ${runs}`);
});

test('a loss of spans is told with what the ends of the window leave open, and never below nothing', () => {
  const spans = { ended: 36_000, dropped: 300, failed: 60, notHeld: 5 };
  const found = spanLoss({ ...TIMES, spans }, 35_640)!;
  assert.deepEqual(
    [found.share.toFixed(4), found.low.toFixed(4), found.high.toFixed(4)],
    ['0.0100', '0.0086', '0.0114'],
  );
  assert.equal(spanLoss({ ...TIMES, spans }, 36_010)!.share, 0);
  assert.equal(spanLoss({ ...TIMES, spans: { ...spans, ended: 0 } }, 0), undefined);
  const twoEnded = spanLoss({ ...TIMES, processes: 4, ended: 2, scrapeSeconds: 60, spans }, 35_640)!;
  assert.ok(twoEnded.high > 0.019, 'a process that ended between scrapes leaves more open');
});
