import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRedMetrics } from '../../../collector/processors/red-metrics.ts';
import { logBatch, type PlainSpan, spanBatch } from '../../helpers/telemetry.ts';

const span = (over: Partial<PlainSpan> = {}): PlainSpan => ({
  ...{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), name: 'GET /x', service: 'shop', kind: 2 },
  ...{ start: 1n, duration: 30_000_000n, route: '/x', method: 'GET', httpStatus: 200 },
  ...over,
});

function made(options = {}) {
  const registry = createRedMetrics(options, { clock: () => 1_764_204_789_123_000_000n });
  return { registry, observe: registry.observe };
}

test('server spans are counted by service, route, method and status, with their trace as exemplar', async () => {
  const { registry, observe } = made();
  observe(spanBatch([span(), span({ duration: 2_000_000_000n, httpStatus: 503 })]));
  const text = await registry.metrics();
  const labels = 'service="shop",span_kind="server",route="/x",method="GET"';
  assert.match(
    text,
    new RegExp(`span_duration_seconds_bucket\\{le="0.025",${labels},status_code="200"\\} 0\\n`),
  );
  assert.match(
    text,
    new RegExp(
      `span_duration_seconds_bucket\\{le="0.05",${labels},status_code="200"\\} 1 # \\{trace_id="(ab){16}",span_id="(cd){8}"\\} 0.03 `,
    ),
  );
  assert.match(text, new RegExp(`span_duration_seconds_count\\{${labels},status_code="503"\\} 1\\n`));
  assert.match(text, /# EOF\n$/);
});

test('spans of clients, internal spans and logs are not counted', async () => {
  const { registry, observe } = made();
  const spans = spanBatch([span({ kind: 3 }), span({ kind: 1 })]);
  const logs = logBatch([{ time: 1n, severityNumber: 9, service: 'shop', body: 'x' }]);
  observe(spans);
  observe(logs);
  assert.doesNotMatch(await registry.metrics(), /span_duration_seconds_count/);
});

test('a service with an id in its routes fills its limit and goes on as other; its neighbour keeps its own', async () => {
  const { registry, observe } = made({ seriesPerService: 3 });
  observe(spanBatch(Array.from({ length: 50 }, (_, i) => span({ route: `/x/${i}` }))));
  observe(spanBatch([span({ service: 'calm' })]));
  const text = await registry.metrics();
  const counts = text.split('\n').filter((line) => line.startsWith('span_duration_seconds_count'));
  assert.equal(counts.length, 5);
  assert.ok(
    counts.some((line) =>
      /service="shop".*route="other",method="other",status_code="other"\} 47$/.test(line),
    ),
  );
  assert.ok(counts.some((line) => /service="calm".*route="\/x"/.test(line)));
  assert.match(text, /span_series_overflow_total\{service="shop"\} 47/);
});

test('more services than the limit are counted together', async () => {
  const { registry, observe } = made({ services: 2 });
  observe(spanBatch(['a', 'b', 'c', 'd'].map((service) => span({ service }))));
  const counts = (await registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith('span_duration_seconds_count'));
  assert.equal(counts.length, 3);
  assert.ok(
    counts.some((line) => /service="other".*\} 2$/.test(line)),
    counts.join('\n'),
  );
});

test('a span without a trace id has no exemplar', async () => {
  const { registry, observe } = made();
  observe(spanBatch([span({ traceId: '' })]));
  const text = await registry.metrics();
  assert.match(text, /span_duration_seconds_count.* 1/);
  assert.doesNotMatch(text, /# \{/);
});

test('counts, sums and buckets over many batches are those of the spans one by one', async () => {
  const some = fc.record({
    service: fc.constantFrom('shop', 'pay'),
    route: fc.constantFrom('', '/a', '/b'),
    method: fc.constantFrom('GET', 'POST'),
    httpStatus: fc.constantFrom(0, 200, 503),
    kind: fc.constantFrom(1, 2, 3),
    duration: fc.bigInt({ min: 0n, max: 20_000_000_000n }),
  });
  const batches = fc.array(fc.array(some, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(batches, async (made_) => {
      const { registry, observe } = made();
      for (const spans of made_) observe(spanBatch(spans.map((over) => span(over))));
      const lines = (await registry.metrics()).split('\n');
      const servers = made_.flat().filter(({ kind }) => kind === 2);
      const key = ({ service, route, method, httpStatus }: (typeof servers)[number]) =>
        `service="${service}",span_kind="server",route="${route}",method="${method}",status_code="${httpStatus || ''}"`;
      for (const [labels, spans] of Map.groupBy(servers, key)) {
        const numberOf = (name: string) =>
          Number(
            lines
              .find((l) => l.startsWith(name))
              ?.slice(name.length)
              .split(' ')[1],
          );
        const seconds = spans.map(({ duration }) => Number(duration) / 1e9);
        assert.equal(numberOf(`span_duration_seconds_count{${labels}}`), spans.length);
        const sum = seconds.reduce((a, b) => a + b, 0);
        assert.ok(Math.abs(numberOf(`span_duration_seconds_sum{${labels}}`) - sum) < 1e-6);
        for (const bound of ['0.005', '1', '10', '+Inf']) {
          const within = seconds.filter((s) => bound === '+Inf' || s <= Number(bound)).length;
          assert.equal(numberOf(`span_duration_seconds_bucket{le="${bound}",${labels}}`), within);
        }
      }
      const counted = lines.filter((line) => line.startsWith('span_duration_seconds_count'));
      assert.equal(counted.length, new Set(servers.map(key)).size);
    }),
    { numRuns: 50 },
  );
});
