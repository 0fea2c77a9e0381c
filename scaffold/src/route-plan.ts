import { failed } from './errors.ts';
import { refuseForGin } from './gin-pattern.ts';
import {
  declaredNames,
  type GoPackage,
  goPackage,
  importName,
  importsOf,
  stringValue,
} from './go-package.ts';
import { type Insertion, importInsertion, spliced } from './go-splice.ts';
import { type GoFile, type ParseGo, within } from './go-syntax.ts';
import type { EntryTexts, KnownObjective, KnownRoute } from './route-entry.ts';
import { entryText } from './route-entry.ts';
import {
  depsTypeOf,
  handlerTestText,
  handlerText,
  type RouteSources,
  type Surroundings,
  surroundingsOf,
} from './route-handler.ts';
import { checkHandler, type RouteNames, routeNames } from './route-names.ts';
import { parsePattern, patternText, type RoutePattern, refuseConflict } from './route-pattern.ts';
import { type Objective, objectiveText, type Sampling, samplingText } from './route-promise.ts';
import { routeInsertion } from './route-splice.ts';
import { findTable, type NoTable, type RouteTable } from './route-table.ts';
import { slosOf, withRoute } from './slo-document.ts';
import type { FileChange } from './write-files.ts';

/** What `go-sre route add` was asked for. */
export type RouteRequest = {
  route: RoutePattern;
  objective: Objective;
  sampling: Sampling;
  /** Name of the handler's maker, where it was given. */
  handler?: string;
};

/** The parts of a service that a route is planned from. */
export type ServiceSources = {
  module: string;
  /** The Go files in internal/server by name, and the names of everything else there. */
  server: ReadonlyMap<string, Uint8Array>;
  sloJson: string | undefined;
  /** Whether internal/telemetry has TraceIDs. */
  traceIds: boolean;
  /** The Go files that the handler and its test start from. */
  sources: RouteSources;
};

/** Everything that one new route writes. */
export type RoutePlan = {
  handler: string;
  files: readonly FileChange[];
  /** The text that comes into the table, and where: the path, and the line it will have. */
  entry: string;
  place: { path: string; line: number } | NoTable;
  /** slo.json with the new objectives; undefined when none is new or when they cannot be added. */
  sloJson: string | undefined;
  /** Whether slo.json has to be printed by the service: it was not what the table says before. */
  sloLeft: boolean;
  /** Imports that the line needs, where no place was found. */
  imports: readonly string[];
  /** Whether the test could be written. */
  tested: boolean;
};

const folder = 'internal/server';
const ginPath = 'github.com/gin-gonic/gin';

/**
 * Plans a route: its handler, the handler's test, the line of the table and slo.json. Pure.
 * @throws CliError: exit code 1 when the table has the route or one that conflicts, 2 when --handler is impossible
 */
export function planRoute(request: RouteRequest, service: ServiceSources, parse: ParseGo): RoutePlan {
  const files = [...service.server]
    .filter(([name]) => name.endsWith('.go'))
    .map(([name, bytes]) => parse(name, decoded(bytes)));
  const pkg = goPackage(service.module, files);
  const { table: found, known } = findTable(pkg);
  refuseTaken(request, known, pkg);
  const declared = declaredNames(pkg);
  if (request.handler !== undefined) checkHandler(request.handler, declared);
  const taken = { declared, files: new Set(service.server.keys()) };
  const names = routeNames(request.route, taken, request.handler);
  const table = 'file' in found ? usable(found, service, pkg) : found;
  const maker = 'file' in table ? makerOf(table, pkg) : makerWithout(pkg);
  const telemetry = service.traceIds ? `${service.module}/internal/telemetry` : undefined;
  const around = surroundingsOf(pkg, maker.deps, telemetry);
  const added = handlerFiles(request.route, names, around, service);
  const line = 'file' in table ? intoTable(table, request, maker.of(names.handler), pkg) : undefined;
  const objective = knownObjective(request.objective);
  const changesSlo = slosOf(patternText(request.route), objective, '').length > 0;
  const inStep = 'file' in table && table.complete;
  const sloJson =
    line !== undefined && changesSlo && inStep && service.sloJson !== undefined
      ? withRoute(
          service.sloJson,
          table.routes,
          { pattern: patternText(request.route), objective },
          windowOf(pkg),
        )
      : undefined;
  return {
    handler: names.handler,
    files: [...added, ...(line === undefined ? [] : [line.change])],
    entry: line?.entry ?? canonicalLine(request, maker.of(names.handler)),
    place: line?.place ?? (table as NoTable),
    sloJson,
    sloLeft: changesSlo && sloJson === undefined,
    imports: line === undefined ? importsNeeded(request, service.module) : [],
    tested: added.length > 1,
  };
}

