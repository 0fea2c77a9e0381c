import { COMPARE_PARAMETERS } from '../correlate/compare/question.ts';
import { EXPLAIN_PARAMETERS } from '../correlate/explain-question.ts';
import { SAMPLING_PARAMETERS } from '../correlate/sampling/question.ts';
import { postAlerts } from './alerts.ts';
import { getComparison } from './compare.ts';
import type { Handler } from './deps.ts';
import { listEvents, postEvent } from './events.ts';
import { explain, explainAndKeep } from './explain.ts';
import { getIncident, listIncidents } from './incidents.ts';
import { findLogs, getTraceLogs } from './logs.ts';
import { getSampling } from './sampling.ts';
import { getSeries } from './series.ts';
import { getServices } from './services.ts';
import { getSlo, listSlos } from './slos.ts';
import { getStatus } from './status.ts';
import { findTraces, getSpan, getTrace } from './traces.ts';

export interface ApiRoute {
  method: 'GET' | 'POST';
  path: string;
  handler: Handler;
  /** Query parameters it reads; any other is refused, because a mistyped condition would match everything. */
  query: readonly string[];
  /** Of a POST; 64 KiB by default. */
  maxBodyBytes?: number;
  about: string;
}

const RANGE = ['from', 'to'];
const PAGE = ['limit', 'cursor'];

/** The whole HTTP API. Beside it the same port serves /metrics, /metrics/red, /livez, /readyz and the console. */
export const ROUTES: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/api/v1/status',
    handler: getStatus,
    query: [],
    about: 'What arrived, what was lost and why',
  },
  {
    method: 'GET',
    path: '/api/v1/services',
    handler: getServices,
    query: RANGE,
    about: 'Golden signals by service and route',
  },
  {
    method: 'GET',
    path: '/api/v1/traces',
    handler: findTraces,
    query: [
      ...['service', 'route', 'method', 'status', 'min_ms', 'max_ms', 'q', 'attr', 'order'],
      ...RANGE,
      ...PAGE,
    ],
    about: 'Traces with a span that meets the conditions',
  },
  {
    method: 'GET',
    path: '/api/v1/traces/:traceId',
    handler: getTrace,
    query: [],
    about: 'One trace as columns',
  },
  {
    method: 'GET',
    path: '/api/v1/traces/:traceId/logs',
    handler: getTraceLogs,
    query: PAGE,
    about: 'Every log line of one trace',
  },
  {
    method: 'GET',
    path: '/api/v1/traces/:traceId/spans/:spanId',
    handler: getSpan,
    query: [],
    about: 'One span in full',
  },
  {
    method: 'GET',
    path: '/api/v1/logs',
    handler: findLogs,
    query: ['service', 'q', 'template', 'level', 'trace', 'attr', 'order', ...RANGE, ...PAGE],
    about: 'Log lines by text, template, level, service, trace',
  },
  {
    method: 'GET',
    path: '/api/v1/series',
    handler: getSeries,
    query: ['match', 'exemplars', ...RANGE, ...PAGE],
    about: 'Samples and exemplars of series',
  },
  {
    method: 'GET',
    path: '/api/v1/incidents',
    handler: listIncidents,
    query: [],
    about: 'Incidents, newest first',
  },
  {
    method: 'GET',
    path: '/api/v1/incidents/:id',
    handler: getIncident,
    query: ['format'],
    about: 'One incident with its evidence',
  },
  {
    method: 'POST',
    path: '/api/v1/alerts',
    handler: postAlerts,
    query: [],
    maxBodyBytes: 1024 * 1024,
    about: "Takes Alertmanager's webhook: alerts open incidents, or are added to them",
  },
  {
    method: 'GET',
    path: '/api/v1/sampling',
    handler: getSampling,
    query: SAMPLING_PARAMETERS,
    about: 'What is stored of what happened: loss, reproduction, cost, and the shares that would do',
  },
  {
    method: 'GET',
    path: '/api/v1/compare',
    handler: getComparison,
    query: [...COMPARE_PARAMETERS, 'format'],
    about: 'Whether requests of b, such as those of a new version, are worse than those of a',
  },
  {
    method: 'GET',
    path: '/api/v1/explain',
    handler: explain,
    query: [...EXPLAIN_PARAMETERS, 'format'],
    about: 'What happened in a time: when it began, in which service, along which route',
  },
  {
    method: 'POST',
    path: '/api/v1/explain',
    handler: explainAndKeep,
    query: [...EXPLAIN_PARAMETERS, 'format'],
    about: 'The same, kept as an incident',
  },
  {
    method: 'GET',
    path: '/api/v1/slos',
    handler: listSlos,
    query: [],
    about: 'Objectives: budget left, burn, who is called, worst first',
  },
  {
    method: 'GET',
    path: '/api/v1/slos/:service/:id',
    handler: getSlo,
    query: ['group', ...RANGE],
    about: 'One objective with its tiers, burndown and events',
  },
  {
    method: 'GET',
    path: '/api/v1/events',
    handler: listEvents,
    query: ['service', 'kind', 'limit', ...RANGE],
    about: 'Deploys and what else happened, newest first',
  },
  {
    method: 'POST',
    path: '/api/v1/events',
    handler: postEvent,
    query: [],
    about: 'Notes a deploy or something else that happened to a service',
  },
];
