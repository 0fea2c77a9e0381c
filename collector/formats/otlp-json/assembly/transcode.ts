// OTLP/JSON to protobuf in one pass, compiled to WebAssembly. What a message may hold stands in tables that
// message-tables.ts writes. It gives up on whatever is damaged or unusual: the careful way in TypeScript then reads the
// body again and decides. What is accepted here must be accepted there, and mean the same; a property test holds the two
// together.
//
// Functions that read give the place behind what they read, or GIVE_UP. The body is known to be UTF-8, and PADDING zeros
// stand behind it: no text and no number goes on there, so that nothing else has to look for the end.

/** JSON's number between `at` and `at + length`, as the nearest double. */
@external('env', 'number')
declare function parseNumber(at: usize, length: usize): f64;
/** The double that a text stands for; ends the whole work when it stands for none. */
@external('env', 'doubleText')
declare function parseDoubleText(at: usize, length: usize): f64;
/** Decodes base64 to `to` and gives its length; ends the whole work when it is none. */
@external('env', 'base64')
declare function decodeBase64(at: usize, length: usize, to: usize): usize;

const GIVE_UP: usize = 0;
/** Nesting of messages, and of values that nobody asked for, as MAX_DEPTH of formats/protobuf/reader.ts. */
const MAX_DEPTH: i32 = 100;
/** Zeros behind the body: more than is ever read at once. */
const PADDING: usize = 64;
/** What may be written between two looks at the room that is left: tags and moved lengths, 100 deep, and one vector. */
const SLACK: usize = 2048;

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const COMMA: u8 = 0x2c;
const COLON: u8 = 0x3a;
const MINUS: u8 = 0x2d;
const ZERO: u8 = 0x30;
const OPEN_OBJECT: u8 = 0x7b;
const CLOSE_OBJECT: u8 = 0x7d;
const OPEN_LIST: u8 = 0x5b;
const CLOSE_LIST: u8 = 0x5d;
const LETTER_N: u8 = 0x6e;
const LETTER_T: u8 = 0x74;
const LETTER_F: u8 = 0x66;
const LETTER_U: u8 = 0x75;
// Texts as numbers, as they stand in memory: how senders write an attribute, and the literals.
/** `{"key":"` */
const KEY_OPENS: u64 = 0x223a2279656b227b;
/** `","value`, behind it `":{"stri`, `ngValue"` and `:"`, or `":{"intV`, `alue` and `":`. */
const VALUE_FOLLOWS: u64 = 0x65756c6176222c22;
const TEXT_OPENS_1: u64 = 0x69727473227b3a22;
const TEXT_OPENS_2: u64 = 0x2265756c6156676e;
const TEXT_OPENS_3: u16 = 0x223a;
const INTEGER_OPENS_1: u64 = 0x56746e69227b3a22;
const INTEGER_OPENS_2: u32 = 0x65756c61;
const INTEGER_OPENS_3: u16 = 0x3a22;
/** `}}` */
const ATTRIBUTE_CLOSES: u16 = 0x7d7d;
const NULL: u32 = 0x6c6c756e;
const TRUE: u32 = 0x65757274;
const ALSE: u32 = 0x65736c61;

// Layout of the tables; message-tables.ts writes it. A message: the number of its fields, the field that came first in
// the last one, two unused words, its fields. Places of fields and messages are places in memory.
const MESSAGE_FIRST: usize = 4;
const MESSAGE_FIELDS: usize = 16;
const FIELD_BYTES: usize = 64;
// A field: its key in 24 bytes, then these, each a word.
const KEY_LENGTH: usize = 24;
const KIND: usize = 28;
const TAG: usize = 32;
const TAG_BYTES: usize = 36;
const BIT: usize = 40;
const ONEOF_BIT: usize = 44;
const LIST: usize = 48;
const ID_BYTES: usize = 52;
const NESTED: usize = 56;
/** The field that came behind this one the last time: senders write every message in one order. */
const NEXT: usize = 60;
// Values of LIST: none, one tag for each item, one tag for all.
const NO_LIST: u32 = 0;
const PACKED: u32 = 2;
// Values of KIND, in the order of message-tables.ts.
const MESSAGE: u32 = 0;
const STRING: u32 = 1;
const BYTES: u32 = 2;
const ID: u32 = 3;
const BOOL: u32 = 4;
const ENUM: u32 = 5;
const UINT32: u32 = 6;
const SINT32: u32 = 7;
const INT64: u32 = 8;
const UINT64: u32 = 9;
const FIXED32: u32 = 10;
const FIXED64: u32 = 11;
const SFIXED64: u32 = 12;
const ATTRIBUTE: u32 = 14;

