// Copies spans and log records without the fields that index columns hold, and names an attribute that came before by a
// number, compiled to WebAssembly: a tenth is left to compress. `lean-body.ts` says what is called when.
//
// A stream of such a body: a header of eight 32-bit numbers (HEADER below), then the references to the dictionary (16 bits
// each), the runs (before each reference, how many literal bytes stand there: a byte, 255 for four more that tell), the
// lengths of the dictionary's entries (a byte each), the entries, and the literal bytes. All bodies were checked before;
// what cannot be walked all the same is copied whole.

const ALIGN: usize = 16;
/** Fields of so many bytes are put into the dictionary: a shorter one is no longer than its reference. */
const LEAST_ENTRY: usize = 6;
const MOST_ENTRY: usize = 255;
const MOST_SLOTS: usize = 32768;
const LEAST_SLOTS: usize = 64;
/** Slots of the hash table that are looked at for an entry. */
const PROBES: i32 = 8;
const LONG_RUN: u32 = 255;
/** Header: version, bytes of the body, references, bytes of the runs, entries, bytes of entries, literal bytes, 0. */
const HEADER: usize = 32;
const VERSION: u32 = 1;

let stream: usize = 0;
let refs: usize = 0;
let refsEnd: usize = 0;
let runs: usize = 0;
let runsEnd: usize = 0;
let lengths: usize = 0;
let entries: usize = 0;
let entryBytes: usize = 0;
let literals: usize = 0;
/** End of the literal bytes, and where they stood behind the last reference. */
let outEnd: usize = 0;
let lastRun: usize = 0;
/** Bytes that were interned: with the literal ones the length of the body. */
let interned: usize = 0;
let starts: usize = 0;
let count: usize = 0;
let slots: usize = 0;
let slotMask: usize = 0;
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

/** Bytes that `begin` takes for bodies of `bytes`, without their places: lean-body.ts asks before. */
export function needed(bytes: usize): usize {
  const most = bytes / LEAST_ENTRY + 1;
  return HEADER + 8 * ALIGN + most * 4 + (bytes >> 5) + bytes * 2 + MOST_SLOTS * 9;
}

/**
 * Begins at `from` with `bytes` of bodies with so many records, resources and scopes in all; gives where the places of
 * each body, and the body behind them, are to be written.
 */
export function begin(from: usize, bytes: usize, recordCount: usize, resourceCount: usize, scopeCount: usize): usize {
  const most = bytes / LEAST_ENTRY + 1;
  slotMask = LEAST_SLOTS;
  while (slotMask < MOST_SLOTS && slotMask * 24 < bytes) slotMask <<= 1;
  stream = from;
  refs = from + HEADER;
  refsEnd = refs;
  runs = aligned(refs + most * 2);
  runsEnd = runs;
  // A long run takes four bytes more, and 255 of the body.
  lengths = aligned(runs + most + (bytes >> 5));
  entries = aligned(lengths + slotMask);
  entryBytes = 0;
  literals = aligned(entries + bytes + ALIGN);
  outEnd = literals;
  lastRun = literals;
  interned = 0;
  count = 0;
  starts = aligned(literals + bytes + ALIGN);
  slots = starts + slotMask * 4;
  memory.fill(slots, 0, slotMask * 4);
  places = slots + slotMask * 4;
  slotMask--;
  totalRecords = recordCount;
  totalResources = resourceCount;
  records = 0;
  resources = 0;
  scopes = 0;
  given = places + aligned((recordCount << 4) + (resourceCount << 3) + (scopeCount << 3));
  return given;
}

/** Brings the stream together; gives its length. */
export function finish(): usize {
  let to = stream;
  store<u32>(to, VERSION);
  store<u32>(to + 4, <u32>bodyBytes());
  store<u32>(to + 8, <u32>((refsEnd - refs) >> 1));
  store<u32>(to + 12, <u32>(runsEnd - runs));
  store<u32>(to + 16, <u32>count);
  store<u32>(to + 20, <u32>entryBytes);
  store<u32>(to + 24, <u32>(outEnd - literals));
  store<u32>(to + 28, 0);
  to += HEADER + (refsEnd - refs);
  to = move(to, runs, runsEnd - runs);
  to = move(to, lengths, count);
  to = move(to, entries, entryBytes);
  to = move(to, literals, outEnd - literals);
  return to - stream;
}

@inline
function move(to: usize, from: usize, size: usize): usize {
  memory.copy(to, from, size);
  return to + size;
}

@inline
function bodyBytes(): usize {
  return outEnd - literals + interned;
}

/** Where the places of the body's records stand: offset, length, resource, scope of records, then both pairs. */
export function placesAt(): usize {
  return places;
}

