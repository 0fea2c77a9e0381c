import { httpMethods, nearest } from '../../../slo/index.ts';
import { failed, usage } from '../errors.ts';

/** One segment of a path as ServeMux sees it. `{$}` is the literal "/", a slash at the end a nameless rest. */
type Segment = { text: string; wild: boolean; rest: boolean };

/** A pattern of http.ServeMux without a host. An empty method takes all of them. */
export type RoutePattern = { method: string; path: string; segments: readonly Segment[] };

/** The pattern as it stands in the table. */
export function patternText({ method, path }: RoutePattern): string {
  return method === '' ? path : `${method} ${path}`;
}

/** internal/slo/slo.go of the service allows no longer one. */
const maxPatternLength = 180;

/**
 * Reads METHOD and PATTERN of the command line and checks them as internal/slo and ServeMux will.
 * @throws CliError (exit code 2) that says what is wrong and what may have been meant
 */
export function readPattern(method: string, path: string): RoutePattern {
  if (!httpMethods.includes(method)) {
    const meant = httpMethods.find((known) => known === method.toUpperCase()) ?? nearest(method, httpMethods);
    throw usage(
      `${JSON.stringify(method)} is no method of HTTP.${meant === undefined ? ` Use one of ${httpMethods.join(', ')}.` : ` Did you mean ${meant}?`}`,
    );
  }
  const problem = pathProblem(method, path);
  if (problem !== undefined) throw usage(problem);
  return { method, path, segments: segmentsOf(path) };
}

/** A pattern that stands in a table; undefined when ServeMux would refuse it, or when it names a host. */
export function parsePattern(text: string): RoutePattern | undefined {
  const found = /^(?:([A-Z]+)[ \t]+)?(\/.*)$/s.exec(text);
  if (found === null) return undefined;
  return { method: found[1] ?? '', path: found[2]!, segments: segmentsOf(found[2]!) };
}