/** Bytes of a message whose length takes one byte. */
const SHORT: usize = 0x80;
// Tags of KeyValue.key, KeyValue.value, AnyValue.stringValue and AnyValue.intValue.
const KEY_TAG: u8 = 0x0a;
const VALUE_TAG: u8 = 0x12;
const TEXT_TAG: u8 = 0x0a;
const INTEGER_TAG: u8 = 0x18;

const TABLE_BYTES: usize = 32768;
const tables: usize = memory.data(32768, 16);
/** Bytes of the length of the last message that was closed, by depth: the next one will need as many. */
const lengthSizes: usize = memory.data(128);
/** Powers of ten that a double holds exactly. */
const POWERS: StaticArray<f64> = [
  1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
];
/** Digits that always fit into the 53 bits of a double. */
const EXACT_DIGITS: usize = 15;

let body: usize = 0;
let end: usize = 0;
/** Where the next byte of the message goes, and the end of the memory behind it. */
let at: usize = 0;
let limit: usize = 0;
/** The last integer that was read. */
let magnitude: u64 = 0;
let negative: bool = false;

/** Place of the tables, TABLE_BYTES long. */
export function tablesAt(): usize {
  return tables;
}

export function tableBytes(): usize {
  return TABLE_BYTES;
}

/** Makes room for a body of `size` bytes and for what it becomes; gives the place of the body. */
export function room(size: usize): usize {
  body = (__heap_base + 15) & ~15;
  const start = (body + size + PADDING + 15) & ~15;
  limit = memory.size() << 16;
  reserve(start, size);
  return body;
}

/** Lets `size` bytes, and SLACK, follow `start`. */
function reserve(start: usize, size: usize): bool {
  const wanted = start + size + SLACK;
  if (wanted <= limit) return true;
  const pages = (wanted - limit + 0xffff) >> 16;
  if (memory.grow(<i32>pages) < 0) return false;
  limit = memory.size() << 16;
  return true;
}

/** Rewrites the body, `size` bytes, as the message of `root`; gives the bytes of it, which stand at `written()`; 0: gave up. */
export function transcode(size: usize, root: usize): usize {
  end = body + size;
  memory.fill(end, 0, PADDING);
  memory.fill(lengthSizes, 1, 128);
  at = written(size);
  const p = message(body, root, 0);
  if (p === GIVE_UP || space(p) !== end) return 0;
  // An empty message has no bytes; one more tells it from 0.
  return at - written(size) + 1;
}

/** Where the message of a body of `size` bytes stands. */
export function written(size: usize): usize {
  return (body + size + PADDING + 15) & ~15;
}

/** The next place that is no white space. */
@inline
function space(from: usize): usize {
  let p = from;
  while (load<u8>(p) <= 0x20) {
    const byte = load<u8>(p);
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    p++;
  }
  return p;
}

