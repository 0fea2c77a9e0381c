/**
 * Bloom filters over trace ids, one per block. 16 bits an id and 6 probes let one in a thousand absent ids pass
 * (Bloom 1970; m/n = 16, k = 6 gives 0.94e-3). Ids need not be random: they are mixed before use.
 */
import { mixWords, wordsOf } from '../../telemetry/id-table.ts';

const BITS_PER_ID = 16;
const PROBES = 6;
const WORDS_PER_ID = 4;

/** The two hashes of an id from which all its probes follow. */
export interface IdHash {
  first: number;
  second: number;
}

/** Filter over packed trace ids; zero ids (absent) are left out. Empty when there was no id. */
export function buildBloom(traceIds: Uint8Array): Uint32Array {
  const words = wordsOf(traceIds);
  const runs = countRuns(words);
  if (runs === 0) return new Uint32Array(0);
  const filter = new Uint32Array(Math.ceil((runs * BITS_PER_ID) / 32));
  const bits = filter.length * 32;
  for (let at = 0; at < words.length; at += WORDS_PER_ID) {
    if (isZero(words, at) || (at > 0 && isSame(words, at, at - WORDS_PER_ID))) continue;
    const { first, second } = hashId(words, at);
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = ((first + Math.imul(probe, second)) >>> 0) % bits;
      filter[bit >>> 5]! |= 1 << (bit & 31);
    }
  }
  return filter;
}

/** Hashes of the id that begins at word `at`. */
export function hashId(words: Uint32Array, at: number): IdHash {
  const a = words[at]!;
  const b = words[at + 1]!;
  const c = words[at + 2]!;
  const d = words[at + 3]!;
  return { first: mixWords(a, b, c, d, 0, 0), second: mixWords(d, c, b, a, 1, 0) | 1 };
}

/** False only when the id is surely not in the block. */
export function mayContain(filter: Uint32Array, hash: IdHash): boolean {
  if (filter.length === 0) return false;
  const bits = filter.length * 32;
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = ((hash.first + Math.imul(probe, hash.second)) >>> 0) % bits;
    if ((filter[bit >>> 5]! & (1 << (bit & 31))) === 0) return false;
  }
  return true;
}

/** How often another id follows: an upper bound of the distinct ids that costs no table. */
function countRuns(words: Uint32Array): number {
  let runs = 0;
  for (let at = 0; at < words.length; at += WORDS_PER_ID) {
    if (!isZero(words, at) && (at === 0 || !isSame(words, at, at - WORDS_PER_ID))) runs++;
  }
  return runs;
}

function isZero(words: Uint32Array, at: number): boolean {
  return (words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) === 0;
}

function isSame(words: Uint32Array, one: number, other: number): boolean {
  return (
    words[one] === words[other] &&
    words[one + 1] === words[other + 1] &&
    words[one + 2] === words[other + 2] &&
    words[one + 3] === words[other + 3]
  );
}
