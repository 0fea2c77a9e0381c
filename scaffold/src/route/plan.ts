import { failed } from '../errors.ts';
import { declaredNames, type GoPackage, goPackage, importsOf, stringValue } from '../go/package.ts';
import { type GoFile, type ParseGo, within } from '../go/syntax.ts';
import { type KnownObjective, type KnownRoute, slosOf, withRoute } from '../slo/document.ts';
import type { FileChange } from '../write-files.ts';
import { refusePattern, writtenHandler } from './duplicate.ts';
import { refuseForGin } from './gin-pattern.ts';
import {
  handlerTestText,
  handlerText,
  type RouteSources,
  type Surroundings,
  surroundingsOf,
} from './handler.ts';
import {
  canonicalLine,
  folder,
  importsNeeded,
  intoTable,
  makerOf,
  makerWithout,
  type RouteRequest,
  usable,
} from './line.ts';
import { checkHandler, type RouteNames, routeNames } from './names.ts';
import { parsePattern, patternText, type RoutePattern, refuseConflict } from './pattern.ts';
import type { Objective } from './promise.ts';
import type { ServerFolder } from './server-folder.ts';
import { findTable, type NoTable, type RouteTable } from './table.ts';

/** The parts of a service that a route is planned from. */
export type ServiceSources = ServerFolder & {
  /** Import path of the package that has TraceIDs, among those that internal/server imports. */
  telemetry: string | undefined;
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
  /** Why slo.json was not changed and has to be printed by the service, as the end of a sentence. */
  sloLeft: string | undefined;
  /** Imports that the line needs, where no place was found. */
  imports: readonly string[];
  /** Whether the test could be written. */
  tested: boolean;
};

const ginPath = 'github.com/gin-gonic/gin';

/**
 * Plans a route: its handler, the handler's test, the line of the table and slo.json. Pure.
 * @throws CliError: exit code 1 when the table has the route or one that conflicts, 2 when --handler is impossible
 */
export function planRoute(request: RouteRequest, service: ServiceSources, parse: ParseGo): RoutePlan {
  const pkg = packageOf(service, parse);
  const { table: found, known } = findTable(pkg);
  refuseTaken(request, known, pkg);
  if (!('complete' in found && found.complete)) refusePattern(request.route, pkg);
  const declared = declaredNames(pkg);
  if (request.handler !== undefined) checkHandler(request.handler, declared);
  const taken = { declared, files: new Set(service.server.keys()) };
  const names = routeNames(request.route, taken, request.handler);
  const table = 'file' in found ? usable(found, service.server.get(found.file.name)!, pkg) : found;
  const maker = 'file' in table ? makerOf(table, pkg) : makerWithout(pkg);
  const written = writtenHandler(request.route, pkg);
  if (written !== undefined) {
    const line = canonicalLine(request, maker.of(written.handler));
    throw failed(
      `${written.path} has ${written.handler} for ${patternText(request.route)} already. Nothing was written. Where the table of routes does not have it yet, this is its line:\n${line}`,
    );
  }
  const around = surroundingsOf(pkg, maker.deps, service.telemetry);
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
    sloLeft: changesSlo && sloJson === undefined ? whyLeft(table, service.sloJson) : undefined,
    imports: line === undefined ? importsNeeded(request, pkg) : [],
    tested: added.length > 1,
  };
}

/** What keeps the new objectives from being put into slo.json. */
function whyLeft(table: RouteTable | NoTable, sloJson: string | undefined): string {
  if (sloJson === undefined) return 'the service has none';
  if (!('file' in table)) return 'the table does not have the route yet';
  if (table.unread !== undefined) {
    return `what the route at ${folder}/${table.unread} promises cannot be read without running the service`;
  }
  if (sloJson.trim() === '') return 'it is empty';
  return 'it was not what the service prints for the table as it was before';
}

/** The package in internal/server. */
export function packageOf({ module, server }: ServerFolder, parse: ParseGo): GoPackage {
  const files = [...server]
    .filter(([name]) => name.endsWith('.go'))
    .map(([name, bytes]) => parse(name, decoded(bytes)));
  return goPackage(module, files);
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