function message(from: usize, type: usize, depth: i32): usize {
  if (depth > MAX_DEPTH) return GIVE_UP;
  let p = space(from);
  if (load<u8>(p) !== OPEN_OBJECT) return GIVE_UP;
  p = space(p + 1);
  if (load<u8>(p) === CLOSE_OBJECT) return p + 1;
  let seen: u32 = 0;
  let guess = type + MESSAGE_FIRST;
  while (true) {
    if (load<u8>(p) !== QUOTE) return GIVE_UP;
    p++;
    let field: usize = load<u32>(guess);
    if (field !== 0 && keyIs(p, field)) p += <usize>load<u32>(field, KEY_LENGTH);
    else {
      const close = plainEnd(p);
      field = find(type, p, close - p);
      if (field !== 0) store<u32>(guess, <u32>field);
      p = close;
    }
    if (load<u8>(p) !== QUOTE) return GIVE_UP;
    p = space(p + 1);
    if (load<u8>(p) !== COLON) return GIVE_UP;
    p = space(p + 1);
    if (field === 0) p = skipValue(p, depth);
    else {
      guess = field + NEXT;
      const bit = load<u32>(field, BIT);
      // Of a key given twice JSON.parse takes the last.
      if ((seen & bit) !== 0) return GIVE_UP;
      seen |= bit;
      if (load<u8>(p) === LETTER_N) p = load<u32>(p) === NULL ? p + 4 : GIVE_UP;
      else {
        // All fields of a oneof share one more bit.
        const shared = load<u32>(field, ONEOF_BIT);
        if ((seen & shared) !== 0) return GIVE_UP;
        seen |= shared;
        p = load<u32>(field, LIST) === NO_LIST ? tagged(p, field, depth) : list(p, field, depth);
      }
    }
    if (p === GIVE_UP) return GIVE_UP;
    p = space(p);
    const byte = load<u8>(p);
    if (byte === CLOSE_OBJECT) return p + 1;
    if (byte !== COMMA) return GIVE_UP;
    p = space(p + 1);
  }
}

/** Whether the key at `p` is the field's; keys are longer than they are wrong, so the quote behind is looked at first. */
@inline
function keyIs(p: usize, field: usize): bool {
  const size: usize = load<u32>(field, KEY_LENGTH);
  if (load<u8>(p + size) !== QUOTE) return false;
  if (size <= 8) {
    const mask = u64.MAX_VALUE >> ((8 - size) << 3);
    return ((load<u64>(p) ^ load<u64>(field)) & mask) === 0;
  }
  if (load<u64>(p) !== load<u64>(field)) return false;
  if (size > 16 && load<u64>(p, 8) !== load<u64>(field, 8)) return false;
  return load<u64>(p + size - 8) === load<u64>(field + size - 8);
}

/** The field of a message by its key; 0 for a key that is not known. */
function find(type: usize, key: usize, size: usize): usize {
  let field = type + MESSAGE_FIELDS;
  for (let count = load<u32>(type); count > 0; count--) {
    if (load<u32>(field, KEY_LENGTH) === <u32>size && keyIs(key, field)) return field;
    field += FIELD_BYTES;
  }
  return 0;
}

/** Bits of the bytes that end a run of plain text: quote, backslash, control characters. */
@inline
function special(bytes: v128): i32 {
  const quotes = i8x16.eq(bytes, i8x16.splat(0x22));
  const escapes = i8x16.eq(bytes, i8x16.splat(0x5c));
  const controls = i8x16.lt_u(bytes, i8x16.splat(0x20));
  return i8x16.bitmask(v128.or(v128.or(quotes, escapes), controls));
}

/** The first place from `p` on that is no plain text. */
function plainEnd(from: usize): usize {
  let p = from;
  while (true) {
    const found = special(v128.load(p));
    if (found !== 0) return p + ctz(found);
    p += 16;
  }
}

function list(from: usize, field: usize, depth: i32): usize {
  if (load<u8>(from) !== OPEN_LIST) return GIVE_UP;
  let p = space(from + 1);
  if (load<u8>(p) === CLOSE_LIST) return p + 1;
  const packed = load<u32>(field, LIST) === PACKED;
  let start: usize = 0;
  if (packed) {
    if (!reserve(at, end - p)) return GIVE_UP;
    tag(field);
    start = open(depth);
  }
  while (true) {
    p = packed ? value(p, field, depth) : tagged(p, field, depth);
    if (p === GIVE_UP) return GIVE_UP;
    p = space(p);
    const byte = load<u8>(p);
    if (byte === CLOSE_LIST) break;
    if (byte !== COMMA) return GIVE_UP;
    p = space(p + 1);
  }
  if (packed) close(start, depth);
  return p + 1;
}

