import { olderSpanAttribute, spanAttribute } from '../../../slo/index.ts';
import type { SpanBatch, SpanIndex } from '../../telemetry/batch.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../../telemetry/ids.ts';
import { SPAN_KINDS, SPAN_STATUSES } from '../../telemetry/model.ts';
import { ByteDictionary } from '../protobuf/byte-dictionary.ts';
import { checkField } from '../protobuf/codec.ts';
import { WIRE, WireReader } from '../protobuf/reader.ts';
import { AttributeScanner } from './attribute-scanner.ts';
import { OTLP } from './messages.ts';
import { copyId, saturated } from './scan-fields.ts';
import { scanSpansFast } from './scan-kernel.ts';
import { type ScanRecord, scanRecords } from './scan-records.ts';

const LAYOUT = { root: OTLP.TracesData, group: OTLP.ResourceSpans, scopeGroup: OTLP.ScopeSpans };

const TRACE_ID = (1 << 3) | WIRE.bytes;
const SPAN_ID = (2 << 3) | WIRE.bytes;
const TRACE_STATE = (3 << 3) | WIRE.bytes;
const PARENT_SPAN_ID = (4 << 3) | WIRE.bytes;
const NAME = (5 << 3) | WIRE.bytes;
const KIND = (6 << 3) | WIRE.varint;
const START = (7 << 3) | WIRE.fixed64;
const END = (8 << 3) | WIRE.fixed64;
const ATTRIBUTE = (9 << 3) | WIRE.bytes;
const STATUS = (15 << 3) | WIRE.bytes;
const STATUS_CODE = (3 << 3) | WIRE.varint;

const ROUTE_KEY = Buffer.from(spanAttribute.httpRoute);
const METHOD_KEY = Buffer.from(spanAttribute.httpMethod);
const OLDER_METHOD_KEY = Buffer.from(olderSpanAttribute.httpMethod);
const STATUS_KEY = Buffer.from(spanAttribute.httpStatusCode);
const ADJUSTED_COUNT_KEY = Buffer.from(spanAttribute.adjustedCount);
const OLDER_STATUS_KEY = Buffer.from(olderSpanAttribute.httpStatusCode);

/** Depth of a span's attributes in the message, counted from the request. */
const DEPTH = 4;

/**
 * Finds the spans of an ExportTraceServiceRequest and fills their index columns without decoding them; the batch
 * keeps `body` as it is. The newer spelling of an attribute counts before the older one. A span that ends before it
 * starts has duration 0, times beyond 2^63 - 1 are cut to it. The whole body is checked: throws `bad-data` with
 * the byte at fault, `too-large` above MAX_RECORDS spans.
 */
export function scanTraces(body: Uint8Array): SpanBatch {
  const found = scanSpansFast(body);
  if (found === undefined) return scanAnyTraces(body);
  return { signal: 'traces', encoding: 'otlp-protobuf', compression: 'none', body, ...found, resource: {} };
}

/** As scanTraces, by the scanner that reads everything and knows what is wrong where. */
export function scanAnyTraces(body: Uint8Array): SpanBatch {
  const reader = new WireReader(body);
  const scan = new SpanScan(reader);
  const { offsets, service, ...resources } = scanRecords(reader, LAYOUT, (count) => scan.begin(count));
  const statesWeights = scan.columns.statesWeights === true || resources.statesWeights;
  const count = offsets.offset.length;
  return {
    signal: 'traces',
    encoding: 'otlp-protobuf',
    compression: 'none',
    body,
    count,
    index: { ...scan.columns, service, statesWeights },
    offsets,
    resource: {},
  };
}

type SpanColumns = Omit<SpanIndex, 'service'>;

function emptyColumns(count: number): SpanColumns {
  return {
    traceId: new Uint8Array(count * TRACE_ID_BYTES),
    spanId: new Uint8Array(count * SPAN_ID_BYTES),
    parentSpanId: new Uint8Array(count * SPAN_ID_BYTES),
    startTimeUnixNano: new BigInt64Array(count),
    durationNano: new BigInt64Array(count),
    kind: new Uint8Array(count),
    status: new Uint8Array(count),
    name: { dictionary: [], index: new Uint32Array(count) },
    route: { dictionary: [], index: new Uint32Array(count) },
    method: { dictionary: [], index: new Uint32Array(count) },
    httpStatus: new Uint16Array(count),
    statesWeights: false,
    hasTraceState: false,
  };
}

class SpanScan {
  readonly #reader: WireReader;
  readonly #attribute: AttributeScanner;
  columns: SpanColumns = emptyColumns(0);
  readonly #names: ByteDictionary;
  readonly #routes: ByteDictionary;
  readonly #methods: ByteDictionary;
  #olderMethod = 0;
  #olderStatus = 0;

