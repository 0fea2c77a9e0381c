import { label } from './conventions.ts';

/** A PromQL string literal. Source: https://prometheus.io/docs/prometheus/latest/querying/basics/#string-literals */
export function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** A number without the noise of binary arithmetic: 0.30000000000000004 is printed as 0.3. */
export function decimal(value: number): string {
  return String(Number(value.toPrecision(12)));
}

/**
 * Matcher of the histogram's bucket that ends at `seconds`. Whole seconds are `1` in the text format, and `1.0` in
 * OpenMetrics and in Prometheus 3; both are meant.
 */
export function bucketMatcher(seconds: number): string {
  const bound = decimal(seconds);
  const whole = Number.isInteger(Number(bound));
  return whole ? `${label.bucketBound}=~"${bound}(\\\\.0)?"` : `${label.bucketBound}="${bound}"`;
}
