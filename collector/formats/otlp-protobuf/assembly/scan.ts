// The scanner of OTLP traces and logs, compiled to WebAssembly. It reads the bodies that senders usually make and gives
// up on everything else, be it unusual or damaged: the scanner in TypeScript then reads the body again and decides.
// Whatever is accepted here must be accepted there, with the same columns; a property test holds the two together.
//
// Functions that read give the place behind what they read, or GIVE_UP. Everything is checked against the end of the
// message around it. 16 bytes behind the body may be read and are never part of a result.

const GIVE_UP: usize = 0;
/** Nesting of array and map values at which the scanner gives up. */
const MAX_DEPTH: i32 = 16;
/** Records, resources or scopes at which the scanner gives up: memory that columns were laid out in is never given back. */
const MAX_RECORDS: usize = 65536;
const MAX_TIME: i64 = i64.MAX_VALUE;
/** Columns begin at multiples of it. */
const ALIGN: usize = 16;

/** Where what was found stands, as 32-bit numbers; the order is `RESULT` of scan-kernel.ts. */
const results: usize = memory.data(4 * 40);

/** Length that `lengthAt` read, value that `varintAt` read. */
let length: usize = 0;
let number: u64 = 0;

/** The attribute that `keyValue` read. */
let keyStart: usize = 0;
let keyLength: usize = 0;
/** What its value is: 0 something else, 1 text, 2 an integer. */
let valueIs: i32 = 0;
let textStart: usize = 0;
let textLength: usize = 0;
let integer: i64 = 0;

/** Place of the body and of the columns that are filled. */
let body: usize = 0;
let columns: usize = 0;
let traceIds: usize = 0;
let spanIds: usize = 0;
let parentIds: usize = 0;
let starts: usize = 0;
let durations: usize = 0;
let kinds: usize = 0;
let statuses: usize = 0;
let names: usize = 0;
let routes: usize = 0;
let methods: usize = 0;
let httpStatuses: usize = 0;
let offsets: usize = 0;
let lengths: usize = 0;
let resourceOf: usize = 0;
let scopeOf: usize = 0;
let resources: usize = 0;
let scopes: usize = 0;
let services: usize = 0;
let records: usize = 0;
let groups: usize = 0;
let scopeGroups: usize = 0;

/** The dictionary of names, routes, methods: slots of its hash table, entries as (start, length), entries so far. */
let slotMask: usize = 0;
let nameSlots: usize = 0;
let nameEntries: usize = 0;
let nameCount: usize = 0;
let routeSlots: usize = 0;
let routeEntries: usize = 0;
let routeCount: usize = 0;
let methodSlots: usize = 0;
let methodEntries: usize = 0;
let methodCount: usize = 0;
/** Records that were counted, and whether a dictionary had no room for more texts than that. */
let total: usize = 0;
/** 1 when a span or a resource states an adjusted count. */
let statesWeights: usize = 0;
/** 1 when a span has a trace state. */
let hasTraceState: usize = 0;
let full: bool = false;