@inline
function tag(field: usize): void {
  store<u16>(at, <u16>load<u32>(field, TAG));
  at += <usize>load<u32>(field, TAG_BYTES);
}

function tagged(p: usize, field: usize, depth: i32): usize {
  tag(field);
  return value(p, field, depth);
}

function value(p: usize, field: usize, depth: i32): usize {
  // Whatever comes next, if it is no number it becomes no longer than the rest of the body.
  if (at + (end - p) + SLACK > limit && !reserve(at, end - p)) return GIVE_UP;
  const kind = load<u32>(field, KIND);
  if (kind === STRING) return text(p);
  if (kind === ATTRIBUTE) {
    // The message and the value in it lie one and two levels deeper.
    const next = depth + 2 <= MAX_DEPTH ? attribute(p) : GIVE_UP;
    return next === GIVE_UP ? nested(p, field, depth) : next;
  }
  if (kind === MESSAGE) return nested(p, field, depth);
  if (kind === ID) return id(p, load<u32>(field, ID_BYTES));
  if (kind === BOOL) return boolean(p);
  if (kind === BYTES) return bytes(p);
  if (kind <= SFIXED64) return whole(p, kind);
  return double(p);
}

function nested(p: usize, field: usize, depth: i32): usize {
  const start = open(depth);
  const next = message(p, load<u32>(field, NESTED), depth + 1);
  close(start, depth);
  return next;
}

/**
 * An attribute as most senders write it: key first, no white space, a short text or an integer. Gives up on any other,
 * with nothing written.
 */
function attribute(p: usize): usize {
  if (load<u64>(p) !== KEY_OPENS) return GIVE_UP;
  const start = at;
  const key = start + 3;
  let from = copyPlain(p + 8, key);
  const keyBytes = from - p - 8;
  if (keyBytes >= SHORT || load<u8>(from) !== QUOTE || load<u64>(from) !== VALUE_FOLLOWS) return GIVE_UP;
  const value = key + keyBytes;
  let size: usize = 0;
  if (load<u64>(from, 8) === TEXT_OPENS_1) {
    if (load<u64>(from, 16) !== TEXT_OPENS_2 || load<u16>(from, 24) !== TEXT_OPENS_3) return GIVE_UP;
    const close = copyPlain(from + 26, value + 4);
    if (load<u8>(close) !== QUOTE) return GIVE_UP;
    size = close - from - 26;
    if (size >= SHORT) return GIVE_UP;
    store<u8>(value, TEXT_TAG, 2);
    store<u8>(value, <u8>size, 3);
    size += 2;
    from = close + 1;
  } else {
    if (load<u64>(from, 8) !== INTEGER_OPENS_1 || load<u32>(from, 16) !== INTEGER_OPENS_2) return GIVE_UP;
    if (load<u16>(from, 20) !== INTEGER_OPENS_3) return GIVE_UP;
    from = integer(from + 22);
    if (from === GIVE_UP || !fitsSigned(63)) return GIVE_UP;
    store<u8>(value, INTEGER_TAG, 2);
    at = value + 3;
    varint(negative ? 0 - magnitude : magnitude);
    size = at - value - 2;
    at = start;
  }
  const whole = keyBytes + size + 4;
  if (whole >= SHORT || load<u16>(from) !== ATTRIBUTE_CLOSES) return GIVE_UP;
  store<u8>(start, <u8>whole);
  store<u8>(start, KEY_TAG, 1);
  store<u8>(start, <u8>keyBytes, 2);
  store<u8>(value, VALUE_TAG);
  store<u8>(value, <u8>size, 1);
  at = start + 1 + whole;
  return from + 2;
}

/** Copies plain text, and up to 15 bytes more; gives the place behind it. */
@inline
function copyPlain(from: usize, to: usize): usize {
  let p = from;
  while (true) {
    const vector = v128.load(p);
    const found = special(vector);
    v128.store(to + (p - from), vector);
    if (found !== 0) return p + ctz(found);
    p += 16;
  }
}

