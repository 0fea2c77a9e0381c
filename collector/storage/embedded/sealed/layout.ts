/**
 * The bytes of a sealed block. Its directory is a header of four words (magic, records, entries, flags), one entry of
 * ENTRY_WORDS words per column, a heap (keys, small columns, small bloom filters) and a CRC-32 of all that. A column
 * has up to two sections, each compressed on its own; it stands in the heap when small, else in a row of its own.
 * Words are little-endian, as are all numbers.
 */

export const MAGIC = 0x31_4c_41_53;
export const HEADER_WORDS = 4;
export const ENTRY_WORDS = 18;

/** Words of an entry. */
export const WORD = {
  keyHash: 0,
  keyOffset: 1,
  keyLength: 2,
  /** type, encoding << 8 */
  kind: 3,
  /** Values in the column. */
  count: 4,
  /** Distinct values, where the encoding counts them. */
  distinct: 5,
  /** Where the column stands in the heap; NOWHERE when it has a row of its own. */
  place: 6,
  crc: 7,
  firstStored: 8,
  firstRaw: 9,
  mainStored: 10,
  mainRaw: 11,
  /** Entry number of its bloom filter; NOWHERE when there is none. */
  bloom: 12,
  /** Where the first section stands in the heap when the rest has a row of its own; NOWHERE otherwise. */
  firstPlace: 13,
  minLow: 14,
  minHigh: 15,
  maxLow: 16,
  maxHigh: 17,
} as const;

export const NOWHERE = 0xffff_ffff;

/** Flags of the header. */
export const FLAG = {
  /** No two records have the same trace and span id. */
  distinctIds: 1,
} as const;

/** What a column holds. Up to `anyKey` they are attributes, up to `json` those under a key, by the type of their values. */
export const TYPE = {
  text: 1,
  int: 2,
  double: 3,
  bool: 4,
  /** A whole KeyValue message: lists, maps, bytes, empty values, and whatever is written in an unusual way. */
  other: 5,
  /** A value of a log line as its JSON. */
  json: 6,
  /** Whole KeyValue messages under any key, when a block has more keys than columns. */
  anyKey: 7,
  bodyText: 10,
  /** A whole AnyValue message. */
  bodyOther: 11,
  severityText: 12,
  /** Observed time less the record's time, nanoseconds. */
  observedAfter: 13,
  /** No values: the record has no time of its own but the one at which it was observed. */
  observedOnly: 14,
  /** A whole line that is JSON, but not written in the usual way. */
  line: 15,
  /** A whole line that is not JSON. */
  plainLine: 16,
  traceId: 20,
  spanId: 21,
  parentSpanId: 22,
  start: 23,
  duration: 24,
  /** kind | status << 4 */
  kindStatus: 25,
  name: 26,
  service: 27,
  route: 28,
  method: 29,
  httpStatus: 30,
  severity: 31,
  shape: 40,
  /** Every shape as its number of columns and their entry numbers, varints. */
  shapes: 41,
  resource: 42,
  resources: 43,
  scope: 44,
  scopes: 45,
  /** All other fields of a record as they came. */
  residual: 46,
  /** Pairs of member id and records, varints. */
  members: 47,
  /** Position in the member, where a block does not hold its members whole. */
  positions: 48,
  bloom: 49,
} as const;

export const ENCODING = {
  /** First: the distinct byte strings; main: an index of 0, 1, 2 or 4 bytes per value. */
  dictionary: 1,
  /** First: lengths; main: the byte strings. */
  plain: 2,
  /** First: the distinct values of 8 bytes; main: an index. */
  dictionary64: 3,
  /** Main: what each value is above the minimum, in 2 or 4 bytes. */
  above64: 4,
  /** Main: 8 bytes per value. */
  fixed64: 5,
  /** Main: varints of the zigzag difference to the value before, the first one's to the minimum. */
  deltas: 6,
  /** Main: varints. */
  varints: 7,
  /** Main: unsigned integers of 0, 1, 2 or 4 bytes. */
  uints: 8,
  /** Main: bytes. */
  bytes: 9,
  /** First: the distinct ids; main: how far back the id stands in them, counted from those met so far; 0 for a new one. */
  ids: 10,
  /** First: ids of none of the block's spans; main: 0 for none, 1 for the next of those, else 2 + zigzag distance. */
  parents: 11,
} as const;

/** Rows of a block's columns: block id * COLUMNS_PER_BLOCK + column number. */
export const COLUMNS_PER_BLOCK = 4096;
/** Keys and types that get a column of their own. */
export const MAX_ATTRIBUTE_COLUMNS = 1500;