// Keys that columns are made of, in the words of the semantic conventions; their lengths differ.
const HTTP_ROUTE: usize = memory.data<u8>([0x68, 0x74, 0x74, 0x70, 0x2e, 0x72, 0x6f, 0x75, 0x74, 0x65, 0, 0, 0, 0, 0, 0]);
const HTTP_REQUEST_METHOD: usize = memory.data<u8>([
  0x68, 0x74, 0x74, 0x70, 0x2e, 0x72, 0x65, 0x71, 0x75, 0x65, 0x73, 0x74, 0x2e, 0x6d, 0x65, 0x74, 0x68, 0x6f, 0x64, 0,
  0, 0, 0, 0,
]);
const HTTP_METHOD: usize = memory.data<u8>([
  0x68, 0x74, 0x74, 0x70, 0x2e, 0x6d, 0x65, 0x74, 0x68, 0x6f, 0x64, 0, 0, 0, 0, 0,
]);
const HTTP_RESPONSE_STATUS_CODE: usize = memory.data<u8>([
  0x68, 0x74, 0x74, 0x70, 0x2e, 0x72, 0x65, 0x73, 0x70, 0x6f, 0x6e, 0x73, 0x65, 0x2e, 0x73, 0x74, 0x61, 0x74, 0x75,
  0x73, 0x5f, 0x63, 0x6f, 0x64, 0x65, 0, 0, 0, 0, 0, 0, 0,
]);
const HTTP_STATUS_CODE: usize = memory.data<u8>([
  0x68, 0x74, 0x74, 0x70, 0x2e, 0x73, 0x74, 0x61, 0x74, 0x75, 0x73, 0x5f, 0x63, 0x6f, 0x64, 0x65,
]);
const ADJUSTED_COUNT: usize = memory.data<u8>([
  0x73, 0x61, 0x6d, 0x70, 0x6c, 0x69, 0x6e, 0x67, 0x2e, 0x61, 0x64, 0x6a,
  0x75, 0x73, 0x74, 0x65, 0x64, 0x5f, 0x63, 0x6f, 0x75, 0x6e, 0x74, 0,
]);
const SERVICE_NAME: usize = memory.data<u8>([
  0x73, 0x65, 0x72, 0x76, 0x69, 0x63, 0x65, 0x2e, 0x6e, 0x61, 0x6d, 0x65, 0, 0, 0, 0,
]);

@inline
function aligned(size: usize): usize {
  return (size + (ALIGN - 1)) & ~(ALIGN - 1);
}

/** The low `count` (1 to 8) bytes at `at`. */
@inline
function lowBytes(at: usize, count: usize): u64 {
  return load<u64>(at) & (u64.MAX_VALUE >> ((8 - count) << 3));
}

/** Reads a length and leaves it in `length`; the content it speaks of lies before `end`. */
@inline
function lengthAt(at: usize, end: usize): usize {
  if (at >= end) return GIVE_UP;
  let value: usize = load<u8>(at);
  at++;
  if (value >= 0x80) {
    value &= 0x7f;
    let shift: usize = 7;
    for (;;) {
      if (at >= end || shift > 21) return GIVE_UP;
      const byte: usize = load<u8>(at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
      shift += 7;
    }
  }
  if (value > end - at) return GIVE_UP;
  length = value;
  return at;
}

/** Reads a varint of up to 64 bits and leaves it in `number`. */
@inline
function varintAt(at: usize, end: usize): usize {
  if (at >= end) return GIVE_UP;
  const first: u64 = load<u8>(at);
  if (first < 0x80) {
    number = first;
    return at + 1;
  }
  return longVarint(at, end);
}

function longVarint(at: usize, end: usize): usize {
  let value: u64 = 0;
  for (let shift: u64 = 0; shift < 70; shift += 7) {
    if (at >= end) return GIVE_UP;
    const byte: u64 = load<u8>(at++);
    if (shift === 63 && byte > 1) return GIVE_UP;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      number = value;
      return at;
    }
  }
  return GIVE_UP;
}

/** True when no byte of the text is above 0x7f. */
@inline
function isAscii(start: usize, size: usize): bool {
  let high: u64 = 0;
  const end = start + size;
  let at = start;
  for (; at + 8 <= end; at += 8) high |= load<u64>(at);
  if (at < end) high |= lowBytes(at, end - at);
  return (high & 0x8080808080808080) === 0;
}

@inline
function isTail(byte: u8): bool {
  return (byte & 0xc0) === 0x80;
}

