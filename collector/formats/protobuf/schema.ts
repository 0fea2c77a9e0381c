import { WIRE } from './reader.ts';

/**
 * Protobuf messages as one table: message -> field -> [number, type, how]. The type is a scalar or the name of
 * another message of the table. `traceId` and `spanId` are bytes of 16 or 8, or none at all. All fields marked
 * `oneof` of a message belong to its one oneof.
 */
export type ScalarName =
  | 'string'
  | 'bytes'
  | 'traceId'
  | 'spanId'
  | 'bool'
  | 'enum'
  | 'uint32'
  | 'sint32'
  | 'int64'
  | 'uint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed64'
  | 'double';
type FieldRow = readonly [number: number, type: string, how?: 'repeated' | 'oneof'];
export type MessageTable = Readonly<Record<string, Readonly<Record<string, FieldRow>>>>;

interface ScalarValues {
  string: string;
  bytes: Uint8Array;
  traceId: Uint8Array;
  spanId: Uint8Array;
  bool: boolean;
  enum: number;
  uint32: number;
  sint32: number;
  int64: bigint;
  uint64: bigint;
  fixed32: number;
  fixed64: bigint;
  sfixed64: bigint;
  double: number;
}

type ValueOf<T extends MessageTable, Name> = Name extends keyof ScalarValues
  ? ScalarValues[Name]
  : Name extends keyof T
    ? Decoded<T, Name>
    : never;

/** The plain object of a message: absent fields are absent, repeated ones are arrays. */
export type Decoded<T extends MessageTable, M extends keyof T> = {
  -readonly [F in keyof T[M]]?: T[M][F] extends readonly [number, infer Name, 'repeated']
    ? ValueOf<T, Name>[]
    : T[M][F] extends readonly [number, infer Name, ...unknown[]]
      ? ValueOf<T, Name>
      : never;
};

/** One field, resolved. */
export interface Field {
  name: string;
  number: number;
  /** The scalar, or undefined for a message. */
  scalar: ScalarName | undefined;
  /** The nested message's type, resolved on first use because messages may contain themselves. */
  message: () => MessageType;
  repeated: boolean;
  oneof: boolean;
  /** Wire type of one value; a repeated number may also come packed. */
  wire: number;
  /** Bytes the value must have when it has any (ids); 0 when any length will do. */
  size: number;
}

export interface MessageType {
  name: string;
  fields: Field[];
  byNumber: (Field | undefined)[];
  byName: Map<string, Field>;
}

const SCALAR_WIRE: Record<ScalarName, number> = {
  string: WIRE.bytes,
  bytes: WIRE.bytes,
  traceId: WIRE.bytes,
  spanId: WIRE.bytes,
  bool: WIRE.varint,
  enum: WIRE.varint,
  uint32: WIRE.varint,
  sint32: WIRE.varint,
  int64: WIRE.varint,
  uint64: WIRE.varint,
  fixed32: WIRE.fixed32,
  fixed64: WIRE.fixed64,
  sfixed64: WIRE.fixed64,
  double: WIRE.fixed64,
};

function isScalar(type: string): type is ScalarName {
  return Object.hasOwn(SCALAR_WIRE, type);
}

/** Resolves a table into message types by name. */
export function defineMessages<T extends MessageTable>(table: T): { [M in keyof T]: MessageType } {
  const types: Record<string, MessageType> = {};
  const typeNamed = (name: string): MessageType => {
    const type = types[name];
    if (!type) throw new TypeError(`no message ${name} in the table`);
    return type;
  };
  for (const [name, rows] of Object.entries(table)) {
    const fields = Object.entries(rows).map(([field, row]) => resolve(field, row, typeNamed));
    const byNumber: (Field | undefined)[] = [];
    for (let n = Math.max(0, ...fields.map((f) => f.number)); n >= 0; n--) byNumber[n] = undefined;
    for (const field of fields) byNumber[field.number] = field;
    types[name] = { name, fields, byNumber, byName: new Map(fields.map((f) => [f.name, f])) };
  }
  return types as { [M in keyof T]: MessageType };
}

function resolve(name: string, row: FieldRow, typeNamed: (name: string) => MessageType): Field {
  const [number, type, how] = row;
  const scalar = isScalar(type) ? type : undefined;
  return {
    name,
    number,
    scalar,
    message: () => typeNamed(type),
    repeated: how === 'repeated',
    oneof: how === 'oneof',
    wire: scalar ? SCALAR_WIRE[scalar] : WIRE.bytes,
    size: type === 'traceId' ? 16 : type === 'spanId' ? 8 : 0,
  };
}
