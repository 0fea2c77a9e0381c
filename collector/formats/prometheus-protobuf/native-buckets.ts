import { CollectorError } from '../../telemetry/errors.ts';
import { type ClassicBucket, exponentialSteps, type IndexedCount } from '../exponential-histogram.ts';
import { type ClientMessage, signed } from './messages.ts';

type Histogram = ClientMessage<'Histogram'>;

/** Source: https://prometheus.io/docs/specs/native_histograms/#schema */
const MIN_SCHEMA = -4;
const MAX_SCHEMA = 8;
/** Indexes beyond these lie outside a double's range at every schema; sums of spans must not leave whole numbers. */
const MAX_INDEX = 2 ** 31;

/**
 * True when the histogram has native buckets: one that was never observed says so by an empty span.
 * Source: https://github.com/prometheus/prometheus/blob/main/model/textparse/protobufparse.go
 */
export function isNative(histogram: Histogram): boolean {
  const {
    positiveSpan = [],
    negativeSpan = [],
    zeroThreshold = 0,
    zeroCount = 0n,
    zeroCountFloat = 0,
  } = histogram;
  return (
    positiveSpan.length + negativeSpan.length > 0 || zeroThreshold > 0 || zeroCount > 0n || zeroCountFloat > 0
  );
}

/**
 * Cumulative buckets of a native histogram, integers or floats, at the boundaries that exponential histograms of OTLP
 * are kept at. Throws `bad-data` when spans and counts do not agree, or the schema is not -4 to 8.
 */
export function nativeBuckets(histogram: Histogram): ClassicBucket[] {
  const { schema = 0, zeroThreshold = 0, zeroCount = 0n, zeroCountFloat } = histogram;
  if (schema < MIN_SCHEMA || schema > MAX_SCHEMA)
    throw new CollectorError(
      'bad-data',
      `a native histogram has schema ${schema}, not ${MIN_SCHEMA} to ${MAX_SCHEMA}`,
    );
  return exponentialSteps({
    scale: schema,
    positive: indexed(histogram.positiveSpan, countsOf(histogram.positiveDelta, histogram.positiveCount)),
    negative: indexed(histogram.negativeSpan, countsOf(histogram.negativeDelta, histogram.negativeCount)),
    zeroThreshold,
    zeroCount: zeroCountFloat ?? Number(zeroCount),
  });
}

/** Integer histograms have each count as the difference to the one before, float histograms as it is. */
function countsOf(deltas: bigint[] | undefined, counts: number[] | undefined): number[] {
  if (!deltas?.length) return counts ?? [];
  let count = 0;
  return deltas.map((delta) => {
    count += signed(delta);
    return count;
  });
}

/**
 * [index, count] of the buckets, ascending, where index i has values up to 2^((i + 1) / 2^schema): Prometheus counts
 * one higher than OTLP. The first span begins at its offset, each other one that far behind the one before.
 */
function indexed(
  spans: ClientMessage<'BucketSpan'>[] | undefined,
  counts: readonly number[],
): IndexedCount[] {
  const found: IndexedCount[] = [];
  let index = -1;
  for (const [n, { offset = 0, length = 0 }] of (spans ?? []).entries()) {
    if (n > 0 && offset < 0) fail('a span that begins before the one before it ends');
    index += offset;
    // Compared before the loop: a length is four bytes on the wire and may say four thousand million.
    if (length > counts.length - found.length) fail(`spans of more buckets than its ${counts.length} counts`);
    if (Math.abs(index) + length > MAX_INDEX) fail(`a bucket ${index}, which no value lies in`);
    for (let i = 0; i < length; i++) {
      const count = counts[found.length]!;
      if (!(count >= 0)) fail(`a count of ${count}`);
      found.push([index++, count]);
    }
  }
  if (found.length < counts.length) fail(`${counts.length} counts for spans of ${found.length} buckets`);
  return found;
}

function fail(what: string): never {
  throw new CollectorError('bad-data', `a native histogram has ${what}`);
}
