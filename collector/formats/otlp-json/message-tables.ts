import { WIRE } from '../protobuf/reader.ts';
import type { Field, MessageType, ScalarName } from '../protobuf/schema.ts';

// Layout of the tables that assembly/transcode.ts reads; it has the same numbers.
const MESSAGE_BYTES = 16;
const FIELD_BYTES = 64;
const KEY_BYTES = 24;
const AT = {
  ...{ keyLength: 24, kind: 28, tag: 32, tagBytes: 36, bit: 40, oneofBit: 44, list: 48, idBytes: 52 },
  nested: 56,
} as const;
const LIST = { none: 0, tagged: 1, packed: 2 } as const;
const KIND: Record<ScalarName | 'message', number> = {
  message: 0,
  string: 1,
  bytes: 2,
  traceId: 3,
  spanId: 3,
  bool: 4,
  enum: 5,
  uint32: 6,
  sint32: 7,
  int64: 8,
  uint64: 9,
  fixed32: 10,
  fixed64: 11,
  sfixed64: 12,
  double: 13,
};
/** A message that has a way of its own: attributes are most of what is sent. */
const ATTRIBUTE = 14;
const ATTRIBUTE_MESSAGE = 'KeyValue';

/** Fields that have a bit of their own in a set of 32; the last bit is the oneof's. */
const MAX_FIELDS = 31;
const ONEOF_BIT = 2 ** MAX_FIELDS;

/** Tables of messages, to stand at the place in memory that they were made for, and where in it each message is. */
export interface MessageTables {
  bytes: Uint8Array;
  places: ReadonlyMap<MessageType, number>;
}

/** Writes the tables of messages and of all that they may hold. */
export function writeMessageTables(roots: readonly MessageType[], place: number): MessageTables {
  const places = new Map<MessageType, number>();
  let end = place;
  const layOut = (type: MessageType): void => {
    if (places.has(type)) return;
    places.set(type, end);
    end += MESSAGE_BYTES + type.fields.length * FIELD_BYTES;
    for (const field of type.fields) if (field.scalar === undefined) layOut(field.message());
  };
  for (const root of roots) layOut(root);
  const bytes = new Uint8Array(end - place);
  for (const [type, at] of places) writeMessage(new DataView(bytes.buffer, at - place), type, places);
  return { bytes, places };
}

function writeMessage(view: DataView, type: MessageType, places: ReadonlyMap<MessageType, number>): void {
  if (type.fields.length > MAX_FIELDS) throw new TypeError(`${type.name} has more than ${MAX_FIELDS} fields`);
  view.setUint32(0, type.fields.length, true);
  for (const [i, field] of type.fields.entries()) {
    const at = MESSAGE_BYTES + i * FIELD_BYTES;
    const word = (name: keyof typeof AT, value: number) => view.setUint32(at + AT[name], value, true);
    const key = Buffer.from(field.name, 'latin1');
    if (key.length > KEY_BYTES)
      throw new TypeError(`the key ${field.name} is longer than ${KEY_BYTES} bytes`);
    for (const [j, byte] of key.entries()) view.setUint8(at + j, byte);
    const tag = tagOf(field);
    word('keyLength', key.length);
    word('kind', kindOf(field));
    word('tag', tag < 0x80 ? tag : (tag & 0x7f) | 0x80 | ((tag >>> 7) << 8));
    word('tagBytes', tag < 0x80 ? 1 : 2);
    word('bit', 2 ** i);
    word('oneofBit', field.oneof ? ONEOF_BIT : 0);
    word('list', !field.repeated ? LIST.none : isPacked(field) ? LIST.packed : LIST.tagged);
    word('idBytes', field.size);
    word('nested', field.scalar === undefined ? places.get(field.message())! : 0);
  }
}

function kindOf(field: Field): number {
  if (field.scalar !== undefined) return KIND[field.scalar];
  return field.message().name === ATTRIBUTE_MESSAGE ? ATTRIBUTE : KIND.message;
}

function tagOf(field: Field): number {
  const tag = (field.number << 3) | (isPacked(field) ? WIRE.bytes : field.wire);
  if (tag >= 1 << 14) throw new TypeError(`the tag of ${field.name} needs more than two bytes`);
  return tag;
}

/** Values of a repeated number stand behind one tag. */
function isPacked(field: Field): boolean {
  return field.repeated && field.wire !== WIRE.bytes;
}
