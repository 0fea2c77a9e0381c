import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ruleGroups } from '../../alerts/rules.ts';
import { ruleTargets } from '../../alerts/targets.ts';
import {
  cadences,
  countSums,
  drawn,
  evaluateBurn,
  type Firing,
  parseSpec,
  randomFrom,
  replay,
  type StepCounts,
  simulate,
  stepEndUnixMs,
  type Tier,
  type WindowCounts,
  type WindowName,
  windowCountsAt,
  windows,
} from '../../slo/index.ts';

const hour = 120;
const budget = 0.001;

/** Steady traffic of `perStep` requests per 30 s; `ratio` tells the share that fails in a step. */
function counts(steps: number, perStep: number, ratio: (step: number) => number): StepCounts {
  const total = new Float64Array(steps).fill(perStep);
  const bad = total.map((all, step) => all * ratio(step));
  return { startUnixMs: 0, stepSeconds: 30, bad, total, observed: new Uint8Array(steps).fill(1) };
}

const text = (firings: readonly Firing[]) => firings.map(({ tier, from, to }) => `${tier.id} ${from}-${to}`);

test('an outage pages at the second evaluation, the slower page once a tile holds it, and ends half an hour after it', () => {
  const outage = counts(8 * hour, 100, (step) => (step >= 240 && step < 260 ? 1 : 0));
  assert.deepEqual(text(replay(budget, outage)), ['page-1h 241-269', 'page-6h 249-319']);
});

test('a healthy month is silent, and one without traffic too', () => {
  assert.deepEqual(
    text(
      replay(
        budget,
        counts(72 * hour, 50, () => 0.0005),
      ),
    ),
    [],
  );
  assert.deepEqual(
    text(
      replay(
        budget,
        counts(72 * hour, 0, () => 1),
      ),
    ),
    [],
  );
});

test('what still fires at the end is open until the end', () => {
  const open = replay(
    budget,
    counts(100, 100, (step) => (step >= 90 ? 1 : 0)),
  );
  assert.deepEqual(text(open), ['page-1h 91-100', 'page-6h 99-100']);
});

test('a ticket waits until half of its window is observed', () => {
  const slow = replay(
    budget,
    counts(15 * hour, 500, () => 0.004),
  );
  assert.deepEqual(text(slow), [`ticket-1d ${12 * hour - 1}-${15 * hour}`]);
});

test('a step that was not measured counts as no event, whatever stands there', () => {
  const known = counts(10, 100, () => 1);
  const { '5m': five } = windowCountsAt(
    countSums({ ...known, observed: Uint8Array.of(1, 1, 1, 1, 1, 0, 0, 0, 0, 0) }),
    9,
  );
  assert.deepEqual(five, { bad: 500, total: 500, coverage: 0.5 });
});

test('tiles end at multiples of five minutes in Unix time, whenever the counts begin', () => {
  const late = { ...counts(12, 1, () => 0), startUnixMs: 240_000 };
  const sums = countSums(late);
  const held = [0, 1, 2, 10, 11].map((step) => windowCountsAt(sums, step)['6h'].total);
  assert.deepEqual(held, [0, 2, 2, 2, 12]);
});

for (const [what, change, message] of [
  ['a step that tiles cannot be counted in', { stepSeconds: 45 }, /stepSeconds is 45; it must divide 300/],
  ['a start between two steps', { startUnixMs: 1_000 }, /startUnixMs is 1000; it must be a multiple/],
  ['columns of different lengths', { bad: new Float64Array(3) }, /have 3, 4 and 4 steps/],
] as const) {
  test(`${what} is refused`, () => {
    assert.throws(() => replay(budget, { ...counts(4, 1, () => 0), ...change }), message);
  });
}

test('groups have the windows, intervals and tiers of the rendered rules', () => {
  const slo = { id: 'all', kind: 'availability', objective: 0.999, window: '30d' };
  const spec = parseSpec({
    ...{ schema: 'go-sre.slo/v1', service: 'shop', owner: 'o', runbook: 'https://example.com' },
    slos: [slo],
  });
  assert.ok(spec.ok);
  const rendered = ruleGroups(spec.service, ruleTargets.prometheus).map(({ name, interval, rules }) => ({
    name: name.replace('slo-shop-', ''),
    seconds: Number.parseInt(interval, 10) * (interval.endsWith('m') ? 60 : 1),
    windows: rules
      .flatMap((rule) =>
        'record' in rule ? (/^slo:events:(?:increase|sum)(.*)$/.exec(rule.record)?.[1] ?? []) : [],
      )
      .filter((window) => Object.hasOwn(windows, window)),
    tiers: rules.flatMap((rule) => ('alert' in rule ? rule.labels['burnrate_tier'] : [])),
  }));
  const ours = cadences.map(({ name, seconds, windows: own, tiers }) => {
    return { name, seconds, windows: own, tiers: tiers.map(({ id }) => id) };
  });
  assert.deepEqual(rendered, ours);
});