/** True for UTF-8 (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF). */
function isUtf8(start: usize, size: usize): bool {
  if (isAscii(start, size)) return true;
  const end = start + size;
  let at = start;
  while (at < end) {
    const first = load<u8>(at++);
    if (first < 0x80) continue;
    let tails: usize = 1;
    let least: u8 = 0x80;
    let most: u8 = 0xbf;
    if (first >= 0xc2 && first <= 0xdf) tails = 1;
    else if (first >= 0xe0 && first <= 0xef) {
      tails = 2;
      if (first === 0xe0) least = 0xa0;
      if (first === 0xed) most = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
      tails = 3;
      if (first === 0xf0) least = 0x90;
      if (first === 0xf4) most = 0x8f;
    } else return false;
    if (end - at < tails) return false;
    const second = load<u8>(at);
    if (second < least || second > most) return false;
    if (tails > 1 && !isTail(load<u8>(at + 1))) return false;
    if (tails > 2 && !isTail(load<u8>(at + 2))) return false;
    at += tails;
  }
  return true;
}

/** Steps over a text behind its tag; it begins `length` before the place behind it. */
@inline
function textAt(at: usize, end: usize): usize {
  at = lengthAt(at, end);
  if (at === GIVE_UP || !isUtf8(at, length)) return GIVE_UP;
  return at + length;
}

/** Steps over an id of `size` bytes, or none, behind its tag, and copies it. */
@inline
function idAt(at: usize, end: usize, size: usize, to: usize): usize {
  at = lengthAt(at, end);
  if (at === GIVE_UP) return GIVE_UP;
  if (length === size) {
    store<u64>(to, load<u64>(at));
    if (size === 16) store<u64>(to + 8, load<u64>(at + 8));
  } else if (length === 0) {
    store<u64>(to, 0);
    if (size === 16) store<u64>(to + 8, 0);
  } else return GIVE_UP;
  return at + length;
}

/** Steps over an id that no column keeps. */
function otherIdAt(at: usize, end: usize, size: usize): usize {
  at = lengthAt(at, end);
  if (at === GIVE_UP || (length !== size && length !== 0)) return GIVE_UP;
  return at + length;
}

@inline
function fixedAt(at: usize, end: usize, size: usize): usize {
  return end - at < size ? GIVE_UP : at + size;
}

/** Reads one KeyValue behind its tag: a key, then a value, as every SDK writes it. */
function keyValue(at: usize, end: usize, depth: i32): usize {
  at = lengthAt(at, end);
  if (at === GIVE_UP || length < 4) return GIVE_UP;
  const stop = at + length;
  if (load<u8>(at) !== 0x0a) return GIVE_UP;
  const shortKey: usize = load<u8>(at + 1);
  const value = at + 2 + shortKey;
  // Nearly all attributes are short ASCII texts: one pass over tags, lengths, key and value tells.
  if (
    shortKey < 0x80 &&
    value + 4 <= stop &&
    load<u16>(value) === <u16>(0x12 | ((stop - value - 2) << 8)) &&
    load<u16>(value + 2) === <u16>(0x0a | ((stop - value - 4) << 8)) &&
    stop - value - 2 < 0x80 &&
    isAscii(at, stop - at)
  ) {
    keyStart = at + 2;
    keyLength = shortKey;
    valueIs = 1;
    textStart = value + 4;
    textLength = stop - value - 4;
    return stop;
  }
  at = textAt(at + 1, stop);
  if (at === GIVE_UP) return GIVE_UP;
  const keySize = length;
  const key = at - keySize;
  if (at >= stop || load<u8>(at) !== 0x12) return GIVE_UP;
  at = lengthAt(at + 1, stop);
  if (at === GIVE_UP || at + length !== stop) return GIVE_UP;
  if (anyValue(at, stop, depth) === GIVE_UP) return GIVE_UP;
  keyStart = key;
  keyLength = keySize;
  return stop;
}

