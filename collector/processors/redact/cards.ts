/**
 * Card numbers as people and programs write them: in one piece, in groups of four, or in the groups of Amex and
 * Diners Club. Not part of a longer word or number, nor the fraction of one.
 */
const CARD =
  /(?<![0-9A-Za-z]|\d[.,])(?:\d{13,19}|\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}(?:[ -]\d{3})?|\d{4}[ -]\d{6}[ -]\d{4,5})(?![0-9A-Za-z]|[.,]\d)/g;
/** What stands before an id that happens to be of digits alone: of sixteen hex digits one in two thousand is. */
const ID_BEFORE = /(?:span|trace|parent|request)[ _.-]?id["']?[ :=[(]{0,3}["']?$/i;
const ID_LENGTH = 24;

/**
 * How the numbers of issuers begin, and how many digits they have. Visa, Mastercard, Amex, Diners Club, Discover, JCB,
 * UnionPay, Maestro. Source: https://en.wikipedia.org/wiki/Payment_card_number (ISO/IEC 7812)
 */
const ISSUERS: readonly { begins: RegExp; lengths: readonly number[] }[] = [
  { begins: /^4/, lengths: [13, 16, 19] },
  { begins: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] },
  { begins: /^3[47]/, lengths: [15] },
  { begins: /^3(?:0[0-5]|[689])/, lengths: [14] },
  { begins: /^6(?:011|4[4-9]|5)/, lengths: [16, 19] },
  { begins: /^35(?:2[89]|[3-8])/, lengths: [16, 17, 18, 19] },
  { begins: /^62/, lengths: [16, 17, 18, 19] },
  { begins: /^(?:50(?:18|20|38)|5893|6304|67(?:59|6[1-3]))/, lengths: [13, 14, 15, 16, 17, 18, 19] },
];

const GROUPED = /^\d{4}[ -](?:\d{4}[ -]\d{4}[ -]\d{4}|\d{6}[ -]\d{4})/;

const ZERO = 0x30;
const POINT = 0x2e;
const COMMA = 0x2c;
const SPACE = 0x20;
const DASH = 0x2d;
const SHORTEST = 13;
const LONGEST = 19;

/** Where cards stand in `text`, as [start, end). */
export function cardsIn(text: string): [start: number, end: number][] {
  const found: [number, number][] = [];
  const search = new RegExp(CARD);
  for (let match = search.exec(text); match; match = search.exec(text)) {
    const { index } = match;
    if (isCard(match[0]) && !ID_BEFORE.test(text.slice(Math.max(0, index - ID_LENGTH), index))) {
      found.push([index, search.lastIndex]);
    } else search.lastIndex = index + 1; // another may begin inside of what is none
  }
  return found;
}

/** True when the digits of `text` are those of a card: an issuer's beginning and length, a right check digit. */
function isCard(text: string): boolean {
  const digits = text.replace(/[ -]/g, '');
  return (
    ISSUERS.some(({ begins, lengths }) => lengths.includes(digits.length) && begins.test(digits)) &&
    passesLuhn(digits)
  );
}

/** ISO/IEC 7812-1, annex B. */
function passesLuhn(digits: string): boolean {
  return bytesPassLuhn(Buffer.from(digits, 'latin1'), 0, digits.length);
}

function bytesPassLuhn(bytes: Buffer, start: number, end: number): boolean {
  let sum = 0;
  let isDoubled = false;
  for (let p = end - 1; p >= start; p--) {
    const digit = bytes[p]! - ZERO;
    const value = isDoubled ? digit * 2 : digit;
    sum += value > 9 ? value - 9 : value;
    isDoubled = !isDoubled;
  }
  return sum % 10 === 0;
}

/**
 * Visits a place inside of each card that may stand in the run of digits and of what stands between them that begins
 * at `from`; gives its end. With `mixed` the bytes hold numbers beside texts: the first or the last digit of a run may
 * then be a length or a field's number.
 */
export function eachPossibleCard(
  bytes: Buffer,
  from: number,
  mixed: boolean,
  visit: (place: number) => void,
): number {
  let p = from;
  while (isDigit(bytes[p - 1]) && isDigit(bytes[p])) p++;
  for (;;) {
    const start = p;
    while (isDigit(bytes[p])) p++;
    const length = p - start;
    const possible =
      length >= SHORTEST ? mayBeWhole(bytes, start, p, mixed) : mayBeGrouped(bytes, start, length, mixed);
    if (possible) visit(start + (length >> 1));
    if (bytes[p] !== SPACE && bytes[p] !== DASH) return p;
    p++;
  }
}

function mayBeWhole(bytes: Buffer, start: number, end: number, mixed: boolean): boolean {
  const slack = mixed ? 1 : 0;
  if (end - start > LONGEST + 2 * slack) return false;
  if (!mixed && isFraction(bytes, start)) return false;
  for (let s = start; s <= start + slack; s++) {
    // Times since the epoch are of this length, too, and begin with a 1.
    if (bytes[s]! <= ZERO + 1 || bytes[s]! > ZERO + 6) continue;
    for (let e = end; e >= end - slack; e--) {
      if (bytesPassLuhn(bytes, s, e) && isCard(bytes.toString('latin1', s, e))) return true;
    }
  }
  return false;
}

/** Digits behind the point of a number: of a duration, say, as floats are written. */
function isFraction(bytes: Buffer, start: number): boolean {
  return (bytes[start - 1] === POINT || bytes[start - 1] === COMMA) && isDigit(bytes[start - 2]);
}

/** Four digits (the first of five may be a length), and behind them the other groups of a card. */
function mayBeGrouped(bytes: Buffer, start: number, length: number, mixed: boolean): boolean {
  const first = mixed && length === 5 ? start + 1 : start;
  if (length !== 4 && first === start) return false;
  // A date has four digits and a dash, but not four digits more.
  for (let p = first + 5; p < first + 9; p++) if (!isDigit(bytes[p])) return false;
  return GROUPED.test(bytes.toString('latin1', first, first + LONGEST + 5));
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= ZERO + 9;
}
