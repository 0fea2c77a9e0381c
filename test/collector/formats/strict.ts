/**
 * When a strict reader must refuse an OTLP body that protobufjs, a lenient one, takes: written slowly and plainly after
 * the encoding's specification, on protobufjs's reflection of otlp.proto.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
import protobuf from 'protobufjs';
import { oracleType, type Plain } from './oracle.ts';

/** Nesting where readers may differ by a level or two; no sender comes near it. */
const DEEP = 90;
const ID_BYTES: Readonly<Record<string, number>> = { traceId: 16, spanId: 8, parentSpanId: 8 };
/** Messages whose offsets the store keeps, so that they cannot be merged from two parts. */
const ONCE: Readonly<Record<string, string>> = {
  ResourceSpans: 'resource',
  ScopeSpans: 'scope',
  ResourceLogs: 'resource',
  ScopeLogs: 'scope',
};

export type Judgement = { verdict: 'take' | 'either' } | { verdict: 'refuse'; why: string };

class Refusal extends Error {}
class TooDeep extends Error {}

/** Whether the bytes are an OTLP message that a strict reader takes. */
export function judge(message: string, bytes: Uint8Array): Judgement {
  return judged(() => new Walk(bytes).message(oracleType(message), bytes.length, 0));
}

/** Whether the bytes are messages of `type`, each behind its length, that a strict reader takes. */
export function judgeDelimited(type: protobuf.Type, bytes: Uint8Array): Judgement {
  return judged(() => new Walk(bytes).delimited(type));
}

function judged(walk: () => void): Judgement {
  try {
    walk();
    return { verdict: 'take' };
  } catch (error) {
    if (error instanceof TooDeep) return { verdict: 'either' };
    if (error instanceof Refusal) return { verdict: 'refuse', why: error.message };
    throw error;
  }
}

const WIRE: Readonly<Record<string, number>> = {
  ...{ int32: 0, uint32: 0, sint32: 0, int64: 0, uint64: 0, sint64: 0, bool: 0 },
  ...{ fixed64: 1, sfixed64: 1, double: 1, string: 2, bytes: 2, fixed32: 5 },
};

class Walk {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  delimited(type: protobuf.Type): void {
    while (this.#at < this.#bytes.length) this.message(type, this.#contentEnd(this.#bytes.length), 0);
  }

  message(type: protobuf.Type, end: number, depth: number): void {
    if (depth > DEEP) throw new TooDeep();
    const seen = new Set<string>();
    while (this.#at < end) {
      const [number, wire] = this.#tag(end);
      const field = type.fieldsById[number];
      if (field === undefined) this.#skip(number, wire, end, 0);
      else {
        if (ONCE[type.name] === field.name && seen.has(field.name)) refuse(`${field.name} given twice`);
        seen.add(field.name);
        this.#field(field, wire, end, depth);
      }
    }
  }

  #field(field: protobuf.Field, wire: number, end: number, depth: number): void {
    const nested = field.resolve().resolvedType;
    const own = nested instanceof protobuf.Enum ? 0 : (WIRE[field.type] ?? 2);
    if (wire !== own) {
      if (!field.repeated || own === 2 || wire !== 2) refuse(`${field.name} has wire type ${wire}`);
      const to = this.#contentEnd(end);
      while (this.#at < to) this.#skip(0, own, to, 0);
      return;
    }
    if (own !== 2) {
      this.#skip(0, own, end, 0);
      return;
    }
    const to = this.#contentEnd(end);
    if (nested instanceof protobuf.Type) {
      this.message(nested, to, depth + 1);
      return;
    }
    const content = this.#bytes.subarray(this.#at, to);
    const size = ID_BYTES[field.name];
    if (field.type === 'string' && !isText(content)) refuse(`${field.name} is not UTF-8`);
    if (field.type === 'bytes' && size !== undefined && content.length !== 0 && content.length !== size) {
      refuse(`${field.name} has ${content.length} bytes`);
    }
    this.#at = to;
  }

  #varint(end: number): bigint {
    let value = 0n;
    for (let i = 0n; i < 10n; i++) {
      if (this.#at >= end) refuse('a varint is cut off');
      const byte = this.#bytes[this.#at++]!;
      value |= BigInt(byte & 0x7f) << (7n * i);
      if (byte < 0x80) return value < 2n ** 64n ? value : refuse('a varint above 64 bits');
    }
    return refuse('a varint of more than ten bytes');
  }

  #tag(end: number): [number: number, wire: number] {
    const from = this.#at;
    const tag = this.#varint(end);
    if (tag >= 2n ** 32n || this.#at - from > 5) refuse('a tag above 32 bits');
    if (tag < 8n) refuse('field number 0');
    return [Number(tag >> 3n), Number(tag & 7n)];
  }

