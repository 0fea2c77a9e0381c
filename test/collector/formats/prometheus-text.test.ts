import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { canonicalNumber, goNumber } from '../../../collector/formats/prometheus-names.ts';
import { parsePrometheusText } from '../../../collector/formats/prometheus-text/parse-text.ts';
import { SeriesCache } from '../../../collector/formats/prometheus-text/series-cache.ts';
import type { TextFormat } from '../../../collector/formats/prometheus-text/series-kind.ts';
import { CollectorError } from '../../../collector/telemetry/errors.ts';

const NOW = 1_700_000_000_000_000_000n;
const TARGET = { job: 'shop', instance: 'shop:8081' };

function parse(text: string, format: TextFormat, cache = new SeriesCache({ labels: TARGET })) {
  const { builder, parsed } = parsePrometheusText(Buffer.from(text), format, cache, NOW);
  const { index, count } = builder.build();
  const rows = Array.from({ length: count }, (_, i) => {
    const { name, labels, kind, temporality } = index.series[index.seriesIndex[i]!]!;
    const { job, instance, ...own } = labels;
    assert.deepEqual({ job, instance }, TARGET);
    return { name, labels: own, kind, temporality, value: index.value[i], time: index.timeUnixNano[i] };
  });
  return { rows, index, parsed, cache };
}

const EXPOSITION = `# HELP http_server_request_duration_seconds Duration of requests.
# TYPE http_server_request_duration_seconds histogram
# UNIT http_server_request_duration_seconds seconds
http_server_request_duration_seconds_bucket{http_route="/orders/{id}",le="0.1"} 4 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736",span_id="00f067aa0ba902b7"} 0.067 1700000000.123456789
http_server_request_duration_seconds_bucket{http_route="/orders/{id}",le="1.0"} 5
http_server_request_duration_seconds_bucket{http_route="/orders/{id}",le="+Inf"} 6 # {traceID="00000000000000000000000000000001"} 2.5
http_server_request_duration_seconds_sum{http_route="/orders/{id}"} 3.25
http_server_request_duration_seconds_count{http_route="/orders/{id}"} 6
# TYPE redis_pool_waits counter
redis_pool_waits_total 12
redis_pool_waits_created 1.7e+09
# TYPE go_gc_duration_seconds summary
go_gc_duration_seconds{quantile="0.50"} 0.0001
go_gc_duration_seconds_sum 0.5
go_gc_duration_seconds_count 7
# TYPE build info
build_info{version="1"} 1
# EOF
`;

test('OpenMetrics: types, suffixes and canonical bounds', () => {
  const { rows, parsed } = parse(EXPOSITION, 'openmetrics');
  assert.equal(parsed.samples, 11);
  assert.deepEqual(
    rows.map((r) => [r.name, r.labels.le ?? r.labels.quantile ?? '', r.value, r.kind, r.temporality]),
    [
      ['http_server_request_duration_seconds_bucket', '0.1', 4, 'histogram', 'cumulative'],
      ['http_server_request_duration_seconds_bucket', '1', 5, 'histogram', 'cumulative'],
      ['http_server_request_duration_seconds_bucket', '+Inf', 6, 'histogram', 'cumulative'],
      ['http_server_request_duration_seconds_sum', '', 3.25, 'histogram', 'cumulative'],
      ['http_server_request_duration_seconds_count', '', 6, 'histogram', 'cumulative'],
      ['redis_pool_waits_total', '', 12, 'counter', 'cumulative'],
      ['redis_pool_waits_created', '', 1.7e9, 'gauge', 'none'],
      ['go_gc_duration_seconds', '0.5', 0.0001, 'summary', 'none'],
      ['go_gc_duration_seconds_sum', '', 0.5, 'summary', 'cumulative'],
      ['go_gc_duration_seconds_count', '', 7, 'summary', 'cumulative'],
      ['build_info', '', 1, 'gauge', 'none'],
    ],
  );
  assert.ok(rows.every((row) => row.time === NOW));
});

test('exemplars carry their ids, their own time or that of the scrape, and are handed on once', () => {
  const first = parse(EXPOSITION, 'openmetrics');
  const { exemplars, series } = first.index;
  assert.deepEqual([...exemplars.value], [0.067, 2.5]);
  assert.deepEqual([...exemplars.timeUnixNano], [1_700_000_000_123_456_789n, NOW]);
  assert.equal(
    Buffer.from(exemplars.traceId).toString('hex'),
    `4bf92f3577b34da6a3ce929d0e0e4736${'1'.padStart(32, '0')}`,
  );
  assert.equal(Buffer.from(exemplars.spanId).toString('hex'), `00f067aa0ba902b7${'0'.repeat(16)}`);
  assert.equal(series[exemplars.seriesIndex[1]!]?.labels.le, '+Inf');
  const second = parse(EXPOSITION.replace('} 2.5', '} 3.5'), 'openmetrics', first.cache);
  assert.deepEqual([...second.index.exemplars.value], [3.5]);
});