/**
 * Takes in the body at `body`. At what `begin` gave stand, as 32-bit numbers, offset, length, resource and scope of its
 * `recordCount` records, then (offset, length) of its resources and of its scopes.
 */
export function add(body: usize, recordCount: usize, resourceCount: usize, scopeCount: usize, isLogs: bool): void {
  input = body;
  const offsetOf = places;
  const lengthOf = offsetOf + (totalRecords << 2);
  const resourceOf = lengthOf + (totalRecords << 2);
  const scopeOf = resourceOf + (totalRecords << 2);
  const resourcePairs = scopeOf + (totalRecords << 2);
  const scopePairs = resourcePairs + (totalResources << 3);
  const givenPairs = given + (recordCount << 4);
  copyPairs(givenPairs, resourceCount, resourcePairs + (resources << 3));
  copyPairs(givenPairs + (resourceCount << 3), scopeCount, scopePairs + (scopes << 3));
  for (let i: usize = 0; i < recordCount; i++) {
    const at = given + (i << 2);
    const from = input + load<u32>(at);
    const length = load<u32>(at + (recordCount << 2));
    const to = (records + i) << 2;
    const begun = bodyBytes();
    record(from, from + length, isLogs);
    store<u32>(offsetOf + to, <u32>begun);
    store<u32>(lengthOf + to, <u32>(bodyBytes() - begun));
    store<u32>(resourceOf + to, load<u32>(at + (recordCount << 3)) + <u32>resources);
    store<u32>(scopeOf + to, load<u32>(at + (recordCount << 3) + (recordCount << 2)) + <u32>scopes);
  }
  records += recordCount;
  resources += resourceCount;
  scopes += scopeCount;
}

/** The low `size` (1 to 8) bytes at `at`. */
@inline
function lowBytes(at: usize, size: usize): u64 {
  return load<u64>(at) & (u64.MAX_VALUE >> ((8 - size) << 3));
}

/** Whether two texts of `size` bytes are the same; what overlaps is read twice, so that few lengths need a loop. */
@inline
function sameBytes(one: usize, other: usize, size: usize): bool {
  if (size >= 16) {
    const last = size - 16;
    let differ = v128.xor(v128.load(one + last), v128.load(other + last));
    for (let at: usize = 0; at < last; at += 16) {
      differ = v128.or(differ, v128.xor(v128.load(one + at), v128.load(other + at)));
    }
    return !v128.any_true(differ);
  }
  if (size >= 8) {
    const last = size - 8;
    return ((load<u64>(one) ^ load<u64>(other)) | (load<u64>(one + last) ^ load<u64>(other + last))) === 0;
  }
  return lowBytes(one, size) === lowBytes(other, size);
}

/** Of the length and of the first, the middle and the last eight bytes: what differs elsewhere is told apart by comparing. */
@inline
function hashOf(at: usize, size: usize): u64 {
  let hash: u64 = <u64>size * 0x9e3779b97f4a7c15;
  if (size < 8) hash = (hash ^ lowBytes(at, size)) * 0x9fb21c651e98df25;
  else {
    hash = (hash ^ load<u64>(at)) * 0x9fb21c651e98df25;
    hash = (rotl<u64>(hash, 29) ^ load<u64>(at + size - 8)) * 0x9fb21c651e98df25;
    hash = (rotl<u64>(hash, 29) ^ load<u64>(at + (size >> 1) - 4)) * 0x9fb21c651e98df25;
  }
  return hash ^ (hash >> 32);
}

/** Puts a field into the dictionary unless it is there, and refers to it; false when there is no room or it is not of a size. */
@inline
function intern(at: usize, size: usize, kept: usize): bool {
  if (size < LEAST_ENTRY || size > MOST_ENTRY) return false;
  const hash = hashOf(at, size);
  let slot: usize = <usize>hash & slotMask;
  // What is compared before the bytes are.
  const mark = <u32>(hash >> 32) & 0xffff0000;
  for (let probe = 0; probe < PROBES; probe++) {
    const known = load<u32>(slots + (slot << 2));
    if (known === 0) {
      if (count + (count >> 2) >= slotMask) return false;
      store<u32>(slots + (slot << 2), mark | <u32>(count + 1));
      store<u32>(starts + (count << 2), <u32>entryBytes);
      store<u8>(lengths + count, <u8>size);
      shortCopy(entries + entryBytes, at, size);
      entryBytes += size;
      refer(count, kept, at);
      interned += size;
      count++;
      return true;
    }
    const entry: usize = (known & 0xffff) - 1;
    if (
      (known & 0xffff0000) === mark &&
      load<u8>(lengths + entry) === <u8>size &&
      sameBytes(entries + load<u32>(starts + (entry << 2)), at, size)
    ) {
      refer(entry, kept, at);
      interned += size;
      return true;
    }
    slot = (slot + 1) & slotMask;
  }
  return false;
}