  /** Reads a length; answers where its content ends. */
  #contentEnd(end: number): number {
    const from = this.#at;
    const length = this.#varint(end);
    if (length > BigInt(end - this.#at) || this.#at - from > 5) refuse('a length beyond the message');
    return this.#at + Number(length);
  }

  #skip(number: number, wire: number, end: number, groups: number): void {
    if (wire === 0) this.#varint(end);
    else if (wire === 2) this.#at = this.#contentEnd(end);
    else if (wire === 1 || wire === 5) {
      this.#at += wire === 1 ? 8 : 4;
      if (this.#at > end) refuse('a number is cut off');
    } else if (wire === 3) this.#group(number, end, groups + 1);
    else refuse(`wire type ${wire}`);
  }

  #group(number: number, end: number, groups: number): void {
    if (groups > DEEP) throw new TooDeep();
    for (;;) {
      if (this.#at >= end) refuse('a group without its end');
      const [inner, wire] = this.#tag(end);
      if (wire === 4 && inner === number) return;
      this.#skip(inner, wire, end, groups);
    }
  }
}

function refuse(why: string): never {
  throw new Refusal(why);
}

function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Histograms whose counts do not fit their bounds are refused too: what the oracle decoded tells. */
export function hasMisfitHistogram(request: Plain): boolean {
  const points = (request.resourceMetrics ?? [])
    .flatMap((group: Plain) => group.scopeMetrics ?? [])
    .flatMap((scope: Plain) => scope.metrics ?? [])
    .flatMap((metric: Plain) => metric.histogram?.dataPoints ?? []);
  return points.some((point: Plain) => {
    const bounds = point.explicitBounds?.length ?? 0;
    const counts = point.bucketCounts?.length ?? 0;
    return bounds + counts > 0 && counts !== bounds + 1;
  });
}

const INTEGERS: Readonly<Record<string, readonly [bigint, bigint]>> = {
  uint32: [0n, 2n ** 32n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
};

/**
 * What JSON.parse made of an OTLP/JSON body (integers beyond 2^53 as bigint) as the oracle's plain object, by the rules
 * of https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. `undefined`: to be refused; 'either': too deep.
 */
export function plainOfJson(message: string, json: unknown): Plain | 'either' | undefined {
  try {
    return objectOf(oracleType(message), json, 0);
  } catch (error) {
    if (error instanceof TooDeep) return 'either';
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function objectOf(type: protobuf.Type, json: unknown, depth: number): Plain {
  if (depth > DEEP) throw new TooDeep();
  if (typeof json !== 'object' || json === null || Array.isArray(json)) refuse('no object');
  const plain: Plain = {};
  for (const field of type.fieldsArray) {
    const value = Object.hasOwn(json, field.name) ? (json as Plain)[field.name] : undefined;
    if (value === undefined || value === null) {
      if (field.repeated) plain[field.name] = [];
      continue;
    }
    const real = field.partOf !== null && !field.options?.['proto3_optional'];
    const others = real ? field.partOf!.fieldsArray.filter((other) => plain[other.name] !== undefined) : [];
    if (others.length > 0) refuse('two of a oneof');
    if (!field.repeated) plain[field.name] = plainValue(field, value, depth);
    else {
      if (!Array.isArray(value)) refuse('no list');
      plain[field.name] = value.map((item) => plainValue(field, item, depth));
    }
  }
  return plain;
}

function plainValue(field: protobuf.Field, json: unknown, depth: number): Plain {
  const range = INTEGERS[field.type];
  if (range) return integerOf(field, json, range);
  // Half a surrogate pair cannot be written in UTF-8: it becomes U+FFFD.
  if (field.type === 'string') return typeof json === 'string' ? json.toWellFormed() : refuse('no text');
  if (field.type === 'bool') return typeof json === 'boolean' ? json : refuse('no truth value');
  if (field.type === 'double') return doubleOf(json);
  if (field.type !== 'bytes') return objectOf(oracleType(field.type), json, depth + 1);
  if (typeof json !== 'string') refuse('no bytes');
  const size = ID_BYTES[field.name];
  if (size === undefined) {
    return /^[A-Za-z0-9+/_-]*={0,2}$/.test(json) ? Buffer.from(json, 'base64') : refuse('no base64');
  }
  const isId = json === '' || (json.length === size * 2 && /^[0-9a-fA-F]*$/.test(json));
  return isId ? Buffer.from(json, 'hex') : refuse('no id');
}

function integerOf(field: protobuf.Field, json: unknown, [min, max]: readonly [bigint, bigint]): Plain {
  // Every int32 of OTLP is an enum, and enums are numbers only.
  if (field.type === 'int32' && typeof json === 'string') refuse('an enum by its name');
  const isInteger =
    typeof json === 'bigint' ||
    (typeof json === 'number' && Number.isInteger(json)) ||
    (typeof json === 'string' && /^-?\d{1,20}$/.test(json));
  if (!isInteger) refuse('no integer');
  const value = BigInt(json as bigint | number | string);
  if (value < min || value > max) refuse('out of range');
  return field.type.endsWith('32') ? Number(value) : String(value);
}

function doubleOf(json: unknown): number {
  if (typeof json === 'number' || typeof json === 'bigint') return Number(json);
  const isNumber = typeof json === 'string' && /^(NaN|-?Infinity|-?\d+(\.\d+)?([eE][+-]?\d+)?)$/.test(json);
  return isNumber ? Number(json) : refuse('no number');
}
