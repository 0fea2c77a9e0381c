/** What the store's thread and its reader workers say to each other. */
import { CollectorError, type ErrorCode } from '../../telemetry/errors.ts';
import type { QueryOptions } from '../store.ts';
import type { AnswerOf, QueryName, QueryOf } from './reader-session.ts';

/** How deep columns lie within columns. */
const MAX_DEPTH = 2;
/** Columns that are an object per record. */
const RECORD_WISE = new Set(['attributes', 'resource', 'events', 'series', 'dictionary']);

/** What a worker is started with. */
export interface ReaderWorkerData {
  path: string;
  cacheBytes: number;
}

export type ToReader =
  | {
      kind: 'ask';
      id: number;
      name: QueryName;
      query: QueryOf<QueryName>;
      options: Omit<QueryOptions, 'signal'>;
    }
  | { kind: 'cancel'; id: number };

export type FromReader =
  | { id: number; answer: AnswerOf<QueryName> }
  | { id: number; error: { code: ErrorCode; message: string; retryAfterSeconds?: number } };

/** An error as plain data; what is not of the catalogue is a defect. */
export function plainError(error: unknown): { code: ErrorCode; message: string; retryAfterSeconds?: number } {
  if (!(error instanceof CollectorError)) {
    return {
      code: 'internal',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
  const { code, message, retryAfterSeconds } = error;
  return { code, message, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
}

/** Buffers of an answer's columns that nothing else holds: they change hands instead of being copied. */
export function ownedBuffers(answer: AnswerOf<QueryName>): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const look = (columns: object, depth: number): void => {
    for (const [name, column] of Object.entries(columns)) {
      if (ArrayBuffer.isView(column)) {
        const { buffer, byteLength } = column;
        if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) found.add(buffer);
      } else if (depth < MAX_DEPTH && typeof column === 'object' && !RECORD_WISE.has(name)) {
        look(column, depth + 1);
      }
    }
  };
  look(answer.columns, 0);
  return [...found];
}
