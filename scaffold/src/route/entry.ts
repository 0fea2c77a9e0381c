import { type GoField, stringValue } from '../go/package.ts';
import { bare, type GoNode, parts } from '../go/syntax.ts';
import type { KnownObjective, KnownRoute } from '../slo/document.ts';

/** The columns of the table: the fields that make a struct the type of a route. */
export const columns = ['Pattern', 'Handler', 'Objective', 'Sampling'] as const;

/** The expression of each column. */
export type EntryTexts = Readonly<Record<(typeof columns)[number], string>>;

/** Named values of the package that expressions may refer to. */
export type GoValues = ReadonlyMap<string, GoNode>;

/** The braces of a route's literal `{…}`, `Route{…}` or `&Route{…}`; undefined when `element` is none. */
export function entryBody(element: GoNode): GoNode | undefined {
  const node = bare(element);
  if (node.type === 'literal_value') return node;
  if (node.type === 'unary_expression') {
    const operand = node.childForFieldName('operand');
    return operand === null ? undefined : entryBody(operand);
  }
  return node.type === 'composite_literal' ? (node.childForFieldName('body') ?? undefined) : undefined;
}

/** Reads pattern and objective of a route's literal, keyed or by position. */
export function readRoute(body: GoNode, fields: readonly GoField[], values: GoValues): KnownRoute {
  const columnsOf = fieldValues(
    body,
    fields.map(({ name }) => name),
  );
  const [pattern, objective] = [columnsOf.get('Pattern'), columnsOf.get('Objective')];
  return {
    pattern: pattern === undefined ? undefined : text(pattern, values),
    objective: objective === undefined ? undefined : readObjective(objective, values),
  };
}

/** The expression in one column of a route's literal. */
export function cellOf(
  body: GoNode,
  fields: readonly GoField[],
  column: (typeof columns)[number],
): GoNode | undefined {
  const names = fields.map(({ name }) => name);
  const cell = fieldValues(body, names).get(column);
  return cell === undefined ? undefined : bare(cell);
}

/** The values of a struct literal by field name. */
function fieldValues(body: GoNode, names: readonly string[]): Map<string, GoNode> {
  const found = new Map<string, GoNode>();
  for (const [at, element] of parts(body).entries()) {
    const key = element.childForFieldName('key');
    const value = element.childForFieldName('value');
    if (element.type === 'keyed_element' && key !== null && value !== null) found.set(bare(key).text, value);
    else if (names[at] !== undefined) found.set(names[at], element);
  }
  return found;
}

function readObjective(expression: GoNode, values: GoValues): KnownObjective | undefined {
  const node = resolve(expression, values);
  if (/^(?:\w+\.)?None$/.test(node.text)) return {};
  const type = node.childForFieldName('type');
  const body = node.childForFieldName('body');
  if (node.type !== 'composite_literal' || body === null || !/^(?:\w+\.)?Objective$/.test(type?.text ?? '')) {
    return undefined;
  }
  const fields = fieldValues(body, ['Availability', 'Latency', 'Threshold']);
  const [availability, ratio, nanos] = ['Availability', 'Latency', 'Threshold'].map((name) => {
    const field = fields.get(name);
    return field === undefined ? 0 : number(field, values);
  });
  if (availability === undefined || ratio === undefined || nanos === undefined) return undefined;
  return {
    ...(availability !== 0 && { availability }),
    ...(ratio !== 0 && { latency: { ratio, thresholdNanos: nanos } }),
  };
}

/** The value that a name of the package was declared with, or the expression itself. */
function resolve(expression: GoNode, values: GoValues, depth = 0): GoNode {
  const node = bare(expression);
  const value = node.type === 'identifier' ? values.get(node.text) : undefined;
  return value === undefined || depth > 8 ? node : resolve(value, values, depth + 1);
}

/** The text that an expression stands for, as far as it is written down in the package. */
export function text(expression: GoNode, values: GoValues): string | undefined {
  const node = resolve(expression, values);
  const method = /^http\.Method([A-Z][a-z]+)$/.exec(node.text);
  if (method !== null) return method[1]!.toUpperCase();
  if (node.type !== 'binary_expression' || node.childForFieldName('operator')?.text !== '+') {
    return stringValue(node);
  }
  const sides = ['left', 'right'].map((side) => {
    const operand = node.childForFieldName(side);
    return operand === null ? undefined : text(operand, values);
  });
  return sides[0] === undefined || sides[1] === undefined ? undefined : sides[0] + sides[1];
}

const units: Readonly<Record<string, number>> = {
  Nanosecond: 1,
  Microsecond: 1e3,
  Millisecond: 1e6,
  Second: 1e9,
  Minute: 60e9,
  Hour: 3600e9,
};

/** A literal number, a unit of package time, or a product of both. */
function number(expression: GoNode, values: GoValues): number | undefined {
  const node = resolve(expression, values);
  if (node.type === 'int_literal' || node.type === 'float_literal') {
    const plain = node.text.replaceAll('_', '');
    return /^(?:0|[1-9]\d*)?(?:\.\d*)?(?:e[+-]?\d+)?$/i.test(plain) ? Number(plain) : undefined;
  }
  if (node.type === 'selector_expression') return units[node.childForFieldName('field')?.text ?? ''];
  if (node.type !== 'binary_expression' || node.childForFieldName('operator')?.text !== '*') return undefined;
  const [left, right] = [node.childForFieldName('left'), node.childForFieldName('right')];
  const factors = [left, right].map((factor) => (factor === null ? undefined : number(factor, values)));
  return factors[0] === undefined || factors[1] === undefined ? undefined : factors[0] * factors[1];
}

/** How the routes of a table are written. */
export type EntryForm = {
  /** Before the braces: nothing, `Route` or `&Route`. */
  prefix: string;
  keyed: boolean;
  /** Keyed, and each field on a line of its own. */
  tall: boolean;
};

/** The form of a route's literal; `fields` are those of its type. */
export function formOf(element: GoNode, body: GoNode, fields: readonly GoField[]): EntryForm {
  const pairs = parts(body);
  const keyed = pairs.length === 0 ? false : pairs.every(({ type }) => type === 'keyed_element');
  const rows = pairs.map(({ startPosition }) => startPosition.row);
  const tall =
    keyed &&
    rows[0]! > body.startPosition.row &&
    new Set(rows).size === rows.length &&
    pairs.at(-1)!.endPosition.row < body.endPosition.row;
  const prefix = element.text.slice(0, body.startIndex - element.startIndex).trim();
  return { prefix, keyed: keyed || !fourFieldsOnly(fields), tall };
}

/** Only then every field has a value and the names may be left out. */
export function fourFieldsOnly(fields: readonly GoField[]): boolean {
  return (
    fields.length === columns.length && columns.every((name) => fields.some((field) => field.name === name))
  );
}

/** One route as Go text; `indent` and `eol` are for a tall one. */
export function entryText(
  { prefix, keyed, tall }: EntryForm,
  fields: readonly GoField[],
  texts: EntryTexts,
  { indent, eol }: { indent: string; eol: string },
): string {
  if (!keyed) return `${prefix}{${fields.map(({ name }) => texts[name as keyof EntryTexts]).join(', ')}}`;
  if (!tall) return `${prefix}{${columns.map((name) => `${name}: ${texts[name]}`).join(', ')}}`;
  const width = Math.max(...columns.map((name) => name.length)) + 2;
  const lines = columns.map((name) => `${indent}\t${`${name}:`.padEnd(width)}${texts[name]},`);
  return [`${prefix}{`, ...lines, `${indent}}`].join(eol);
}
