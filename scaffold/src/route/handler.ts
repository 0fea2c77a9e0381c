import { withoutRegions } from '../emit/regions.ts';
import {
  declaredNames,
  functionOf,
  type GoPackage,
  importName,
  importsOf,
  structsOf,
} from '../go/package.ts';
import { within } from '../go/syntax.ts';
import type { RouteNames } from './names.ts';
import { patternText, type RoutePattern } from './pattern.ts';

/** The Go files that a handler and its test are made from. */
export type RouteSources = { handler: string; test: string };

/** What the package offers to a handler; what the owner has taken out is done without. */
export type Surroundings = {
  module: string;
  /** Name of the package. */
  package: string;
  /** What handler makers take, such as Deps or *Deps; without it the maker takes nothing. */
  deps: string | undefined;
  /** Whether it has a logger, whose lines can carry the trace ids, and from which package. */
  telemetry: string | undefined;
  /** Whether `reply` and `problem` answer. */
  reply: boolean;
  /** Import path of the package whose ErrInvalid `fail` answers with 400. */
  invalid: string | undefined;
  /** What New takes beside the telemetry, as a literal with a logger; undefined when a test cannot ask it. */
  testDeps: string | undefined;
};

/** Methods whose requests usually have a body. */
const withBody = ['POST', 'PUT', 'PATCH'];

/**
 * Looks at the package as it is now.
 * @param deps the type that a handler maker of the table can be given, if there is one
 * @param telemetry import path of the telemetry package that has TraceIDs, if there is one
 */
export function surroundingsOf(
  pkg: GoPackage,
  deps: string | undefined,
  telemetry: string | undefined,
): Surroundings {
  const names = declaredNames(pkg);
  const logs = deps !== undefined && hasLog(pkg, deps);
  return {
    module: pkg.module,
    package: pkg.name,
    deps,
    telemetry: logs ? telemetry : undefined,
    reply: names.has('reply') && names.has('problem'),
    invalid: logs && names.has('decode') ? invalidOf(pkg) : undefined,
    testDeps: testDepsOf(pkg),
  };
}

/** The type that New takes beside the telemetry. */
export function depsTypeOf(pkg: GoPackage): string | undefined {
  const type = functionOf(pkg, 'New')?.parameters[0]?.type ?? 'Deps';
  return structsOf(pkg).has(type.replace(/^\*/, '')) ? type : undefined;
}

function hasLog(pkg: GoPackage, deps: string): boolean {
  const fields = structsOf(pkg).get(deps.replace(/^\*/, ''))?.fields;
  return fields?.some(({ name, type }) => name === 'Log' && /^\*\w+\.Logger$/.test(type)) === true;
}

function testDepsOf(pkg: GoPackage): string | undefined {
  const parameters = functionOf(pkg, 'New')?.parameters ?? [];
  const deps = depsTypeOf(pkg);
  const helper = functionOf(pkg, 'newTelemetry')?.parameters.length === 1;
  const asEmitted = parameters.length === 2 && /^\*\w+\.Telemetry$/.test(parameters[1]!.type);
  if (!helper || !asEmitted || deps === undefined) return undefined;
  return `${deps.replace(/^\*/, '&')}{${hasLog(pkg, deps) ? 'Log: tel.Log.Logger' : ''}}`;
}

/** Where `fail` has the error from that it answers with 400. */
function invalidOf(pkg: GoPackage): string | undefined {
  const fail = functionOf(pkg, 'fail');
  if (fail?.parameters.length !== 4) return undefined; // (w, r, log, err)
  const found = within(fail.node, 'selector_expression').find(({ text }) => /^\w+\.ErrInvalid$/.test(text));
  const name = found?.text.split('.')[0];
  return importsOf(fail.file).find((imported) => imported.name === name)?.path;
}

