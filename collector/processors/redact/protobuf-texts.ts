import { OTLP } from '../../formats/otlp-protobuf/messages.ts';
import { WIRE, WireReader } from '../../formats/protobuf/reader.ts';
import type { Field, MessageType } from '../../formats/protobuf/schema.ts';
import type { TextMasker } from './text-masker.ts';

const ASTERISK = 0x2a;
/** A number of 0 that takes as many bytes as another: all but the last byte say that more follows. */
const MORE = 0x80;

/** Whether a place to be looked at lies in bytes[start, end). */
export type HasPlace = (start: number, end: number) => boolean;

/**
 * Masks secrets inside the texts of one protobuf message, in place: lengths, ids, times and numbers stay as they are,
 * but for the value of an attribute whose key is a secret's, of which every text and number goes. Only texts that
 * `hasPlace` names are looked at.
 */
export class ProtobufTexts {
  readonly #buffer: Buffer;
  readonly #reader: WireReader;
  readonly #masker: TextMasker;
  readonly #hasPlace: HasPlace;

  constructor(bytes: Uint8Array, masker: TextMasker, hasPlace: HasPlace) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#reader = new WireReader(bytes);
    this.#masker = masker;
    this.#hasPlace = hasPlace;
  }

  /** Masks the message of this type in bytes[from, to), which a scanner has checked. */
  mask(type: MessageType, from: number, to: number): void {
    this.#reader.pos = from;
    this.#reader.limit = to;
    this.#message(type);
  }

  #message(type: MessageType): void {
    const reader = this.#reader;
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      const field = type.byNumber[tag >>> 3];
      if ((tag & 7) !== WIRE.bytes || !field) reader.skip(tag);
      else this.#field(field);
    }
  }

  #field(field: Field): void {
    const reader = this.#reader;
    const length = reader.length();
    const start = reader.pos;
    const end = start + length;
    if (this.#hasPlace(start, end)) {
      const outer = reader.limit;
      reader.limit = end;
      if (field.scalar === 'string') this.#text(start, end);
      else if (!field.scalar) this.#nested(field.message(), start);
      reader.limit = outer;
    }
    reader.pos = end;
  }

  #nested(type: MessageType, start: number): void {
    if (type !== OTLP.KeyValue || !this.#masker.isSecret(this.#keyOf(start))) {
      this.#reader.pos = start;
      this.#message(type);
      return;
    }
    this.#reader.pos = start;
    this.#everything(type, true);
  }

  /** The key of the KeyValue between `start` and the reader's limit. */
  #keyOf(start: number): string {
    const reader = this.#reader;
    reader.pos = start;
    let key = '';
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      if (tag === ((1 << 3) | WIRE.bytes)) {
        const length = reader.length();
        key = reader.text(reader.pos, length);
        reader.pos += length;
      } else reader.skip(tag);
    }
    return key;
  }

  #text(start: number, end: number): void {
    const text = this.#buffer.toString('latin1', start, end);
    const masked = this.#masker.mask(text);
    if (masked !== text) this.#buffer.write(masked, start, 'latin1');
  }

  /** Masks all values up to the reader's limit; of the pair itself the key stays. */
  #everything(type: MessageType, keepKey: boolean): void {
    const reader = this.#reader;
    while (reader.pos < reader.limit) {
      const tag = reader.tag();
      const field = type.byNumber[tag >>> 3];
      const wire = tag & 7;
      if (field && wire === WIRE.bytes) this.#wholeField(field, keepKey && field.name === 'key');
      else {
        const start = reader.pos;
        reader.skip(tag);
        if (field?.scalar === 'int64') this.#zero(start, reader.pos);
        else if (field?.scalar === 'double') this.#buffer.fill(0, start, reader.pos);
      }
    }
  }

  #wholeField(field: Field, keep: boolean): void {
    const reader = this.#reader;
    const length = reader.length();
    const start = reader.pos;
    const end = start + length;
    if (!field.scalar) {
      const outer = reader.limit;
      reader.limit = end;
      this.#everything(field.message(), field.message() === OTLP.KeyValue);
      reader.limit = outer;
    } else if (!keep) {
      const text = this.#buffer.toString('latin1', start, end);
      if (this.#masker.whole(text) !== text) this.#buffer.fill(ASTERISK, start, end);
    }
    reader.pos = end;
  }

  #zero(start: number, end: number): void {
    this.#buffer.fill(MORE, start, end - 1);
    this.#buffer[end - 1] = 0;
  }
}