/** Go files are UTF-8 without exception; what is not cannot be written back byte for byte and is no Go anyway. */
function decoded(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  return Buffer.compare(Buffer.from(text), bytes) === 0 ? text : `${text}\n)`;
}

/** Refuses what the router or internal/slo would refuse when the service starts. */
function refuseTaken(
  { route, objective }: RouteRequest,
  known: readonly KnownRoute[],
  { files }: GoPackage,
): void {
  const patterns = known.flatMap(({ pattern }) =>
    pattern === undefined ? [] : (parsePattern(pattern) ?? []),
  );
  refuseConflict(route, patterns);
  if (files.flatMap(importsOf).some((imported) => imported.path === ginPath)) refuseForGin(route, patterns);
  const ids = new Map(
    known.flatMap((other) =>
      slosOf(other.pattern ?? '', other.objective ?? {}, '').map(({ id }) => [id, other.pattern] as const),
    ),
  );
  for (const { id } of slosOf(patternText(route), knownObjective(objective), '')) {
    const other = ids.get(id);
    if (other === undefined) continue;
    throw failed(
      `${patternText(route)} and ${other} would both be ${id} in slo.json. Give the path another word, or add it with --objective none. Nothing was written.`,
    );
  }
}

function knownObjective({ availability, latency }: Objective): KnownObjective {
  return {
    ...(availability !== undefined && { availability: Number(availability) }),
    ...(latency !== undefined && { latency: { ...latency, ratio: Number(latency.ratio) } }),
  };
}

/** How a handler's maker is declared and what stands for it in the column Handler. */
type Maker = { deps: string | undefined; of: (handler: string) => string };

const makerType = /^func\((?:\w+ )?(\*?\w+)\) http\.Handler$/;

function makerOf({ fields, scope }: RouteTable, pkg: GoPackage): Maker {
  const type = fields.find(({ name }) => name === 'Handler')!.type;
  const taken = makerType.exec(type)?.[1];
  if (taken !== undefined) return { deps: taken, of: (handler) => handler };
  const deps = depsTypeOf(pkg);
  const variable = deps === undefined ? undefined : scope.find((parameter) => parameter.type === deps)?.name;
  const method = type === 'http.HandlerFunc' ? '.ServeHTTP' : '';
  return {
    deps: variable === undefined ? undefined : deps,
    of: (handler) => `${handler}(${variable ?? ''})${method}`,
  };
}

/** Where the table was not found, most likely it can name `d`. */
function makerWithout(pkg: GoPackage): Maker {
  const deps = depsTypeOf(pkg);
  return { deps, of: (handler) => `${handler}(${deps === undefined ? '' : 'd'})` };
}

/** The table, or why its columns cannot be filled. */
function usable(table: RouteTable, service: ServiceSources, pkg: GoPackage): RouteTable | NoTable {
  const where = [`${table.file.name}:${lineAt(table.file.text, table.place)}`];
  const handler = table.fields.find(({ name }) => name === 'Handler')!.type;
  if (!['http.Handler', 'http.HandlerFunc'].includes(handler) && !makerType.test(handler)) {
    return { reason: `the column Handler is a ${handler}`, where };
  }
  const bytes = service.server.get(table.file.name)!;
  if (Buffer.compare(Buffer.from(table.file.text), bytes) !== 0) {
    return { reason: `${table.file.name} is not UTF-8`, where };
  }
  const clash = packagesOf(table, pkg).find(({ missing, name }) => missing && isTaken(name));
  if (clash === undefined) return table;
  return {
    reason: `the name ${clash.name} means something else in ${table.file.name} than ${clash.path}`,
    where,
  };

  function isTaken(name: string): boolean {
    return declaredNames(pkg).has(name) || importsOf(table.file).some((imported) => imported.name === name);
  }
}

function lineAt(text: string, place: RouteTable['place']): number {
  const at = place.kind === 'list' ? place.list.startIndex : place.after.startIndex;
  return text.slice(0, at).split('\n').length;
}

/** A package that the line names: how the table's file calls it. */
type Named = { column: 'slo' | 'telemetry' | 'time'; path: string; name: string; missing: boolean };

