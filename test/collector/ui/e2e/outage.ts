// The bodies of one afternoon: shop fails since 14:22 because redis-0 answers slowly. 11 March 2026, UTC.
import type {
  Finding,
  FindingChart,
  GoldenSignals,
  HealthState,
  Incident,
  LogsBody,
  ServicesBody,
  Sparkline,
  StatusBody,
  TracesBody,
} from '../../../../collector/api/types.ts';
import type { Bodies } from './api-server.ts';
import { slowTrace, slowTraceLogs, slowTraceSpans, TRACE_ID } from './slow-trace.ts';

const FROM = Date.UTC(2026, 2, 11, 13, 41);
const TO = Date.UTC(2026, 2, 11, 14, 41);
const ONSET = Date.UTC(2026, 2, 11, 14, 22, 10);

export const INCIDENT_ID = '4f1d2c9ab0e7';

const nano = (ms: number) => `${ms}000000`;

/** A small, even noise that is the same in every run. */
function noise(i: number): number {
  return Math.sin(i * 12.9898) * 0.5 + Math.sin(i * 4.1414) * 0.5;
}

/** A minute-by-half-minute line that steps from `before` to `after` at the onset. */
function line(before: number, after = before, rough = 0.05): Sparkline {
  const at = Array.from({ length: 120 }, (_, i) => FROM + i * 30_000);
  const value = at.map((ms, i) => Math.max(0, (ms < ONSET ? before : after) * (1 + noise(i) * rough)));
  return { at, value };
}

function signals(rate: number, errors: [number, number], p99: [number, number]): GoldenSignals {
  return {
    perSecond: rate,
    errorShare: errors[1],
    p99Ms: p99[1],
    usualP99Ms: p99[0],
    traffic: line(rate),
    errors: line(errors[0], errors[1], 0.2),
    latency: line(p99[0], p99[1]),
  };
}

function service(
  name: string,
  state: HealthState,
  own: GoldenSignals,
  what: string,
  share: number,
  routes: ServicesBody['services'][number]['routes'] = [],
): ServicesBody['services'][number] {
  const saturation = { what, share, line: line(share > 0.9 ? 0.4 : share, share, 0.05) };
  return { name, state, source: 'metrics', signals: own, saturation, routes };
}

function services(): ServicesBody {
  const routes: ServicesBody['services'][number]['routes'] = [
    {
      method: 'GET',
      route: '/api/v2/verify',
      state: 'failing',
      signals: signals(118, [0.0002, 0.062], [142, 2310]),
    },
    {
      method: 'POST',
      route: '/payment/{id}/capture',
      state: 'slow',
      signals: signals(22, [0, 0.009], [310, 1120]),
    },
    {
      method: 'GET',
      route: '/orders/{id}',
      state: 'normal',
      signals: signals(64, [0.0001, 0.0001], [96, 101]),
    },
  ];
  return {
    fromUnixNano: nano(FROM),
    toUnixNano: nano(TO),
    answer:
      'shop is failing since 14:22 (19 min): 6.2 % of GET /api/v2/verify fail. The other 4 services work.',
    matched: 5,
    services: [
      service('shop', 'failing', signals(204, [0.0002, 0.037], [168, 2260]), 'redis pool', 1, routes),
      service('web-edge', 'slow', signals(412, [0.0003, 0.018], [188, 1940]), 'CPU', 0.34),
      service('auth', 'normal', signals(231, [0, 0], [18, 18]), 'CPU', 0.22),
      service('inventory', 'normal', signals(95, [0.0002, 0.0002], [61, 63]), 'pg pool', 0.58),
      {
        ...service('payments', 'normal', signals(22, [0.0003, 0.0003], [209, 212]), 'CPU', 0.12),
        source: 'spans',
      },
    ],
  };
}

