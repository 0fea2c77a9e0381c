/**
 * The bytes of a sealed block. What is stored of its directory is three words (magic, bytes of what follows when inflated, a
 * CRC-32 of it) and, compressed, a header of three words (records, entries, flags), one entry of ENTRY_WORDS words per
 * column, and a heap (keys, small columns, small dictionaries). A column has up to two sections, each compressed on its own
 * where that pays; it stands in the heap when it is small, with others in a row when it is not large, else in a row of its
 * own. Words are little-endian, as are all numbers. One more row is the filter over all attributes: `pair-filter.ts`.
 */

export const MAGIC = 0x32_4c_41_53;
/** Of a form that no released version wrote. */
export const OLDER_MAGIC = 0x31_4c_41_53;
export const PREFIX_BYTES = 12;
export const HEADER_WORDS = 3;
export const ENTRY_WORDS = 17;

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
  /** Where the column stands in the heap; NOWHERE when it stands in a row. */
  place: 6,
  crc: 7,
  firstStored: 8,
  firstRaw: 9,
  mainStored: 10,
  mainRaw: 11,
  /** Which row, and where in it. */
  row: 12,
  rowOffset: 13,
  /** Where the first section stands in the heap when the rest stands in a row; NOWHERE otherwise. */
  firstPlace: 14,
  minLow: 15,
  minHigh: 16,
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
} as const;

export const ENCODING = {
  /** First: the distinct byte strings; main: which of them each value is, as bits. */
  dictionary: 1,
  /** First: the byte strings. */
  plain: 2,
  /** First: the distinct values of 8 bytes; main: which of them each value is, as bits. */
  dictionary64: 3,
  /** Main: what each value is above the minimum, as bits. */
  above64: 4,
  /** Main: 8 bytes per value. */
  fixed64: 5,
  /** Main: the zigzag difference to the value before, the first one's to the minimum, as `lengths.ts` has it. */
  deltas: 6,
  /** Main: varints. */
  varints: 7,
  /** Main: unsigned integers, as bits. */
  uints: 8,
  /** Main: bytes. */
  bytes: 9,
  /** First: the distinct ids; main: how far back the id stands in them, counted from those met so far; 0 for a new one. */
  ids: 10,
  /** First: ids of none of the block's spans; main: 0 for none, 1 for the next of those, else 2 + zigzag distance. */
  parents: 11,
  /** Main: unsigned integers, as `lengths.ts` has them. */
  lengths: 12,
} as const;

/** Rows of a block: block id * COLUMNS_PER_BLOCK + row number. */
export const COLUMNS_PER_BLOCK = 4096;
/** The row that is the filter over all attributes. */
export const FILTER_ROW = COLUMNS_PER_BLOCK - 1;
/** Keys and types that get a column of their own. */
export const MAX_ATTRIBUTE_COLUMNS = 1500;