test('the older text format: comments, blank lines, spaces, milliseconds, untyped series', () => {
  const text = [
    '# some remark',
    '',
    '# TYPE requests_total counter',
    '  ',
    'requests_total{ method = "GET" , path="C:\\\\a\\"b\\n" , } 3   1700000000123',
    'requests_total{method="PUT",empty=""}\t-1.5E-3',
    'loose NaN',
    'up +Inf',
    'down -inf',
  ].join('\n');
  const { rows } = parse(text, 'text');
  assert.deepEqual(rows[0], {
    name: 'requests_total',
    labels: { method: 'GET', path: 'C:\\a"b\n' },
    kind: 'counter',
    temporality: 'cumulative',
    value: 3,
    time: 1_700_000_000_123_000_000n,
  });
  assert.deepEqual([rows[1]?.labels, rows[1]?.value], [{ method: 'PUT' }, -0.0015]);
  assert.deepEqual([rows[2]?.kind, rows[2]?.value], ['unknown', Number.NaN]);
  assert.deepEqual([rows[3]?.value, rows[4]?.value], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
});

test('labels of the target win; the series keep theirs as exported_', () => {
  const text = Buffer.from('a{job="own",exported_job="older",x="1"} 1\n');
  const { builder } = parsePrometheusText(text, 'text', new SeriesCache({ labels: TARGET }), NOW);
  assert.deepEqual(builder.build().index.series[0]?.labels, {
    exported_exported_job: 'own',
    exported_job: 'older',
    x: '1',
    ...TARGET,
  });
});

test('a series is one object from scrape to scrape, until its type changes', () => {
  const first = parse('# TYPE a counter\na 1\n', 'text');
  const second = parse('# TYPE a counter\na 2\n', 'text', first.cache);
  assert.equal(second.index.series[0], first.index.series[0]);
  const third = parse('# TYPE a gauge\na 2\n', 'text', first.cache);
  assert.equal(third.rows[0]?.kind, 'gauge');
});

test('commit tells which series vanished, once; those with timestamps of their own are not marked', () => {
  const cache = new SeriesCache({ labels: TARGET });
  parse('a 1\nb 1\nc 1 1700000000000\n', 'text', cache);
  assert.deepEqual(cache.commit(), []);
  parse('a 1\n', 'text', cache);
  assert.deepEqual(
    cache.commit().map((s) => s.name),
    ['b'],
  );
  parse('a 1\n', 'text', cache);
  assert.deepEqual(cache.commit(), []);
});

test('a target that goes down ends its series, but none that only a failed scrape showed', () => {
  const cache = new SeriesCache({ labels: TARGET });
  parse('a 1\n', 'text', cache);
  cache.commit();
  assert.throws(() => parse('a 1\nnew 1\nbroken\n', 'text', cache), { code: 'bad-data' });
  assert.deepEqual(
    cache.fail().map((s) => s.name),
    ['a'],
  );
  assert.deepEqual(cache.fail(), []);
});

test('a family typed twice, as client_golang writes it, is read under the type above each part', () => {
  const text = [
    '# TYPE go_memstats_alloc_bytes gauge',
    'go_memstats_alloc_bytes 5',
    '# TYPE go_memstats_alloc_bytes counter',
    'go_memstats_alloc_bytes_total 9',
    '# EOF',
  ];
  const { rows } = parse(text.join('\n'), 'openmetrics');
  assert.deepEqual(
    rows.map((row) => [row.name, row.kind]),
    [
      ['go_memstats_alloc_bytes', 'gauge'],
      ['go_memstats_alloc_bytes_total', 'counter'],
    ],
  );
});

test('a series written twice is kept once and counted', () => {
  const { rows, parsed } = parse('a{x="1"} 1\na{x="1"} 2\n', 'text');
  assert.deepEqual([rows.length, rows[0]?.value, parsed.duplicates], [1, 1, 1]);
});

for (const format of ['openmetrics', 'text'] as const) {
  const folder = new URL(`./testdata/${format}/`, import.meta.url);
  for (const file of readdirSync(folder)) {
    test(`refused as ${format}, with the line: ${file}`, () => {
      const body = readFileSync(new URL(file, folder));
      assert.throws(
        () => parsePrometheusText(body, format, new SeriesCache({ labels: TARGET }), NOW),
        (error) =>
          error instanceof CollectorError &&
          error.code === 'bad-data' &&
          /^(line \d+: .+|the closing # EOF is missing.*|the exposition is not UTF-8)$/.test(error.message),
      );
    });
  }
}

test('any label values and numbers that an exporter writes are read back', () => {
  const value = fc.string({ unit: 'grapheme' });
  const escaped = (text: string) =>
    text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  fc.assert(
    fc.property(value, value, fc.double(), (a, b, number) => {
      const text = `a{x="${escaped(a)}",y="${escaped(b)}"} ${Number.isFinite(number) ? number : Number.isNaN(number) ? 'NaN' : number > 0 ? '+Inf' : '-Inf'}\n# EOF\n`;
      const [row] = parse(text, 'openmetrics').rows;
      const expected = Object.fromEntries(Object.entries({ x: a, y: b }).filter(([, v]) => v !== ''));
      assert.deepEqual(row?.labels, expected);
      assert.deepEqual(row?.value, number + 0);
    }),
    { numRuns: 500 },
  );
});

test('any text is read or refused, never a crash', () => {
  const piece = fc.constantFrom(
    'a',
    '{',
    '}',
    '"',
    '\\',
    ',',
    '=',
    ' ',
    '\n',
    '#',
    ' TYPE ',
    '1',
    ' 1',
    '# {',
    'x="y"',
    '\t',
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 25 }),
      fc.constantFrom<TextFormat>('text', 'openmetrics'),
      (pieces, format) => {
        try {
          parse(pieces.join(''), format);
        } catch (error) {
          assert.ok(error instanceof CollectorError && error.code === 'bad-data', String(error));
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test('bounds have one spelling, whoever wrote them', () => {
  const spellings: [string, string][] = [
    ['1.0', '1'],
    ['1', '1'],
    ['0.50', '0.5'],
    ['1e+06', '1000000'],
    ['+Inf', '+Inf'],
    ['inf', '+Inf'],
    ['odd', 'odd'],
    ['', ''],
  ];
  for (const [written, canonical] of spellings) assert.equal(canonicalNumber(written), canonical);
  assert.ok(Number.isNaN(goNumber('0x10')));
  assert.ok(Number.isNaN(goNumber('1_000')));
});
