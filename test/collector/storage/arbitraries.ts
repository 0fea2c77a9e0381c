/** Telemetry out of small domains, so that ids, times and names meet; ids differ in their last bit only. */
import fc from 'fast-check';
import type { GroupKey, LabelMatcher, SpanFilter, TimeRange } from '../../../collector/storage/store.ts';
import type { SeriesInfo } from '../../../collector/telemetry/model.ts';
import type { PlainExemplar, PlainLog, PlainSample, PlainSpan } from '../../helpers/telemetry.ts';

/** A start whose last digits a double cannot hold. */
export const T0 = 1_764_000_000_000_000_001n;

export const TRACE_IDS = [
  'fffffffffffffffffffffffffffffffe',
  'ffffffffffffffffffffffffffffffff',
  '00000000000000010000000000000000',
  '0000000000000001000000000000000f',
  '8000000000000000000000000000abcd',
];
const SPAN_IDS = ['fffffffffffffffe', 'ffffffffffffffff', '0000000000000001', '8000000000000001'];
const SERVICES = ['shop', 'cache', 'pay'];

const time = fc.bigInt({ min: 0n, max: 40n }).map((offset) => T0 + offset);
const duration = fc.constantFrom(0n, 1n, 2n, 9_007_199_254_740_993n, 9_007_199_254_740_992n, 1_500_000n);
/** Objects as a literal makes them. */
const NO_NULL = { noNullPrototype: true };
const recordOf = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(model, NO_NULL);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const attributes = fc.dictionary(fc.constantFrom('user', 'cart.id'), fc.constantFrom('Anna', 'bob', ''), {
  maxKeys: 2,
  ...NO_NULL,
});

const span: fc.Arbitrary<PlainSpan> = recordOf({
  traceId: fc.constantFrom(...TRACE_IDS),
  spanId: fc.constantFrom(...SPAN_IDS),
  parentSpanId: fc.constantFrom('', ...SPAN_IDS, '00000000000000ff'),
  name: fc.constantFrom('GET /orders/{id}', 'redis.GET', 'connect'),
  service: fc.constantFrom(...SERVICES),
  start: time,
  duration,
  kind: fc.nat({ max: 5 }),
  status: fc.nat({ max: 2 }),
  route: fc.constantFrom('', '/orders/{id}', '/payment/{id}'),
  method: fc.constantFrom('', 'GET', 'POST'),
  httpStatus: fc.constantFrom(0, 200, 503),
  attributes,
  resource: fc.constantFrom({}, { zone: 'Anna-west' }),
});

/** Batches of spans; a span sent again is the same span. */
export const spanBatches: fc.Arbitrary<PlainSpan[][]> = fc
  .uniqueArray(span, { selector: (one) => one.traceId + one.spanId, minLength: 1, maxLength: 20 })
  .chain((spans) =>
    fc.array(fc.array(fc.constantFrom(...spans), { minLength: 1, maxLength: 8 }), {
      minLength: 1,
      maxLength: 6,
    }),
  );

