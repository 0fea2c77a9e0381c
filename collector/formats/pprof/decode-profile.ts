import { gunzipSync } from 'node:zlib';
import { CollectorError } from '../../telemetry/errors.ts';
import { WIRE, WireReader } from '../protobuf/reader.ts';
import { PROFILE_LIMITS, type ProfileLimits, tooLarge } from './limits.ts';
import { functionCodec, locationCodec, type RawProfile, sampleCodec, valueTypeCodec } from './messages.ts';
import type { Profile } from './profile.ts';
import { resolveProfile } from './resolve-profile.ts';

/** Bytes that one sample or place may take: calls of ten bytes each, and as much again for labels and lines. */
const BYTES_PER_CALL = 20;

/**
 * Decodes a profile of pprof's protobuf, gzipped or not. Throws `bad-data` for what is no profile, with the byte where
 * it stops making sense, and `too-large` above a limit.
 */
export function decodeProfile(body: Uint8Array, limits: ProfileLimits = PROFILE_LIMITS): Profile {
  const bytes = body[0] === 0x1f && body[1] === 0x8b ? inflated(body, limits) : body;
  if (bytes.length > limits.bytes) throw tooLarge(`${limits.bytes} bytes`);
  return resolveProfile(readRaw(bytes, limits), limits);
}

function inflated(body: Uint8Array, limits: ProfileLimits): Uint8Array {
  try {
    return gunzipSync(body, { maxOutputLength: limits.bytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw tooLarge(`${limits.bytes} bytes, inflated`);
    throw new CollectorError('bad-data', `the gzip body is damaged: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

type Read = (reader: WireReader, raw: RawProfile, limits: ProfileLimits) => void;

/** Fields of the message Profile: their wire type, and what is done with one. */
const FIELDS: Readonly<Record<number, [wire: number, read: Read]>> = {
  1: [WIRE.bytes, (reader, raw, { depth }) => push(raw.sampleTypes, nested(reader, valueTypeCodec), depth)],
  2: [
    WIRE.bytes,
    (reader, raw, { samples, depth }) => push(raw.samples, nested(reader, sampleCodec, depth), samples),
  ],
  4: [
    WIRE.bytes,
    (reader, raw, { entries, depth }) => push(raw.locations, nested(reader, locationCodec, depth), entries),
  ],
  5: [WIRE.bytes, (reader, raw, { entries }) => push(raw.functions, nested(reader, functionCodec), entries)],
  6: [WIRE.bytes, (reader, raw, { entries }) => push(raw.strings, text(reader), entries)],
  9: [
    WIRE.varint,
    (reader, raw) => {
      raw.timeUnixNano = signed(reader);
    },
  ],
  10: [
    WIRE.varint,
    (reader, raw) => {
      raw.durationNano = signed(reader);
    },
  ],
  12: [
    WIRE.varint,
    (reader, raw) => {
      raw.period = signed(reader);
    },
  ],
};

function readRaw(bytes: Uint8Array, limits: ProfileLimits): RawProfile {
  const raw: RawProfile = {
    ...{ sampleTypes: [], samples: [], locations: [], functions: [], strings: [] },
    ...{ timeUnixNano: 0n, durationNano: 0n, period: 0n },
  };
  const reader = new WireReader(bytes);
  while (reader.pos < reader.limit) {
    const tag = reader.tag();
    const field = FIELDS[tag >>> 3];
    if (!field) reader.skip(tag);
    else if ((tag & 7) !== field[0])
      reader.fail(`field ${tag >>> 3} of a profile has wire type ${tag & 7}, not ${field[0]}`);
    else field[1](reader, raw, limits);
  }
  return raw;
}

function push<T>(list: T[], item: T, limit: number): void {
  if (list.length >= limit) throw tooLarge(`${limit} entries of one kind`);
  list.push(item);
}

function nested<T>(
  reader: WireReader,
  codec: { decode(bytes: Uint8Array, from?: number, to?: number): T },
  calls = 1,
): T {
  const length = reader.length();
  if (calls > 1 && length > calls * BYTES_PER_CALL)
    throw tooLarge(`${calls * BYTES_PER_CALL} bytes in one stack`);
  reader.pos += length;
  return codec.decode(reader.bytes, reader.pos - length, reader.pos);
}

function text(reader: WireReader): string {
  const length = reader.utf8();
  return reader.text(reader.pos - length, length);
}

function signed(reader: WireReader): bigint {
  return BigInt.asIntN(64, reader.varint64());
}
