/** The console's addresses: every view with its filters and selection, parsed and formatted without a DOM. */

/** Which time a view shows: the last so many seconds, followed live, or two fixed points in epoch milliseconds. */
export type Range = { kind: 'last'; seconds: number } | { kind: 'fixed'; fromMs: number; toMs: number };

export interface TraceFilter {
  q: string;
  service: string;
  route: string;
  errors: boolean;
  /** 0: any duration. */
  minMs: number;
  order: 'newest' | 'slowest';
}

export interface LogFilter {
  q: string;
  service: string;
  level: '' | 'debug' | 'info' | 'warn' | 'error';
}

export type TraceTab = 'waterfall' | 'table' | 'logs';

export type Route =
  | { view: 'home'; range: Range }
  | { view: 'traces'; range: Range; filter: TraceFilter }
  | { view: 'trace'; range: Range; traceId: string; spanId: string; find: string; tab: TraceTab }
  | { view: 'logs'; range: Range; filter: LogFilter }
  | { view: 'incidents'; range: Range }
  | { view: 'incident'; range: Range; id: string }
  | { view: 'slos'; range: Range }
  | { view: 'slo'; range: Range; service: string; id: string; group: string }
  | { view: 'not-found'; range: Range; path: string };

/** A quarter of an hour: an incident and the quiet before it, in lines that are still lines for a service just started. */
export const DEFAULT_RANGE: Range = { kind: 'last', seconds: 900 };
export const NO_TRACE_FILTER: TraceFilter = {
  q: '',
  service: '',
  route: '',
  errors: false,
  minMs: 0,
  order: 'newest',
};
export const NO_LOG_FILTER: LogFilter = { q: '', service: '', level: '' };

/** The ranges on offer, in seconds, with their names. */
export const RANGES: readonly { seconds: number; name: string }[] = [
  { seconds: 300, name: 'last 5 min' },
  { seconds: 900, name: 'last 15 min' },
  { seconds: 3600, name: 'last 1 h' },
  { seconds: 6 * 3600, name: 'last 6 h' },
  { seconds: 24 * 3600, name: 'last 24 h' },
];

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const TABS = ['waterfall', 'table', 'logs'] as const;
/** A week: longer ranges read more than any store here keeps at full resolution. */
const MAX_RANGE_SECONDS = 7 * 24 * 3600;
const MAX_MIN_MS = 3_600_000;

function oneOf<T extends string>(values: readonly T[], value: string | null): T | undefined {
  return values.find((known) => known === value);
}

function parseRange(params: URLSearchParams): Range {
  const from = Date.parse(params.get('from') ?? '');
  const to = Date.parse(params.get('to') ?? '');
  if (from < to) return { kind: 'fixed', fromMs: from, toMs: to };
  const last = params.get('last') ?? '';
  const seconds = /^\d{1,7}$/.test(last) ? Number(last) : 0;
  return seconds > 0 && seconds <= MAX_RANGE_SECONDS ? { kind: 'last', seconds } : DEFAULT_RANGE;
}

function formatRangeParams(range: Range, params: URLSearchParams): void {
  if (range.kind === 'fixed') {
    params.set('from', new Date(range.fromMs).toISOString());
    params.set('to', new Date(range.toMs).toISOString());
  } else if (DEFAULT_RANGE.kind !== 'last' || range.seconds !== DEFAULT_RANGE.seconds) {
    params.set('last', String(range.seconds));
  }
}

function parseTraceFilter(params: URLSearchParams): TraceFilter {
  const minMs = Number(params.get('min_ms') ?? 0);
  return {
    q: params.get('q') ?? '',
    service: params.get('service') ?? '',
    route: params.get('route') ?? '',
    errors: params.get('errors') === '1',
    minMs: minMs > 0 && minMs <= MAX_MIN_MS ? minMs : 0,
    order: params.get('order') === 'slowest' ? 'slowest' : 'newest',
  };
}