  constructor(reader: WireReader) {
    this.#reader = reader;
    this.#attribute = new AttributeScanner(reader);
    this.#names = new ByteDictionary(reader);
    this.#routes = new ByteDictionary(reader);
    this.#methods = new ByteDictionary(reader);
  }

  begin(count: number): ScanRecord {
    this.columns = emptyColumns(count);
    this.columns.name.dictionary = this.#names.strings;
    this.columns.route.dictionary = this.#routes.strings;
    this.columns.method.dictionary = this.#methods.strings;
    return (i) => this.#span(i);
  }

  #span(i: number): void {
    const reader = this.#reader;
    const { columns } = this;
    this.#olderMethod = 0;
    this.#olderStatus = 0;
    let start = 0n;
    let end = 0n;
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      if (tag === ATTRIBUTE) {
        this.#attribute.scan(DEPTH);
        this.#indexAttribute(i);
      } else if (tag === TRACE_ID) copyId(reader, columns.traceId, i, TRACE_ID_BYTES, 'Span.traceId');
      else if (tag === SPAN_ID) copyId(reader, columns.spanId, i, SPAN_ID_BYTES, 'Span.spanId');
      else if (tag === PARENT_SPAN_ID) {
        copyId(reader, columns.parentSpanId, i, SPAN_ID_BYTES, 'Span.parentSpanId');
      } else if (tag === NAME) {
        const length = reader.utf8();
        columns.name.index[i] = this.#names.position(reader.pos - length, length);
      } else if (tag === TRACE_STATE) {
        if (reader.utf8() > 0) columns.hasTraceState = true;
      } else if (tag === KIND) columns.kind[i] = enumIn(reader, SPAN_KINDS.length);
      else if (tag === START) start = reader.view.getBigInt64(reader.take(8, 'a time'), true);
      else if (tag === END) end = reader.view.getBigInt64(reader.take(8, 'a time'), true);
      else if (tag === STATUS) this.#status(i);
      else checkField(reader, OTLP.Span, tag, DEPTH - 1);
    }
    start = saturated(start);
    end = saturated(end);
    columns.startTimeUnixNano[i] = start;
    columns.durationNano[i] = end > start ? end - start : 0n;
    if (columns.method.index[i] === 0) columns.method.index[i] = this.#olderMethod;
    if (columns.httpStatus[i] === 0) columns.httpStatus[i] = this.#olderStatus;
  }

  #status(i: number): void {
    const reader = this.#reader;
    const outer = reader.enter();
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      if (tag === STATUS_CODE) this.columns.status[i] = enumIn(reader, SPAN_STATUSES.length);
      else checkField(reader, OTLP.Status, tag, DEPTH);
    }
    reader.leave(outer);
  }

  /** Keeps the attribute just scanned if a column asks for it. The lengths of the keys differ, so one test decides. */
  #indexAttribute(i: number): void {
    const attribute = this.#attribute;
    switch (attribute.keyLength) {
      case ROUTE_KEY.length:
        if (attribute.keyIs(ROUTE_KEY)) this.columns.route.index[i] = this.#text(this.#routes);
        break;
      case METHOD_KEY.length:
        if (attribute.keyIs(METHOD_KEY)) this.columns.method.index[i] = this.#text(this.#methods);
        break;
      case OLDER_METHOD_KEY.length:
        if (attribute.keyIs(OLDER_METHOD_KEY)) this.#olderMethod = this.#text(this.#methods);
        break;
      case STATUS_KEY.length:
        if (attribute.keyIs(STATUS_KEY)) this.columns.httpStatus[i] = this.#httpStatus();
        break;
      case OLDER_STATUS_KEY.length:
        if (attribute.keyIs(OLDER_STATUS_KEY)) this.#olderStatus = this.#httpStatus();
        break;
      case ADJUSTED_COUNT_KEY.length:
        if (attribute.keyIs(ADJUSTED_COUNT_KEY)) this.columns.statesWeights = true;
        break;
    }
  }

  #text(dictionary: ByteDictionary): number {
    const { textStart, textLength } = this.#attribute;
    return textStart < 0 ? 0 : dictionary.position(textStart, textLength);
  }

  /** A status code has three digits (RFC 9110, section 15); anything else is read as absent. */
  #httpStatus(): number {
    const { int } = this.#attribute;
    return int >= 100 && int <= 999 ? int : 0;
  }
}

/** An enum value, 0 (unspecified) when it is none of the `count` that are known. */
function enumIn(reader: WireReader, count: number): number {
  const value = reader.varint32();
  return value < count ? value : 0;
}
