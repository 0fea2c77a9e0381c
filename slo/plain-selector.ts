/**
 * PromQL that is a selector and no more, as data: what can be counted from raw series, and what can be fed to a rule test.
 */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { type Matcher, matcherOf, type Selector } from './selectors.ts';
import type { EventsExpr } from './slo.ts';
import { windowPlaceholder } from './spec/expression.ts';

/** The label that holds the name of a metric. */
const nameLabel = '__name__';
/** Stands for the placeholder, so that the text parses. */
const someRange = '5m';

/**
 * The selector that `text` is: one metric and its matchers, with no offset and nothing around it. Undefined for any other
 * expression, and where it has a regular expression that only RE2 knows.
 */
export function plainSelector(text: string): Selector | undefined {
  const node = unwrapped(parser.parse(text).topNode.firstChild);
  return node ? selectorOf(node, text) : undefined;
}

/**
 * The counter whose increase an expression of events is: a selector alone, or `rate` or `increase` of one over `$window`,
 * summed or not. Undefined for anything else, and where the sum loses a label of `by`.
 */
export function counterOf(events: EventsExpr, by: readonly string[]): Selector | undefined {
  if ('counter' in events) return plainSelector(events.counter);
  const text = events.text.replaceAll(windowPlaceholder, someRange);
  let node = unwrapped(parser.parse(text).topNode.firstChild);
  while (node && isSum(node, text, by)) node = unwrapped(node.getChild('FunctionCallBody')?.firstChild);
  const called = node?.getChild('FunctionIdentifier')?.firstChild?.name;
  if (node?.name !== 'FunctionCall' || !(called === 'Rate' || called === 'Increase')) return undefined;
  const range = unwrapped(node.getChild('FunctionCallBody')?.firstChild);
  const vector = range?.name === 'MatrixSelector' ? range.getChild('VectorSelector') : undefined;
  return vector ? selectorOf(vector, text) : undefined;
}

/** What stands inside of brackets. */
function unwrapped(node: SyntaxNode | null | undefined): SyntaxNode | undefined {
  let inner = node ?? undefined;
  while (inner?.name === 'ParenExpr') inner = inner.firstChild ?? undefined;
  return inner;
}

/** A sum that leaves every label of `by` on its series. */
function isSum(node: SyntaxNode, text: string, by: readonly string[]): boolean {
  if (node.name !== 'AggregateExpr' || node.getChild('AggregateOp')?.firstChild?.name !== 'Sum') return false;
  const modifier = node.getChild('AggregateModifier');
  const named = modifier?.getChild('GroupingLabels')?.getChildren('LabelName') ?? [];
  const labels = named.map(({ from, to }) => text.slice(from, to));
  const without = modifier?.firstChild?.name === 'Without';
  return by.every((name) => labels.includes(name) !== without);
}

function selectorOf(node: SyntaxNode, text: string): Selector | undefined {
  if (node.name !== 'VectorSelector' || hasError(node)) return undefined;
  const of = (child: SyntaxNode | null) => (child ? text.slice(child.from, child.to) : '');
  const all = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
  const matchers = all.map(
    (matcher): Matcher => ({
      label: of(matcher.getChild('LabelName')),
      op: of(matcher.getChild('MatchOp')) as Matcher['op'],
      value: unquoted(of(matcher.getChild('StringLiteral'))),
    }),
  );
  const named = matchers.find((matcher) => matcher.label === nameLabel && matcher.op === '=');
  const metric = of(node.getChild('Identifier')) || named?.value;
  const selector = { metric: metric ?? '', matchers: matchers.filter((matcher) => matcher !== named) };
  return selector.metric === '' || quotesNames(node) || !readable(selector) ? undefined : selector;
}

/** Names in quotes, of which UTF-8 names are written, are left to Prometheus. */
function quotesNames(node: SyntaxNode): boolean {
  const list = node.getChild('LabelMatchers');
  return !!list && (list.getChild('QuotedLabelName') ?? list.getChild('QuotedLabelMatcher')) !== null;
}

function hasError(node: SyntaxNode): boolean {
  let error = false;
  node.cursor().iterate(({ type }) => {
    error ||= type.isError;
  });
  return error;
}

function readable(selector: Selector): boolean {
  try {
    matcherOf(selector);
    return true;
  } catch {
    return false;
  }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** The text of a PromQL string literal; in backticks nothing is escaped. */
function unquoted(literal: string): string {
  const inner = literal.slice(1, -1);
  if (literal.startsWith('`')) return inner;
  return inner.replace(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)/gs, (_, code: string) =>
    code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (escapes[code] ?? code),
  );
}