/** Reads one AnyValue with at most one value, which ends at `stop`. */
function anyValue(at: usize, stop: usize, depth: i32): usize {
  if (at === stop) {
    valueIs = 0;
    return stop;
  }
  const tag = load<u8>(at++);
  if (tag === 0x0a) {
    at = textAt(at, stop);
    if (at !== stop) return GIVE_UP;
    valueIs = 1;
    textLength = length;
    textStart = at - length;
    return at;
  }
  if (tag === 0x18) {
    at = varintAt(at, stop);
    if (at !== stop) return GIVE_UP;
    valueIs = 2;
    integer = <i64>number;
    return at;
  }
  if (tag === 0x2a || tag === 0x32) at = listValue(at, stop, tag, depth + 1);
  else if (tag === 0x10) at = varintAt(at, stop);
  else if (tag === 0x21) at = fixedAt(at, stop, 8);
  else if (tag === 0x3a) {
    at = lengthAt(at, stop);
    if (at !== GIVE_UP) at += length;
  } else return GIVE_UP;
  valueIs = 0;
  return at === stop ? stop : GIVE_UP;
}

/** An array or a map of values. */
function listValue(at: usize, stop: usize, tag: u8, depth: i32): usize {
  if (depth > MAX_DEPTH) return GIVE_UP;
  at = lengthAt(at, stop);
  if (at === GIVE_UP || at + length !== stop) return GIVE_UP;
  while (at < stop) {
    if (load<u8>(at) !== 0x0a) return GIVE_UP;
    if (tag === 0x32) at = keyValue(at + 1, stop, depth);
    else {
      at = lengthAt(at + 1, stop);
      if (at === GIVE_UP) return GIVE_UP;
      at = anyValue(at, at + length, depth);
    }
    if (at === GIVE_UP) return GIVE_UP;
  }
  return at;
}

@inline
function keyIs(key: usize, size: usize): bool {
  return keyLength === size && sameBytes(keyStart, key, size);
}

@inline
function sameBytes(one: usize, other: usize, size: usize): bool {
  while (size >= 8) {
    if (load<u64>(one) !== load<u64>(other)) return false;
    one += 8;
    other += 8;
    size -= 8;
  }
  return size === 0 || lowBytes(one, size) === lowBytes(other, size);
}

@inline
function hashOf(start: usize, size: usize): usize {
  let hash: u64 = <u64>size * 0x9e3779b97f4a7c15;
  let left = size;
  while (left >= 8) {
    hash = (rotl<u64>(hash, 29) ^ load<u64>(start)) * 0x9fb21c651e98df25;
    start += 8;
    left -= 8;
  }
  if (left > 0) hash = (rotl<u64>(hash, 29) ^ lowBytes(start, left)) * 0x9fb21c651e98df25;
  return <usize>(hash ^ (hash >> 32));
}

/**
 * Position of a text in a dictionary; `count` when it is new there. Position 0 is the empty text. A dictionary holds as
 * many texts as there are records: one that would hold more, because attributes are repeated, is given up.
 */
@inline
function positionIn(slots: usize, entries: usize, count: usize, start: usize, size: usize): u32 {
  let slot = hashOf(start, size) & slotMask;
  for (;;) {
    const position = load<u32>(slots + (slot << 2));
    if (position === 0) break;
    const entry = entries + (<usize>position << 3);
    if (load<u32>(entry + 4) === <u32>size && sameBytes(body + load<u32>(entry), start, size)) return position;
    slot = (slot + 1) & slotMask;
  }
  if (count > total) {
    full = true;
    return 0;
  }
  store<u32>(slots + (slot << 2), <u32>count);
  const entry = entries + (count << 3);
  store<u32>(entry, <u32>(start - body));
  store<u32>(entry + 4, <u32>size);
  return <u32>count;
}

function nameAt(start: usize, size: usize): u32 {
  if (size === 0) return 0;
  const position = positionIn(nameSlots, nameEntries, nameCount, start, size);
  if (position === <u32>nameCount) nameCount++;
  return position;
}