const log: fc.Arbitrary<PlainLog> = recordOf({
  time,
  severityNumber: fc.constantFrom(0, 5, 9, 17),
  service: fc.constantFrom(...SERVICES),
  traceId: fc.constantFrom('', ...TRACE_IDS),
  spanId: fc.constantFrom('', ...SPAN_IDS),
  body: fc.constantFrom('redis attempt failed', 'Request "done"', 'größer', '', 'took 7 ms', 'took 120 ms'),
  scope: fc.constantFrom('', 'http'),
  attributes,
});
export const logBatches = fc.array(fc.array(log, { minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 6,
});

const SERIES: SeriesInfo[] = [
  { name: 'up', labels: { job: 'shop' }, kind: 'gauge', temporality: 'none' },
  { name: 'up', labels: { job: 'cache', zone: 'a' }, kind: 'gauge', temporality: 'none' },
  { name: 'up_total', labels: { job: 'shop', zone: 'b' }, kind: 'counter', temporality: 'cumulative' },
  { name: 'up_total', labels: { zone: 'b', job: 'shop\n2' }, kind: 'counter', temporality: 'cumulative' },
];
const sample: fc.Arbitrary<PlainSample> = recordOf({
  series: fc.constantFrom(...SERIES),
  time,
  value: fc.constantFrom(0, -1.5, 7, Number.POSITIVE_INFINITY, Number.NaN),
});
const exemplar: fc.Arbitrary<PlainExemplar> = recordOf({
  series: fc.constantFrom(...SERIES),
  time,
  value: fc.constantFrom(0.25, 7),
  traceId: fc.constantFrom(...TRACE_IDS),
  spanId: fc.constantFrom(...SPAN_IDS),
});
export const sampleBatches = fc.array(
  recordOf({
    samples: fc.array(sample, { minLength: 1, maxLength: 8 }),
    exemplars: fc.array(exemplar, { maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 6 },
);

export const timeRange: fc.Arbitrary<TimeRange> = fc
  .tuple(time, fc.bigInt({ min: 0n, max: 45n }))
  .map(([fromUnixNano, width]) => ({ fromUnixNano, toUnixNano: fromUnixNano + width }));

export const attributePair = recordOf({
  key: fc.constantFrom('user', 'cart.id', 'zone', 'http.route', 'service.name'),
  value: fc.constantFrom('Anna', 'bob', '', 'Anna-west', '/orders/{id}', 'shop'),
});

/** Conditions of which most are absent. */
export const spanFilter: fc.Arbitrary<SpanFilter> = fc
  .tuple(
    timeRange,
    fc.record(
      {
        service: fc.constantFrom(...SERVICES),
        route: fc.constantFrom('', '/orders/{id}'),
        method: fc.constantFrom('', 'GET'),
        name: fc.constantFrom('redis.GET', 'connect'),
        kind: fc.nat({ max: 5 }),
        status: fc.nat({ max: 2 }),
        minDurationNano: duration,
        maxDurationNano: duration,
        attributes: fc.array(attributePair, { maxLength: 2 }),
        text: fc.constantFrom('ANNA', 'redis', 'cart', '', 'west', '503'),
      },
      { requiredKeys: [] },
    ),
    fc.subarray(
      [
        'service',
        'route',
        'method',
        'name',
        'kind',
        'status',
        'minDurationNano',
        'maxDurationNano',
        'attributes',
        'text',
      ] as const,
      { maxLength: 2 },
    ),
  )
  .map(([range, conditions, kept]) => ({
    ...range,
    ...Object.fromEntries(Object.entries(conditions).filter(([key]) => kept.some((one) => one === key))),
  }));

export const logConditions = recordOf({
  service: maybe(fc.constantFrom(...SERVICES)),
  minSeverityNumber: maybe(fc.constantFrom(1, 9, 17)),
  traceIds: maybe(fc.subarray(TRACE_IDS)),
  text: maybe(fc.constantFrom('REDIS', '"done"', 'GRÖSSER', 'größer', '', 'TOOK 7', 'ms')),
  template: maybe(fc.constantFrom('took <*> ms', 'took 35 ms', 'Request <*>', 'redis attempt failed', '')),
  attributes: maybe(fc.array(attributePair, { maxLength: 1 })),
  order: fc.constantFrom('oldest', 'newest'),
});

export const matchers: fc.Arbitrary<LabelMatcher[]> = fc.array(
  recordOf({
    label: fc.constantFrom('__name__', 'job', 'zone', 'absent'),
    op: fc.constantFrom('=', '!=', '=~', '!~'),
    value: fc.constantFrom('up', 'shop', '', 'up|up_total', 'up_.*', 'sh?op.*', '[a-b]', '(a|b)?', '.+'),
  }),
  { maxLength: 2 },
);

export const groupKeys: fc.Arbitrary<GroupKey[]> = fc.subarray([
  'service',
  'route',
  'method',
  'name',
  'kind',
  'status',
  'attribute:user',
  'attribute:zone',
]);
