import { MAX_DEPTH, WIRE, WireReader } from './reader.ts';
import type { Decoded, Field, MessageTable, MessageType, ScalarName } from './schema.ts';
import { WireWriter } from './writer.ts';

type Plain = Record<string, unknown>;

/** Repeated numbers may come packed; decoders must take both forms. */
function packable(field: Field): boolean {
  return field.repeated && field.wire !== WIRE.bytes;
}

function mayBePacked(field: Field, tag: number): boolean {
  return (tag & 7) === WIRE.bytes && packable(field);
}

/** Refuses a known field whose wire type is not its own. */
export function wrongWire(reader: WireReader, type: MessageType, field: Field, tag: number): never {
  return reader.fail(`${type.name}.${field.name} has wire type ${tag & 7}, not ${field.wire}`);
}

/** Checks one value of a field whose tag was read, and steps over it. Unknown fields are skipped. */
export function checkField(reader: WireReader, type: MessageType, tag: number, depth: number): void {
  const field = type.byNumber[tag >>> 3];
  if (!field) reader.skip(tag);
  else if ((tag & 7) !== field.wire) checkPacked(reader, type, field, tag);
  else if (field.scalar === 'string') reader.utf8();
  else if (field.scalar === undefined) checkNested(reader, field.message(), depth);
  else if (field.wire === WIRE.bytes) takeBytes(reader, type, field);
  else reader.skip(tag);
}

function checkPacked(reader: WireReader, type: MessageType, field: Field, tag: number): void {
  if (!mayBePacked(field, tag)) wrongWire(reader, type, field, tag);
  const outer = reader.enter();
  while (reader.pos < reader.limit) reader.skip(field.wire);
  reader.leave(outer);
}

function checkNested(reader: WireReader, type: MessageType, depth: number): void {
  const outer = reader.enter();
  checkMessage(reader, type, depth + 1);
  reader.leave(outer);
}

/** Checks a whole message, to `reader.limit`: structure, wire types of known fields, UTF-8, lengths of ids. */
export function checkMessage(reader: WireReader, type: MessageType, depth = 0): void {
  if (depth > MAX_DEPTH) reader.fail(`nested deeper than ${MAX_DEPTH}`);
  while (reader.pos < reader.limit) checkField(reader, type, reader.tag(), depth);
}

/** Steps over bytes, checked for the length of an id; gives the length. */
function takeBytes(reader: WireReader, type: MessageType, field: Field): number {
  const length = reader.length();
  if (field.size !== 0 && length !== 0 && length !== field.size) {
    reader.fail(`${type.name}.${field.name} has ${length} bytes, not ${field.size} or none`);
  }
  reader.pos += length;
  return length;
}

const READ: Record<ScalarName, (reader: WireReader, type: MessageType, field: Field) => unknown> = {
  string: (r) => {
    const length = r.utf8();
    return r.text(r.pos - length, length);
  },
  bytes: readBytes,
  traceId: readBytes,
  spanId: readBytes,
  bool: (r) => r.varint64() !== 0n,
  enum: (r) => r.varint32() | 0,
  uint32: (r) => r.varint32(),
  sint32: (r) => {
    const zigzag = r.varint32();
    return (zigzag >>> 1) ^ -(zigzag & 1);
  },
  int64: (r) => BigInt.asIntN(64, r.varint64()),
  uint64: (r) => r.varint64(),
  fixed32: (r) => r.view.getUint32(r.take(4, 'a fixed32'), true),
  fixed64: (r) => r.view.getBigUint64(r.take(8, 'a fixed64'), true),
  sfixed64: (r) => r.view.getBigInt64(r.take(8, 'an sfixed64'), true),
  double: (r) => r.view.getFloat64(r.take(8, 'a double'), true),
};

function readBytes(reader: WireReader, type: MessageType, field: Field): Uint8Array {
  const length = takeBytes(reader, type, field);
  return reader.bytes.slice(reader.pos - length, reader.pos);
}

/**
 * Decodes a message, to `reader.limit`, as strictly as `checkMessage` reads it. Of a scalar given twice the last
 * counts; a nested message given twice is merged, as protobuf has it.
 */