function parseLogFilter(params: URLSearchParams): LogFilter {
  return {
    q: params.get('q') ?? '',
    service: params.get('service') ?? '',
    level: oneOf(LEVELS, params.get('level')) ?? '',
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The route of an address. Unknown paths answer `not-found`; unreadable parameters fall back to their defaults. */
export function parseRoute(pathname: string, search: string): Route {
  const params = new URLSearchParams(search);
  const range = parseRange(params);
  const [first = '', second = '', ...rest] = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decode);
  const [third = '', ...more] = rest;
  if (first === 'slos' && third !== '' && more.length === 0) {
    return { view: 'slo', range, service: second, id: third, group: params.get('group') ?? '' };
  }
  if (rest.length === 0) {
    if (first === '') return { view: 'home', range };
    if (first === 'traces' && second === '')
      return { view: 'traces', range, filter: parseTraceFilter(params) };
    if (first === 'traces') {
      const tab = oneOf(TABS, params.get('tab')) ?? 'waterfall';
      const spanId = params.get('span') ?? '';
      return { view: 'trace', range, traceId: second, spanId, find: params.get('find') ?? '', tab };
    }
    if (first === 'logs' && second === '') return { view: 'logs', range, filter: parseLogFilter(params) };
    if (first === 'incidents' && second === '') return { view: 'incidents', range };
    if (first === 'slos' && second === '') return { view: 'slos', range };
    if (first === 'incidents') return { view: 'incident', range, id: second };
  }
  return { view: 'not-found', range, path: pathname };
}

function pathOf(route: Route): string {
  if (route.view === 'home') return '/';
  if (route.view === 'trace') return `/traces/${encodeURIComponent(route.traceId)}`;
  if (route.view === 'incident') return `/incidents/${encodeURIComponent(route.id)}`;
  if (route.view === 'slo')
    return `/slos/${encodeURIComponent(route.service)}/${encodeURIComponent(route.id)}`;
  return route.view === 'not-found' ? route.path : `/${route.view}`;
}

function setIf(params: URLSearchParams, key: string, value: string): void {
  if (value !== '') params.set(key, value);
}

/** The address of a route, path and query; `parseRoute` of it answers the same route. Defaults are left out. */
export function formatRoute(route: Route): string {
  const params = new URLSearchParams();
  formatRangeParams(route.range, params);
  if (route.view === 'traces') {
    setIf(params, 'q', route.filter.q);
    setIf(params, 'service', route.filter.service);
    setIf(params, 'route', route.filter.route);
    setIf(params, 'errors', route.filter.errors ? '1' : '');
    setIf(params, 'min_ms', route.filter.minMs > 0 ? String(route.filter.minMs) : '');
    setIf(params, 'order', route.filter.order === 'slowest' ? 'slowest' : '');
  } else if (route.view === 'logs') {
    setIf(params, 'q', route.filter.q);
    setIf(params, 'service', route.filter.service);
    setIf(params, 'level', route.filter.level);
  } else if (route.view === 'slo') {
    setIf(params, 'group', route.group);
  } else if (route.view === 'trace') {
    setIf(params, 'span', route.spanId);
    setIf(params, 'find', route.find);
    setIf(params, 'tab', route.tab === 'waterfall' ? '' : route.tab);
  }
  const query = params.toString();
  return query === '' ? pathOf(route) : `${pathOf(route)}?${query}`;
}

/** The two ends of a range in epoch milliseconds when now is `nowMs`. */
export function rangeEnds(range: Range, nowMs: number): { fromMs: number; toMs: number } {
  if (range.kind === 'fixed') return range;
  return { fromMs: nowMs - range.seconds * 1000, toMs: nowMs };
}

/** The same route with its range fixed, as a link that shows others the same data later. */
export function fixedRoute(route: Route, nowMs: number): Route {
  const ends = rangeEnds(route.range, nowMs);
  return { ...route, range: { kind: 'fixed', fromMs: Math.floor(ends.fromMs), toMs: Math.ceil(ends.toMs) } };
}
