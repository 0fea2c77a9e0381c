import { nearest } from './nearest.ts';

/** Value of the `schema` key of slo.json. */
export const specSchema = 'go-sre.slo/v1';

/** One service with its objectives, as slo.json states them. */
export interface Service {
  readonly name: string;
  readonly owner: string;
  /** URL, or a path inside the service's repository. */
  readonly runbook: string;
  readonly slos: readonly Slo[];
}

/** A route of the service: the path template, and the method when the objective is about one method only. */
export interface Route {
  readonly method?: string;
  readonly path: string;
}

/** What counts as good: not failed (no 5xx), or answered within the threshold. */
export type Sli =
  | { readonly kind: 'availability' }
  | { readonly kind: 'latency'; readonly thresholdSeconds: number };

/** The share of good events promised (0.999), and the days over which it is promised. */
export interface Objective {
  readonly ratio: number;
  readonly windowDays: number;
}

/** SLI + objective + window. Without a route it speaks of the whole service. */
export interface Slo {
  readonly id: string;
  readonly route?: Route;
  readonly sli: Sli;
  readonly objective: Objective;
}

/** One fault of a spec: where (`slos[2].objective`, empty for the whole text) and what to do. */
export interface SpecProblem {
  readonly path: string;
  readonly message: string;
}

export type SpecResult =
  | { readonly ok: true; readonly service: Service }
  | { readonly ok: false; readonly problems: readonly SpecProblem[] };

type Fields = Readonly<Record<string, unknown>>;
type Report = (path: string, message: string) => void;

const serviceKeys = ['schema', 'service', 'owner', 'runbook', 'slos'] as const;
const sloKeys = ['id', 'kind', 'method', 'route', 'objective', 'thresholdSeconds', 'window'] as const;
const kinds = ['availability', 'latency'] as const;
/** What a service may name as a method: those that internal/slo of the emitted service allows. */
export const httpMethods: readonly string[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
];

/** A generated rule file of this many objectives has about 15 MB; more is a mistake. */
const maxSlos = 5_000;
const maxTextLength = 256;
/** An id is made of a method, a path and a kind; it is a label value, which Prometheus does not bound this low. */
const maxIdLength = 200;
const maxWindowDays = 90;
/** Seconds. Within these, Go and JavaScript print a number alike, so the threshold equals the exposed `le`. */
export const thresholdRange = { min: 0.0001, max: 3_600 } as const;

/**
 * Reads slo.json, as text or as the parsed value. Strict: unknown keys are refused, and every problem is
 * listed with its path, not the first one only. The result is plain data; nothing is filled in by guess.
 */
export function parseSpec(input: unknown): SpecResult {
  const problems: SpecProblem[] = [];
  const report: Report = (path, message) => problems.push({ path, message });
  let value = input;
  if (typeof input === 'string') {
    try {
      value = JSON.parse(input);
    } catch (error) {
      return { ok: false, problems: [{ path: '', message: `not JSON: ${(error as Error).message}` }] };
    }
  }
  const service = readService(value, report);
  return problems.length === 0 && service ? { ok: true, service } : { ok: false, problems };
}

/** The problems as lines for a terminal: `slo.json: slos[0].id: …`. `file` is shown as it is given. */
export function formatProblems(file: string, problems: readonly SpecProblem[]): string {
  return problems.map((p) => `${file}: ${p.path === '' ? '' : `${p.path}: `}${p.message}`).join('\n');
}

/** The share of events that may be bad: 0.001 for 0.999, without the noise of binary subtraction. */
export function errorBudget(objective: Objective): number {
  return Number((1 - objective.ratio).toPrecision(9));
}

function readService(value: unknown, report: Report): Service | undefined {
  const fields = readObject(value, '', serviceKeys, report);
  if (!fields) return undefined;
  if (fields.schema !== specSchema) {
    report('schema', notA(fields.schema, `"${specSchema}"`));
  }
  const name = readText(fields, 'service', '', report);
  if (name !== undefined && !/^[a-z][a-z0-9-]{0,62}$/.test(name)) {
    report(
      'service',
      `${show(name)} is no service name; use lower-case letters, digits and "-", like "shop"`,
    );
  }
  const owner = readText(fields, 'owner', '', report);
  const runbook = readText(fields, 'runbook', '', report);
  if (runbook !== undefined && /\s/.test(runbook)) {
    report('runbook', `${show(runbook)} is neither a URL nor a path; it must hold no space`);
  }
  const slos = readSlos(fields.slos, report);
  if (name === undefined || owner === undefined || runbook === undefined) return undefined;
  return { name, owner, runbook, slos };
}

function readSlos(value: unknown, report: Report): readonly Slo[] {
  if (!Array.isArray(value)) {
    report('slos', notA(value, 'a list of objectives ([] for none)'));
    return [];
  }
  if (value.length > maxSlos) {
    report('slos', `${value.length} objectives are more than the ${maxSlos} that one service may have`);
    return [];
  }
  const firstPath = new Map<string, string>();
  return value.flatMap((item: unknown, index) => {
    const path = `slos[${index}]`;
    const slo = readSlo(item, path, report);
    if (!slo) return [];
    const earlier = firstPath.get(slo.id);
    if (earlier) report(`${path}.id`, `"${slo.id}" is also the id of ${earlier}; ids must differ`);
    else firstPath.set(slo.id, path);
    return [slo];
  });
}