function routeAt(): u32 {
  if (valueIs !== 1 || textLength === 0) return 0;
  const position = positionIn(routeSlots, routeEntries, routeCount, textStart, textLength);
  if (position === <u32>routeCount) routeCount++;
  return position;
}

function methodAt(): u32 {
  if (valueIs !== 1 || textLength === 0) return 0;
  const position = positionIn(methodSlots, methodEntries, methodCount, textStart, textLength);
  if (position === <u32>methodCount) methodCount++;
  return position;
}

@inline
function statusCode(): u16 {
  return valueIs === 2 && integer >= 100 && integer <= 999 ? <u16>integer : 0;
}

@inline
function timeAt(at: usize): i64 {
  const time = load<i64>(at);
  return time < 0 ? MAX_TIME : time;
}

/** Reads span `i`, whose content lies between `at` and `end`. */
function span(at: usize, end: usize, i: usize): bool {
  let start: i64 = 0;
  let stop: i64 = 0;
  let route: u32 = 0;
  let method: u32 = 0;
  let olderMethod: u32 = 0;
  let status: u16 = 0;
  let olderStatus: u16 = 0;
  while (at < end) {
    const tag = load<u8>(at++);
    switch (tag) {
      case 0x4a: {
        at = keyValue(at, end, 0);
        if (at === GIVE_UP) return false;
        if (keyLength === 10) {
          if (keyIs(HTTP_ROUTE, 10)) route = routeAt();
        } else if (keyLength === 19) {
          if (keyIs(HTTP_REQUEST_METHOD, 19)) method = methodAt();
        } else if (keyLength === 25) {
          if (keyIs(HTTP_RESPONSE_STATUS_CODE, 25)) status = statusCode();
        } else if (keyLength === 11) {
          if (keyIs(HTTP_METHOD, 11)) olderMethod = methodAt();
        } else if (keyLength === 16) {
          if (keyIs(HTTP_STATUS_CODE, 16)) olderStatus = statusCode();
        } else if (keyLength === 23) {
          if (keyIs(ADJUSTED_COUNT, 23)) statesWeights = 1;
        }
        break;
      }
      case 0x0a:
        at = idAt(at, end, 16, traceIds + (i << 4));
        break;
      case 0x12:
        at = idAt(at, end, 8, spanIds + (i << 3));
        break;
      case 0x22:
        at = idAt(at, end, 8, parentIds + (i << 3));
        break;
      case 0x2a:
        at = textAt(at, end);
        if (at !== GIVE_UP) store<u32>(names + (i << 2), nameAt(at - length, length));
        break;
      case 0x30:
        at = varintAt(at, end);
        store<u8>(kinds + i, <u32>number < 6 ? <u8>number : 0);
        break;
      case 0x39:
        at = fixedAt(at, end, 8);
        if (at !== GIVE_UP) start = timeAt(at - 8);
        break;
      case 0x41:
        at = fixedAt(at, end, 8);
        if (at !== GIVE_UP) stop = timeAt(at - 8);
        break;
      case 0x7a: {
        at = lengthAt(at, end);
        if (at === GIVE_UP || !statusMessage(at, at + length, i)) return false;
        at += statusLength;
        break;
      }
      case 0x85:
        // Field 16, the flags: a tag of two bytes.
        if (at >= end || load<u8>(at) !== 0x01) return false;
        at = fixedAt(at + 1, end, 4);
        break;
      case 0x50:
      case 0x60:
      case 0x70:
        at = varintAt(at, end);
        break;
      case 0x1a:
        at = textAt(at, end);
        if (length > 0) hasTraceState = 1;
        break;
      case 0x5a:
        at = eventAt(at, end);
        break;
      case 0x6a:
        at = linkAt(at, end);
        break;
      default:
        return false;
    }
    if (at === GIVE_UP) return false;
  }
  store<i64>(starts + (i << 3), start);
  store<i64>(durations + (i << 3), stop > start ? stop - start : 0);
  store<u32>(routes + (i << 2), route);
  store<u32>(methods + (i << 2), method === 0 ? olderMethod : method);
  store<u16>(httpStatuses + (i << 1), status === 0 ? olderStatus : status);
  return true;
}

