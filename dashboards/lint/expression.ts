/** Rules that a PromQL expression of a dashboard must keep: it parses, and speaks of what is measured. */
import type { SyntaxNode, SyntaxNodeRef } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import {
  alertLabel,
  alertSeries,
  collectorLabel,
  collectorMetric,
  label,
  rule,
  ruleLabel,
  scrapeMetric,
  serviceMetric,
  spanMetric,
  spanMetricLabel,
  suffix,
} from '../../slo/index.ts';

/** Variables of Grafana and Perses that stand where PromQL has a number or a range, and what stands for them here. */
const builtIn: Readonly<Record<string, string>> = { $__rate_interval: '5m', $__range: '1h', $__from: '0' };

/**
 * What is wrong with one expression, which may hold variables.
 * @param by labels that series have by the wish of the user, beside those of slo/conventions.ts
 */
export function lintExpression(expr: string, by: ReadonlySet<string> = new Set()): readonly string[] {
  if (expr === '') return ['has a query without an expression'];
  const problems: string[] = [];
  // A subquery, with a colon, is told its range by what it sums, not by the reader's screen.
  if (/\[\d+[smhdwy]+\]/.test(expr)) problems.push(`fixes a range instead of $__rate_interval: ${expr}`);
  const text = Object.entries(builtIn).reduce((all, [name, value]) => all.replaceAll(name, value), expr);
  const names: string[] = [];
  const walk = (node: SyntaxNodeRef) => {
    const part = text.slice(node.from, node.to);
    if (node.type.isError)
      problems.push(`is no PromQL near "${text.slice(node.from, node.from + 20)}": ${expr}`);
    if (node.name === 'LabelName' && !knownLabels.has(part) && !by.has(part)) {
      problems.push(`label ${part} is not in slo/conventions.ts`);
    }
    if (node.name !== 'Identifier' || node.node.parent?.name !== 'VectorSelector') return;
    names.push(part);
    problems.push(...lintReading(part, readBy(node.node, text)));
  };
  parser.parse(text).iterate({ enter: walk });
  for (const name of names)
    if (!isKnownMetric(name)) problems.push(`metric ${name} is not in slo/conventions.ts`);
  if (names.some(isSpanMetric) && !names.every(isSpanMetric)) {
    problems.push(`joins signals of spans with scraped ones: ${expr}`);
  }
  return problems;
}

const ofCounters: ReadonlySet<string> = new Set(['rate', 'irate', 'increase']);
const ofGauges: ReadonlySet<string> = new Set(['delta', 'idelta', 'deriv']);

/** Function whose range of a series is read; undefined where it is read as it is. */
function readBy(selector: SyntaxNode, text: string): string | undefined {
  let node: SyntaxNode | null = selector;
  while (node && node.name !== 'MatrixSelector') node = node.parent;
  while (node && node.name !== 'FunctionCall') node = node.parent;
  const name = node?.getChild('FunctionIdentifier');
  return name ? text.slice(name.from, name.to) : undefined;
}

/** A counter means something by its increase alone, and a gauge has none. */
function lintReading(metric: string, reader: string | undefined): readonly string[] {
  const counter = /_(total|count|bucket|sum)$/.test(metric);
  if (reader !== undefined && ofCounters.has(reader) && !counter)
    return [`takes the ${reader} of ${metric}, which is no counter`];
  if (reader !== undefined && ofGauges.has(reader) && counter)
    return [`takes the ${reader} of ${metric}, which is a counter`];
  return [];
}

const knownLabels: ReadonlySet<string> = new Set([
  ...Object.values(label),
  ...Object.values(ruleLabel),
  ...Object.values(alertLabel),
  ...Object.values(spanMetricLabel),
  ...Object.values(collectorLabel),
]);

/** True for labels that series have by slo/conventions.ts. */
export function isKnownLabel(name: string): boolean {
  return knownLabels.has(name);
}

const knownMetrics: ReadonlySet<string> = new Set(
  [serviceMetric, spanMetric, scrapeMetric, rule, alertSeries, collectorMetric]
    .flatMap((table) => Object.values<string>(table))
    .flatMap((name) => [name, `${name}_total`, ...Object.values(suffix).map((end) => `${name}${end}`)]),
);

const windowed = Object.entries(rule).flatMap(([key, name]) => (key.endsWith('Prefix') ? [name] : []));

function isKnownMetric(name: string): boolean {
  if (knownMetrics.has(name)) return true;
  return windowed.some(
    (prefix) => name.startsWith(prefix) && /^(\d+[mhd]|month)$/.test(name.slice(prefix.length)),
  );
}

function isSpanMetric(name: string): boolean {
  return Object.values(spanMetric).some((known) => name.startsWith(known));
}
