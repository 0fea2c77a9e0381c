/**
 * Columns of numbers of very different size: first how many bytes each takes, two bits a number, then their bytes, the lowest
 * first. Read without a branch for each byte, as varints need it, which a processor guesses wrongly every other time.
 */
const TWO_32 = 0x1_0000_0000;
/** Bytes that the two bits stand for: the form that the first byte of a column names. */
const FORMS = [
  [1, 2, 3, 4],
  [2, 3, 4, 6],
] as const;
/** What reads may touch behind the last number. */
const SPARE_BYTES = 4;
const MASKS = [0, 0xff, 0xffff, 0xff_ffff, -1, -1, -1];

/** Non-negative integers below this have a form. */
export const LENGTHS_BELOW = 2 ** 48;

export function packLengths(values: Float64Array, count: number): Uint8Array {
  let most = 0;
  for (let i = 0; i < count; i++) if (values[i]! > most) most = values[i]!;
  const form = most < TWO_32 ? 0 : 1;
  const lengths = FORMS[form];
  const controls = 1 + Math.ceil(count / 4);
  const out = new Uint8Array(controls + count * lengths[3] + SPARE_BYTES);
  out[0] = form;
  let at = controls;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    const low = value >>> 0;
    const high = value >= TWO_32 ? Math.floor(value / TWO_32) : 0;
    const needed = high > 0 ? 6 : bytesOf(low);
    let code = 0;
    while (lengths[code]! < needed) code++;
    out[1 + (i >>> 2)]! |= code << ((i & 3) * 2);
    const length = lengths[code]!;
    for (let n = 0; n < length && n < 4; n++) out[at + n] = low >>> (n * 8);
    if (length === 6) {
      out[at + 4] = high;
      out[at + 5] = high >>> 8;
    }
    at += length;
  }
  return out.slice(0, at + SPARE_BYTES);
}

function bytesOf(low: number): number {
  return low < 0x1_0000 ? (low < 0x100 ? 1 : 2) : low < 0x100_0000 ? 3 : 4;
}

/** Low and high words of the numbers, in pairs. Throws a RangeError when there are fewer or more of them. */
export function unpackLengths(raw: Uint8Array, count: number): Uint32Array {
  const words = new Uint32Array(count * 2);
  const lengths = FORMS[raw[0] ?? 0];
  const controls = 1 + Math.ceil(count / 4);
  if (lengths === undefined || raw.length < controls + SPARE_BYTES) throw wrong(count, raw);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const end = raw.length - SPARE_BYTES;
  const [l0, l1, l2, l3] = lengths;
  const length = Uint8Array.of(l0, l1, l2, l3);
  const mask = Int32Array.of(MASKS[l0]!, MASKS[l1]!, MASKS[l2]!, MASKS[l3]!);
  let at = controls;
  for (let i = 0; i < count; i++) {
    const code = (raw[1 + (i >>> 2)]! >>> ((i & 3) * 2)) & 3;
    if (at > end) throw wrong(count, raw);
    words[i * 2] = view.getUint32(at, true) & mask[code]!;
    if (l3 === 6 && code === 3) words[i * 2 + 1] = raw[at + 4]! | (raw[at + 5]! << 8);
    at += length[code]!;
  }
  if (at !== end) throw wrong(count, raw);
  return words;
}

function wrong(count: number, { length }: Uint8Array): RangeError {
  return new RangeError(`${count} numbers do not stand in ${length} bytes`);
}