/** The packages of the columns' types, found by the imports of the file that declares them. */
function packagesOf(table: RouteTable, pkg: GoPackage): Named[] {
  const wanted = [
    { column: 'slo', path: pathOf('Objective') },
    { column: 'telemetry', path: pathOf('Sampling') },
    { column: 'time', path: 'time' },
  ] as const;
  return wanted.flatMap(({ column, path }) => {
    if (path === undefined) return [];
    const there = importsOf(table.file).find((imported) => imported.path === path && imported.name !== '_');
    return [{ column, path, name: there?.name ?? importName(path), missing: there === undefined }];
  });

  function pathOf(column: string): string | undefined {
    const type = table.fields.find(({ name }) => name === column)!.type;
    const qualifier = /^(\w+)\./.exec(type)?.[1];
    if (qualifier === undefined) return undefined;
    return pkg.files.flatMap((file) => importsOf(file)).find(({ name }) => name === qualifier)?.path;
  }
}

/** The table's file with the route, and with the imports that it needs beside those that are there. */
function intoTable(table: RouteTable, request: RouteRequest, handler: string, pkg: GoPackage) {
  const { file } = table;
  const packages = packagesOf(table, pkg);
  const qualifier = (column: Named['column']) => {
    const name = packages.find((named) => named.column === column)?.name;
    return name === undefined || name === '.' ? '' : `${name}.`;
  };
  const texts = textsOf(request, handler, qualifier);
  const entry = routeInsertion(table, texts);
  const inLine = `${texts.Objective} ${texts.Sampling}`;
  const needed = packages.filter(({ missing, name }) => missing && inLine.includes(`${name}.`));
  const imports = needed.map(({ path }) => importInsertion(file, path, pkg.module));
  const after = spliced(file.text, [...merged(imports), entry]);
  const before = after.indexOf(entry.text, entry.at);
  const change = {
    path: `${folder}/${file.name}`,
    before: Buffer.from(file.text),
    after: Buffer.from(after),
  };
  const first = after.slice(0, before + /^\s*/.exec(entry.text)![0].length);
  const place = { path: change.path, line: first.split('\n').length };
  const indent = /[ \t]*(?=\S+$)/.exec(entry.text.trimEnd())![0];
  const shown = entry.text.replaceAll(`\n${indent}`, '\n').trim();
  return { change, place, entry: shown.replace(/^, /, '') };
}

/** Two imports at one place come in the order of their paths. */
function merged(insertions: readonly Insertion[]): Insertion[] {
  return insertions.toSorted((a, b) => a.at - b.at || (a.text < b.text ? -1 : 1));
}

function textsOf(
  { route, objective, sampling }: RouteRequest,
  handler: string,
  qualifier: (column: Named['column']) => string,
): EntryTexts {
  return {
    Pattern: JSON.stringify(patternText(route)),
    Handler: handler,
    Objective: objectiveText(objective, qualifier('slo'), qualifier('time')),
    Sampling: samplingText(sampling, qualifier('telemetry')),
  };
}

/** The line as the table had it when the service was new. */
function canonicalLine(request: RouteRequest, handler: string): string {
  const fields = ['Pattern', 'Handler', 'Objective', 'Sampling'].map((name) => ({ name, type: '' }));
  const texts = textsOf(request, handler, (column) => `${column}.`);
  const form = { prefix: '', keyed: false, tall: false };
  return `${entryText(form, fields, texts, { indent: '', eol: '\n' })},`;
}

function importsNeeded({ objective }: RouteRequest, module: string): string[] {
  const time = objective.latency === undefined ? [] : ['time'];
  return [...time, `${module}/internal/slo`, `${module}/internal/telemetry`];
}

function handlerFiles(
  route: RoutePattern,
  names: RouteNames,
  around: Surroundings,
  { sources }: ServiceSources,
): FileChange[] {
  const test = handlerTestText(sources.test, route, names, around);
  const texts = new Map([
    [names.file, handlerText(sources.handler, route, names, around)],
    ...(test === undefined ? [] : [[names.testFile, test] as const]),
  ]);
  return [...texts].map(([name, text]) => ({
    path: `${folder}/${name}`,
    before: undefined,
    after: Buffer.from(text),
  }));
}

/** The window that the service's literal says, which all objectives share. */
function windowOf({ files }: GoPackage): string | undefined {
  const found = files.flatMap(({ root }: GoFile) =>
    within(root, 'keyed_element').filter((element) => element.childForFieldName('key')?.text === 'Window'),
  );
  return found.length === 1 ? stringValue(found[0]!.childForFieldName('value')) : undefined;
}