function status(): StatusBody {
  return {
    version: '0.1.0',
    startedUnixNano: nano(Date.UTC(2026, 2, 11, 6, 2, 11)),
    nowUnixNano: nano(TO),
    store: { bytes: 3.1e9, limitBytes: 8e9, retentionSeconds: 7 * 86400 },
    memoryBytes: 212e6,
    signals: {
      traces: {
        received: 17_300_000,
        kept: 412_000,
        perSecond: 4812,
        dropped: [{ reason: 'queue full', records: 1204 }],
        oldestUnixNano: nano(TO - 22_200_000),
      },
      logs: { received: 6_950_000, kept: 6_950_000, perSecond: 1930, dropped: [] },
      metrics: { received: 2_100_000, kept: 2_100_000, perSecond: 640, dropped: [] },
    },
    targets: [
      { job: 'shop', instance: 'localhost:8081', up: true, lastScrapeUnixNano: nano(TO - 4000) },
      { job: 'payments', instance: 'localhost:9081', up: false, lastError: 'connection refused' },
    ],
    discoveries: [],
    openIncidents: 1,
  };
}

function traces(query: URLSearchParams): TracesBody {
  const total = query.get('status') === 'error' ? 12 : 1284;
  const start = Number(query.get('cursor') ?? 0);
  const limit = Math.min(Number(query.get('limit') ?? 100), total - start);
  const rows = Array.from({ length: limit }, (_, k): TracesBody['traces'][number] => {
    const i = start + k;
    const traceId = i === 1 ? TRACE_ID : (0xe0d4417b2c6an * BigInt(i + 1)).toString(16).padEnd(32, '7');
    const failed = i % 3 === 0;
    const durationMs = 2740 / (1 + i * 0.07);
    return {
      traceId,
      rootName: 'GET /api/v2/verify',
      rootService: 'web-edge',
      startTimeUnixNano: nano(ONSET + 624_918 - i * 3717),
      durationMs,
      spanCount: 29 + ((i * 7) % 17),
      errorCount: failed ? 6 : 2,
      hit: {
        spanId: '00f067aa0ba902b7',
        name: 'GET /api/v2/verify',
        service: 'shop',
        route: '/api/v2/verify',
        method: 'GET',
        durationMs,
        status: failed ? 'error' : 'unset',
        httpStatus: failed ? 504 : 200,
      },
    };
  });
  const next = start + limit < total ? { nextCursor: String(start + limit) } : {};
  return { matched: total, examined: 7359, traces: rows, ...next };
}

function logs(): LogsBody {
  return { ...slowTraceLogs(), matched: 2401, examined: 6000, nextCursor: 'next' };
}

function chart(
  title: string,
  unit: FindingChart['unit'],
  scale: FindingChart['scale'],
  values: Sparkline,
): FindingChart {
  return { title, unit, scale, ...values };
}

function finding(kind: Finding['kind'], statement: string, more: Partial<Finding> = {}): Finding {
  return {
    kind,
    outcome: 'holds',
    subject: { service: 'shop', method: 'GET', route: '/api/v2/verify' },
    effect: 16,
    baseline: { value: 142, n: 3912 },
    incident: { value: 2310, n: 1284 },
    p: 1e-12,
    statement,
    references: [],
    charts: [],
    facts: {},
    ...more,
  };
}

const left = (title: string) => ({ title, align: 'left' as const });
const right = (title: string) => ({ title, align: 'right' as const });

