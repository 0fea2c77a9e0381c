// One slow request with three attempts at Redis, as the API answers it: 44 spans of 8 services, 4 log lines.
import type { LogsBody, SpanBody, TraceBody } from '../../../../collector/api/types.ts';

export const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const START_NANO = 1773239077204000000n;

/** depth, service, label, start and duration in ms, and what failed. */
type Line = [
  depth: number,
  service: string,
  label: string,
  startMs: number,
  durationMs: number,
  error?: string,
];

const LINES: Line[] = [
  [0, 'web-edge', 'GET /api/v2/verify', 0, 2312],
  [1, 'web-edge', 'proxy shop', 2, 2308],
  [2, 'shop', 'GET /api/v2/verify', 4, 2302],
  [3, 'shop', 'auth.CheckToken', 6, 12],
  [4, 'auth', 'AuthService/Check', 8, 8],
  [5, 'auth', 'jwt.Verify', 10, 4],
  [3, 'shop', 'ratelimit.Allow', 19, 1],
  [3, 'shop', 'verify.LoadSession', 21, 2117],
  [4, 'shop', 'redis.GET', 24, 804, 'pool timeout after 800 ms: 50 of 50 connections in use'],
  [5, 'shop', 'pool.Wait', 24, 804, 'pool timeout after 800 ms: 50 of 50 connections in use'],
  [4, 'shop', 'backoff 25 ms', 828, 25],
  [4, 'shop', 'redis.GET', 853, 802, 'pool timeout after 800 ms: 50 of 50 connections in use'],
  [5, 'shop', 'pool.Wait', 853, 802, 'pool timeout after 800 ms: 50 of 50 connections in use'],
  [4, 'shop', 'backoff 50 ms', 1655, 50],
  [4, 'shop', 'redis.GET', 1705, 429],
  [5, 'shop', 'pool.Wait', 1706, 207],
  [5, 'redis', 'GET', 1914, 219],
  [4, 'shop', 'json.Unmarshal session', 2134, 2],
  [3, 'shop', 'cart.Load', 2139, 31],
  [4, 'postgres', 'SELECT carts', 2140, 7.1],
  [4, 'postgres', 'SELECT cart_items', 2148, 9.4],
  ...Array.from({ length: 12 }, (_, i): Line => [4, 'catalog', 'catalog.GetItem', 2158, 8 + (i % 4)]),
  [3, 'shop', 'pricing.Quote', 2139, 64],
  [4, 'pricing', 'PricingService/Quote', 2141, 60],
  [5, 'postgres', 'SELECT price_rules', 2143, 6.2],
  [5, 'pricing', 'rules.Evaluate', 2150, 49],
  [3, 'shop', 'inventory.Reserve', 2204, 71],
  [4, 'inventory', 'InventoryService/Reserve', 2206, 67],
  [5, 'postgres', 'UPDATE stock', 2209, 38],
  [5, 'postgres', 'COMMIT', 2250, 20],
  [3, 'shop', 'audit.Enqueue', 2276, 3],
  [3, 'shop', 'json.Marshal response', 2280, 8],
  [3, 'shop', 'http.Write', 2290, 11],
];

function spanId(i: number): string {
  return i === 11
    ? 'b7ad6b7169203331'
    : (0x00f067aa0ba902b7n + BigInt(i) * 0x1234567n).toString(16).padStart(16, '0');
}

function column(values: string[]): { dictionary: string[]; index: number[] } {
  const dictionary = ['', ...new Set(values)];
  return { dictionary, index: values.map((v) => dictionary.indexOf(v)) };
}

function parents(): number[] {
  const path: number[] = [];
  return LINES.map(([depth], i) => {
    path.length = depth;
    path.push(i);
    return path[depth - 1] ?? -1;
  });
}