/** Leaves room for the length of a message and gives where its content begins. */
@inline
function open(depth: i32): usize {
  at += <usize>load<u8>(lengthSizes + depth);
  return at;
}

/** Writes the length of the content that began at `start`; moves it where the room was not right. */
function close(start: usize, depth: i32): void {
  const size = at - start;
  const left: usize = load<u8>(lengthSizes + depth);
  const wanted = varintSize(size);
  if (wanted !== left) {
    memory.copy(start + wanted - left, start, size);
    at = start + wanted - left + size;
    store<u8>(lengthSizes + depth, <u8>wanted);
  }
  lengthTo(start - left, size);
}

@inline
function varintSize(size: usize): usize {
  return size < 0x80 ? 1 : size < 0x4000 ? 2 : size < 0x200000 ? 3 : size < 0x10000000 ? 4 : 5;
}

@inline
function lengthTo(from: usize, size: usize): void {
  let p = from;
  let rest = size;
  for (; rest >= 0x80; rest >>>= 7) store<u8>(p++, <u8>(rest | 0x80));
  store<u8>(p, <u8>rest);
}

/** Copies text, as if its length took one byte, and moves it when it takes more. */
function text(from: usize): usize {
  if (load<u8>(from) !== QUOTE) return GIVE_UP;
  const start = at + 1;
  let p = from + 1;
  let to = start;
  while (true) {
    const plain = copyPlain(p, to) - p;
    p += plain;
    to += plain;
    const byte = load<u8>(p);
    if (byte === QUOTE) break;
    if (byte !== BACKSLASH) return GIVE_UP;
    at = to;
    p = escape(p + 1);
    if (p === GIVE_UP) return GIVE_UP;
    to = at;
  }
  at = to;
  const size = at - start;
  if (size >= 0x80) {
    const more = varintSize(size) - 1;
    memory.copy(start + more, start, size);
    at += more;
  }
  lengthTo(start - 1, size);
  return p + 1;
}

/** Writes what the escape stands for whose backslash is before `from`. */
function escape(from: usize): usize {
  const kind = load<u8>(from);
  if (kind === LETTER_U) {
    const code = hex4(from + 1);
    if (code < 0) return GIVE_UP;
    if ((code & 0xf800) !== 0xd800) {
      utf8(code);
      return from + 5;
    }
    return surrogates(from + 5, code);
  }
  const byte = escaped(kind);
  if (byte === 0) return GIVE_UP;
  store<u8>(at++, byte);
  return from + 1;
}

/** What a backslash and this byte stand for; 0 for none. */
@inline
function escaped(kind: u8): u8 {
  if (kind === QUOTE || kind === BACKSLASH || kind === 0x2f) return kind;
  if (kind === LETTER_N) return 0x0a;
  if (kind === LETTER_T) return 0x09;
  if (kind === 0x72) return 0x0d;
  if (kind === 0x62) return 0x08;
  return kind === LETTER_F ? 0x0c : 0;
}

/** Behind half a surrogate pair: its other half, or U+FFFD for it alone, as every encoder of UTF-8 has it. */
function surrogates(p: usize, first: i32): usize {
  if (first < 0xdc00 && load<u8>(p) === BACKSLASH && load<u8>(p, 1) === LETTER_U) {
    const second = hex4(p + 2);
    if (second < 0) return GIVE_UP;
    if ((second & 0xfc00) === 0xdc00) {
      utf8(0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff));
      return p + 6;
    }
  }
  utf8(0xfffd);
  return p;
}

function utf8(code: i32): void {
  if (code < 0x80) {
    store<u8>(at++, <u8>code);
    return;
  }
  if (code < 0x800) store<u8>(at++, <u8>(0xc0 | (code >> 6)));
  else {
    if (code < 0x10000) store<u8>(at++, <u8>(0xe0 | (code >> 12)));
    else {
      store<u8>(at++, <u8>(0xf0 | (code >> 18)));
      store<u8>(at++, <u8>(0x80 | ((code >> 12) & 0x3f)));
    }
    store<u8>(at++, <u8>(0x80 | ((code >> 6) & 0x3f)));
  }
  store<u8>(at++, <u8>(0x80 | (code & 0x3f)));
}

