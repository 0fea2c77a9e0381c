import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { type AllRendered, renderFigures, sloJson } from '../../bench/render.ts';
import { type Shape, stepSeconds, traffic } from '../../bench/rules/counters.ts';
import type { Cycles } from '../../bench/rules/engine.ts';
import { ourRules, serviceOf } from '../../bench/rules/services.ts';
import { shapes } from '../../bench/rules/shapes.ts';
import { slothSpec } from '../../bench/rules/sloth.ts';
import { type CostRounds, costFigures } from '../../bench/rules-cost.ts';
import { errorPercent, type Judged, truthFigures } from '../../bench/rules-truth.ts';
import { parseSpec, randomFrom } from '../../slo/index.ts';

const steady: Shape = {
  steps: 400,
  routes: ['/a', '/b'],
  instances: 2,
  perMinute: () => 120,
  badRatio: () => 0.1,
};

const sum = (values: Iterable<number>) => [...values].reduce((all, value) => all + value, 0);
/** What is counted up over a whole series, missed scrapes and restarts left out. */
const counted = (values: Float64Array) =>
  values.filter((value) => !Number.isNaN(value)).reduce((most, value) => Math.max(most, value), 0);

test('counters count every event that is known to have come, failures by their codes', () => {
  const { counters, bad, total } = traffic(steady, randomFrom(1));
  assert.equal(counters.length, 2 * 2 * 7, 'seven codes for each route on each instance');
  const failures = counters.filter(({ labels }) => /^5/.test(labels['http_response_status_code']!));
  assert.equal(sum(failures.map(({ values }) => counted(values))), sum(bad));
  assert.equal(sum(counters.map(({ values }) => counted(values))), sum(total));
  assert.ok(Math.abs(sum(bad) / sum(total) - 0.1) < 0.005);
  assert.ok(Math.abs(sum(total) / (2 * 120 * 200) - 1) < 0.02, 'two routes, two requests a second each');
});

test('a restart begins at 0 again, a gap has no samples, and a late series has none before its first event', () => {
  const day = traffic({ ...steady, restartSeconds: 3000 }, randomFrom(1)).counters[0]!.values;
  const falls = day.filter((value, at) => at > 0 && value < day[at - 1]!);
  assert.equal(falls.length, Math.floor((399 * stepSeconds) / 3000));
  const scraped = (at: number) => at < 600 || at >= 900;
  const gap = traffic({ ...steady, scraped }, randomFrom(1));
  const missing = gap.counters[0]!.values.filter((value) => Number.isNaN(value));
  assert.equal(missing.length, 300 / stepSeconds);
  assert.ok(
    gap.total.slice(21, 29).every((events) => events > 0),
    'the truth has no gap',
  );
  const late = { ...steady, badRatio: (at: number) => (at > 3000 ? 0.5 : 0), failuresFromStart: false };
  const { values } = traffic(late, randomFrom(1)).counters.at(-1)!;
  const first = values.findIndex((value) => !Number.isNaN(value));
  assert.ok(first > 100 && values[first]! > 0, `first sample at step ${first}`);
});

test('both tools are asked for the same objectives', () => {
  const service = serviceOf(['/a', '/b'], 'route');
  const spec = parse(slothSpec(service));
  assert.deepEqual(
    spec.slos.map(({ name, objective }: { name: string; objective: number }) => [name, objective]),
    service.slos.map(({ id }) => [id, 99.9]),
  );
  assert.match(
    spec.slos[1].sli.events.error_query,
    /^sum\(rate\(.*http_route="\/b".*"5\.\."\}\[\{\{\.window\}\}\]\)\)$/,
  );
  const { groups } = parse(ourRules(service));
  assert.deepEqual(
    groups.map(({ interval }: { interval: string }) => interval),
    ['30s', '1m', '4m'],
  );
});

test('what is rendered follows from a specification that is right, as large as asked for', () => {
  const spec = parseSpec(sloJson(3));
  assert.ok(spec.ok);
  assert.equal(spec.service.slos.length, 3);
});

const cycles = (samples: number, cpuSeconds: number): Cycles => ({
  samples,
  cpuSeconds,
  rules: [],
  compared: 1,
  difference: 0,
});

test('a cost is the ratio of the medians of samples, and of CPU the median of the rounds of the worse case', () => {
  const rounds = (cpu: readonly number[]): CostRounds => ({
    ours: cpu.map((seconds) => cycles(120, seconds)),
    sloth: cpu.map(() => cycles(12_000, 10)),
  });
  const figures = costFigures({ route: rounds([1, 2, 9]), service: rounds([3, 3, 1]) });
  assert.deepEqual(figures, { ratioRoute: 0.01, ratioService: 0.01, ratioCpu: 0.3 });
});

test('the worst shape counts, and one without a value is wrong altogether; what is only told does not', () => {
  const judged = (shape: Judged['shape'], ours: number | undefined, nans = 0): Judged => ({
    ...{ shape, ours, nans, truth: 0.01, bad: 1, sloth: undefined, coverage: 1, samples: 1, slothNans: 0 },
  });
  assert.ok(shapes['outage in a gap'].told);
  const all = [judged('steady', 0.0101), judged('gap', 0.0098, 2), judged('outage in a gap', 0.5, 1)];
  const { maxErrorPercent, nanSamples } = truthFigures(all);
  assert.ok(Math.abs(maxErrorPercent! - 2) < 1e-9);
  assert.equal(nanSamples, 3);
  assert.equal(errorPercent(0.01, undefined), 100);
  assert.equal(errorPercent(0.01, Number.NaN), 100);
});

test('rendering is compared by the medians of the whole command', () => {
  const one = { cpu: { rules: [1, 2, 9], whole: [4], sloth: [8] }, bytes: { rules: 1, whole: 1, sloth: 1 } };
  const all: AllRendered = { 1: one, 100: one, 1000: { ...one, cpu: { ...one.cpu, sloth: [4, 4] } } };
  assert.deepEqual(renderFigures(all), {
    ...{ ratio1: 0.25, ratio100: 0.25, ratio1000: 0.5 },
    ...{ wholeRatio1: 0.5, wholeRatio100: 0.5, wholeRatio1000: 1 },
  });
});
