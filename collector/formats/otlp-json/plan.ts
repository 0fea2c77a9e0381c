import { WIRE } from '../protobuf/reader.ts';
import type { Field, MessageType } from '../protobuf/schema.ts';

/** A message type as the transcoder wants it: fields found by the bytes of their key, tags ready to be written. */
export interface Plan {
  /** Fields by the length of their key; few messages have more than two of one length. */
  byLength: readonly (readonly PlannedField[] | undefined)[];
}

export interface PlannedField {
  /** ASCII of the key. */
  key: Uint8Array;
  /** Bit of the field in the set of those that a message has had. */
  bit: number;
  /** First byte of the tag, and its second when the field's number needs one, else 0. */
  tag: number;
  tagEnd: number;
  scalar: Field['scalar'];
  /** Of the nested message; undefined for a scalar. */
  plan: Plan | undefined;
  repeated: boolean;
  /** A repeated number: its values stand behind one tag. */
  packed: boolean;
  /** Bit that all fields of the message's oneof share; 0 for other fields. */
  oneofBit: number;
  /** Bytes of an id; 0 for other types. */
  size: number;
}

/** Fields that have a bit of their own in a set that is one number; the last bit is the oneof's. */
const MAX_FIELDS = 30;
const ONEOF_BIT = 1 << MAX_FIELDS;

/** Plans a message and all that it may hold; messages may hold themselves. */
export function planMessage(type: MessageType, known = new Map<MessageType, Plan>()): Plan {
  const found = known.get(type);
  if (found) return found;
  if (type.fields.length > MAX_FIELDS) throw new TypeError(`${type.name} has more than ${MAX_FIELDS} fields`);
  const byLength: PlannedField[][] = [];
  const plan = { byLength };
  known.set(type, plan);
  for (const [i, field] of type.fields.entries()) {
    const planned = planField(field, 1 << i, known);
    byLength[planned.key.length] = [...(byLength[planned.key.length] ?? []), planned];
  }
  return plan;
}

function planField(field: Field, bit: number, known: Map<MessageType, Plan>): PlannedField {
  const packed = field.repeated && field.wire !== WIRE.bytes;
  const tag = (field.number << 3) | (packed ? WIRE.bytes : field.wire);
  if (tag >= 1 << 14) throw new TypeError(`the tag of ${field.name} needs more than two bytes`);
  return {
    key: Buffer.from(field.name, 'latin1'),
    bit,
    tag: tag < 0x80 ? tag : (tag & 0x7f) | 0x80,
    tagEnd: tag >>> 7,
    scalar: field.scalar,
    plan: field.scalar === undefined ? planMessage(field.message(), known) : undefined,
    repeated: field.repeated,
    packed,
    oneofBit: field.oneof ? ONEOF_BIT : 0,
    size: field.size,
  };
}