/** Value of a hex digit in either case; -1 for another byte. */
@inline
function hex(byte: u8): i32 {
  const digit = <i32>byte - 0x30;
  if (<u32>digit < 10) return digit;
  const letter = (<i32>byte | 0x20) - 0x61;
  return <u32>letter < 6 ? letter + 10 : -1;
}

/** The number of four hex digits; negative when they are none. */
function hex4(p: usize): i32 {
  const high = (hex(load<u8>(p)) << 4) | hex(load<u8>(p, 1));
  const low = (hex(load<u8>(p, 2)) << 4) | hex(load<u8>(p, 3));
  return high < 0 || low < 0 ? -1 : (high << 8) | low;
}

/** An id: hex of `size` bytes, or nothing. */
function id(from: usize, size: usize): usize {
  if (load<u8>(from) !== QUOTE) return GIVE_UP;
  let p = from + 1;
  if (load<u8>(p) === QUOTE) {
    store<u8>(at++, 0);
    return p + 1;
  }
  store<u8>(at++, <u8>size);
  for (let i: usize = 0; i < size; i += 8) {
    if (!hex8(p)) return GIVE_UP;
    p += 16;
  }
  return load<u8>(p) === QUOTE ? p + 1 : GIVE_UP;
}

/** Writes the eight bytes of sixteen hex digits; false when one is none. */
@inline
function hex8(p: usize): bool {
  const digits = v128.load(p);
  const numbers = i8x16.sub(digits, i8x16.splat(0x30));
  const letters = i8x16.sub(v128.or(digits, i8x16.splat(0x20)), i8x16.splat(0x61));
  const isNumber = i8x16.lt_u(numbers, i8x16.splat(10));
  const isLetter = i8x16.lt_u(letters, i8x16.splat(6));
  if (!i8x16.all_true(v128.or(isNumber, isLetter))) return false;
  const nibbles = v128.bitselect(numbers, i8x16.add(letters, i8x16.splat(10)), isNumber);
  // Of each pair the first is the high half, and the low byte of the lane.
  const high = i16x8.shl(v128.and(nibbles, i16x8.splat(0xff)), 4);
  const pairs = v128.or(high, i16x8.shr_u(nibbles, 8));
  v128.store(at, i8x16.narrow_i16x8_u(pairs, pairs));
  at += 8;
  return true;
}

function boolean(p: usize): usize {
  if (load<u32>(p) === TRUE) {
    store<u8>(at++, 1);
    return p + 4;
  }
  if (load<u8>(p) !== LETTER_F || load<u32>(p, 1) !== ALSE) return GIVE_UP;
  store<u8>(at++, 0);
  return p + 5;
}

/** Reads an integer, as number or as text. Decimals, an exponent and more than 64 bits give up. */
function integer(from: usize): usize {
  const quoted = load<u8>(from) === QUOTE;
  let p = quoted ? from + 1 : from;
  negative = load<u8>(p) === MINUS;
  if (negative) p++;
  const start = p;
  let number: u64 = 0;
  while (p - start < 16 && isEightDigits(load<u64>(p))) {
    number = number * 100000000 + eightDigits(load<u64>(p));
    p += 8;
  }
  let digit = load<u8>(p) - ZERO;
  while (digit < 10) {
    const before = number;
    number = number * 10 + digit;
    p++;
    // Nineteen digits always fit; the twentieth may not.
    if (p - start >= 20 && (before > 1844674407370955161 || number < before)) return GIVE_UP;
    digit = load<u8>(p) - ZERO;
  }
  const digits = p - start;
  if (digits === 0 || digits > 20) return GIVE_UP;
  magnitude = number;
  if (quoted) return load<u8>(p) === QUOTE ? p + 1 : GIVE_UP;
  const behind = load<u8>(p);
  if (behind === 0x2e || (behind | 0x20) === 0x65) return GIVE_UP;
  return digits > 1 && load<u8>(start) === ZERO ? GIVE_UP : p;
}

