// Copies spans and log records without the fields that index columns hold, compiled to WebAssembly: what is left takes
// half the room and two thirds of the time to compress. `lean-body.ts` says what is called when.
//
// Memory: [records that were copied, resources and scopes among them][their places][the places of a body, and the body
// where it came from elsewhere]. All bodies were checked before; what cannot be walked all the same is copied whole.

const ALIGN: usize = 16;

let out: usize = 0;
let outEnd: usize = 0;
let places: usize = 0;
let input: usize = 0;
let given: usize = 0;
let records: usize = 0;
let resources: usize = 0;
let scopes: usize = 0;
let totalRecords: usize = 0;
let totalResources: usize = 0;

@inline
function aligned(size: usize): usize {
  return (size + (ALIGN - 1)) & ~(ALIGN - 1);
}

/**
 * Begins at `from` with `bytes` of bodies with so many records, resources and scopes in all; gives where the places of
 * each body, and the body behind them, are to be written.
 */
export function begin(from: usize, bytes: usize, recordCount: usize, resourceCount: usize, scopeCount: usize): usize {
  out = from;
  outEnd = out;
  totalRecords = recordCount;
  totalResources = resourceCount;
  records = 0;
  resources = 0;
  scopes = 0;
  places = out + aligned(bytes + ALIGN);
  given = places + aligned((recordCount << 4) + (resourceCount << 3) + (scopeCount << 3));
  return given;
}

/** Bytes of the copy, and where its places stand: offset, length, resource, scope of records, then both pairs. */
export function outBytes(): usize {
  return outEnd - out;
}

export function placesAt(): usize {
  return places;
}

/**
 * Takes in the body at `body`. At what `begin` gave stand, as 32-bit numbers, offset, length, resource and scope of its
 * `count` records, then (offset, length) of its resources and of its scopes.
 */
export function add(body: usize, count: usize, resourceCount: usize, scopeCount: usize, isLogs: bool): void {
  input = body;
  const offsets = places;
  const lengths = offsets + (totalRecords << 2);
  const resourceOf = lengths + (totalRecords << 2);
  const scopeOf = resourceOf + (totalRecords << 2);
  const resourcePairs = scopeOf + (totalRecords << 2);
  const scopePairs = resourcePairs + (totalResources << 3);
  const givenPairs = given + (count << 4);
  copyPairs(givenPairs, resourceCount, resourcePairs + (resources << 3));
  copyPairs(givenPairs + (resourceCount << 3), scopeCount, scopePairs + (scopes << 3));
  for (let i: usize = 0; i < count; i++) {
    const at = given + (i << 2);
    const from = input + load<u32>(at);
    const length = load<u32>(at + (count << 2));
    const to = (records + i) << 2;
    const begun = outEnd;
    record(from, from + length, isLogs);
    store<u32>(offsets + to, <u32>(begun - out));
    store<u32>(lengths + to, <u32>(outEnd - begun));
    store<u32>(resourceOf + to, load<u32>(at + (count << 3)) + <u32>resources);
    store<u32>(scopeOf + to, load<u32>(at + (count << 3) + (count << 2)) + <u32>scopes);
  }
  records += count;
  resources += resourceCount;
  scopes += scopeCount;
}

/** Copies the messages of (offset, length) pairs, and writes where they are now. */
function copyPairs(pairs: usize, count: usize, to: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const length: usize = load<u32>(pairs + (i << 3) + 4);
    store<u32>(to + (i << 3), <u32>(outEnd - out));
    store<u32>(to + (i << 3) + 4, <u32>length);
    copy(input + load<u32>(pairs + (i << 3)), length);
  }
}

@inline
function copy(from: usize, length: usize): void {
  memory.copy(outEnd, from, length);
  outEnd += length;
}

/** Copies a record's attributes and what no column tells; an unusual one whole. */
function record(from: usize, to: usize, isLogs: bool): void {
  const begun = outEnd;
  if (isLogs ? !leanLog(from, to) : !leanSpan(from, to)) {
    outEnd = begun;
    copy(from, to - from);
  }
}

