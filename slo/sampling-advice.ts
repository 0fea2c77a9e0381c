/** The part of a sampling report that the generator writes into a service: what the collector and `go-sre` share. */
import type { SpecProblem } from './spec/problems.ts';

/** The `schema` of a sampling report; another version is refused. */
export const samplingSchema = 'go-sre.sampling/v1';

/** What is advised for one route: how many of its traces are stored, and which are kept whatever was drawn. */
export interface SamplingAdvice {
  method: string;
  /** As in `http.route`. */
  route: string;
  /** Of the traces that begin here, 0 to 1. */
  share: number;
  /** Where the lowest share that does what is wanted lies, by what was counted. */
  interval: { low: number; high: number };
  keepFailed: boolean;
  /** Traces of requests that take longer are kept; null keeps none for that. */
  keepSlowSeconds: number | null;
  /** Why, with its numbers. */
  because: string;
}

/** Whom the advice is for. */
export interface AdvisedService {
  service: string;
  recommendations: readonly SamplingAdvice[];
}

type Tell = (path: string, message: string) => void;
type Mapping = Readonly<Record<string, unknown>>;

/** No service has more routes; a longer list is another file. */
const MAX_ROUTES = 10_000;
const MAX_SLOW_SECONDS = 3600;
const KEYS = ['method', 'route', 'share', 'interval', 'keepFailed', 'keepSlowSeconds', 'because'];

/**
 * Reads whom a sampling report is for and what it advises; the evidence beside that is not looked at. Every problem is
 * told with its path; there is advice only without any.
 * @param value the report's JSON, parsed
 */
export function readSamplingAdvice(
  value: unknown,
):
  | { advised: AdvisedService; problems?: undefined }
  | { advised?: undefined; problems: readonly SpecProblem[] } {
  const problems: SpecProblem[] = [];
  const tell: Tell = (path, message) => void problems.push({ path, message });
  const report = mapping(value, '', tell);
  if (report === undefined) return { problems };
  if (report['schema'] !== samplingSchema) {
    tell('schema', `must be "${samplingSchema}", not ${shown(report['schema'])}`);
    return { problems };
  }
  const service = text(report['service'], 'service', tell);
  const list = report['recommendations'];
  if (!Array.isArray(list)) tell('recommendations', `must be a list, not ${shown(list)}`);
  const entries: unknown[] = Array.isArray(list) ? list : [];
  if (entries.length > MAX_ROUTES) tell('recommendations', `must be ${MAX_ROUTES} at the most`);
  const recommendations = entries
    .slice(0, MAX_ROUTES)
    .flatMap((entry, i) => advice(entry, `recommendations[${i}]`, tell) ?? []);
  refuseTwice(recommendations, tell);
  return problems.length > 0 ? { problems } : { advised: { service, recommendations } };
}

function advice(value: unknown, path: string, tell: Tell): SamplingAdvice | undefined {
  const entry = mapping(value, path, tell);
  if (entry === undefined) return undefined;
  for (const key of Object.keys(entry))
    if (!KEYS.includes(key)) tell(`${path}.${key}`, `is not known here; there are ${KEYS.join(', ')}`);
  const share = (name: string, from: Mapping, at: string) => number(from[name], 1, `${at}.${name}`, tell);
  const interval = mapping(entry['interval'], `${path}.interval`, tell) ?? {};
  const { keepFailed, keepSlowSeconds = null } = entry;
  if (typeof keepFailed !== 'boolean')
    tell(`${path}.keepFailed`, `must be true or false, not ${shown(keepFailed)}`);
  return {
    method: text(entry['method'], `${path}.method`, tell),
    route: text(entry['route'], `${path}.route`, tell),
    share: share('share', entry, path),
    interval: {
      low: share('low', interval, `${path}.interval`),
      high: share('high', interval, `${path}.interval`),
    },
    keepFailed: keepFailed === true,
    keepSlowSeconds: keepSlowSeconds === null ? null : slowSeconds(keepSlowSeconds, path, tell),
    because: text(entry['because'], `${path}.because`, tell),
  };
}

/** Go's durations are whole nanoseconds, and 0 would keep everything. */
function slowSeconds(value: unknown, path: string, tell: Tell): number {
  const seconds = number(value, MAX_SLOW_SECONDS, `${path}.keepSlowSeconds`, tell);
  if (seconds < 1e-6)
    tell(`${path}.keepSlowSeconds`, `must be at least 0.000001, or null, not ${shown(value)}`);
  return seconds;
}

function refuseTwice(all: readonly SamplingAdvice[], tell: Tell): void {
  const seen = new Set<string>();
  for (const [i, { method, route }] of all.entries()) {
    const name = `${method} ${route}`;
    if (seen.has(name)) tell(`recommendations[${i}]`, `advises ${name} a second time`);
    seen.add(name);
  }
}

function mapping(value: unknown, path: string, tell: Tell): Mapping | undefined {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Mapping;
  tell(path, `must be an object, not ${shown(value)}`);
  return undefined;
}

function text(value: unknown, path: string, tell: Tell): string {
  if (typeof value === 'string' && value !== '') return value;
  tell(path, `must be text, not ${shown(value)}`);
  return '';
}

function number(value: unknown, most: number, path: string, tell: Tell): number {
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  tell(path, `must be a number from 0 to ${most}, not ${shown(value)}`);
  return 0;
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing';
  return json.length > 60 ? `${json.slice(0, 57)}…` : json;
}
