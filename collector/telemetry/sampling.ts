import { spanAttribute } from '../../slo/index.ts';
import type { Attributes } from './model.ts';

/**
 * Of how many requests a sampled span stands for one. The attribute `sampling.adjusted_count` wins over the
 * threshold `ot=th:` in tracestate (hex digits, trailing zeros cut: the share rejected, of 2^56); 1 without either.
 * Source: https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
export function adjustedCount(attributes: Attributes | undefined, traceState: string): number {
  return statedCount(attributes, traceState)?.count ?? 1;
}

/** The same with where it is said; undefined when the span says nothing, and may stand for any number of requests. */
export function statedCount(
  attributes: Attributes | undefined,
  traceState: string,
): { count: number; source: 'attribute' | 'tracestate' } | undefined {
  const stated = Number(attributes?.[spanAttribute.adjustedCount] ?? Number.NaN);
  if (Number.isFinite(stated) && stated >= 1) return { count: stated, source: 'attribute' };
  const threshold = /(?:^|,)\s*ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?:[;,]|\s|$)/.exec(traceState)?.[1];
  if (threshold === undefined) return undefined;
  const rejected = Number.parseInt(threshold.padEnd(14, '0'), 16) / 2 ** 56;
  return { count: 1 / (1 - rejected), source: 'tracestate' };
}
