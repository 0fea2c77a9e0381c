import type { RecordOffsets } from '../../telemetry/batch.ts';
import type { AttributeValue } from '../../telemetry/model.ts';
import { WireReader } from '../protobuf/reader.ts';
import { decodeLogRecord } from './decode-record.ts';

/** Tags of LogRecord.body and AnyValue.string_value, both of bytes. Source: opentelemetry/proto/logs/v1/logs.proto */
const BODY_TAG = (5 << 3) | 2;
const STRING_TAG = (1 << 3) | 2;

/** The bodies of log records in an uncompressed body of a request, without decoding what else a record says. */
export class LogBodies {
  readonly #reader: WireReader;
  readonly #offsets: RecordOffsets;

  constructor(body: Uint8Array, offsets: RecordOffsets) {
    this.#reader = new WireReader(body);
    this.#offsets = offsets;
  }

  /**
   * From where to where the body of record `i` stands, when it is one string; undefined for other bodies, whose text
   * is not in the bytes as it is. Throws `bad-data` when offsets and body do not belong together.
   */
  textRange(i: number): [start: number, end: number] | undefined {
    const reader = this.#reader;
    reader.pos = this.#offsets.offset[i] ?? 0;
    reader.limit = reader.pos + (this.#offsets.length[i] ?? 0);
    let range: [start: number, end: number] | undefined;
    let bodies = 0;
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      if (tag !== BODY_TAG) reader.skip(tag);
      else {
        bodies++;
        range = this.#stringRange();
      }
    }
    // Of several bodies protobuf merges what they hold.
    return bodies === 1 ? range : undefined;
  }

  /** Enters an AnyValue; the range of its text when it holds a string and nothing else. */
  #stringRange(): [start: number, end: number] | undefined {
    const reader = this.#reader;
    const outer = reader.enter();
    const end = reader.limit;
    let range: [start: number, end: number] | undefined;
    if (reader.pos < end && reader.tag() === STRING_TAG) {
      const length = reader.length();
      if (reader.pos + length === end) range = [reader.pos, end];
    }
    reader.pos = end;
    reader.leave(outer);
    return range;
  }

  /** The body of record `i`, as `decodeLogRecord` has it. */
  decode(i: number): AttributeValue {
    const range = this.textRange(i);
    if (range === undefined) return decodeLogRecord(this.#reader.bytes, this.#offsets, i).body;
    return this.#reader.text(range[0], range[1] - range[0]);
  }
}
