/** Ids and times of spans, read back from what `span-columns.ts` wrote. */
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../../telemetry/ids.ts';
import { unpackBits } from './bits.ts';
import type { ColumnEntry, Directory } from './directory.ts';
import { ENCODING } from './layout.ts';
import { unpackLengths } from './lengths.ts';
import { wordPairs } from './sections.ts';

/** Distinct trace ids and which of them each record has. */
export function readTraceIds(
  directory: Directory,
  entry: ColumnEntry,
): { ids: Uint8Array; index: Uint32Array } {
  const stored = directory.first(entry.number);
  // Words are looked at in place, and a row of other columns is not held for the ids alone.
  const isOwn = stored.byteOffset % 4 === 0 && stored.buffer.byteLength < stored.length * 2;
  const ids = isOwn ? stored : new Uint8Array(stored);
  const index = unpackBits(directory.main(entry.number), entry.count);
  let met = 0;
  for (let i = 0; i < index.length; i++) {
    const back = index[i]!;
    if (back > met) throw new RangeError('a trace id stands before the first one');
    index[i] = back === 0 ? met++ : met - back;
  }
  if (met * TRACE_ID_BYTES !== ids.length)
    throw new RangeError(`there are ${ids.length} bytes of ${met} trace ids`);
  return { ids, index };
}

export function readSpanIds(directory: Directory, entry: ColumnEntry): Uint8Array {
  const stored = directory.main(entry.number);
  const ids = stored.byteOffset % 4 === 0 ? stored : new Uint8Array(stored);
  if (ids.length !== entry.count * SPAN_ID_BYTES) throw new RangeError('there are too few span ids');
  return ids;
}

export function readParents(directory: Directory, entry: ColumnEntry, spanIds: Uint8Array): Uint8Array {
  const codes = unpackBits(directory.main(entry.number), entry.count);
  const others = wordPairs(directory.first(entry.number), entry.distinct);
  const spans = new Uint32Array(spanIds.buffer, spanIds.byteOffset, spanIds.length >>> 2);
  const parents = new Uint32Array(entry.count * 2);
  let next = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code === 0) continue;
    if (code === 1) {
      if (next >= entry.distinct) throw new RangeError('a parent id is missing');
      parents[i * 2] = others[next * 2]!;
      parents[i * 2 + 1] = others[next * 2 + 1]!;
      next++;
      continue;
    }
    const zigzag = code - 2;
    const at = i + ((zigzag >>> 1) ^ -(zigzag & 1));
    if (at < 0 || at >= entry.count) throw new RangeError('a parent is not in the block');
    parents[i * 2] = spans[at * 2]!;
    parents[i * 2 + 1] = spans[at * 2 + 1]!;
  }
  return new Uint8Array(parents.buffer);
}

export function readTimes(directory: Directory, entry: ColumnEntry): BigInt64Array {
  if (entry.encoding === ENCODING.fixed64) return fixed(directory, entry);
  const words = unpackLengths(directory.mainOnce(entry.number), entry.count);
  let low = entry.minLow;
  let high = entry.minHigh;
  for (let i = 0; i < words.length; i += 2) {
    const zigzag = words[i]!;
    if (words[i + 1] === 0) low += (zigzag >>> 1) ^ -(zigzag & 1);
    else {
      const by = words[i + 1]! * 0x8000_0000 + (zigzag >>> 1);
      low += (zigzag & 1) === 0 ? by : -by - 1;
    }
    if (low >= TWO_32 || low < 0) {
      const carry = Math.floor(low / TWO_32);
      low -= carry * TWO_32;
      high += carry;
    }
    words[i] = low;
    words[i + 1] = high;
  }
  return new BigInt64Array(words.buffer);
}

export function readDurations(directory: Directory, entry: ColumnEntry): BigInt64Array {
  if (entry.encoding === ENCODING.fixed64) return fixed(directory, entry);
  return new BigInt64Array(unpackLengths(directory.mainOnce(entry.number), entry.count).buffer);
}

const TWO_32 = 0x1_0000_0000;

function fixed(directory: Directory, entry: ColumnEntry): BigInt64Array {
  return new BigInt64Array(wordPairs(directory.main(entry.number), entry.count).buffer);
}