/** Length of the status message that was read. */
let statusLength: usize = 0;

function statusMessage(at: usize, end: usize, i: usize): bool {
  statusLength = end - at;
  while (at < end) {
    const tag = load<u8>(at++);
    if (tag === 0x18) {
      at = varintAt(at, end);
      store<u8>(statuses + i, <u32>number < 3 ? <u8>number : 0);
    } else if (tag === 0x12) at = textAt(at, end);
    else return false;
    if (at === GIVE_UP) return false;
  }
  return true;
}

function eventAt(at: usize, end: usize): usize {
  at = lengthAt(at, end);
  if (at === GIVE_UP) return GIVE_UP;
  const stop = at + length;
  while (at < stop) {
    const tag = load<u8>(at++);
    if (tag === 0x1a) at = keyValue(at, stop, 0);
    else if (tag === 0x09) at = fixedAt(at, stop, 8);
    else if (tag === 0x12) at = textAt(at, stop);
    else if (tag === 0x20) at = varintAt(at, stop);
    else return GIVE_UP;
    if (at === GIVE_UP) return GIVE_UP;
  }
  return at;
}

function linkAt(at: usize, end: usize): usize {
  at = lengthAt(at, end);
  if (at === GIVE_UP) return GIVE_UP;
  const stop = at + length;
  while (at < stop) {
    const tag = load<u8>(at++);
    if (tag === 0x0a) at = otherIdAt(at, stop, 16);
    else if (tag === 0x12) at = otherIdAt(at, stop, 8);
    else if (tag === 0x1a) at = textAt(at, stop);
    else if (tag === 0x22) at = keyValue(at, stop, 0);
    else if (tag === 0x28) at = varintAt(at, stop);
    else if (tag === 0x35) at = fixedAt(at, stop, 4);
    else return GIVE_UP;
    if (at === GIVE_UP) return GIVE_UP;
  }
  return at;
}

/** Reads log record `i`: its time stands in `starts`, its severity in `kinds`. */
function logRecord(at: usize, end: usize, i: usize): bool {
  let time: i64 = 0;
  let observed: i64 = 0;
  while (at < end) {
    const tag = load<u8>(at++);
    switch (tag) {
      case 0x32:
        at = keyValue(at, end, 0);
        break;
      case 0x09:
        at = fixedAt(at, end, 8);
        if (at !== GIVE_UP) time = load<i64>(at - 8);
        break;
      case 0x59:
        at = fixedAt(at, end, 8);
        if (at !== GIVE_UP) observed = load<i64>(at - 8);
        break;
      case 0x10:
        at = varintAt(at, end);
        store<u8>(kinds + i, <i32>number >= 1 && <i32>number <= 24 ? <u8>number : 0);
        break;
      case 0x2a: {
        at = lengthAt(at, end);
        if (at === GIVE_UP) return false;
        at = anyValue(at, at + length, 0);
        break;
      }
      case 0x4a:
        at = idAt(at, end, 16, traceIds + (i << 4));
        break;
      case 0x52:
        at = idAt(at, end, 8, spanIds + (i << 3));
        break;
      case 0x1a:
      case 0x62:
        at = textAt(at, end);
        break;
      case 0x38:
        at = varintAt(at, end);
        break;
      case 0x45:
        at = fixedAt(at, end, 4);
        break;
      default:
        return false;
    }
    if (at === GIVE_UP) return false;
  }
  const known = time === 0 ? observed : time;
  const start = known < 0 ? MAX_TIME : known;
  store<i64>(starts + (i << 3), start);
  return true;
}

