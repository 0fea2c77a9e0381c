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
 * Values of `le` of the histogram's bucket that ends at `seconds`: whole seconds are `1` in the text format, and `1.0` in
 * OpenMetrics and in Prometheus 3; both are meant.
 */
export function bucketBounds(seconds: number): readonly string[] {
  const bound = decimal(seconds);
  return Number.isInteger(Number(bound)) ? [bound, `${bound}.0`] : [bound];
}

/** Matcher of that bucket. */
export function bucketMatcher(seconds: number): string {
  const [bound, ...more] = bucketBounds(seconds);
  const name = label.bucketBound;
  return more.length === 0 ? `${name}="${bound}"` : `${name}=~"${bound}(\\\\.0)?"`;
}

/** A duration as Prometheus writes it: `4m59s` of 299 seconds. */
export function promDuration(seconds: number): string {
  const parts = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'm'],
    [1, 's'],
  ] as const;
  let left = seconds;
  const texts = parts.map(([size, unit]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count > 0 ? `${count}${unit}` : '';
  });
  return texts.join('') || '0s';
}
