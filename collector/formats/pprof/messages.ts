import { codecOf } from '../protobuf/codec.ts';
import { type Decoded, defineMessages, type MessageTable } from '../protobuf/schema.ts';

/**
 * The messages inside a profile; what nothing here reads (mappings, comments) is left out and skipped.
 * Source: https://github.com/google/pprof/blob/main/proto/profile.proto
 */
const TABLE = {
  ValueType: { type: [1, 'int64'], unit: [2, 'int64'] },
  Sample: {
    locationId: [1, 'uint64', 'repeated'],
    value: [2, 'int64', 'repeated'],
    label: [3, 'Label', 'repeated'],
  },
  Label: { key: [1, 'int64'], str: [2, 'int64'], num: [3, 'int64'], numUnit: [4, 'int64'] },
  Location: { id: [1, 'uint64'], address: [3, 'uint64'], line: [4, 'Line', 'repeated'] },
  Line: { functionId: [1, 'uint64'], line: [2, 'int64'] },
  Function: { id: [1, 'uint64'], name: [2, 'int64'], filename: [4, 'int64'] },
} as const satisfies MessageTable;

export type ProfileMessage<M extends keyof typeof TABLE> = Decoded<typeof TABLE, M>;

/** The profile as it is written: strings, functions and places by number. */
export interface RawProfile {
  sampleTypes: ProfileMessage<'ValueType'>[];
  samples: ProfileMessage<'Sample'>[];
  locations: ProfileMessage<'Location'>[];
  functions: ProfileMessage<'Function'>[];
  strings: string[];
  timeUnixNano: bigint;
  durationNano: bigint;
  period: bigint;
}

const types = defineMessages(TABLE);

export const valueTypeCodec = codecOf<typeof TABLE, 'ValueType'>(types, 'ValueType');
export const sampleCodec = codecOf<typeof TABLE, 'Sample'>(types, 'Sample');
export const locationCodec = codecOf<typeof TABLE, 'Location'>(types, 'Location');
export const functionCodec = codecOf<typeof TABLE, 'Function'>(types, 'Function');
