import { codecOf } from '../protobuf/codec.ts';
import { type Decoded, defineMessages, type MessageTable } from '../protobuf/schema.ts';

/**
 * What a target tells in protobuf. Zigzag numbers of 64 bits are read as they stand and turned by `signed`.
 * Source: https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
 */
const TABLE = {
  MetricFamily: {
    name: [1, 'string'],
    help: [2, 'string'],
    type: [3, 'enum'],
    metric: [4, 'Metric', 'repeated'],
    unit: [5, 'string'],
  },
  Metric: {
    label: [1, 'LabelPair', 'repeated'],
    gauge: [2, 'Simple'],
    counter: [3, 'Counter'],
    summary: [4, 'Summary'],
    untyped: [5, 'Simple'],
    timestampMs: [6, 'int64'],
    histogram: [7, 'Histogram'],
  },
  LabelPair: { name: [1, 'string'], value: [2, 'string'] },
  Simple: { value: [1, 'double'] },
  Counter: { value: [1, 'double'], exemplar: [2, 'Exemplar'] },
  Quantile: { quantile: [1, 'double'], value: [2, 'double'] },
  Summary: { sampleCount: [1, 'uint64'], sampleSum: [2, 'double'], quantile: [3, 'Quantile', 'repeated'] },
  Histogram: {
    sampleCount: [1, 'uint64'],
    sampleSum: [2, 'double'],
    bucket: [3, 'Bucket', 'repeated'],
    sampleCountFloat: [4, 'double'],
    schema: [5, 'sint32'],
    zeroThreshold: [6, 'double'],
    zeroCount: [7, 'uint64'],
    zeroCountFloat: [8, 'double'],
    negativeSpan: [9, 'BucketSpan', 'repeated'],
    negativeDelta: [10, 'uint64', 'repeated'],
    negativeCount: [11, 'double', 'repeated'],
    positiveSpan: [12, 'BucketSpan', 'repeated'],
    positiveDelta: [13, 'uint64', 'repeated'],
    positiveCount: [14, 'double', 'repeated'],
    exemplars: [16, 'Exemplar', 'repeated'],
  },
  Bucket: {
    cumulativeCount: [1, 'uint64'],
    upperBound: [2, 'double'],
    exemplar: [3, 'Exemplar'],
    cumulativeCountFloat: [4, 'double'],
  },
  BucketSpan: { offset: [1, 'sint32'], length: [2, 'uint32'] },
  Exemplar: { label: [1, 'LabelPair', 'repeated'], value: [2, 'double'], timestamp: [3, 'Timestamp'] },
  Timestamp: { seconds: [1, 'int64'], nanos: [2, 'enum'] },
} as const satisfies MessageTable;

export type ClientMessage<M extends keyof typeof TABLE> = Decoded<typeof TABLE, M>;

const types = defineMessages(TABLE);

export const familyCodec = codecOf<typeof TABLE, 'MetricFamily'>(types, 'MetricFamily');

/** A zigzag number of 64 bits. */
export function signed(zigzag: bigint): number {
  return Number((zigzag >> 1n) ^ -(zigzag & 1n));
}
