// Finds where a secret may stand in a text: places of short strings ("needles", in either case), of `@` behind a letter
// or a digit, and of long runs of digits. Everything found is a hint that needle-search.ts looks at; nothing is missed.
//
// Needles are three bytes. Each belongs to one of seven groups, a bit of a byte; the eighth bit is for `@`. Six tables
// say for each half of the first, second and third byte which groups have it there, so that sixteen places are looked
// at with six lookups (relaxed ones: a half is below 16, for which every machine does the same). The method is Teddy of
// Hyperscan: https://www.usenix.org/system/files/nsdi19-wang-xiang.pdf

/** Bytes of text at the most. */
const CAPACITY: usize = 65536;
/** Marks a place as one from which on there is a run of digits. */
const RUN: u32 = 0x80000000;

/** What is searched for, as needle-search.ts lays it out. */
const tables: usize = memory.data(128 + 4096 + 256, 16);
/** Six tables of sixteen bytes: the low and the high half of byte 0, then of bytes 1 and 2. */
const halves: usize = tables;
/**
 * Sixteen bytes each of 15, of 96 and of -102. They are loaded, not written where they are used: V8 would build them
 * anew in every turn of the loop, a quarter of its time.
 */
const constants: usize = memory.data<u64>(
  [
    0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f, 0x6060606060606060, 0x6060606060606060, 0x9a9a9a9a9a9a9a9a,
    0x9a9a9a9a9a9a9a9a,
  ],
  16,
);
/** Not zero for the hashes of the needles. */
const hashes: usize = tables + 128;
/** Not zero for the bytes that may stand before an `@`. */
const beforeAt: usize = tables + 128 + 4096;
/** A text that came from elsewhere, with room before and behind it that may be read. */
const text: usize = memory.data(65536 + 128, 16);
/** Places found: one for every byte and three for every sixteen at the most. */
const found: usize = memory.data(4 * (65536 + 16384), 16);

/** Where the text that is looked through begins. */
let start: usize = 0;

export function tablesAt(): usize {
  return tables;
}
export function textAt(): usize {
  return text + 64;
}
export function foundAt(): usize {
  return found;
}
export function capacity(): usize {
  return CAPACITY;
}

/** The hash of three bytes, letters in either case alike; needle-search.ts has the same. */
// @ts-expect-error: decorator
@inline
function hashOf(four: u32): u32 {
  return ((((four | 0x20202020) & 0xffffff) * 0x9e3779b1) >> 20);
}

/** Notes the places, counted from `p`, whose groups are not empty in `groups` and whose three bytes are known. */
function note(p: usize, groups: v128, out: usize): usize {
  let bits = ~i8x16.bitmask(i8x16.eq(groups, i8x16.splat(0))) & 0xffff;
  while (bits !== 0) {
    const place = p + ctz(bits);
    const four = load<u32>(place);
    const known =
      (four & 0xff) === 0x40 ? load<u8>(beforeAt + load<u8>(place - 1)) : load<u8>(hashes + hashOf(four));
    if (known !== 0) {
      store<u32>(out, <u32>(place - start));
      out += 4;
    }
    bits &= bits - 1;
  }
  return out;
}

/**
 * Looks through the `length` bytes at `at`, around which 64 may be read; gives the number of places in `found`. Places
 * before and behind the text may be among them.
 */
export function search(at: usize, length: usize): usize {
  start = at;
  const low0 = v128.load(halves), high0 = v128.load(halves, 16);
  const low1 = v128.load(halves, 32), high1 = v128.load(halves, 48);
  const low2 = v128.load(halves, 64), high2 = v128.load(halves, 80);
  const half = v128.load(constants), move = v128.load(constants, 16), least = v128.load(constants, 32);
  const end = at + length + 2; // a needle is found at its last byte
  let out = found;
  let before0 = i8x16.splat(0), before1 = before0, wordsBefore = before0;
  for (let p = at; p < end; p += 16) {
    const bytes = v128.load(p);
    const low = v128.and(bytes, half);
    const high = v128.and(i16x8.shr_u(bytes, 4), half);
    const groups0 = v128.and(i8x16.relaxed_swizzle(low0, low), i8x16.relaxed_swizzle(high0, high));
    const groups1 = v128.and(i8x16.relaxed_swizzle(low1, low), i8x16.relaxed_swizzle(high1, high));
    const groups2 = v128.and(i8x16.relaxed_swizzle(low2, low), i8x16.relaxed_swizzle(high2, high));
    const groups = v128.and(
      v128.and(groups2, i8x16.shuffle(before1, groups1, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)),
      i8x16.shuffle(before0, groups0, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29),
    );
    before0 = groups0;
    before1 = groups1;
    // Space to 9: digits, what stands between groups of them, and little else. A run of 13 has two whole words in a row.
    // Moved to the least of the signed numbers, the range takes one comparison.
    const digits = i8x16.lt_s(i8x16.add(bytes, move), least);
    const words = i32x4.eq(digits, i32x4.splat(-1));
    const run = v128.and(words, i8x16.shuffle(wordsBefore, words, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27));
    wordsBefore = words;
    if (v128.any_true(v128.or(groups, run))) {
      if (v128.any_true(run)) out = noteRuns(p, out);
      out = note(p - 2, groups, out);
    }
  }
  return (out - found) >> 2;
}

/**
 * Notes where card numbers may stand in the 48 bytes around the sixteen at `p`: thirteen in a row that are digits or
 * stand between groups of four digits at least. The groups of dates and times are shorter.
 */
function noteRuns(p: usize, out: usize): usize {
  const digits = maskOfDigits(p - 16) | (maskOfDigits(p) << 16) | (maskOfDigits(p + 16) << 32);
  const between = maskBetween(p - 16) | (maskBetween(p) << 16) | (maskBetween(p + 16) << 32);
  const tooNear = between & ((between << 1) | (between << 2) | (between << 3) | (between << 4));
  const fits = (digits | between) & ~tooNear;
  const two = fits & (fits >> 1);
  const four = two & (two >> 2);
  const eight = four & (four >> 4);
  const thirteen = eight & (four >> 8) & (fits >> 12);
  let starts = thirteen & ~(thirteen << 1);
  while (starts !== 0) {
    const place = max(p - 16 + <usize>ctz(starts), start);
    store<u32>(out, <u32>(place - start) | RUN);
    out += 4;
    starts &= starts - 1;
  }
  return out;
}

function maskOfDigits(p: usize): u64 {
  return <u64>i8x16.bitmask(i8x16.lt_u(i8x16.sub(v128.load(p), i8x16.splat(0x30)), i8x16.splat(10)));
}

/** Spaces and dashes. */
function maskBetween(p: usize): u64 {
  const bytes = v128.load(p);
  return <u64>i8x16.bitmask(v128.or(i8x16.eq(bytes, i8x16.splat(0x20)), i8x16.eq(bytes, i8x16.splat(0x2d))));
}