/** The counts of a window summed step by step, tile by tile, as the rules' text reads. */
function naiveWindow(given: StepCounts, name: WindowName, step: number): WindowCounts {
  const { seconds, tile }: { seconds: number; tile?: '5m' | '1h' } = windows[name];
  const now = stepEndUnixMs(given, step) / 1_000;
  const increase = (from: number, to: number) => {
    let [bad, total, seen] = [0, 0, 0];
    for (let i = 0; i < given.total.length; i++) {
      const end = stepEndUnixMs(given, i) / 1_000;
      if (end <= from || end > to || !given.observed[i]) continue;
      bad += given.bad[i]!;
      total += given.total[i]!;
      seen += 1;
    }
    return { bad, total, seen };
  };
  if (!tile) {
    const { bad, total, seen } = increase(now - seconds, now);
    return { bad, total, coverage: (seen * given.stepSeconds) / seconds };
  }
  const each = windows[tile].seconds;
  const result = { bad: 0, total: 0, coverage: 0 };
  for (let end = Math.floor(now / each) * each; end > Math.floor(now / each) * each - seconds; end -= each) {
    const { bad, total, seen } = increase(end - each, end);
    if (seen === 0) continue;
    result.bad += bad;
    result.total += total;
    result.coverage += each / seconds;
  }
  if (name === '3d' && result.coverage === 0) return { ...naiveWindow(given, '2h', step), coverage: 0 };
  return result;
}

const someCounts = fc
  .record({
    start: fc.integer({ min: 0, max: 300 }),
    step: fc.constantFrom(30, 60, 150, 300),
    seed: fc.integer(),
    steps: fc.integer({ min: 1, max: 260 }),
    rate: fc.constantFrom(0.2, 3, 20),
  })
  .map(({ start, step, seed, steps, rate }): StepCounts => {
    const random = randomFrom(seed);
    const [bad, total] = [new Float64Array(steps), new Float64Array(steps)];
    const observed = new Uint8Array(steps);
    // Stretches of trouble and of silence, of random lengths.
    let [share, seen] = [0, 1];
    for (let i = 0; i < steps; i++) {
      if (random() < 0.03) share = random() < 0.5 ? 0 : random() ** 3;
      if (random() < 0.03) seen = random() < 0.7 ? 1 : 0;
      total[i] = Math.floor(random() * rate * 2);
      bad[i] = Math.round(total[i]! * share);
      observed[i] = seen;
    }
    return { startUnixMs: start * step * 1_000, stepSeconds: step, bad, total, observed };
  });

test('every window holds what a count step by step gives', () => {
  fc.assert(
    fc.property(someCounts, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (given, where) => {
      const step = Math.floor(where * given.total.length);
      const held = windowCountsAt(countSums(given), step);
      for (const name of Object.keys(windows) as WindowName[]) {
        const naive = naiveWindow(given, name, step);
        assert.equal(held[name].bad, naive.bad, `bad ${name}`);
        assert.equal(held[name].total, naive.total, `total ${name}`);
        assert.ok(Math.abs(held[name].coverage - naive.coverage) < 1e-9, `coverage ${name}`);
      }
    }),
    { numRuns: 100 },
  );
});

test('a tier fires exactly from each evaluation that says so to the next that does not', () => {
  fc.assert(
    fc.property(someCounts, fc.constantFrom(0.001, 0.01, 0.1), (given, share) => {
      const sums = countSums(given);
      const expected: string[] = [];
      for (const { seconds, tiers } of cadences) {
        const firing = new Map<Tier, boolean>();
        for (let step = 0; step < given.total.length; step++) {
          const end = stepEndUnixMs(given, step) / 1_000;
          if (end % seconds < given.stepSeconds) {
            for (const { tier, verdict } of evaluateBurn(share, windowCountsAt(sums, step))) {
              firing.set(tier, verdict === 'firing');
            }
          }
          for (const tier of tiers) if (firing.get(tier)) expected.push(`${tier.id} ${step}`);
        }
      }
      const found = replay(share, given).flatMap(({ tier, from, to }) =>
        Array.from({ length: to - from }, (_, n) => `${tier.id} ${from + n}`),
      );
      assert.deepEqual(found.sort(), expected.sort());
    }),
    { numRuns: 60 },
  );
});

test('thirty days at 30 s are replayed in a fraction of a second', () => {
  const month = { rpm: 600, healthyRatio: 0.0005, seconds: 30 * 86_400 };
  const faults = [{ from: 86_400, to: 90_000, ratio: 0.1 }];
  const given = simulate({ ...month, faults }, drawn(randomFrom(1)));
  replay(budget, given);
  const before = process.cpuUsage();
  assert.ok(replay(budget, given).length >= 2);
  const { user, system } = process.cpuUsage(before);
  // A fifth of it is usual; a loop per window and step would take minutes.
  assert.ok(user + system < 500_000, `${(user + system) / 1_000} ms of CPU`);
});
