/**
 * Card numbers as people and programs write them: in one piece, in groups of four, or in the groups of Amex and
 * Diners Club. Not part of a longer word or number, nor the fraction of one.
 * Source of lengths and beginnings: https://en.wikipedia.org/wiki/Payment_card_number (ISO/IEC 7812)
 */
const CARD =
  /(?<![0-9A-Za-z]|\d[.,])(?:\d{13,19}|\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}(?:[ -]\d{3})?|\d{4}[ -]\d{6}[ -]\d{4,5})(?![0-9A-Za-z]|[.,]\d)/g;

/** The same in raw bytes, where what seems to be the first or the last digit may be a length or a field's number. */
const MAYBE_CARD = /(?<!\d\d)(?:\d{13,20}|\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}|\d{4}[ -]\d{6}[ -]\d{4,5})/g;

const MIN_DIGITS = 13;

/** Visa, Mastercard, Amex, Diners Club, Discover, JCB, UnionPay, Maestro. */
const BEGINNING = /^(?:4|5[0-8]|2[2-7]|3[0-9]|6)/;

/** Where cards stand in `text`, as [start, end). */
export function cardsIn(text: string): [start: number, end: number][] {
  return matches(text, CARD, isCard);
}

/** Places inside of what may be cards in `text`, which was cut from raw bytes. */
export function possibleCards(text: string): number[] {
  const maybe = (digits: string) => isCard(digits) || isCard(digits.slice(0, -1));
  return matches(text, MAYBE_CARD, maybe).map(([start, end]) => (start + end) >> 1);
}

/** False when the bytes from `from` to `to` have no digits in a row, spaces and dashes aside, that a card number needs. */
export function hasDigitsOfCard(bytes: Uint8Array, from: number, to: number): boolean {
  let digits = 0;
  for (let p = from; p < to; p++) {
    const byte = bytes[p]!;
    if (byte >= 0x30 && byte <= 0x39) digits++;
    else if (byte !== 0x20 && byte !== 0x2d) digits = 0;
    if (digits === MIN_DIGITS) return true;
  }
  return false;
}

/** Matches of `pattern` that pass; one that does not may hide another that begins inside of it. */
function matches(text: string, pattern: RegExp, passes: (found: string) => boolean): [number, number][] {
  const found: [number, number][] = [];
  const search = new RegExp(pattern);
  for (let match = search.exec(text); match; match = search.exec(text)) {
    if (passes(match[0])) found.push([match.index, search.lastIndex]);
    else search.lastIndex = match.index + 1;
  }
  return found;
}

/** True when the digits of `text` are those of a card: a known beginning, and a Luhn check digit that is right. */
function isCard(text: string): boolean {
  return BEGINNING.test(text) && passesLuhn(text);
}

/** ISO/IEC 7812-1, annex B; what is no digit is passed over. */
function passesLuhn(text: string): boolean {
  let sum = 0;
  let double = false;
  for (let i = text.length - 1; i >= 0; i--) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) continue;
    const value = double ? digit * 2 : digit;
    sum += value > 9 ? value - 9 : value;
    double = !double;
  }
  return sum % 10 === 0;
}
