import { type GoField, type GoPackage, parametersOf, structsOf, valuesAt } from '../go/package.ts';
import { around, type GoFile, type GoNode, lineOf, parts, within } from '../go/syntax.ts';
import type { KnownRoute } from '../slo/document.ts';
import { cellOf, columns, type EntryForm, entryBody, formOf, fourFieldsOnly, readRoute } from './entry.ts';

/** Where a route is added. */
type Place =
  /** Behind the last element of a literal or of append's arguments; `list` has the braces or parentheses. */
  | { kind: 'list'; list: GoNode }
  /** As a statement of its own behind `after`, between `head` and `tail`. */
  | { kind: 'statement'; after: GoNode; head: string; tail: string };

/** The table of routes, found by its shape. */
export type RouteTable = {
  file: GoFile;
  place: Place;
  form: EntryForm;
  /** Fields of a route's type, as declared. */
  fields: readonly GoField[];
  /** Every literal route of the package's table, in its order. */
  routes: readonly KnownRoute[];
  /** The braces of those, in the same order. */
  bodies: readonly GoNode[];
  /** Whether each route is a literal that could be read; a computed one may be anything. */
  complete: boolean;
  /** The first that could not be read, as FILE:LINE. */
  unread?: string;
  /** Parameters that can be named at the place, the innermost first. */
  scope: readonly GoField[];
};

/** The table as a person must find it: why no line can be added, and where it probably is, as FILE:LINE. */
export type NoTable = { reason: string; where: readonly string[] };

/** What was found of the table, and every route that could be read anywhere in the package. */
export type FoundTable = { table: RouteTable | NoTable; known: readonly KnownRoute[] };

type RouteType = { name: string; fields: readonly GoField[] };

/** A composite literal or a call of append that holds routes. */
type Candidate = { file: GoFile; node: GoNode; list: GoNode; type: RouteType };

/** Finds the one place in the package where all routes stand. */
export function findTable(pkg: GoPackage): FoundTable {
  const types = routeTypes(pkg);
  const literals = pkg.files.flatMap((file) => literalsOf(file, types));
  const appends = pkg.files.flatMap((file) => appendsOf(file, types.routes));
  const known = [...literals, ...appends].flatMap(({ node, list, type }) => {
    const values = valuesAt(node, pkg);
    return parts(list).flatMap((element) => {
      const body = entryBody(element);
      return body === undefined ? [] : [readRoute(body, type.fields, values)];
    });
  });
  return { table: choose(pkg, types, literals, appends), known };
}

function choose(
  pkg: GoPackage,
  types: ReturnType<typeof routeTypes>,
  literals: readonly Candidate[],
  appends: readonly Candidate[],
): RouteTable | NoTable {
  const full = literals.filter(({ list }) => parts(list).length > 0);
  if (types.routes.size === 0) {
    return lost(pkg, `no struct in internal/server has the fields ${columns.join(', ')}`);
  }
  const plain = full.filter(isSure);
  const [only, ...more] = plain;
  if (more.length > 0) return { reason: 'several literals hold routes', where: plain.map(placeName) };
  if (only !== undefined) return table(pkg, only, { kind: 'list', list: only.list });
  const sure = appends.filter(isSure);
  if (sure.length > 0) return appended(pkg, sure);
  if (full.length + appends.length > 0) {
    const where = [...full, ...appends].map(placeName);
    return { reason: 'the routes are put together in a loop, under a condition or by a helper', where };
  }
  const [empty] = literals;
  if (empty !== undefined && literals.length === 1) {
    return table(pkg, empty, { kind: 'list', list: empty.list });
  }
  return lost(pkg, 'no literal in internal/server is a list of routes', types.routes);
}

