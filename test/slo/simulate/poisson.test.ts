import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarmsOf, drawn, falsePagesPerYear, randomFrom, replay, simulate } from '../../../slo/index.ts';
import { poissonAt, poissonBelow } from '../../../slo/simulate/poisson.ts';
import { poisson } from '../../../slo/simulate/random.ts';

for (const mean of [0.01, 0.5, 3, 30, 300]) {
  test(`counts drawn with a mean of ${mean} have that mean, and as much variance`, () => {
    const random = randomFrom(7);
    const draws = Array.from({ length: 20_000 }, () => poisson(mean, random));
    const found = draws.reduce((sum, count) => sum + count, 0) / draws.length;
    const variance = draws.reduce((sum, count) => sum + (count - found) ** 2, 0) / draws.length;
    const error = 5 * Math.sqrt(mean / draws.length);
    assert.ok(Math.abs(found - mean) < error, `mean ${found}`);
    assert.ok(Math.abs(variance / mean - 1) < 0.15, `variance ${variance}`);
  });
}

test('nothing is drawn where nothing is expected', () => {
  assert.equal(
    poisson(0, () => 0.999_999),
    0,
  );
});

test('chances of all counts sum to 1, and those below a limit to what is said', () => {
  for (const mean of [0.2, 4, 60]) {
    const chances = Array.from({ length: 200 }, (_, count) => poissonAt(count, mean));
    const below = (limit: number) => chances.slice(0, limit).reduce((sum, chance) => sum + chance, 0);
    assert.ok(Math.abs(below(200) - 1) < 1e-7);
    for (const limit of [0, 1, 5, 60]) assert.ok(Math.abs(poissonBelow(limit, mean) - below(limit)) < 1e-7);
  }
});

test('the normal curve takes over without a jump', () => {
  for (const limit of [450, 500, 550]) {
    assert.ok(Math.abs(poissonBelow(limit, 499.99) - poissonBelow(limit, 500.01)) < 0.005);
  }
});

// A service that spends several times its budget: pages are then frequent enough to be counted.
for (const { rpm, budget, share } of [
  { rpm: 3, budget: 0.001, share: 3 },
  { rpm: 0.5, budget: 0.01, share: 3 },
]) {
  test(`the bound of false pages holds in simulated months and is at most three times too high: ${rpm} rpm`, () => {
    const days = 120;
    const traffic = { rpm, healthyRatio: budget * share, faults: [], seconds: days * 86_400 };
    const firings = replay(budget, simulate(traffic, drawn(randomFrom(9))));
    const pages = alarmsOf(firings).filter(({ severity }) => severity === 'page').length;
    const bound = (falsePagesPerYear(budget, rpm, share) * days) / 365;
    assert.ok(pages > 20 && bound > pages && bound < 3 * pages, `${bound} for ${pages}`);
  });
}

test('no healthy objective pages more than once in six years, whatever its traffic', () => {
  for (const budget of [0.0001, 0.001, 0.01, 0.1, 0.4]) {
    for (let rpm = 0.001; rpm < 1e6; rpm *= 1.5) assert.ok(falsePagesPerYear(budget, rpm) < 1 / 6);
  }
});