function pathProblem(method: string, path: string): string | undefined {
  const shown = JSON.stringify(path);
  if (/^\/\//.test(path)) return `${shown} begins with two slashes, and no clean path does.`;
  if (!path.startsWith('/')) {
    return `A path begins with a slash, ${shown} does not. Did you mean "/${path.replace(/^\w+:\/\/[^/]*\//, '')}"?`;
  }
  if (!/^[!-~]*$/.test(path)) {
    return `${shown} holds a blank or what is not ASCII; rules cannot name it. Write it percent-encoded: ${encodeURI(path)}`;
  }
  if (/[?#]/.test(path))
    return `${shown} holds more than a path; queries are read in the handler, not routed.`;
  const length = method.length + 1 + path.length;
  if (length > maxPatternLength) {
    return `The pattern has ${length} characters, at most ${maxPatternLength} are allowed.`;
  }
  if (method !== 'CONNECT' && path !== cleanPath(path)) {
    return `No request ever matches ${shown}, for paths are cleaned before they are matched. Did you mean "${cleanPath(path)}"?`;
  }
  return styleProblem(path) ?? wildcardProblem(path);
}

/** Wildcards as other routers write them. */
function styleProblem(path: string): string | undefined {
  const meant = path
    .split('/')
    .map((part) => part.replace(/^:(\w+)$/, '{$1}').replace(/^<(?:\w+:)?(\w+)>$/, '{$1}'))
    .map((part, at, all) => (at === all.length - 1 ? part.replace(/^\*(\w*)$/, starred) : part))
    .join('/');
  if (meant === path) return undefined;
  return `${JSON.stringify(path)} would match these very characters. A wildcard is written {name}: did you mean "${meant}"?`;
}

function starred(_: string, name: string): string {
  return `{${name === '' ? 'rest' : name}...}`;
}

function wildcardProblem(path: string): string | undefined {
  const parts = path.split('/').slice(1);
  const names = new Set<string>();
  for (const [at, part] of parts.entries()) {
    const last = at === parts.length - 1;
    if (!/[{}]/.test(part) || part === '{$}') {
      if (part === '{$}' && !last) return '{$} stands at the end of a pattern only.';
      continue;
    }
    const found = /^\{([^{}]*?)(\.\.\.)?\}$/.exec(part);
    if (found === null) {
      return `"${part}" is no wildcard: one fills the whole part between two slashes, such as {id}.`;
    }
    const [, name = '', rest] = found;
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      const slug = name.replace(/\W+/g, '_').replace(/^(?=\d)/, '_');
      const meant = /^_*$/.test(slug) ? 'id' : slug;
      return `{${name}} is no wildcard: its name is a Go identifier. Did you mean {${meant}${rest ?? ''}}?`;
    }
    if (rest !== undefined && !last)
      return `{${name}...} takes the rest of the path and stands at its end only.`;
    if (names.has(name)) return `The wildcard {${name}} is there twice; each needs a name of its own.`;
    names.add(name);
  }
  return undefined;
}

/** As net/http cleans the path of a request. */
function cleanPath(path: string): string {
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') kept.pop();
    else if (part !== '' && part !== '.') kept.push(part);
  }
  const end = /\/$/.test(path) && kept.length > 0 ? '/' : '';
  return `/${kept.join('/')}${end}`;
}

function segmentsOf(path: string): Segment[] {
  return path
    .split('/')
    .slice(1)
    .map((part): Segment => {
      if (part === '') return { text: '', wild: true, rest: true };
      if (part === '{$}') return { text: '/', wild: false, rest: false };
      const found = /^\{(.*?)(\.\.\.)?\}$/.exec(part);
      if (found === null) return { text: unescaped(part), wild: false, rest: false };
      return { text: found[1]!, wild: true, rest: found[2] !== undefined };
    });
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** How the requests of one pattern stand to those of another. */
type Relation = 'equal' | 'general' | 'specific' | 'disjoint' | 'overlap';

/**
 * Whether ServeMux would panic on registering both: they match a common request and neither is more specific.
 * Source: pattern.conflictsWith in net/http/pattern.go.
 */
function conflict(a: RoutePattern, b: RoutePattern): boolean {
  const relation = combine(compareMethods(a.method, b.method), comparePaths(a.segments, b.segments));
  return relation === 'equal' || relation === 'overlap';
}

function compareMethods(a: string, b: string): Relation {
  if (a === b) return 'equal';
  if (a === '' || (a === 'GET' && b === 'HEAD')) return 'general';
  if (b === '' || (a === 'HEAD' && b === 'GET')) return 'specific';
  return 'disjoint';
}

function comparePaths(a: readonly Segment[], b: readonly Segment[]): Relation {
  const shared = Math.min(a.length, b.length);
  let relation: Relation = 'equal';
  for (let at = 0; at < shared; at++) relation = combine(relation, compareSegments(a[at]!, b[at]!));
  if (a.length === b.length) return relation;
  if (a.length < b.length && a.at(-1)!.rest) return combine(relation, 'general');
  if (b.length < a.length && b.at(-1)!.rest) return combine(relation, 'specific');
  return 'disjoint';
}

function compareSegments(a: Segment, b: Segment): Relation {
  if (a.rest || b.rest) return a.rest === b.rest ? 'equal' : a.rest ? 'general' : 'specific';
  if (a.wild && b.wild) return 'equal';
  if (a.wild) return b.text === '/' ? 'disjoint' : 'general';
  if (b.wild) return a.text === '/' ? 'disjoint' : 'specific';
  return a.text === b.text ? 'equal' : 'disjoint';
}

function combine(a: Relation, b: Relation): Relation {
  if (a === 'disjoint' || b === 'disjoint') return 'disjoint';
  if (a === 'equal') return b;
  if (b === 'equal') return a;
  return a === b ? a : 'overlap';
}

/**
 * Looks for a route of the table that cannot stand beside a new one.
 * @throws CliError (exit code 1) that names it
 */
export function refuseConflict(route: RoutePattern, table: readonly RoutePattern[]): void {
  const other = table.find((existing) => conflict(route, existing));
  if (other === undefined) return;
  const [mine, theirs] = [patternText(route), patternText(other)];
  if (mine === theirs) throw failed(`The table has the route ${mine} already. Nothing was written.`);
  throw failed(
    `${mine} and ${theirs}, which is in the table, would match the same requests, and neither is more specific: ServeMux refuses that. Nothing was written.`,
  );
}
