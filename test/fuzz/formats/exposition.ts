// Scraped text against a reading by regular expressions.
import { parsePrometheusText } from '../../../collector/formats/prometheus-text/parse-text.ts';
import { SeriesCache } from '../../../collector/formats/prometheus-text/series-cache.ts';
import type { TextFormat } from '../../../collector/formats/prometheus-text/series-kind.ts';
import { naiveExposition } from '../../collector/formats/naive-exposition.ts';
import type { Property } from '../target.ts';
import { mustEqual, type Oracle, oracle, ours, outcome } from './verdict.ts';

const NOW = 1_700_000_000_000_000_000n;
const TARGET = { job: 'shop', instance: 'shop:8081' };

function parse(body: Uint8Array, format: TextFormat, cache = new SeriesCache({ labels: TARGET })) {
  const { builder } = parsePrometheusText(body, format, cache, NOW);
  cache.commit();
  const { index, count } = builder.build();
  return Array.from({ length: count }, (_, i) => {
    const { name, labels } = index.series[index.seriesIndex[i]!]!;
    return { name, labels, value: index.value[i], time: index.timeUnixNano[i] };
  });
}

function truthOf(body: Uint8Array, format: TextFormat): Oracle<unknown[]> {
  const text = oracle(() => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body));
  if (text === 'either' || 'refused' in text) return text;
  const samples = naiveExposition(text.value, format, NOW);
  if (samples === undefined) return { refused: 'no exposition' };
  // A label that the target has too is renamed; a test of its own holds that.
  if (
    samples.some(({ labels }) => Object.keys(labels).some((key) => /^(exported_)*(job|instance)$/.test(key)))
  ) {
    return 'either';
  }
  const value = samples.map((sample) => ({ ...sample, labels: { ...sample.labels, ...TARGET } }));
  return { value };
}

function check(body: Uint8Array, format: TextFormat): string {
  const mine = ours(() => parse(body, format));
  const kind = outcome(mine, truthOf(body, format), (read, truth) => mustEqual(read, truth, 'samples'));
  // The same text once more, where the target's series are known, must read the same.
  const cache = new SeriesCache({ labels: TARGET });
  const again = ours(() => [parse(body, format, cache), parse(body, format, cache)]);
  if ('value' in again) mustEqual(again.value[1], again.value[0], 'scrapes of one text');
  return kind;
}

const openmetrics = `# HELP http_server_request_duration_seconds Duration of requests.
# TYPE http_server_request_duration_seconds histogram
# UNIT http_server_request_duration_seconds seconds
http_server_request_duration_seconds_bucket{http_route="/orders/{id}",le="0.1"} 4 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736",span_id="00f067aa0ba902b7"} 0.067 1700000000.123456789
http_server_request_duration_seconds_bucket{http_route="/orders/{id}",le="1.0"} 5
http_server_request_duration_seconds_bucket{http_route="/orders/{id}",le="+Inf"} 6 # {traceID="00000000000000000000000000000001"} 2.5
http_server_request_duration_seconds_sum{http_route="/orders/{id}"} 3.25
http_server_request_duration_seconds_count{http_route="/orders/{id}"} 6
# TYPE redis_pool_waits counter
redis_pool_waits_total 12 1.7e+09
redis_pool_waits_created 1.7e+09
# TYPE go_gc_duration_seconds summary
go_gc_duration_seconds{quantile="0.50"} 0.0001
go_gc_duration_seconds_sum 0.5
# TYPE build info
build_info{version="1",path="C:\\\\a\\"b\\n"} 1
# EOF
`;
const text = `# some remark

# TYPE requests_total counter
requests_total{ method = "GET" , path="C:\\\\a\\"b\\n" , } 3   1700000000123
requests_total{method="PUT",empty=""}\t-1.5E-3
loose NaN
up +Inf
down -inf
# TYPE rpc_duration summary
rpc_duration{quantile="0.5"} 4773
rpc_duration_count 2693
größe 1
`;

const tokens = [
  ...[
    '# TYPE ',
    '# EOF\n',
    '# HELP ',
    'counter\n',
    'gauge\n',
    'info\n',
    'untyped\n',
    '{le="',
    '"} ',
    ' # {',
    '{}',
    '="',
  ],
  ...[
    ' 1700000000',
    ' 1e9',
    'NaN',
    '+Inf',
    '-inf',
    '0x1p3',
    '1_0',
    '\\n',
    '\\x',
    '\\\\',
    '\t',
    ' ',
    'a 1\n',
    'le="1.0"',
  ],
  ...['requests_total', ':', '1700000000.5', '\u2028', '\u00a0', '\r\n'],
];

export const expositionProperties = {
  openmetrics: (): Property => ({
    seeds: [Buffer.from(openmetrics)],
    tokens,
    check: (body) => check(body, 'openmetrics'),
  }),
  'prometheus-text': (): Property => ({
    seeds: [Buffer.from(text), Buffer.from(text.replace('größe 1\n', ''))],
    tokens,
    check: (body) => check(body, 'text'),
  }),
} satisfies Record<string, () => Property>;
