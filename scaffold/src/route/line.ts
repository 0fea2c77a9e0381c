import { declaredNames, type GoPackage, importName, importsOf } from '../go/package.ts';
import { type Insertion, importInsertion, spliced } from '../go/splice.ts';
import { type EntryTexts, entryText } from './entry.ts';
import { depsTypeOf } from './handler.ts';
import { patternText, type RoutePattern } from './pattern.ts';
import { type Objective, objectiveText, type Sampling, samplingText } from './promise.ts';
import { routeInsertion } from './splice.ts';
import type { NoTable, RouteTable } from './table.ts';

/** What `go-sre route add` was asked for. */
export type RouteRequest = {
  route: RoutePattern;
  objective: Objective;
  sampling: Sampling;
  /** Name of the handler's maker, where it was given. */
  handler?: string;
};

/** The package's folder in the service. */
export const folder = 'internal/server';

/** How a handler's maker is declared and what stands for it in the column Handler. */
type Maker = { deps: string | undefined; of: (handler: string) => string };

const makerType = /^func\((?:\w+ )?(\*?\w+)\) http\.Handler$/;

export function makerOf({ fields, scope }: RouteTable, pkg: GoPackage): Maker {
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
export function makerWithout(pkg: GoPackage): Maker {
  const deps = depsTypeOf(pkg);
  return { deps, of: (handler) => `${handler}(${deps === undefined ? '' : 'd'})` };
}

/**
 * The table, or why its columns cannot be filled.
 * @param written the bytes of the table's file
 */
export function usable(table: RouteTable, written: Uint8Array, pkg: GoPackage): RouteTable | NoTable {
  const where = [`${table.file.name}:${lineAt(table.file.text, table.place)}`];
  const handler = table.fields.find(({ name }) => name === 'Handler')!.type;
  if (!['http.Handler', 'http.HandlerFunc'].includes(handler) && !makerType.test(handler)) {
    return { reason: `the column Handler is a ${handler}`, where };
  }
  if (Buffer.compare(Buffer.from(table.file.text), written) !== 0) {
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
export function intoTable(table: RouteTable, request: RouteRequest, handler: string, pkg: GoPackage) {
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
export function canonicalLine(request: RouteRequest, handler: string): string {
  const fields = ['Pattern', 'Handler', 'Objective', 'Sampling'].map((name) => ({ name, type: '' }));
  const texts = textsOf(request, handler, (column) => `${column}.`);
  const form = { prefix: '', keyed: false, tall: false };
  return `${entryText(form, fields, texts, { indent: '', eol: '\n' })},`;
}

export function importsNeeded({ objective }: RouteRequest, pkg: GoPackage): string[] {
  const time = objective.latency === undefined ? [] : ['time'];
  const imports = pkg.files.flatMap(importsOf).filter(({ path }) => path.startsWith(`${pkg.module}/`));
  const own = ['slo', 'telemetry'].map(
    (name) => imports.find(({ path }) => importName(path) === name)?.path ?? `${pkg.module}/internal/${name}`,
  );
  return [...time, ...own];
}