/** The columns, in order of start as the API promises. */
export function slowTrace(): TraceBody {
  const order = LINES.map((_, i) => i).sort((a, b) => LINES[a]![3] - LINES[b]![3] || a - b);
  const position = new Map(order.map((from, to) => [from, to]));
  const parent = parents();
  const lines = order.map((i) => LINES[i]!);
  const names = lines.map(([, , label]) => (label.startsWith('redis.') ? label.slice(6) : label));
  return {
    traceId: TRACE_ID,
    startTimeUnixNano: String(START_NANO),
    durationMs: 2312,
    count: lines.length,
    matched: lines.length,
    spanId: order.map(spanId),
    parent: order.map((i) => (parent[i] === -1 ? -1 : position.get(parent[i]!)!)),
    orphan: lines.map(() => false),
    startMs: lines.map(([, , , start]) => start),
    durationsMs: lines.map(([, , , , duration]) => duration),
    kind: lines.map(([depth]) => (depth === 0 ? 2 : 1)),
    status: lines.map(([, , , , , error]) => (error ? 2 : 0)),
    httpStatus: lines.map(([depth]) => (depth === 0 ? 200 : 0)),
    name: column(names),
    service: column(lines.map(([, service]) => service)),
    label: column(lines.map(([, , label]) => label)),
    adjustedCount: 58,
    incidentId: '4f1d2c9ab0e7',
  };
}

/** Attributes of every span, by its id. */
export function slowTraceSpans(): Record<string, SpanBody> {
  const trace = slowTrace();
  const spans = trace.spanId.map((id, i): SpanBody => {
    const parent = trace.parent[i] ?? -1;
    const label = trace.label.dictionary[trace.label.index[i]!]!;
    const error = trace.status[i] === 2 ? 'pool timeout after 800 ms: 50 of 50 connections in use' : '';
    const redis = label === 'redis.GET';
    return {
      traceId: TRACE_ID,
      spanId: id,
      parentSpanId: parent < 0 ? '' : trace.spanId[parent]!,
      name: trace.name.dictionary[trace.name.index[i]!]!,
      label,
      service: trace.service.dictionary[trace.service.index[i]!]!,
      kind: redis ? 'client' : 'internal',
      status: error ? 'error' : 'unset',
      statusMessage: error,
      startTimeUnixNano: String(START_NANO + BigInt(Math.round(trace.startMs[i]! * 1e6))),
      durationMs: trace.durationsMs[i]!,
      attributes: redis
        ? [
            { key: 'db.system.name', value: 'redis' },
            { key: 'db.operation.name', value: 'GET' },
            { key: 'server.address', value: 'redis-0.cache' },
            { key: 'server.port', value: '6379' },
            { key: 'redis.attempt', value: '2' },
          ]
        : [],
      resource: [
        { key: 'service.name', value: trace.service.dictionary[trace.service.index[i]!]! },
        { key: 'service.version', value: '2.14.0' },
      ],
      events: error
        ? [
            {
              timeUnixNano: String(START_NANO + BigInt(Math.round(trace.startMs[i]! * 1e6))),
              name: 'exception',
              attributes: [{ key: 'exception.message', value: error }],
            },
          ]
        : [],
    };
  });
  return Object.fromEntries(spans.map((s) => [s.spanId, s]));
}

function logLine(
  atMs: number,
  span: number,
  level: string,
  body: string,
  caller: string,
): LogsBody['logs'][number] {
  return {
    timeUnixNano: String(START_NANO + BigInt(Math.round(atMs * 1e6))),
    severityNumber: level === 'warn' ? 13 : 9,
    level,
    service: 'shop',
    traceId: TRACE_ID,
    spanId: spanId(span),
    body,
    caller,
    attributes: [{ key: 'attempt', value: '2' }],
  };
}

/** All log lines of the trace, in order of time. */
export function slowTraceLogs(): LogsBody {
  const logs = [
    logLine(828, 8, 'warn', 'redis: connection pool timeout', 'cache/client.go:118'),
    logLine(1655, 11, 'warn', 'redis: connection pool timeout', 'cache/client.go:118'),
    logLine(1657, 11, 'info', 'retry session read attempt=3', 'cache/client.go:131'),
    logLine(2301, 2, 'info', 'verify ok session=8f2c… attempts=3', 'verify/handler.go:64'),
  ];
  return { matched: logs.length, examined: logs.length, logs };
}