/** The handler's file. */
export function handlerText(
  source: string,
  route: RoutePattern,
  names: RouteNames,
  around: Surroundings,
): string {
  const { telemetry, invalid, deps } = around;
  const on = new Set([
    ...(withBody.includes(route.method) ? [invalid === undefined ? 'plainbody' : 'fullbody'] : []),
    ...(telemetry === undefined ? [] : ['log']),
    ...(telemetry === undefined || names.wildcards.length === 0 ? [] : ['values']),
    around.reply ? 'reply' : 'plainreply',
  ]);
  const variable = on.has('log') || on.has('fullbody') ? 'd' : '_';
  const readsRequest = ['log', 'plainbody', 'fullbody'].some((region) => on.has(region));
  const text = withValues(withoutRegions(source, 'route/handler.go', on), names.wildcards)
    .replace('(d Deps)', () => (deps === undefined ? '()' : `(${variable} ${deps})`))
    .replace('r *http.Request', readsRequest ? 'r *http.Request' : '_ *http.Request');
  return filled(withPackages(text, { orders: invalid, telemetry }), route, names, around);
}

/** The test's file; undefined where New cannot be asked as it was emitted. */
export function handlerTestText(
  source: string,
  route: RoutePattern,
  names: RouteNames,
  around: Surroundings,
): string | undefined {
  const { testDeps } = around;
  if (testDeps === undefined) return undefined;
  const on = new Set(withBody.includes(route.method) ? ['plainbody'] : []);
  const text = withoutRegions(source, 'route/handler_test.go', on)
    .replace('Deps{Log: tel.Log.Logger}', () => testDeps)
    .replace('"/target"', () => JSON.stringify(target(route)));
  return filled(text, route, names, around);
}

/** The template's own packages by what the service calls them, in the order that gofmt wants. */
function withPackages(text: string, paths: Readonly<Record<string, string | undefined>>): string {
  let named = text;
  for (const [name, path] of Object.entries(paths)) {
    if (path === undefined) continue;
    named = named
      .replaceAll(`"example.com/shop/internal/${name}"`, () => JSON.stringify(path))
      .replaceAll(new RegExp(`\\b${name}\\.(?=[A-Z])`, 'g'), `${importName(path)}.`);
  }
  return named.replace(
    /(?:^\t"[^"\n]+"\n){2,}/gm,
    (group) => `${group.trimEnd().split('\n').sort().join('\n')}\n`,
  );
}

/** One line and one log field for each wildcard. */
function withValues(text: string, wildcards: RouteNames['wildcards']): string {
  const line = /^\t*wildcard := .*\n/m;
  const field = /zap\.String\("wildcard", wildcard\), /;
  const repeat = (pattern: RegExp, of: string) =>
    of.replace(pattern, (one) =>
      wildcards
        .map(({ name, variable }) =>
          one.replaceAll('"wildcard"', JSON.stringify(name)).replace(/(?<!")\bwildcard\b(?!")/g, variable),
        )
        .join(''),
    );
  return repeat(field, repeat(line, text));
}

function filled(text: string, route: RoutePattern, names: RouteNames, around: Surroundings): string {
  const by: Readonly<Record<string, string>> = {
    handleRouteRequest: names.request,
    handleRoute: names.handler,
    TestHandleRoute: names.test,
    'example.com/shop': around.module,
    '"METHOD"': JSON.stringify(route.method),
    '"/pattern"': JSON.stringify(route.path),
  };
  const words =
    /"METHOD"|"\/pattern"|"METHOD \/pattern|METHOD \/pattern|\b\w*[hH]andleRoute(?:Request)?\b|example\.com\/shop/g;
  const oneBlank = text.replace(/\n{3,}/g, '\n\n').replace(/^package \w+/, `package ${around.package}`);
  return oneBlank.replace(words, (word) => {
    if (word === '"METHOD /pattern') return JSON.stringify(patternText(route)).slice(0, -1);
    return by[word] ?? patternText(route);
  });
}

/** A path that the pattern matches: its first wildcard is 1, its second 2. */
function target({ path }: RoutePattern): string {
  const [first = '', ...rest] = path.replace(/\{\$\}$/, '').split(/\{[^}]*\}/);
  return first + rest.map((text, at) => `${at + 1}${text}`).join('');
}
