/**
 * A filter over all attributes of a block's records, their own and their resources': whether one may be there is told
 * without a look at the block. An attribute is the hash of its key and its value; the value counts as the type that it is
 * stored as, so that a text that is asked for is up to four hashes.
 */
import { crc32 } from 'node:zlib';
import { isPlainField } from '../../../formats/log-line/decode-log-line.ts';
import type { BlockMeta } from '../block.ts';
import { hashBytes, hashWords, mayHoldHash, valueBloom } from './hashing.ts';
import { TYPE } from './layout.ts';

/** Stands for a key of which any value may be there. */
const ANY_VALUE = 0x5bd1_e995;
/** Stands for any key: some attributes are told by a decoder alone. */
const ANY_KEY = 0x1b87_3593;
const CANONICAL_NAN = { low: 0, high: 0x7ff8_0000 };
const CRC_BYTES = 4;

/** Places of a table of what was added lately. */
const RECENT = 8192;

/** Collects the attributes of one block. */
export class PairFilterWriter {
  #hashes = new Int32Array(1024);
  #count = 0;
  /** What comes again and again is taken once: at the place that its lower bits tell stands the last one. */
  readonly #recent = new Int32Array(RECENT);

  /** The key, by its hash, has a value that reads as bytes of this hash. */
  addText(key: number, text: number): void {
    this.#add(pairHash(key, TYPE.text, text));
  }

  /** The key has a value of 64 bits, of the type `int`, `double` or `bool`. */
  addWords(key: number, type: number, low: number, high: number): void {
    const isNotANumber =
      type === TYPE.double && (high & 0x7ff0_0000) === 0x7ff0_0000 && ((high & 0xf_ffff) | low) !== 0;
    const words = isNotANumber ? CANONICAL_NAN : { low, high };
    this.#add(pairHash(key, type, hashWords(words.low, words.high)));
  }

  /** Any value may stand under the key. */
  addAnyValue(key: number): void {
    this.#add(pairHash(key, 0, ANY_VALUE));
  }

  /** There may be attributes of any key. */
  addAnyKey(): void {
    this.#add(ANY_KEY);
  }

  #add(hash: number): void {
    const place = hash & (RECENT - 1);
    if (this.#recent[place] === hash && hash !== 0) return;
    this.#recent[place] = hash;
    if (this.#count === this.#hashes.length) {
      const larger = new Int32Array(this.#count * 2);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes[this.#count++] = hash;
  }

  buildFilter(): Uint32Array {
    return valueBloom(this.#hashes, this.#count);
  }

  /** The filter and a CRC-32 of it. */
  build(): Uint8Array {
    const filter = this.buildFilter();
    const bytes = new Uint8Array(filter.byteLength + CRC_BYTES);
    bytes.set(new Uint8Array(filter.buffer));
    new DataView(bytes.buffer).setUint32(filter.byteLength, crc32(filter), true);
    return bytes;
  }
}

/** What a writer built, to be asked. Throws a RangeError where the bytes are not what they should be. */
export function readPairFilter(stored: Uint8Array): Uint32Array {
  // A copy: SQLite's bytes need not begin at a multiple of four.
  const bytes = new Uint8Array(stored);
  const end = bytes.length - CRC_BYTES;
  if (
    end < 4 ||
    end % 4 !== 0 ||
    crc32(bytes.subarray(0, end)) !== new DataView(bytes.buffer).getUint32(end, true)
  )
    throw new RangeError('the filter does not have its checksum');
  return new Uint32Array(bytes.buffer, 0, end >>> 2);
}

/** Hashes of which a filter holds at least one when a record has the attribute, reading as `text`. */
export function hashesOfPair(key: string, text: string): Int32Array {
  const keyHash = hashBytes(Buffer.from(key));
  const hashes = [ANY_KEY, pairHash(keyHash, 0, ANY_VALUE)];
  hashes.push(pairHash(keyHash, TYPE.text, hashBytes(Buffer.from(text))));
  if (text === 'true' || text === 'false')
    hashes.push(pairHash(keyHash, TYPE.bool, hashWords(text === 'true' ? 1 : 0, 0)));
  if (/^(0|-?[1-9]\d{0,18})$/.test(text)) {
    const value = BigInt.asUintN(64, BigInt(text));
    const hash = hashWords(Number(value & 0xffff_ffffn), Number(value >> 32n));
    hashes.push(pairHash(keyHash, TYPE.int, hash));
  }
  const double = Number(text);
  if (String(double) === text) {
    for (const value of double === 0 ? [0, -0] : [double]) {
      const [low = 0, high = 0] = new Uint32Array(Float64Array.of(value).buffer);
      const words = Number.isNaN(value) ? CANONICAL_NAN : { low, high };
      hashes.push(pairHash(keyHash, TYPE.double, hashWords(words.low, words.high)));
    }
  }
  return Int32Array.from(hashes);
}

/** False only when no record of the block has the attribute, of which these are the hashes. */
export function mayHoldPair(
  meta: BlockMeta,
  filter: Uint32Array,
  { key, value }: { key: string; value: string },
  hashes: Int32Array,
): boolean {
  for (let n = 0; n < hashes.length; n++) if (mayHoldHash(filter, hashes[n]!)) return true;
  return isMadeOfLines(meta, key) || (Object.hasOwn(meta.resource, key) && meta.resource[key] === value);
}

/** True for attributes that lines do not have as a field of that name: only decoding tells them. */
export function isMadeOfLines(meta: BlockMeta, key: string): boolean {
  return meta.encoding === 'log-lines' && !isPlainField(key);
}

function pairHash(key: number, type: number, value: number): number {
  const mixed = Math.imul(key ^ Math.imul(type, 0x9e37_79b1), 0x85eb_ca6b);
  return hashWords(value, mixed ^ (mixed >>> 15));
}