function decodeFields(reader: WireReader, type: MessageType, depth: number, message: Plain = {}): Plain {
  if (depth > MAX_DEPTH) reader.fail(`nested deeper than ${MAX_DEPTH}`);
  while (reader.pos < reader.limit) {
    const tag = reader.tag();
    const field = type.byNumber[tag >>> 3];
    if (!field) reader.skip(tag);
    else if ((tag & 7) === field.wire) decodeInto(message, reader, type, field, depth);
    else if (mayBePacked(field, tag)) {
      const outer = reader.enter();
      while (reader.pos < reader.limit) decodeInto(message, reader, type, field, depth);
      reader.leave(outer);
    } else wrongWire(reader, type, field, tag);
  }
  return message;
}

function decodeInto(
  message: Plain,
  reader: WireReader,
  type: MessageType,
  field: Field,
  depth: number,
): void {
  if (field.repeated || field.scalar === undefined) reader.countItem();
  const before = message[field.name];
  const value =
    field.scalar !== undefined
      ? READ[field.scalar](reader, type, field)
      : decodeNested(
          reader,
          field.message(),
          depth,
          field.repeated ? undefined : (before as Plain | undefined),
        );
  if (field.repeated) {
    if (before) (before as unknown[]).push(value);
    else message[field.name] = [value];
    return;
  }
  if (field.oneof) for (const other of type.fields) if (other.oneof) delete message[other.name];
  message[field.name] = value;
}

function decodeNested(reader: WireReader, type: MessageType, depth: number, into?: Plain): Plain {
  const outer = reader.enter();
  const message = decodeFields(reader, type, depth + 1, into);
  reader.leave(outer);
  return message;
}

/** Encodes a plain object; fields that are absent are not written, present ones are, zero or not. */
function encodeFields(writer: WireWriter, type: MessageType, message: Plain): void {
  for (const field of type.fields) {
    const value = message[field.name];
    if (value === undefined) continue;
    if (!field.repeated) writeValue(writer, field, value);
    else if (packable(field)) writePacked(writer, field, value as unknown[]);
    else for (const item of value as unknown[]) writeValue(writer, field, item);
  }
}

function writePacked(writer: WireWriter, field: Field, values: unknown[]): void {
  if (values.length === 0) return;
  writer.tag(field.number, WIRE.bytes);
  writer.nested(() => {
    for (const value of values) WRITE[field.scalar!](writer, value);
  });
}

function writeValue(writer: WireWriter, field: Field, value: unknown): void {
  writer.tag(field.number, field.wire);
  if (field.scalar !== undefined) WRITE[field.scalar](writer, value);
  else writer.nested(() => encodeFields(writer, field.message(), value as Plain));
}

const WRITE: Record<ScalarName, (writer: WireWriter, value: unknown) => void> = {
  string: (w, v) => w.string(v as string),
  bytes: (w, v) => w.raw(v as Uint8Array),
  traceId: (w, v) => w.raw(v as Uint8Array),
  spanId: (w, v) => w.raw(v as Uint8Array),
  bool: (w, v) => w.varint32(v === true ? 1 : 0),
  enum: (w, v) => w.varint64(BigInt(v as number)),
  uint32: (w, v) => w.varint32(v as number),
  sint32: (w, v) => w.varint32((((v as number) << 1) ^ ((v as number) >> 31)) >>> 0),
  int64: (w, v) => w.varint64(v as bigint),
  uint64: (w, v) => w.varint64(v as bigint),
  fixed32: (w, v) => w.fixed32(v as number),
  fixed64: (w, v) => w.fixed64(v as bigint),
  sfixed64: (w, v) => w.fixed64(v as bigint),
  double: (w, v) => w.double(v as number),
};

/** Decoder and encoder of one message of a table, typed by the table. */
export interface Codec<D> {
  decode(bytes: Uint8Array, from?: number, to?: number): D;
  encode(message: D): Uint8Array;
}

/** The codec of message `M`; `decode` throws `bad-data` with the byte where the body stops making sense. */
export function codecOf<T extends MessageTable, M extends keyof T & string>(
  types: { [N in keyof T]: MessageType },
  name: M,
): Codec<Decoded<T, M>> {
  return {
    decode: (bytes, from, to) =>
      decodeFields(new WireReader(bytes, from, to), types[name], 0) as Decoded<T, M>,
    encode: (message) => {
      const writer = new WireWriter();
      encodeFields(writer, types[name], message as Plain);
      return writer.bytes;
    },
  };
}
