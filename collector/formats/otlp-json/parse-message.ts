import { CollectorError } from '../../telemetry/errors.ts';
import { fromHex } from '../../telemetry/ids.ts';
import { MAX_DEPTH } from '../protobuf/reader.ts';
import type { Field, MessageType, ScalarName } from '../protobuf/schema.ts';
import { doubleOfText, isBase64 } from './scalar-texts.ts';

/**
 * Turns parsed JSON into the plain object of a message: keys are lowerCamelCase, unknown ones are ignored, null is
 * absent, enums are integers, ids hex in either case, other bytes base64, 64-bit integers text or number.
 */
export function parseMessage(
  json: unknown,
  type: MessageType,
  path: string,
  depth = 0,
): Record<string, unknown> {
  if (depth > MAX_DEPTH) fail(path, `nests deeper than ${MAX_DEPTH}`);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) fail(path, 'must be an object', json);
  const message: Record<string, unknown> = {};
  let oneof: string | undefined;
  for (const [key, value] of Object.entries(json)) {
    const field = type.byName.get(key);
    if (!field || value === null) continue;
    const at = path === '' ? key : `${path}.${key}`;
    if (field.oneof) {
      if (oneof !== undefined) fail(at, `stands beside ${oneof}, of which only one may be given`);
      oneof = key;
    }
    message[key] = field.repeated ? parseList(value, field, at, depth) : parseValue(value, field, at, depth);
  }
  return message;
}

function parseList(json: unknown, field: Field, path: string, depth: number): unknown[] {
  if (!Array.isArray(json)) fail(path, 'must be a list', json);
  return json.map((item, i) => parseValue(item, field, `${path}[${i}]`, depth));
}

function parseValue(json: unknown, field: Field, path: string, depth: number): unknown {
  if (field.scalar === undefined) return parseMessage(json, field.message(), path, depth + 1);
  return PARSE[field.scalar](json, path, field);
}

type Parse = (json: unknown, path: string, field: Field) => unknown;

const UINT32: readonly [bigint, bigint] = [0n, 2n ** 32n - 1n];
const INT32: readonly [bigint, bigint] = [-(2n ** 31n), 2n ** 31n - 1n];
const UINT64: readonly [bigint, bigint] = [0n, 2n ** 64n - 1n];
const INT64: readonly [bigint, bigint] = [-(2n ** 63n), 2n ** 63n - 1n];

const PARSE: Record<ScalarName, Parse> = {
  string: (json, path) => (typeof json === 'string' ? json : fail(path, 'must be text', json)),
  bool: (json, path) => (typeof json === 'boolean' ? json : fail(path, 'must be true or false', json)),
  bytes: parseBase64,
  traceId: parseHex,
  spanId: parseHex,
  enum: (json, path) => {
    if (typeof json === 'string') fail(path, 'must be the number of an enum value, not its name', json);
    return Number(parseInteger(json, path, INT32));
  },
  uint32: (json, path) => Number(parseInteger(json, path, UINT32)),
  sint32: (json, path) => Number(parseInteger(json, path, INT32)),
  fixed32: (json, path) => Number(parseInteger(json, path, UINT32)),
  int64: (json, path) => parseInteger(json, path, INT64),
  sfixed64: (json, path) => parseInteger(json, path, INT64),
  uint64: (json, path) => parseInteger(json, path, UINT64),
  fixed64: (json, path) => parseInteger(json, path, UINT64),
  double: parseDouble,
};

function parseInteger(json: unknown, path: string, [min, max]: readonly [bigint, bigint]): bigint {
  let value: bigint | undefined;
  if (typeof json === 'bigint') value = json;
  else if (typeof json === 'number' && Number.isInteger(json)) value = BigInt(json);
  else if (typeof json === 'string' && /^-?\d{1,20}$/.test(json)) value = BigInt(json);
  if (value === undefined) fail(path, 'must be an integer, as number or text', json);
  if (value < min || value > max) fail(path, `must be between ${min} and ${max}`, json);
  return value;
}

function parseDouble(json: unknown, path: string): number {
  if (typeof json === 'number') return json;
  if (typeof json === 'bigint') return Number(json);
  const value = typeof json === 'string' ? doubleOfText(json) : undefined;
  return value ?? fail(path, 'must be a number', json);
}

function parseHex(json: unknown, path: string, field: Field): Uint8Array {
  if (json === '') return new Uint8Array(0);
  const id = typeof json === 'string' ? fromHex(json, field.size) : undefined;
  return id ?? fail(path, `must be ${field.size * 2} hex digits or empty`, json);
}

function parseBase64(json: unknown, path: string): Uint8Array {
  if (typeof json !== 'string' || !isBase64(json)) fail(path, 'must be base64', json);
  return Buffer.from(json, 'base64');
}

function fail(path: string, problem: string, value?: unknown): never {
  const given = value === undefined ? '' : `, not ${excerpt(value)}`;
  throw new CollectorError('bad-data', `${path === '' ? 'the body' : path} ${problem}${given}`);
}

/** The value at fault, short enough for an error message. */
function excerpt(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