function routeTypes(pkg: GoPackage) {
  const routes = new Map<string, RouteType>();
  for (const [name, { fields }] of structsOf(pkg)) {
    if (columns.every((column) => fields.some((field) => field.name === column))) {
      routes.set(name, { name, fields });
    }
  }
  const lists = new Map<string, RouteType>();
  for (const spec of pkg.files.flatMap(({ root }) => within(root, 'type_spec', 'type_alias'))) {
    const [name, type] = [spec.childForFieldName('name'), spec.childForFieldName('type')];
    const element = type === null ? undefined : elementOf(type, routes);
    if (name !== null && element !== undefined) lists.set(name.text, element);
  }
  return { routes, lists };
}

/** The type of a route when `type` is a slice of them or of pointers to them. */
function elementOf(type: GoNode, routes: ReadonlyMap<string, RouteType>): RouteType | undefined {
  if (type.type !== 'slice_type' && type.type !== 'implicit_length_array_type') return undefined;
  return routes.get((type.childForFieldName('element')?.text ?? '').replace(/^\*\s*/, ''));
}

function literalsOf(file: GoFile, types: ReturnType<typeof routeTypes>): Candidate[] {
  return within(file.root, 'composite_literal').flatMap((node) => {
    const [type, list] = [node.childForFieldName('type'), node.childForFieldName('body')];
    if (type === null || list === null) return [];
    const found = elementOf(type, types.routes) ?? types.lists.get(type.text);
    return found === undefined ? [] : [{ file, node, list, type: found }];
  });
}

function appendsOf(file: GoFile, routes: ReadonlyMap<string, RouteType>): Candidate[] {
  return within(file.root, 'call_expression').flatMap((node) => {
    const list = node.childForFieldName('arguments');
    if (node.childForFieldName('function')?.text !== 'append' || list === null) return [];
    const last = parts(list).at(-1);
    const type = last === undefined ? undefined : routeLiteral(last, routes);
    return type === undefined ? [] : [{ file, node, list, type }];
  });
}

/** The type of `Route{…}` or `&Route{…}`. */
function routeLiteral(node: GoNode, routes: ReadonlyMap<string, RouteType>): RouteType | undefined {
  const inner = node.type === 'unary_expression' ? node.childForFieldName('operand') : node;
  return inner?.type === 'composite_literal'
    ? routes.get(inner.childForFieldName('type')?.text ?? '')
    : undefined;
}

/** Whether what stands there is a route of the table once, and not whatever a loop or a helper makes of it. */
function isSure({ node, list, type }: Candidate): boolean {
  if (isConditional(node)) return false;
  const given = new Set(
    scopeOf(node).flatMap((parameter) => (parameter.type === 'string' ? parameter.name : [])),
  );
  const bodies = parts(list).flatMap((element) => entryBody(element) ?? []);
  return !bodies.some((body) => {
    const pattern = cellOf(body, type.fields, 'Pattern');
    return (
      pattern !== undefined && [pattern, ...within(pattern, 'identifier')].some(({ text }) => given.has(text))
    );
  });
}

/** Whether the node runs several times or not always. */
function isConditional(node: GoNode): boolean {
  const blocks = ['expression_case', 'default_case', 'type_case', 'communication_case'];
  if (around(node, ...blocks) !== undefined) return true;
  const block = around(node, 'block');
  if (block === undefined) return false;
  return /^(?:for|if)_statement$/.test(block.parent?.type ?? '') || isConditional(block);
}

/** Several statements `routes = append(routes, Route{…})` in a row, or one call of append. */
function appended(pkg: GoPackage, appends: readonly Candidate[]): RouteTable | NoTable {
  const statements = appends.map(({ node, list }) => ({
    statement: node.parent?.parent,
    arguments: parts(list),
  }));
  const last = appends.at(-1)!;
  const { statement, arguments: given } = statements.at(-1)!;
  const literal = given.at(-1)!;
  const alike = statements.every(
    (other) => other.arguments.length === 2 && other.statement?.parent?.id === statement?.parent?.id,
  );
  if (statement?.type === 'assignment_statement' && alike) {
    const [start, end] = [literal.startIndex, literal.endIndex].map((at) => at - statement.startIndex);
    const { text } = statement;
    const [head, tail] = [text.slice(0, start), text.slice(end)];
    const lines = appends.map((candidate) => candidate.list);
    if (tail === ')') return table(pkg, last, { kind: 'statement', after: statement, head, tail }, lines);
  }
  if (appends.length === 1) return table(pkg, last, { kind: 'list', list: last.list });
  return { reason: 'several calls of append add routes', where: appends.map(placeName) };
}

