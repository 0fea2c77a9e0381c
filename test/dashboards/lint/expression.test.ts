import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lintExpression } from '../../../dashboards/lint/expression.ts';

const expressions: Record<string, [expr: string, found: RegExp]> = {
  'a missing bracket': ['sum(rate(go_goroutines[$__rate_interval])', /is no PromQL/],
  'a metric nobody exposes': ['go_gorutines', /metric go_gorutines is not/],
  'a label nobody writes': ['go_goroutines{pod="a"}', /label pod is not/],
  'a grouping label nobody writes': ['sum by (pod) (go_goroutines)', /label pod is not/],
  'a recorded series of a window that does not look like one': [
    'slo:events:sum6x',
    /metric slo:events:sum6x/,
  ],
  'a fixed range': ['rate(process_cpu_seconds_total[5m])', /fixes a range/],
  'sampled and scraped signals together': [
    'rate(span_requests_total[$__rate_interval]) / rate(http_server_request_duration_seconds_count[$__rate_interval])',
    /joins signals of spans/,
  ],
  'the rate of a gauge': [
    'rate(go_goroutines[$__rate_interval])',
    /rate of go_goroutines, which is no counter/,
  ],
  'the increase of a gauge in a sum': [
    'sum(increase(redis_pool_connections[$__rate_interval]))',
    /increase of redis_pool_connections, which is no counter/,
  ],
  'the delta of a counter': [
    'delta(process_cpu_seconds_total[$__rate_interval])',
    /delta of process_cpu_seconds_total, which is a counter/,
  ],
  'no expression': ['', /without an expression/],
};

for (const [name, [expr, found]] of Object.entries(expressions)) {
  test(`a planted fault in an expression is found: ${name}`, () => {
    assert.match(lintExpression(expr).join('\n'), found);
  });
}

for (const expr of [
  'sum_over_time(slo:events:increase1h[30d:1h])',
  'slo:bad_events:summonth / $__from',
  'max_over_time(go_goroutines[$__rate_interval])',
  'ALERTS{alertname="SloBurnRate",alertstate="firing"} unless up offset 10m',
]) {
  test(`an expression without a fault has none: ${expr}`, () => {
    assert.deepEqual(lintExpression(expr), []);
  });
}
