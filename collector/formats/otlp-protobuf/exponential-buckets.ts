import { type ClassicBucket, exponentialSteps, type IndexedCount } from '../exponential-histogram.ts';
import type { OtlpMessage } from './messages.ts';

/** The cumulative buckets of an exponential histogram of OTLP, as `exponentialSteps` keeps them. */
export function classicBuckets(point: OtlpMessage<'ExponentialHistogramDataPoint'>): ClassicBucket[] {
  return exponentialSteps({
    scale: point.scale ?? 0,
    positive: indexed(point.positive),
    negative: indexed(point.negative),
    zeroThreshold: point.zeroThreshold ?? 0,
    zeroCount: Number(point.zeroCount ?? 0n),
  });
}

function indexed(buckets: OtlpMessage<'Buckets'> | undefined): IndexedCount[] {
  const { offset = 0, bucketCounts = [] } = buckets ?? {};
  return bucketCounts.map((count, i) => [offset + i, Number(count)]);
}
