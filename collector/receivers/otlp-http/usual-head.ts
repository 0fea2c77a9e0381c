import type { OtlpEncoding } from '../../formats/otlp-protobuf/responses.ts';
import type { Signal } from '../../telemetry/model.ts';
import { CONTENT_TYPES, PATHS } from './request.ts';

/** What the head of an OTLP request says when it says nothing else. */
export interface UsualHead {
  signal: Signal;
  encoding: OtlpEncoding;
  gzip: boolean;
  /** Bytes of the body. */
  length: number;
}

const REQUEST_LINE = /^POST (\/v1\/[a-z]+) HTTP\/1\.1$/;
/** A name of RFC 9110's token characters, and a value without control characters. */
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*?)[\t ]*$/;
/** Headers that change how a request is read or answered: the HTTP library does that. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  ...['transfer-encoding', 'expect', 'upgrade', 'origin', 'trailer', 'te', 'http2-settings'],
]);

/**
 * Reads the head of a request (up to its empty line, without that) as senders of OTLP write it: POST to a path of
 * OTLP, one Content-Length, a type and an encoding that are read here. Undefined for any other, right or wrong.
 */
export function parseUsualHead(head: string): UsualHead | undefined {
  const [requestLine = '', ...lines] = head.split('\r\n');
  const signal = PATHS.get(REQUEST_LINE.exec(requestLine)?.[1] ?? '');
  const headers = parseHeaders(lines);
  if (!signal || !headers?.has('host')) return undefined;
  const length = /^\d{1,9}$/.test(headers.get('content-length') ?? '')
    ? Number(headers.get('content-length'))
    : -1;
  const encoding = encodingOf(headers.get('content-type') ?? '');
  const contentEncoding = headers.get('content-encoding') ?? 'identity';
  const connection = headers.get('connection') ?? 'keep-alive';
  if (length < 0 || !encoding || connection.toLowerCase() !== 'keep-alive') return undefined;
  if (contentEncoding !== 'gzip' && contentEncoding !== 'identity') return undefined;
  return { signal, encoding, gzip: contentEncoding === 'gzip', length };
}

/** Undefined when a line is none of a header's form, one is given twice, or one is there that changes the reading. */
function parseHeaders(lines: readonly string[]): Map<string, string> | undefined {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const match = HEADER.exec(line);
    const name = match?.[1]?.toLowerCase();
    if (name === undefined || headers.has(name) || ELSEWHERE.has(name)) return undefined;
    headers.set(name, match![2]!);
  }
  return headers;
}

function encodingOf(type: string): OtlpEncoding | undefined {
  if (type === CONTENT_TYPES.protobuf) return 'protobuf';
  return type === CONTENT_TYPES.json ? 'json' : undefined;
}