function readSlo(value: unknown, path: string, report: Report): Slo | undefined {
  const fields = readObject(value, path, sloKeys, report);
  if (!fields) return undefined;
  const id = readText(fields, 'id', path, report);
  if (id !== undefined && !/^[a-z0-9][a-z0-9-]*$/.test(id)) {
    report(
      `${path}.id`,
      `${show(id)} is no id; use lower-case letters, digits and "-", like "orders-availability"`,
    );
  } else if (id !== undefined && id.length > maxIdLength) {
    report(`${path}.id`, `${show(id)} has ${id.length} characters; an id has at most ${maxIdLength}`);
  }
  const sli = readSli(fields, path, report);
  const route = readRoute(fields, path, report);
  const ratio = readRatio(fields.objective, `${path}.objective`, report);
  const windowDays = readWindow(fields.window, `${path}.window`, report);
  if (id === undefined || !sli || ratio === undefined || windowDays === undefined) return undefined;
  return { id, ...(route ? { route } : {}), sli, objective: { ratio, windowDays } };
}

function readSli(fields: Fields, path: string, report: Report): Sli | undefined {
  const { kind, thresholdSeconds: threshold } = fields;
  const { min, max } = thresholdRange;
  if (kind === 'latency') {
    if (typeof threshold === 'number' && threshold >= min && threshold <= max) {
      return { kind, thresholdSeconds: threshold };
    }
    report(`${path}.thresholdSeconds`, notA(threshold, `a number of seconds from ${min} to ${max}`));
    return undefined;
  }
  if (kind !== 'availability') {
    const meant = typeof kind === 'string' ? nearest(kind, kinds) : undefined;
    const known = kinds.map((k) => `"${k}"`).join(' or ');
    report(`${path}.kind`, `${notA(kind, known)}${meant ? `; did you mean "${meant}"?` : ''}`);
    return undefined;
  }
  if (threshold !== undefined) {
    report(`${path}.thresholdSeconds`, 'belongs to "latency" objectives only; remove it or change the kind');
  }
  return { kind };
}

function readRoute(fields: Fields, path: string, report: Report): Route | undefined {
  const { method, route } = fields;
  if (route === undefined) {
    if (method !== undefined)
      report(`${path}.method`, 'needs a route beside it; a service objective has neither');
    return undefined;
  }
  const routePath = readText(fields, 'route', path, report);
  if (routePath !== undefined && !/^\/[\x21-\x7e]*$/.test(routePath)) {
    const hint = /^[A-Z]+ \//.test(routePath)
      ? 'the method belongs in "method"'
      : 'it must start with "/" and hold no space';
    report(`${path}.route`, `${show(routePath)} is no path template; ${hint}`);
  }
  if (method !== undefined && !httpMethods.includes(method as string)) {
    const meant = typeof method === 'string' ? nearest(method, httpMethods) : undefined;
    report(`${path}.method`, `${show(method)} is no HTTP method${meant ? `; did you mean "${meant}"?` : ''}`);
  }
  if (routePath === undefined) return undefined;
  return { ...(typeof method === 'string' ? { method } : {}), path: routePath };
}

function readRatio(value: unknown, path: string, report: Report): number | undefined {
  if (
    typeof value === 'number' &&
    value > 0 &&
    value < 1 &&
    errorBudget({ ratio: value, windowDays: 1 }) > 1e-8
  ) {
    return value;
  }
  const percent = typeof value === 'number' && value > 1 && value < 100;
  const hint = percent ? `; ${value} % is written ${Number((value / 100).toPrecision(9))}` : ', like 0.999';
  report(path, `${notA(value, 'a ratio between 0 and 1')}${hint}`);
  return undefined;
}

function readWindow(value: unknown, path: string, report: Report): number | undefined {
  const days = typeof value === 'string' ? Number(/^([1-9]\d?)d$/.exec(value)?.[1]) : Number.NaN;
  if (days <= maxWindowDays) return days;
  report(path, notA(value, `a window of 1 to ${maxWindowDays} days, like "30d"`));
  return undefined;
}

function readObject(
  value: unknown,
  path: string,
  keys: readonly string[],
  report: Report,
): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report(path, notA(value, 'an object'));
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if (keys.includes(key)) continue;
    const meant = nearest(key, keys);
    const advice = meant ? `did you mean "${meant}"?` : `known are ${keys.join(', ')}`;
    report(join(path, key), `unknown key; ${advice}`);
  }
  return value as Fields;
}

function readText(fields: Fields, key: string, path: string, report: Report): string | undefined {
  const value = fields[key];
  if (typeof value === 'string' && value.trim() !== '' && value.length <= maxTextLength) return value;
  report(join(path, key), notA(value, `a text of 1 to ${maxTextLength} characters`));
  return undefined;
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

function notA(value: unknown, expected: string): string {
  return value === undefined ? `is missing; it must be ${expected}` : `${show(value)} is not ${expected}`;
}

/** A value as it stands in the file, shortened. */
function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
