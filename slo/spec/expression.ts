import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import type { EventsExpr } from '../slo.ts';

/** Where a range stands in an expression of events. */
export const windowPlaceholder = '$window';
/** Any range, for the parser: as long as the placeholder, so that positions stay. */
const someRange = '000005m';

const perSecond = ['rate', 'irate', 'deriv'] as const;
const perWindow = ['increase', 'delta', 'sum_over_time', 'count_over_time'] as const;
/** Kinds of expressions that are no instant vector, by the grammar's names. */
const noVector: Readonly<Record<string, string>> = {
  MatrixSelector: 'a range of samples',
  SubqueryExpr: 'a range of samples',
  StringLiteral: 'a text',
};
/** Functions whose value is a number, which no aggregation takes. */
const scalarFunctions: readonly string[] = ['scalar', 'time', 'pi'];

type Read<T> = { readonly value: T } | { readonly fault: string };

interface Parsed {
  readonly top: string;
  readonly functions: readonly string[];
}

/** The expression of an instant vector, without `$window`. */
export function readInstant(text: string): Read<string> {
  if (text.includes(windowPlaceholder))
    return { fault: `takes no ${windowPlaceholder}: it is a value at one moment` };
  const parsed = parse(text);
  return 'fault' in parsed ? parsed : { value: text.trim() };
}

/** A counter, as a selector alone, or an expression with `$window`: what is counted, and per what. */
export function readEvents(text: string): Read<EventsExpr> {
  if (!text.includes(windowPlaceholder)) {
    const parsed = parse(text);
    if ('fault' in parsed) return parsed;
    if (parsed.value.top === 'VectorSelector') return { value: { counter: text.trim() } };
    return {
      fault: `has no ${windowPlaceholder}: write a counter alone, like requests_total{code="500"}, or an expression like sum(rate(requests_total[${windowPlaceholder}]))`,
    };
  }
  const ranged = readRanged(text);
  if ('fault' in ranged) return ranged;
  const { functions } = ranged.value;
  const seconds = functions.filter((name) => (perSecond as readonly string[]).includes(name));
  const windows = functions.filter((name) => (perWindow as readonly string[]).includes(name));
  if (seconds.length > 0 === windows.length > 0) {
    const why = seconds.length > 0 ? `has both ${seconds[0]} and ${windows[0]}` : 'has none of them';
    return {
      fault: `must count by ${perSecond.join(', ')} (per second), or by ${perWindow.join(', ')} (per window); it ${why}`,
    };
  }
  return { value: { text: text.trim(), per: seconds.length > 0 ? 'second' : 'window' } };
}

/** An expression of a ratio, with `$window` as its range. */
export function readRatioExpr(text: string): Read<string> {
  if (!text.includes(windowPlaceholder))
    return {
      fault: `has no ${windowPlaceholder}; write it in place of the range, like [${windowPlaceholder}]`,
    };
  const ranged = readRanged(text);
  return 'fault' in ranged ? ranged : { value: text.trim() };
}

function readRanged(text: string): Read<Parsed> {
  const all = text.split(windowPlaceholder).length - 1;
  const ranges = text.match(/\[\s*\$window\s*[\]:]/g)?.length ?? 0;
  if (ranges < all)
    return { fault: `has ${windowPlaceholder} elsewhere than as a range, [${windowPlaceholder}]` };
  return parse(text);
}

/** The expression as the grammar, which knows no placeholder, reads it; every character keeps its position. */
export function parsable(text: string): string {
  return text.replaceAll(windowPlaceholder, someRange);
}

/** The expression without comments, which would take the rest of a line of the rules with them; positions stay. */
export function withoutComments(text: string): string {
  let bare = text;
  parser.parse(parsable(text)).iterate({
    enter: ({ name, from, to }) => {
      if (name === 'LineComment') bare = bare.slice(0, from) + ' '.repeat(to - from) + bare.slice(to);
    },
  });
  return bare;
}

/** True for a number, and for what is calculated of numbers alone. */
function isNumber(node: SyntaxNode | null, text: string): boolean {
  switch (node?.name) {
    case 'NumberDurationLiteral':
      return true;
    case 'ParenExpr':
      return isNumber(node.firstChild, text);
    case 'UnaryExpr':
      return isNumber(node.lastChild, text);
    case 'BinaryExpr':
      return isNumber(node.firstChild, text) && isNumber(node.lastChild, text);
    case 'FunctionCall': {
      const called = node.getChild('FunctionIdentifier');
      return called !== null && scalarFunctions.includes(text.slice(called.from, called.to));
    }
    default:
      return false;
  }
}

/** Aggregations that keep the labels of what they choose. */
const choosing = ['Topk', 'Bottomk', 'Limitk', 'LimitRatio'];

/** Those of the labels that the outermost aggregation of an expression drops, so that no series has them. */
export function droppedLabels(text: string, labels: readonly string[]): readonly string[] {
  const source = parsable(text);
  const node = outermost(source);
  const operation = node?.getChild('AggregateOp')?.firstChild?.name;
  if (node?.name !== 'AggregateExpr' || operation === undefined || choosing.includes(operation)) return [];
  const modifier = node.getChild('AggregateModifier');
  const named = (modifier?.getChild('GroupingLabels')?.getChildren('LabelName') ?? []).map(({ from, to }) =>
    source.slice(from, to),
  );
  const keeps = modifier?.getChild('Without')
    ? (name: string) => !named.includes(name)
    : (name: string) => named.includes(name);
  return labels.filter((name) => !keeps(name));
}

/** True of a comparison without `bool`: it leaves out the series, or the time, for which it does not hold. */
export function isFilter(text: string): boolean {
  const node = outermost(parsable(text));
  if (node?.name !== 'BinaryExpr' || node.getChild('BoolModifier')) return false;
  return comparisons.some((name) => node.getChild(name) !== null);
}

const comparisons = ['Eql', 'EqlC', 'Neq', 'Lte', 'Lss', 'Gte', 'Gtr'];

/** The expression inside of its parentheses. */
function outermost(source: string): SyntaxNode | null {
  let node = parser.parse(source).topNode.firstChild;
  while (node?.name === 'ParenExpr') node = node.firstChild;
  return node;
}

/** Parses by Prometheus's own grammar: the text of an instant vector, or what is wrong with it and where. */
function parse(text: string): Read<Parsed> {
  const tree = parser.parse(parsable(text));
  const functions: string[] = [];
  let top = '';
  let fault: number | undefined;
  tree.iterate({
    enter: ({ type, from, to, node }) => {
      if (type.isError) fault ??= from;
      if (node.parent?.type.isTop && top === '') top = type.name;
      if (type.name === 'FunctionIdentifier') functions.push(text.slice(from, to));
    },
  });
  if (fault !== undefined) {
    const near = text.slice(Math.max(0, fault - 10), fault + 10).trim();
    return { fault: `is not PromQL: character ${fault + 1}, near ${JSON.stringify(near)}` };
  }
  const other = isNumber(tree.topNode.firstChild, text) ? 'a number' : noVector[top];
  return other ? { fault: `is ${other}, not series at one moment` } : { value: { top, functions } };
}
