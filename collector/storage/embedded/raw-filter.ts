/**
 * A filter over the attributes of an unsealed block's spans and resources, made when its body is read for the first search
 * among them: later ones need not inflate the bodies of blocks that lack what is asked for. What is written in another way
 * than senders do is left to the decoder: then the filter lets everything of that key, or everything, pass.
 */
import type { Records } from './records.ts';
import { hashRange } from './sealed/hashing.ts';
import { TYPE } from './sealed/layout.ts';
import { PairFilterWriter } from './sealed/pair-filter.ts';
import { FieldSkipper, VarintWords } from './sealed/wire.ts';

/** Tags of a span's attribute, and of a resource's (opentelemetry/proto/trace/v1/trace.proto, resource/v1/resource.proto). */
const SPAN_ATTRIBUTE = 0x4a;
const RESOURCE_ATTRIBUTE = 0x0a;
/** Tags of KeyValue and AnyValue (opentelemetry/proto/common/v1/common.proto). */
const KEY = 0x0a;
const VALUE = 0x12;
const STRING = 0x0a;
const BOOL = 0x10;
const INT = 0x18;
const DOUBLE = 0x21;

/** The filter; it holds everything that the records' attributes read as. */
export function rawFilter(records: Records): Uint32Array {
  return new AttributeWalk(records).filter();
}

class AttributeWalk {
  readonly #records: Records;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fields: FieldSkipper;
  readonly #writer = new PairFilterWriter();
  readonly #varint = new VarintWords();

  constructor(records: Records) {
    const { body } = records;
    this.#records = records;
    this.#bytes = body;
    this.#view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    this.#fields = new FieldSkipper(body);
  }

  filter(): Uint32Array {
    const { offset, length, resources } = this.#records.offsets;
    try {
      for (let i = 0; i < offset.length; i++)
        this.#message(offset[i]!, offset[i]! + length[i]!, SPAN_ATTRIBUTE);
      for (let n = 0; n < resources.length; n += 2)
        this.#message(resources[n]!, resources[n]! + (resources[n + 1] ?? 0), RESOURCE_ATTRIBUTE);
    } catch (error) {
      // Whoever decodes the record is told so.
      if (!(error instanceof RangeError)) throw error;
      this.#writer.addAnyKey();
    }
    return this.#writer.buildFilter();
  }

  #message(from: number, to: number, tag: number): void {
    const fields = this.#fields;
    for (let p = from; p < to; ) {
      if (this.#bytes[p] !== tag) {
        p = fields.skip(p, to);
        continue;
      }
      const size = fields.length(p + 1, to);
      const start = fields.content;
      p = start + size;
      this.#attribute(start, p);
    }
  }

  /** A KeyValue. */
  #attribute(from: number, to: number): void {
    if (!this.#usual(from, to)) this.#writer.addAnyKey();
  }

  /** False when it is not its key, then its value, as everybody writes it. */
  #usual(from: number, to: number): boolean {
    const fields = this.#fields;
    if (this.#bytes[from] !== KEY) return false;
    const keyLength = fields.length(from + 1, to);
    const keyStart = fields.content;
    const value = keyStart + keyLength;
    if (value >= to || this.#bytes[value] !== VALUE) return false;
    const size = fields.length(value + 1, to);
    const start = fields.content;
    if (start + size !== to) return false;
    const key = hashRange(this.#view, keyStart, keyLength);
    if (!this.#value(key, start, to)) this.#writer.addAnyValue(key);
    return true;
  }

  /** An AnyValue; false when it is not exactly one scalar. */
  #value(key: number, from: number, to: number): boolean {
    const bytes = this.#bytes;
    const tag = bytes[from];
    if (from >= to) return false;
    if (tag === STRING) {
      const length = this.#fields.length(from + 1, to);
      const start = this.#fields.content;
      if (start + length !== to) return false;
      this.#writer.addText(key, hashRange(this.#view, start, length));
      return true;
    }
    if (tag === INT) {
      if (this.#varint.read(bytes, from + 1, to) !== to) return false;
      this.#writer.addWords(key, TYPE.int, this.#varint.low, this.#varint.high);
      return true;
    }
    if (tag === DOUBLE && from + 9 === to) {
      const [low, high] = [this.#view.getUint32(from + 1, true), this.#view.getUint32(from + 5, true)];
      this.#writer.addWords(key, TYPE.double, low, high);
      return true;
    }
    if (tag !== BOOL || from + 2 !== to || bytes[from + 1]! > 1) return false;
    this.#writer.addWords(key, TYPE.bool, bytes[from + 1]!, 0);
    return true;
  }
}