/** Writes a reference behind what is kept up to it. */
@inline
function refer(entry: usize, kept: usize, to: usize): void {
  if (to > kept) copy(kept, to - kept);
  const run = <u32>(outEnd - lastRun);
  lastRun = outEnd;
  if (run < LONG_RUN) store<u8>(runsEnd++, <u8>run);
  else {
    store<u8>(runsEnd, <u8>LONG_RUN);
    store<u32>(runsEnd + 1, run);
    runsEnd += 5;
  }
  store<u16>(refsEnd, <u16>entry);
  refsEnd += 2;
}

/**
 * Writes the body of the stream of `size` bytes at `at` to `out`, where there is room for `room` bytes; `table` is room for
 * four bytes for each of its entries. Gives false when it is no stream or a damaged one.
 */
export function expand(at: usize, size: usize, table: usize, out: usize, room: usize): bool {
  if (size < HEADER || load<u32>(at) !== VERSION) return false;
  const bytes: usize = load<u32>(at + 4);
  const refCount: u64 = load<u32>(at + 8);
  const runBytes: u64 = load<u32>(at + 12);
  const entryCount: u64 = load<u32>(at + 16);
  const dictionaryBytes: u64 = load<u32>(at + 20);
  const literalBytes: u64 = load<u32>(at + 24);
  if (HEADER + refCount * 2 + runBytes + entryCount + dictionaryBytes + literalBytes !== size || bytes > room) return false;
  let ref = at + HEADER;
  let run = ref + <usize>refCount * 2;
  const runEnd = run + <usize>runBytes;
  const lengthsAt = runEnd;
  const dictionary = lengthsAt + <usize>entryCount;
  let literal = dictionary + <usize>dictionaryBytes;
  const literalEnd = literal + <usize>literalBytes;
  let start: usize = 0;
  for (let i: usize = 0; i < <usize>entryCount; i++) {
    store<u32>(table + (i << 2), <u32>start);
    start += load<u8>(lengthsAt + i);
  }
  if (start !== <usize>dictionaryBytes) return false;
  const end = out + bytes;
  const refsTo = ref + <usize>refCount * 2;
  while (ref < refsTo) {
    if (run >= runEnd) return false;
    let kept: usize = load<u8>(run++);
    if (kept === LONG_RUN) {
      if (run + 4 > runEnd) return false;
      kept = load<u32>(run);
      run += 4;
    }
    const entry: usize = load<u16>(ref);
    ref += 2;
    if (entry >= <usize>entryCount || kept > literalEnd - literal) return false;
    const length: usize = load<u8>(lengthsAt + entry);
    if (kept + length > end - out) return false;
    shortCopy(out, literal, kept);
    literal += kept;
    out += kept;
    shortCopy(out, dictionary + load<u32>(table + (entry << 2)), length);
    out += length;
  }
  if (run !== runEnd || literalEnd - literal !== end - out) return false;
  memory.copy(out, literal, literalEnd - literal);
  return true;
}

/** Copies sixteen bytes at a time: up to fifteen behind the end are written too, which the next copy or nobody reads. */
@inline
function shortCopy(to: usize, from: usize, size: usize): void {
  for (let done: usize = 0; done < size; done += 16) v128.store(to + done, v128.load(from + done));
}

/** Copies the messages of (offset, length) pairs, and writes where they are now. */
function copyPairs(pairs: usize, count: usize, to: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const length: usize = load<u32>(pairs + (i << 3) + 4);
    store<u32>(to + (i << 3), <u32>bodyBytes());
    store<u32>(to + (i << 3) + 4, <u32>length);
    copy(input + load<u32>(pairs + (i << 3)), length);
  }
}

@inline
function copy(from: usize, length: usize): void {
  if (length <= 256) shortCopy(outEnd, from, length);
  else memory.copy(outEnd, from, length);
  outEnd += length;
}

/** Copies a record's attributes and what no column tells; an unusual one whole. */
function record(from: usize, to: usize, isLogs: bool): void {
  const begun = outEnd;
  const ref = refsEnd;
  const run = runsEnd;
  const last = lastRun;
  const before = interned;
  if (isLogs ? !leanLog(from, to) : !leanSpan(from, to)) {
    outEnd = begun;
    refsEnd = ref;
    runsEnd = run;
    lastRun = last;
    interned = before;
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
      case 0x4a:
        at = behindBytes(at, to);
        if (at === 0) return false;
        if (intern(field, at - field, kept)) kept = at;
        continue;
      case 0x1a:
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
      case 0x2a:
      case 0x32:
        at = behindBytes(at, to);
        if (at === 0) return false;
        if (intern(field, at - field, kept)) kept = at;
        continue;
      case 0x1a:
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