function table(
  pkg: GoPackage,
  { file, node, type }: Candidate,
  place: Place,
  lists: readonly GoNode[] = place.kind === 'list' ? [place.list] : [],
): RouteTable | NoTable {
  if (file.brokenLine !== undefined) {
    return {
      reason: `${file.name} is no Go from line ${file.brokenLine} on`,
      where: [`${file.name}:${lineOf(node)}`],
    };
  }
  const elements = lists.flatMap(parts).filter((element) => !isBase(element));
  if (place.kind === 'list' && elements.some((element) => element.type === 'keyed_element')) {
    return { reason: 'the routes are numbered', where: [`${file.name}:${lineOf(node)}`] };
  }
  const bodies = elements.flatMap((element) => entryBody(element) ?? []);
  const values = valuesAt(node, pkg);
  const routes = bodies.map((body) => readRoute(body, type.fields, values));
  const shown = elements.findLast((element) => entryBody(element) !== undefined);
  const form =
    shown === undefined
      ? { prefix: '', keyed: !fourFieldsOnly(type.fields), tall: false }
      : formOf(shown, entryBody(shown)!, type.fields);
  const unread = elements.find((element) => {
    const body = entryBody(element);
    const known = body === undefined ? undefined : readRoute(body, type.fields, values);
    return known?.pattern === undefined || known.objective === undefined;
  });
  return {
    file,
    place,
    form,
    fields: type.fields,
    routes,
    bodies,
    complete: unread === undefined,
    ...(unread !== undefined && { unread: `${file.name}:${lineOf(unread)}` }),
    scope: scopeOf(node),
  };

  /** The first argument of append is what is added to. */
  function isBase(element: GoNode): boolean {
    return element.parent?.type === 'argument_list' && parts(element.parent)[0]?.id === element.id;
  }
}

/** The named parameters of the functions around a node. */
function scopeOf(node: GoNode): GoField[] {
  const kinds = ['function_declaration', 'method_declaration', 'func_literal'];
  const inner = around(node, ...kinds);
  if (inner === undefined) return [];
  return [...parametersOf(inner).filter(({ name }) => name !== '_'), ...scopeOf(inner)];
}

function placeName({ file, node }: Candidate): string {
  return `${file.name}:${lineOf(node)}`;
}

/** No literal at all: names what comes nearest. */
function lost(pkg: GoPackage, reason: string, types: ReadonlyMap<string, RouteType> = new Map()): NoTable {
  const broken = pkg.files.find(({ brokenLine }) => brokenLine !== undefined);
  const why = broken === undefined ? reason : `${broken.name} is no Go from line ${broken.brokenLine} on`;
  const named = pkg.files.flatMap((file) => {
    const lists = within(file.root, 'slice_type', 'map_type').filter(isOfRoutes);
    return lists.filter(isMade).map((node) => `${file.name}:${lineOf(node)}`);
  });
  return { reason: why, where: [...new Set(named)] };

  function isOfRoutes(type: GoNode): boolean {
    const element = type.childForFieldName('element') ?? type.childForFieldName('value');
    const name = (element?.text ?? '').replace(/^\*\s*/, '');
    return types.has(name) || name === 'Route';
  }

  /** What a function gives back, or a literal: not a parameter, not a declaration. */
  function isMade({ id, parent }: GoNode): boolean {
    return parent?.childForFieldName('result')?.id === id || parent?.type === 'composite_literal';
  }
}
