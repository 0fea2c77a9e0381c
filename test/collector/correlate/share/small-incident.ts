// A closed incident with one of everything that the formats show; its wording is its own, not the engine's.
import type { Finding } from '../../../../collector/correlate/incident.ts';
import type { SharedIncident } from '../../../../collector/correlate/share/shared-incident.ts';

export const ONSET_MS = Date.UTC(2026, 10, 27, 14, 22, 10);
const nanos = (afterMs: number) => `${ONSET_MS + afterMs}000000`;
export const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

const plain = {
  ...{ subject: {}, effect: 1, p: null, facts: {}, references: [], charts: [] },
  ...{ baseline: { value: 142, n: 1284 }, incident: { value: 2310, n: 312 } },
};

const findings: Finding[] = [
  {
    ...plain,
    ...{
      kind: 'symptom',
      outcome: 'holds',
      statement: 'p99 of GET /verify rose from 142 ms to 2.31 s, ×16.',
    },
    charts: [
      {
        ...{ title: 'p99', unit: 'ms', scale: 'log' },
        at: [-60_000, -30_000, 0, 30_000, 60_000].map((after) => ONSET_MS + after),
        value: [140, 142, null, 2310, 2100],
        threshold: { value: 300, label: 'objective 300 ms' },
      },
      {
        ...{ title: 'errors', unit: 'share', scale: 'linear' },
        at: [-60_000, 0, 60_000].map((after) => ONSET_MS + after),
        value: [0, 0.062, 0.05],
      },
    ],
  },
  {
    ...plain,
    ...{
      kind: 'logs',
      outcome: 'holds',
      statement: 'New since 14:22:14: "dial timeout <redis|0>" in 73.0 %.',
    },
    references: [
      {
        ...{ kind: 'log', traceId: TRACE, spanId: '00f067aa0ba902b7', timeUnixNano: nanos(4_000) },
        label: 'WARN dial timeout',
      },
    ],
    table: {
      columns: [
        { title: 'Template', align: 'left' },
        { title: 'Per trace', align: 'right' },
      ],
      rows: [{ cells: ['dial timeout <redis|0>', '1.31'], emphasis: true }, { cells: ['request', '1.00'] }],
      caption: '2 of 9 templates.',
    },
  },
  {
    ...plain,
    ...{ kind: 'exemplars', outcome: 'holds', statement: '8 of 8 exemplars lead to stored traces.' },
    references: [{ kind: 'trace', traceId: TRACE, label: 'GET /verify, 2.30 s' }],
    facts: { traceId: TRACE },
  },
  { ...plain, kind: 'pool', outcome: 'refuted', statement: '12 of 50 connections were in use.' },
  {
    ...plain,
    kind: 'alternatives',
    outcome: 'refuted',
    statement: 'More traffic: 118 › 119 req/s, p = 0.63.',
  },
];

export const smallIncident: SharedIncident = {
  incident: {
    ...{ id: '6bd7f708147c204f', state: 'closed', service: 'shop', method: 'GET', route: '/verify' },
    ...{ signal: 'latency', onsetUnixNano: nanos(0), openedUnixNano: nanos(45_000) },
    ...{ updatedUnixNano: nanos(1_260_000), closedUnixNano: nanos(1_260_000), durationSeconds: 1140 },
    budgetCost: [
      {
        ...{ slo: 'verify-latency', labels: {}, objective: 0.99, window: '30d', source: 'metrics' },
        ...{ badEvents: 8336, totalEvents: 134_451, share: 0.027 },
      },
    ],
    baseline: { fromUnixNano: nanos(-1_800_000), toUnixNano: nanos(-60_000) },
    incident: { fromUnixNano: nanos(0), toUnixNano: nanos(1_140_000) },
    title: 'redis.GET slow: shop waits for redis-0',
    verdict: 'redis.GET is slow since 14:22:10: 73.0 % of slow traces, 0.4 % before (n = 312 and 1,284).',
    unknown: 'Why redis-0 is slow.',
    confidence: {
      tier: 'high',
      holds: 7,
      tested: 7,
      reason: '7 of 7 links hold, 1 of 1 alternative refuted.',
    },
    harm: '8,336 requests failed, 6.2 % of GET /verify.',
    tryFirst: 'Limit the retries of redis.GET.',
    runbook: 'https://runbooks.example/session-cache?a=1&b=2',
    findings,
  },
  leadTrace: {
    ...{ traceId: TRACE, startUnixNano: nanos(3_000), durationMs: 2300, stored: 44 },
    spans: [
      { depth: 0, label: 'GET /verify', service: 'shop', startMs: 0, durationMs: 2300, failed: true },
      { depth: 1, label: 'redis.GET', service: 'shop', startMs: 10, durationMs: 2190, failed: false },
    ],
  },
  logs: [
    {
      ...{ timeUnixNano: nanos(4_000), level: 'WARN', service: 'shop', traceId: TRACE, isEvidence: true },
      body: 'dial timeout <redis|0>',
    },
  ],
  logsMatched: 3,
  missing: [],
};
