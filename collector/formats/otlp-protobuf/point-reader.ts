/**
 * Points of metrics in the form that all senders write: each field at most once, lists packed, attributes and exemplars
 * each behind one another. `read` is false for any other form; what it steps over without a look is checked elsewhere.
 */
import type { WireReader } from '../protobuf/reader.ts';
import { STALE_NAN } from '../staleness.ts';
import { NO_RECORDED_VALUE } from './decode-metrics.ts';

const TWO_32 = 0x100000000;

/** Where a run of one field's values stands, their tags included; as long as it has not ended it may grow. */
function run(reader: WireReader, tag: number): number {
  for (;;) {
    reader.take(reader.length(), 'a value');
    const behind = reader.pos;
    if (behind >= reader.limit || reader.bytes[behind] !== tag) return behind;
    reader.pos++;
  }
}

/** A NumberDataPoint. */
export class NumberPoint {
  time = 0n;
  value = 0;
  attributesAt = 0;
  attributesLength = 0;
  exemplarsAt = 0;
  exemplarsEnd = 0;

  /** Reads to the reader's limit. */
  read(reader: WireReader): boolean {
    const { view } = reader;
    this.time = 0n;
    this.value = 0;
    this.attributesAt = this.attributesLength = this.exemplarsAt = this.exemplarsEnd = 0;
    let seen = 0;
    let isStale = false;
    while (reader.pos < reader.limit) {
      const start = reader.pos;
      const tag = reader.tag();
      // The two kinds of value are one field.
      const bit = 1 << (tag === 0x21 ? 6 : tag >>> 3);
      if (tag > 0x40 || (seen & bit) !== 0) return false;
      seen |= bit;
      if (tag === 0x19) this.time = view.getBigUint64(reader.take(8, 'a time'), true);
      else if (tag === 0x21) this.value = view.getFloat64(reader.take(8, 'a double'), true);
      else if (tag === 0x31) this.value = int64(reader, reader.take(8, 'an integer'));
      else if (tag === 0x11) reader.take(8, 'a time');
      else if (tag === 0x3a) {
        this.attributesAt = start;
        this.attributesLength = run(reader, tag) - start;
      } else if (tag === 0x2a) {
        this.exemplarsAt = start;
        this.exemplarsEnd = run(reader, tag);
      } else if (tag === 0x40) isStale = (reader.varint32() & NO_RECORDED_VALUE) !== 0;
      else return false;
    }
    if (isStale) this.value = STALE_NAN;
    return true;
  }
}

/** A HistogramDataPoint; of a stale one all numbers are the marker. */
export class HistogramPoint {
  time = 0n;
  count = 0;
  sum = 0;
  hasSum = false;
  isStale = false;
  countsAt = 0;
  boundsAt = 0;
  boundsCount = 0;
  attributesAt = 0;
  attributesLength = 0;
  exemplarsAt = 0;
  exemplarsEnd = 0;

  /** Reads to the reader's limit. */
  read(reader: WireReader): boolean {
    const { view } = reader;
    this.time = 0n;
    this.count = this.sum = this.countsAt = this.boundsAt = this.boundsCount = 0;
    this.hasSum = this.isStale = false;
    this.attributesAt = this.attributesLength = this.exemplarsAt = this.exemplarsEnd = 0;
    let seen = 0;
    let counts = 0;
    while (reader.pos < reader.limit) {
      const start = reader.pos;
      const tag = reader.tag();
      const bit = 1 << (tag >>> 3);
      if (tag > 0x61 || (seen & bit) !== 0) return false;
      seen |= bit;
      if (tag === 0x11 || tag === 0x59 || tag === 0x61) reader.take(8, 'a number');
      else if (tag === 0x19) this.time = view.getBigUint64(reader.take(8, 'a time'), true);
      else if (tag === 0x21) this.count = uint64(reader, reader.take(8, 'a count'));
      else if (tag === 0x29) {
        this.sum = view.getFloat64(reader.take(8, 'a sum'), true);
        this.hasSum = true;
      } else if (tag === 0x32 || tag === 0x3a) {
        const length = reader.length();
        if (length % 8 !== 0) return false;
        const at = reader.take(length, 'numbers');
        if (tag === 0x32) [this.countsAt, counts] = [at, length / 8];
        else [this.boundsAt, this.boundsCount] = [at, length / 8];
      } else if (tag === 0x42) {
        this.exemplarsAt = start;
        this.exemplarsEnd = run(reader, tag);
      } else if (tag === 0x4a) {
        this.attributesAt = start;
        this.attributesLength = run(reader, tag) - start;
      } else if (tag === 0x50) this.isStale = (reader.varint32() & NO_RECORDED_VALUE) !== 0;
      else return false;
    }
    if (this.isStale) this.count = this.sum = STALE_NAN;
    return counts === this.boundsCount + 1 || (counts === 0 && this.boundsCount === 0);
  }

  /** The count of one bucket by itself. */
  bucketCount(reader: WireReader, i: number): number {
    return uint64(reader, this.countsAt + i * 8);
  }
}

/** What is read of an exemplar; ids by where they stand, -1 for none. */
export interface ExemplarFields {
  time: bigint;
  value: number;
  traceAt: number;
  spanAt: number;
}

/** Reads an exemplar to the reader's limit; false for one with filtered attributes, which must be checked. */
export function readExemplar(reader: WireReader, into: ExemplarFields): boolean {
  const { view } = reader;
  into.time = 0n;
  into.value = 0;
  into.traceAt = into.spanAt = -1;
  let seen = 0;
  while (reader.pos < reader.limit) {
    const tag = reader.tag();
    const bit = 1 << (tag === 0x19 ? 6 : tag >>> 3);
    if (tag > 0x31 || (seen & bit) !== 0) return false;
    seen |= bit;
    if (tag === 0x11) into.time = view.getBigUint64(reader.take(8, 'a time'), true);
    else if (tag === 0x19) into.value = view.getFloat64(reader.take(8, 'a double'), true);
    else if (tag === 0x31) into.value = int64(reader, reader.take(8, 'an integer'));
    else if (tag === 0x22 && reader.length() === 8) into.spanAt = reader.take(8, 'a span id');
    else if (tag === 0x2a && reader.length() === 16) into.traceAt = reader.take(16, 'a trace id');
    else return false;
  }
  return true;
}

/** A 64-bit number as a double, rounded as `Number` rounds a bigint. */
function uint64({ view }: WireReader, at: number): number {
  return view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true);
}

function int64({ view }: WireReader, at: number): number {
  return view.getInt32(at + 4, true) * TWO_32 + view.getUint32(at, true);
}
