/** What an importer has to know of a PromQL query before it can stand in our format. */
import { parser } from '@prometheus-io/lezer-promql';
import { sliceSeconds } from '../slo.ts';
import { parsable, windowPlaceholder } from '../spec/expression.ts';
import type { Fields } from '../spec/problems.ts';
import type { Place, Tell } from './draft.ts';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** The labels that the outermost sum of a query keeps: ["region"] of `sum by (region) (…)`; none of others. */
function groupedBy(query: string): readonly string[] {
  const sum = outermostSum(topOf(query));
  const modifier = sum?.getChild('AggregateModifier');
  if (!sum || !modifier?.getChild('By')) return [];
  const labels = modifier.getChild('GroupingLabels')?.getChildren('LabelName') ?? [];
  return labels.map(({ from, to }) => query.slice(from, to));
}

/** The key `by` of an objective whose queries all keep the same labels; a warning where they do not agree. */
export function groupOf(queries: readonly string[], place: Place, tell: Tell): Fields {
  const groups = queries.map((query) => groupedBy(query).toSorted().join(', '));
  if (groups.every((labels) => labels === '')) return {};
  if (new Set(groups).size === 1) return { by: groupedBy(queries[0]!) };
  tell.warn(place, 'is grouped by different labels in its queries; one budget is kept for all of them');
  return {};
}

/** The counter that a query is, or of which it is the sum: `x{…}` of `sum by (region) (x{…})`. */
export function counterIn(query: string): string | undefined {
  const top = topOf(query);
  const inner = outermostSum(top)?.getChild('FunctionCallBody')?.firstChild ?? top;
  return inner?.name === 'VectorSelector' ? query.slice(inner.from, inner.to) : undefined;
}

/** The query with our placeholder for each range that was written out, and those ranges. */
export function withoutRanges(query: string): { readonly query: string; readonly ranges: readonly string[] } {
  const found: { from: number; to: number }[] = [];
  parser.parse(parsable(query)).iterate({
    enter: ({ name, node }) => {
      const range = name === 'MatrixSelector' ? node.getChild('DurationExpr') : null;
      if (range) found.push({ from: range.from, to: range.to });
    },
  });
  const ranges = [...new Set(found.map(({ from, to }) => query.slice(from, to)))];
  const replaced = found.reduceRight(
    (text, { from, to }) => text.slice(0, from) + windowPlaceholder + text.slice(to),
    query,
  );
  return { query: replaced, ranges };
}

/** The mean of a query's value over our placeholder. */
export function meanOf(query: string): string {
  if (query.includes(windowPlaceholder)) return query;
  const counter = topOf(query)?.name === 'VectorSelector';
  const over = counter ? `[${windowPlaceholder}]` : `[${windowPlaceholder}:${sliceSeconds}s]`;
  return `avg_over_time(${counter ? query : `(${query})`}${over})`;
}

function topOf(query: string): SyntaxNode | null {
  let top = parser.parse(parsable(query)).topNode.firstChild;
  while (top?.name === 'ParenExpr') top = top.firstChild;
  return top;
}

function outermostSum(node: SyntaxNode | null): SyntaxNode | undefined {
  return node?.name === 'AggregateExpr' && node.getChild('AggregateOp')?.getChild('Sum') ? node : undefined;
}