/** Whether all eight bytes are digits. */
@inline
function isEightDigits(bytes: u64): bool {
  const high = bytes & 0xf0f0f0f0f0f0f0f0;
  const above = (bytes + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0;
  return (high | (above >> 4)) === 0x3333333333333333;
}

/** The number of eight digits, the first of which is the lowest byte: pairs, fours and eights are added up together. */
@inline
function eightDigits(bytes: u64): u64 {
  let rest = bytes - 0x3030303030303030;
  rest = rest * 10 + (rest >> 8);
  const mask: u64 = 0x000000ff000000ff;
  return ((rest & mask) * 0x000f424000000064 + ((rest >> 16) & mask) * 0x0000271000000001) >> 32;
}

/** Whether the integer lies between -2^bits and 2^bits - 1. */
@inline
function fitsSigned(bits: u64): bool {
  const most: u64 = <u64>1 << bits;
  return negative ? magnitude <= most : magnitude < most;
}

/** Whether the integer is not negative; zero may stand behind a minus. */
@inline
function fitsUnsigned(): bool {
  return !negative || magnitude === 0;
}

function whole(p: usize, kind: u32): usize {
  // An enum is its number, never text.
  if (kind === ENUM && load<u8>(p) === QUOTE) return GIVE_UP;
  const next = integer(p);
  if (next === GIVE_UP) return GIVE_UP;
  const signed: u64 = negative ? 0 - magnitude : magnitude;
  if (kind === FIXED64) {
    if (!fitsUnsigned()) return GIVE_UP;
    store<u64>(at, magnitude);
    at += 8;
  } else if (kind === INT64) {
    if (!fitsSigned(63)) return GIVE_UP;
    varint(signed);
  } else if (kind === ENUM) {
    if (!fitsSigned(31)) return GIVE_UP;
    varint(signed);
  } else if (kind === UINT32 || kind === FIXED32) {
    if (!fitsUnsigned() || magnitude > u32.MAX_VALUE) return GIVE_UP;
    if (kind === UINT32) varint(magnitude);
    else {
      store<u32>(at, <u32>magnitude);
      at += 4;
    }
  } else if (kind === UINT64) {
    if (!fitsUnsigned()) return GIVE_UP;
    varint(magnitude);
  } else if (kind === SFIXED64) {
    if (!fitsSigned(63)) return GIVE_UP;
    store<u64>(at, signed);
    at += 8;
  } else {
    if (!fitsSigned(31)) return GIVE_UP;
    const small = <i32>signed;
    varint(<u64>(<u32>((small << 1) ^ (small >> 31))));
  }
  return next;
}

function varint(number: u64): void {
  let rest = number;
  for (; rest >= 0x80; rest >>>= 7) store<u8>(at++, <u8>(rest | 0x80));
  store<u8>(at++, <u8>rest);
}

function double(from: usize): usize {
  if (load<u8>(from) === QUOTE) {
    const close = plainEnd(from + 1);
    if (load<u8>(close) !== QUOTE) return GIVE_UP;
    store<f64>(at, parseDoubleText(from + 1, close - from - 1));
    at += 8;
    return close + 1;
  }
  const next = numberEnd(from);
  if (next === GIVE_UP) return GIVE_UP;
  store<f64>(at, shortNumber(from, next));
  at += 8;
  return next;
}

/** Steps over digits. */
@inline
function digitsEnd(from: usize): usize {
  let p = from;
  while (<u8>(load<u8>(p) - ZERO) < 10) p++;
  return p;
}

/** The end of a JSON number. */
function numberEnd(from: usize): usize {
  const start = load<u8>(from) === MINUS ? from + 1 : from;
  let p = digitsEnd(start);
  if (p === start || (p - start > 1 && load<u8>(start) === ZERO)) return GIVE_UP;
  if (load<u8>(p) === 0x2e) {
    const decimals = p + 1;
    p = digitsEnd(decimals);
    if (p === decimals) return GIVE_UP;
  }
  if ((load<u8>(p) | 0x20) === 0x65) {
    p++;
    if (load<u8>(p) === 0x2b || load<u8>(p) === MINUS) p++;
    const exponent = p;
    p = digitsEnd(exponent);
    if (p === exponent) return GIVE_UP;
  }
  return p;
}

/** The number between the two places; of few digits it is two exact numbers, divided, which rounds once. */
function shortNumber(from: usize, to: usize): f64 {
  const minus = load<u8>(from) === MINUS;
  let p = minus ? from + 1 : from;
  if (to - p > EXACT_DIGITS + 1) return parseNumber(from, to - from);
  let digits: u64 = 0;
  let point: usize = 0;
  for (; p < to; p++) {
    const byte = load<u8>(p);
    if (byte === 0x2e) point = p + 1;
    else if (<u8>(byte - ZERO) < 10) digits = digits * 10 + (byte - ZERO);
    else return parseNumber(from, to - from);
  }
  if (point === 0 && to - from - (minus ? 1 : 0) > EXACT_DIGITS) return parseNumber(from, to - from);
  const decimals: usize = point === 0 ? 0 : to - point;
  const number = <f64>digits / unchecked(POWERS[<i32>decimals]);
  return minus ? -number : number;
}

function bytes(from: usize): usize {
  if (load<u8>(from) !== QUOTE) return GIVE_UP;
  const start = from + 1;
  const close = plainEnd(start);
  if (load<u8>(close) !== QUOTE) return GIVE_UP;
  const size = decodeBase64(start, close - start, at + 5);
  const wanted = varintSize(size);
  memory.copy(at + wanted, at + 5, size);
  lengthTo(at, size);
  at += wanted + size;
  return close + 1;
}

/** Steps over any value that nobody asked for. */
function skipValue(from: usize, depth: i32): usize {
  if (depth > MAX_DEPTH) return GIVE_UP;
  const p = space(from);
  const byte = load<u8>(p);
  if (byte === QUOTE) return skipText(p);
  if (byte === OPEN_OBJECT) return skipObject(p, depth);
  if (byte === OPEN_LIST) return skipList(p, depth);
  if (byte === LETTER_T) return load<u32>(p) === TRUE ? p + 4 : GIVE_UP;
  if (byte === LETTER_F) return load<u32>(p, 1) === ALSE ? p + 5 : GIVE_UP;
  if (byte === LETTER_N) return load<u32>(p) === NULL ? p + 4 : GIVE_UP;
  return numberEnd(p);
}

function skipObject(from: usize, depth: i32): usize {
  let p = space(from + 1);
  if (load<u8>(p) === CLOSE_OBJECT) return p + 1;
  while (true) {
    p = skipText(p);
    if (p === GIVE_UP) return GIVE_UP;
    p = space(p);
    if (load<u8>(p) !== COLON) return GIVE_UP;
    p = skipValue(p + 1, depth + 1);
    if (p === GIVE_UP) return GIVE_UP;
    p = space(p);
    const byte = load<u8>(p);
    if (byte === CLOSE_OBJECT) return p + 1;
    if (byte !== COMMA) return GIVE_UP;
    p = space(p + 1);
  }
}

function skipList(from: usize, depth: i32): usize {
  let p = space(from + 1);
  if (load<u8>(p) === CLOSE_LIST) return p + 1;
  while (true) {
    p = skipValue(p, depth + 1);
    if (p === GIVE_UP) return GIVE_UP;
    p = space(p);
    const byte = load<u8>(p);
    if (byte === CLOSE_LIST) return p + 1;
    if (byte !== COMMA) return GIVE_UP;
    p++;
  }
}

function skipText(from: usize): usize {
  if (load<u8>(from) !== QUOTE) return GIVE_UP;
  let p = from + 1;
  while (true) {
    p = plainEnd(p);
    const byte = load<u8>(p);
    if (byte === QUOTE) return p + 1;
    if (byte !== BACKSLASH) return GIVE_UP;
    const kind = load<u8>(p, 1);
    if (kind === LETTER_U) {
      if (hex4(p + 2) < 0) return GIVE_UP;
      p += 6;
    } else if (escaped(kind) === 0) return GIVE_UP;
    else p += 2;
  }
}