/** Reads a Resource and notes the name of its service, as (start, length); length 0 when there is none. */
function resource(at: usize, end: usize, group: usize): bool {
  store<u32>(resources + (group << 3), <u32>(at - body));
  store<u32>(resources + (group << 3) + 4, <u32>(end - at));
  while (at < end) {
    const tag = load<u8>(at++);
    if (tag === 0x0a) {
      at = keyValue(at, end, 0);
      if (at === GIVE_UP) return false;
      if (keyIs(ADJUSTED_COUNT, 23)) statesWeights = 1;
      if (keyIs(SERVICE_NAME, 12)) {
        store<u32>(services + (group << 3), <u32>(textStart - body));
        store<u32>(services + (group << 3) + 4, valueIs === 1 ? <u32>textLength : 0);
      }
    } else if (tag === 0x10) at = varintAt(at, end);
    else return false;
    if (at === GIVE_UP) return false;
  }
  return true;
}

function instrumentationScope(at: usize, end: usize, scope: usize): bool {
  store<u32>(scopes + (scope << 3), <u32>(at - body));
  store<u32>(scopes + (scope << 3) + 4, <u32>(end - at));
  while (at < end) {
    const tag = load<u8>(at++);
    if (tag === 0x0a || tag === 0x12) at = textAt(at, end);
    else if (tag === 0x1a) at = keyValue(at, end, 0);
    else if (tag === 0x20) at = varintAt(at, end);
    else return false;
    if (at === GIVE_UP) return false;
  }
  return true;
}

/** Counts records, groups and scope groups by jumping from length to length. */
function count(at: usize, end: usize): bool {
  records = 0;
  groups = 0;
  scopeGroups = 0;
  while (at < end) {
    if (load<u8>(at) !== 0x0a) return false;
    at = lengthAt(at + 1, end);
    if (at === GIVE_UP) return false;
    const group = at + length;
    groups++;
    while (at < group) {
      const tag = load<u8>(at);
      at = lengthAt(at + 1, group);
      if (at === GIVE_UP) return false;
      const inner = at + length;
      if (tag === 0x12) {
        scopeGroups++;
        while (at < inner) {
          if (load<u8>(at) === 0x12) records++;
          at = lengthAt(at + 1, inner);
          if (at === GIVE_UP) return false;
          at += length;
        }
      }
      at = inner;
    }
  }
  return records <= MAX_RECORDS && groups <= MAX_RECORDS && scopeGroups <= MAX_RECORDS;
}

let free: usize = 0;

function take(size: usize): usize {
  const at = free;
  free += aligned(size);
  return at;
}

/** Lays the columns out; 64-bit ones first, texts' tables and what is no result last. */
function layOut(from: usize, isLogs: bool): void {
  free = from;
  columns = free;
  starts = take(records << 3);
  durations = isLogs ? 0 : take(records << 3);
  traceIds = take(records << 4);
  spanIds = take(records << 3);
  parentIds = isLogs ? 0 : take(records << 3);
  offsets = take(records << 2);
  lengths = take(records << 2);
  resourceOf = take(records << 2);
  scopeOf = take(records << 2);
  resources = take(groups << 3);
  scopes = take(scopeGroups << 3);
  names = isLogs ? 0 : take(records << 2);
  routes = isLogs ? 0 : take(records << 2);
  methods = isLogs ? 0 : take(records << 2);
  httpStatuses = isLogs ? 0 : take(records << 1);
  kinds = take(records);
  statuses = isLogs ? 0 : take(records);
  store<u32>(results + 4 * 4, <u32>(free - columns));
  services = take(groups << 3);
  if (!isLogs) {
    let slots: usize = 16;
    while (slots < records << 1) slots <<= 1;
    slotMask = slots - 1;
    nameSlots = take(slots << 2);
    routeSlots = take(slots << 2);
    methodSlots = take(slots << 2);
    nameEntries = take((records + 1) << 3);
    routeEntries = take((records + 1) << 3);
    methodEntries = take((records + 1) << 3);
  }
}