function findings(): Finding[] {
  const trace = { kind: 'trace' as const, traceId: TRACE_ID, label: TRACE_ID.slice(0, 12) };
  const other = {
    kind: 'trace' as const,
    traceId: '9a01c7de55f89a01c7de55f89a01c7de',
    label: '9a01c7de55f8',
  };
  return [
    finding('symptom', 'p99 of GET /api/v2/verify rose from 142 ms to 2.31 s, ×16.', {
      charts: [
        chart('verify, p99', 'ms', 'log', line(142, 2310)),
        chart('capture, p99', 'ms', 'log', line(310, 1120)),
        chart('orders, p99', 'ms', 'log', line(96, 101)),
      ],
    }),
    finding('symptom', 'GET /orders/{id} does not use Redis and did not change: 96 › 101 ms, p = 0.31.', {
      outcome: 'refuted',
    }),
    finding('onset', "redis-0 changed first, 10 s before verify's p99.", {
      table: {
        columns: [left('Signal'), right('Began'), right('Change')],
        rows: [
          { cells: ['redis-0 reply time', '14:22:00', '0.3 › 212 ms'], emphasis: true },
          { cells: ['shop redis pool in use', '14:22:06', '20 › 50 of 50'] },
          { cells: ['verify p99', '14:22:10', '142 ms › 2.31 s'] },
        ],
        caption: 'Sorted by time; 3 of 38 signals changed.',
      },
    }),
    finding('exemplars', 'Two exemplars of the p99 bucket lead to stored traces. Both wait in redis.GET.', {
      references: [trace, other],
      table: {
        columns: [left('Trace'), right('Time'), right('Total'), right('redis.GET')],
        rows: [
          { cells: [trace.label, '14:24:37', '2.31 s', '2.05 s'], reference: 0 },
          { cells: [other.label, '14:27:51', '1.99 s', '1.71 s'], reference: 1 },
        ],
      },
    }),
    finding(
      'difference',
      '73.0 % of slow traces (937 of 1,284) spend over 800 ms in redis.GET. Before: 0.4 % (16 of 3,912).',
      {
        table: {
          columns: [left('Attribute'), right('Slow'), right('Before'), right('Diff.'), right('q')],
          rows: [
            { cells: ['redis.GET > 800 ms', '73.0 %', '0.4 %', '+72.6 pt', '<1e−9'], emphasis: true },
            { cells: ['redis.attempt >= 2', '68.9 %', '0.6 %', '+68.3 pt', '<1e−9'], emphasis: true },
            { cells: ['k8s.pod = shop-7c9-x2', '33.6 %', '33.2 %', '+0.4 pt', '0.83'] },
          ],
          caption: "Fisher's exact test, q after Benjamini-Hochberg. 3 of 41 attributes.",
        },
      },
    ),
    finding('where', '88 % of the critical path is redis.GET: p50 868 ms, before 2.1 ms.', {
      references: [
        { kind: 'span', traceId: TRACE_ID, spanId: 'b7ad6b7169203331', label: 'redis.GET, attempt 2' },
      ],
    }),
    finding(
      'logs',
      'New since 14:22:12: 2,401 lines in 1,284 slow traces; before: 0 lines in 3,912 traces.',
      {
        charts: [chart('lines per minute', 'count', 'linear', line(0, 126, 0.1))],
        table: {
          columns: [left('Template'), right('Before'), right('Now')],
          rows: [
            { cells: ['redis: connection pool timeout', '0', '2,401'], emphasis: true },
            { cells: ['retry session read attempt=<*>', '23', '1,798'] },
          ],
        },
      },
    ),
    finding('retry-storm', 'Requests in stay flat while calls to Redis rise from 1.00 to 2.40 per request.', {
      charts: [
        chart('verify, req/s in', 'per-second', 'linear', line(118)),
        chart('redis.GET/s for verify', 'per-second', 'linear', line(118, 283)),
        {
          ...chart('redis.GET per request', 'ratio', 'linear', line(1, 2.4)),
          threshold: { value: 1.5, label: 'storm over 1.5' },
        },
      ],
    }),
    finding('pool', 'Not tested: no metrics of the pool are stored.', { outcome: 'untested', p: null }),
    finding('alternatives', 'shop 2.14.0 runs since 09:12, 100 % of both cohorts.', {
      outcome: 'refuted',
      subject: { resource: 'New release' },
      p: null,
    }),
    finding('alternatives', 'Traffic 117.9 › 118.2 req/s.', {
      outcome: 'refuted',
      subject: { resource: 'More traffic' },
      p: 0.61,
    }),
  ];
}