/** False for a span in which the columns may say another thing than its fields. */
function leanSpan(from: usize, to: usize): bool {
  let at = from;
  let kept = from;
  let start: usize = 0;
  let end: usize = 0;
  let seen: u32 = 0;
  while (at < to) {
    const field = at;
    const tag: u32 = load<u8>(at++);
    let bit: u32 = 0;
    switch (tag) {
      case 0x0a:
        bit = 1;
        break;
      case 0x12:
        bit = 2;
        break;
      case 0x22:
        bit = 4;
        break;
      case 0x2a:
        bit = 8;
        break;
      case 0x30:
        bit = 16;
        if (at >= to || load<u8>(at) > 5) return false;
        at++;
        break;
      case 0x39:
        bit = 32;
        start = at;
        at += 8;
        break;
      case 0x41:
        bit = 64;
        end = at;
        at += 8;
        break;
      case 0x85:
        // Field 16, the flags: a tag of two bytes and four more.
        at += 5;
        continue;
      case 0x50:
      case 0x60:
      case 0x70:
        while (at < to && load<u8>(at) >= 0x80) at++;
        at++;
        continue;
      case 0x1a:
      case 0x4a:
      case 0x5a:
      case 0x6a:
      case 0x7a:
        at = behindBytes(at, to);
        if (at === 0) return false;
        continue;
      default:
        return false;
    }
    if (bit <= 8) {
      at = behindBytes(at, to);
      if (at === 0) return false;
    }
    if ((seen & bit) !== 0) return false;
    seen |= bit;
    if (field > kept) copy(kept, field - kept);
    kept = at;
  }
  if (at !== to) return false;
  // Start and duration tell both times only when the end is not before the start, and neither exceeds 2^63.
  if ((start === 0) !== (end === 0)) return false;
  if (start !== 0 && (load<i64>(start) < 0 || load<i64>(end) < load<i64>(start))) return false;
  if (to > kept) copy(kept, to - kept);
  return true;
}

/** Leaves out ids and severity number; both times stay, because the column tells but one of them. */
function leanLog(from: usize, to: usize): bool {
  let at = from;
  let kept = from;
  let seen: u32 = 0;
  while (at < to) {
    const field = at;
    const tag: u32 = load<u8>(at++);
    let bit: u32 = 0;
    switch (tag) {
      case 0x4a:
        bit = 1;
        break;
      case 0x52:
        bit = 2;
        break;
      case 0x10:
        bit = 4;
        if (at >= to || load<u8>(at) > 24) return false;
        at++;
        break;
      case 0x09:
      case 0x59:
        at += 8;
        continue;
      case 0x45:
        at += 4;
        continue;
      case 0x38:
        while (at < to && load<u8>(at) >= 0x80) at++;
        at++;
        continue;
      case 0x1a:
      case 0x2a:
      case 0x32:
      case 0x62:
        at = behindBytes(at, to);
        if (at === 0) return false;
        continue;
      default:
        return false;
    }
    if (bit < 4) {
      at = behindBytes(at, to);
      if (at === 0) return false;
    }
    if ((seen & bit) !== 0) return false;
    seen |= bit;
    if (field > kept) copy(kept, field - kept);
    kept = at;
  }
  if (at !== to) return false;
  if (to > kept) copy(kept, to - kept);
  return true;
}

/** The place behind a length and its content; 0 when it is not in the span. */
@inline
function behindBytes(at: usize, to: usize): usize {
  if (at >= to) return 0;
  let length: usize = load<u8>(at++);
  if (length >= 0x80) {
    length &= 0x7f;
    for (let shift: usize = 7; ; shift += 7) {
      if (at >= to || shift > 21) return 0;
      const byte: usize = load<u8>(at++);
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
  }
  return length > to - at ? 0 : at + length;
}