/** Reads the scope groups of one group. */
function scopeGroup(at: usize, end: usize, group: usize, scope: usize, isLogs: bool): bool {
  let scopeSeen = false;
  while (at < end) {
    const tag = load<u8>(at++);
    at = lengthAt(at, end);
    if (at === GIVE_UP) return false;
    const stop = at + length;
    if (tag === 0x12) {
      const i = records++;
      store<u32>(offsets + (i << 2), <u32>(at - body));
      store<u32>(lengths + (i << 2), <u32>length);
      store<u32>(resourceOf + (i << 2), <u32>group);
      store<u32>(scopeOf + (i << 2), <u32>scope);
      if (isLogs ? !logRecord(at, stop, i) : !span(at, stop, i)) return false;
    } else if (tag === 0x0a) {
      if (scopeSeen || !instrumentationScope(at, stop, scope)) return false;
      scopeSeen = true;
    } else if (tag !== 0x1a || !isUtf8(at, length)) return false;
    at = stop;
  }
  return true;
}

function groupOf(at: usize, end: usize, group: usize, isLogs: bool): bool {
  let resourceSeen = false;
  while (at < end) {
    const tag = load<u8>(at++);
    at = lengthAt(at, end);
    if (at === GIVE_UP) return false;
    const stop = at + length;
    if (tag === 0x12) {
      if (!scopeGroup(at, stop, group, scopeGroups++, isLogs)) return false;
    } else if (tag === 0x0a) {
      if (resourceSeen || !resource(at, stop, group)) return false;
      resourceSeen = true;
    } else if (tag !== 0x1a || !isUtf8(at, length)) return false;
    at = stop;
  }
  return true;
}

/**
 * Scans the body of `size` bytes at `at`, and lays columns out between `from` and `to`; gives where the results stand,
 * 0 when the scanner gave up.
 */
export function scan(at: usize, size: usize, from: usize, to: usize, isLogs: bool): usize {
  body = at;
  const end = body + size;
  if (!count(body, end)) return 0;
  layOut(aligned(from), isLogs);
  if (free > to) return 0;
  memory.fill(columns, 0, free - columns);
  nameCount = 1;
  routeCount = 1;
  methodCount = 1;
  total = records;
  statesWeights = 0;
  hasTraceState = 0;
  full = false;
  records = 0;
  groups = 0;
  scopeGroups = 0;
  while (at < end) {
    at = lengthAt(at + 1, end);
    const stop = at + length;
    if (!groupOf(at, stop, groups++, isLogs)) return 0;
    at = stop;
  }
  if (full || records !== total) return 0;
  tell();
  return results;
}

/** Writes down where everything stands; the order is `RESULT` of scan-kernel.ts. */
function tell(): void {
  tellAt(0, records);
  tellAt(1, groups);
  tellAt(2, scopeGroups);
  tellAt(3, columns);
  tellAt(5, starts);
  tellAt(6, durations);
  tellAt(7, traceIds);
  tellAt(8, spanIds);
  tellAt(9, parentIds);
  tellAt(10, offsets);
  tellAt(11, lengths);
  tellAt(12, resourceOf);
  tellAt(13, scopeOf);
  tellAt(14, resources);
  tellAt(15, scopes);
  tellAt(16, names);
  tellAt(17, routes);
  tellAt(18, methods);
  tellAt(19, httpStatuses);
  tellAt(20, kinds);
  tellAt(21, statuses);
  tellAt(22, services);
  tellAt(23, nameEntries);
  tellAt(24, nameCount);
  tellAt(25, routeEntries);
  tellAt(26, routeCount);
  tellAt(27, methodEntries);
  tellAt(28, methodCount);
  tellAt(29, statesWeights);
  tellAt(30, hasTraceState);
}

@inline
function tellAt(place: usize, value: usize): void {
  store<u32>(results + (place << 2), <u32>value);
}