function incident(): Incident {
  return {
    id: INCIDENT_ID,
    state: 'open',
    service: 'shop',
    method: 'GET',
    route: '/api/v2/verify',
    signal: 'errors',
    onsetUnixNano: nano(ONSET),
    openedUnixNano: nano(ONSET + 55_000),
    updatedUnixNano: nano(TO),
    baseline: { fromUnixNano: nano(FROM), toUnixNano: nano(ONSET) },
    incident: { fromUnixNano: nano(ONSET), toUnixNano: nano(TO) },
    title: 'Redis cache slow: shop runs out of connections, retries multiply the load ×2.4',
    verdict:
      "redis-0 answers slowly since 14:22:00. shop's pool of 50 connections fills in 6 s, callers wait 641 ms for one, time out and try again. Each request now makes 2.40 calls to Redis instead of 1.00.",
    unknown: 'Why redis-0 slowed. No traces, logs or host metrics of redis-0 are stored.',
    confidence: { tier: 'high', holds: 7, tested: 7, reason: 'Callee changed 10 s before caller.' },
    harm: '8,336 requests failed, 6.2 % of verify. 51,100 slower than 300 ms.',
    tryFirst: 'Switch off retries of redis.GET: calls fall from 283 to 118/s. Then look at redis-0.',
    runbook: 'https://runbooks.example.com/session-cache',
    findings: findings(),
  };
}

/** What a question about a time is answered: services stand out, none of their routes does. */
function explained(): Incident {
  const statement = 'It begins in contacts (score 2.41 of 1, 1.9 times that of preserve).';
  const row = (service: string, score: string, changed: string) => ({ cells: [service, score, changed] });
  return {
    ...incident(),
    ...{
      id: 'e0e0e0e0e0e0',
      state: 'closed',
      openedBy: 'question',
      service: 'contacts',
      method: '',
      route: '',
    },
    closedUnixNano: nano(ONSET + 150_000),
    title: 'contacts: it writes other log lines since 14:22:10',
    verdict: statement,
    unknown: 'Why it changed in contacts.',
    confidence: { tier: 'medium', holds: 1, tested: 1, reason: 'Score 2.41 of 1.' },
    harm: 'Not measured: no requests of a route are stored on both sides.',
    tryFirst: 'Look at contacts: ContactsServiceImpl#37.',
    lacked: ['CPU and memory did not change, or are not stored.'],
    findings: [
      finding('suspects', statement, {
        subject: { service: 'contacts' },
        table: {
          columns: [left('Service'), right('Score'), left('What changed most')],
          rows: [
            row(
              'ts-contacts-service',
              '2.41',
              '/api/v1/contactservice/contacts/{id} writes ERROR "[findContactsById][No contacts according to contactsId]" (ContactsServiceImpl#37) in 95.0 % of 20 traces, before in 0 % of 7.',
            ),
            row('ts-preserve-service', '1.27', 'CPU of preserve-0: 96 %, usually 12 % (robust z 7.6).'),
          ],
          caption:
            '2 of 2 services that changed; 8,412 spans, 12 minutes of quiet time. 1 is enough to name a service.',
        },
      }),
    ],
  };
}

/** A fresh copy of every body. */
export function outage(): Bodies {
  const open = incident();
  const closed: Incident = {
    ...open,
    id: '0a11ce5bad00',
    state: 'closed',
    closedUnixNano: nano(FROM - 40_000_000),
    onsetUnixNano: nano(FROM - 43_000_000),
    title: 'payments slow after release 1.8.2',
    verdict: 'SELECT price_rules reads 40 times as many rows since release 1.8.2.',
    service: 'payments',
    signal: 'latency',
    confidence: { ...open.confidence, tier: 'medium' },
  };
  const onDemand = explained();
  return {
    status: status(),
    services: services(),
    traces,
    trace: { [TRACE_ID]: slowTrace() },
    spans: slowTraceSpans(),
    traceLogs: slowTraceLogs(),
    logs,
    incidents: { matched: 2, incidents: [open, closed] },
    incident: { [open.id]: open, [closed.id]: closed, [onDemand.id]: onDemand },
    explain: () => ({
      incident: onDemand,
      onset: { unixNano: nano(ONSET), found: 'searched', about: 'contacts: ERROR lines' },
    }),
    failing: new Map(),
  };
}
