import type {
  ErrorBody,
  ExplainBody,
  IncidentBody,
  IncidentsBody,
  LogsBody,
  ServicesBody,
  SloBody,
  SlosBody,
  SpanBody,
  StatusBody,
  TraceBody,
  TracesBody,
} from '../api/types.ts';
import { msToNano } from './format.ts';
import type { LogFilter, TraceFilter } from './router.ts';

/** A request that failed, with a message that says what and what to do; `code` is one of docs/errors.md. */
export class ApiError extends Error {
  readonly code: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;

  constructor(code: string, message: string, status: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Two points in epoch milliseconds. */
export interface Between {
  fromMs: number;
  toMs: number;
}

/** What is to be explained; an empty text asks for all, or for what changed most. */
export interface ExplainAsked {
  /** When it began; looked for in the range when undefined. */
  atMs: number | undefined;
  service: string;
  route: string;
  /** `KEY=VALUE` of the requests. */
  where: string;
}

/** Rows of a first page and of each "Load more". */
const PAGE_ROWS = 100;
/** Log lines of one trace that are read at once; more are counted, not shown. */
const TRACE_LOGS = 1000;

type Query = Record<string, string | number | undefined>;

/** What the console asks of the collector: one method per resource, each rejecting with an ApiError. */
export type Api = ReturnType<typeof createApi>;

async function errorOf(response: Response): Promise<ApiError> {
  try {
    const body = (await response.json()) as Partial<ErrorBody>;
    if (body.error) return new ApiError(body.error.code, body.error.message, response.status);
  } catch {
    // Not the API's JSON: a proxy's page, or nothing at all. The status says what is known.
  }
  const message = `The collector answered ${response.status} without an explanation. Its log says more.`;
  return new ApiError('unexpected-answer', message, response.status);
}

function address(path: string, query: Query): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') params.set(key, String(value));
  }
  const text = params.toString();
  return `/api/v1${path}${text === '' ? '' : `?${text}`}`;
}

/** Where an incident is answered as a document to share. */
export function incidentDocumentPath(id: string, format: 'markdown' | 'html'): string {
  return address(`/incidents/${encodeURIComponent(id)}`, { format });
}

function range(between: Between): Query {
  return { from: msToNano(between.fromMs), to: msToNano(between.toMs) };
}

/** A client of the collector's JSON API on the console's own origin. `fetch` is handed in. */
export function createApi(fetch: (path: string, init: RequestInit) => Promise<Response>) {
  async function answerOf(
    path: string,
    accept: string,
    signal: AbortSignal,
    method: 'GET' | 'POST' = 'GET',
  ): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(path, { method, signal, headers: { accept } });
    } catch (error) {
      if (signal.aborted) throw error;
      const message = 'The collector does not answer: it is stopped, restarting, or the network is down.';
      throw new ApiError('no-answer', message, 0);
    }
    if (!response.ok) throw await errorOf(response);
    return response;
  }
  async function get<T>(path: string, query: Query, signal: AbortSignal): Promise<T> {
    const response = await answerOf(address(path, query), 'application/json', signal);
    return (await response.json()) as T;
  }
  const id = encodeURIComponent;
  return {
    status: (signal: AbortSignal) => get<StatusBody>('/status', {}, signal),
    services: (between: Between, signal: AbortSignal) =>
      get<ServicesBody>('/services', range(between), signal),
    traces: (filter: TraceFilter, between: Between, cursor: string | undefined, signal: AbortSignal) => {
      // A route is written with its method, `GET /orders/{id}`, or without one.
      const [, method, route] = /^([A-Z]+) (.*)$/.exec(filter.route) ?? ['', '', filter.route];
      const { q, service, order } = filter;
      const status = filter.errors ? 'error' : undefined;
      const min_ms = filter.minMs > 0 ? filter.minMs : undefined;
      const asked = { q, service, route, method, status, min_ms, order, limit: PAGE_ROWS, cursor };
      return get<TracesBody>('/traces', { ...asked, ...range(between) }, signal);
    },
    trace: (traceId: string, signal: AbortSignal) => get<TraceBody>(`/traces/${id(traceId)}`, {}, signal),
    span: (traceId: string, spanId: string, signal: AbortSignal) =>
      get<SpanBody>(`/traces/${id(traceId)}/spans/${id(spanId)}`, {}, signal),
    traceLogs: (traceId: string, signal: AbortSignal) =>
      get<LogsBody>(`/traces/${id(traceId)}/logs`, { limit: TRACE_LOGS }, signal),
    logs: (filter: LogFilter, between: Between, cursor: string | undefined, signal: AbortSignal) =>
      get<LogsBody>(
        '/logs',
        { ...filter, order: 'newest', limit: PAGE_ROWS, cursor, ...range(between) },
        signal,
      ),
    incidents: (signal: AbortSignal) => get<IncidentsBody>('/incidents', {}, signal),
    incident: (incidentId: string, signal: AbortSignal) =>
      get<IncidentBody>(`/incidents/${id(incidentId)}`, {}, signal),
    incidentMarkdown: async (incidentId: string, signal: AbortSignal) => {
      const response = await answerOf(incidentDocumentPath(incidentId, 'markdown'), 'text/markdown', signal);
      return response.text();
    },
    /** Explains a time and keeps the answer as an incident. */
    explain: async ({ atMs, service, route, where }: ExplainAsked, between: Between, signal: AbortSignal) => {
      const time = atMs === undefined ? range(between) : { at: msToNano(atMs) };
      // A comma would begin another condition.
      const one = where.replace(/[\\,]/g, '\\$&');
      const path = address('/explain', { ...time, service, route, where: one });
      return (await (await answerOf(path, 'application/json', signal, 'POST')).json()) as ExplainBody;
    },
    slos: (signal: AbortSignal) => get<SlosBody>('/slos', {}, signal),
    slo: (service: string, sloId: string, group: string, between: Between, signal: AbortSignal) =>
      get<SloBody>(`/slos/${id(service)}/${id(sloId)}`, { group, ...range(between) }, signal),
  };
}
