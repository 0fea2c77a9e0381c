import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Exposition, readExposition } from '../../../bench/quiet/exposition.ts';
import { drawn, growthOf, Totals } from '../../../bench/quiet/growth.ts';
import { randomFrom } from '../../../slo/index.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

function exposition(fast: number, slow: number, seconds: number, idle = 3): Exposition {
  const text = `# TYPE wait_seconds histogram
wait_seconds_bucket{route="/a",le="0.1"} ${fast} # {trace_id="${traceId}",span_id="${spanId}"} 0.07 1.5
wait_seconds_bucket{route="/a",le="+Inf"} ${fast + slow}
wait_seconds_sum{route="/a"} ${seconds}
wait_seconds_count{route="/a"} ${fast + slow}
# TYPE gc_seconds summary
gc_seconds{quantile="0.5"} 0.001
gc_seconds_sum 0.25
gc_seconds_count 7
# TYPE cpu_seconds counter
cpu_seconds_total ${seconds / 2}
# TYPE idle gauge
idle ${idle}
# EOF
`;
  return readExposition(Buffer.from(text), 2_000_000_000n);
}

const histogramOf = ({ distributions }: Pick<Exposition, 'distributions'>) =>
  [...distributions.values()].find(({ name }) => name === 'wait_seconds')!;
const singleOf = ({ singles }: Pick<Exposition, 'singles'>, name: string) =>
  [...singles.values()].find((one) => one.name === name)!;

test('a scrape is read as counters, gauges, histograms with single buckets, summaries and exemplars', () => {
  const read = exposition(10, 2, 3);
  const { bounds, counts, count, sum, labels } = histogramOf(read);
  assert.deepEqual(
    { bounds, counts, count, sum, labels },
    { bounds: [0.1], counts: [10, 2], count: 12, sum: 3, labels: { route: '/a' } },
  );
  const summary = [...read.distributions.values()].find(({ name }) => name === 'gc_seconds')!;
  assert.deepEqual(summary.quantiles, [{ quantile: 0.5, value: 0.001 }]);
  assert.equal(summary.count, 7);
  assert.equal(singleOf(read, 'cpu_seconds_total').isCounter, true);
  assert.equal(singleOf(read, 'idle').isCounter, false);
  const [exemplar] = read.exemplars;
  assert.equal(Buffer.from(exemplar!.traceId).toString('hex'), traceId);
  assert.equal(exemplar!.timeUnixNano, 1_500_000_000n);
  assert.ok(read.distributions.has(exemplar!.histogram));
});

test('growth is what counters added since the scrape before, and how gauges stand', () => {
  const growth = growthOf(exposition(10, 2, 3), exposition(15, 2, 4, 8));
  assert.deepEqual(histogramOf(growth).counts, [5, 0]);
  assert.equal(histogramOf(growth).count, 5);
  assert.equal(singleOf(growth, 'cpu_seconds_total').value, 0.5);
  assert.equal(singleOf(growth, 'idle').value, 8);
});

test('a process that began with the first scrape grew by all that it shows', () => {
  assert.deepEqual(histogramOf(growthOf(undefined, exposition(10, 2, 3))).counts, [10, 2]);
});

test('totals grow by what is played, more or less often, and never fall', () => {
  const factor = fc.double({ min: 0, max: 4, noNaN: true });
  const part = fc.record({ fast: fc.nat(50), slow: fc.nat(50), factor });
  fc.assert(
    fc.property(fc.array(part, { maxLength: 10 }), fc.nat(), (parts, seed) => {
      const totals = new Totals();
      const random = randomFrom(seed);
      let before = [0, 0];
      for (const { fast, slow, factor: times } of parts) {
        totals.add(growthOf(undefined, exposition(fast, slow, 1)), times, random);
        const { counts, count } = histogramOf(totals);
        assert.equal(count, counts[0]! + counts[1]!);
        counts.forEach((value, i) => {
          const grown = value - before[i]!;
          const of = [fast, slow][i]!;
          assert.ok(
            Number.isInteger(grown) && grown >= of * Math.floor(times) && grown <= of * Math.ceil(times),
          );
        });
        before = [...counts];
      }
    }),
    { numRuns: 20 },
  );
});

test('what is drawn is the wanted part on average', () => {
  const random = randomFrom(7);
  for (const factor of [0.1, 0.5, 1, 1.7, 3]) {
    const share = drawn(5000, factor, random) / 5000;
    assert.ok(Math.abs(share - factor) < 0.03, `${share} of ${factor}`);
  }
  assert.equal(drawn(2_000_000, 0.25, random), 500_000);
});
