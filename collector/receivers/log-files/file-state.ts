import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** A file is known by its first line, at most so many bytes of it. */
const FINGERPRINT_BYTES = 1024;
/** Bytes before the position that must be the same again. */
const TAIL_BYTES = 256;
const NEWLINE = 0x0a;

/** How far a file was read, and by what it is known again although its name changed. */
export interface FileState {
  /** Hash of its first line. */
  fingerprint: string;
  /** Bytes that were read and handed on. */
  offset: number;
  /** Hash of the last bytes before `offset`. */
  tail: string;
  /** Where a line begins that a container's runtime cut and whose end has not come; absent when there is none. */
  heldFrom?: number;
}

/** The checkpoint of a file: `fingerprint:offset:tail`, and `:heldFrom` where there is one. */
export function renderState({ fingerprint, offset, tail, heldFrom }: FileState): string {
  return `${fingerprint}:${offset}:${tail}${heldFrom === undefined ? '' : `:${heldFrom}`}`;
}

/** Undefined when the text is no state. */
export function parseState(text: string): FileState | undefined {
  const match = /^([0-9a-f]{16}):(\d{1,15}):([0-9a-f]{16})(?::(\d{1,15}))?$/.exec(text);
  if (!match) return undefined;
  const state = { fingerprint: match[1]!, offset: Number(match[2]), tail: match[3]! };
  return match[4] === undefined ? state : { ...state, heldFrom: Number(match[4]) };
}

/** Reads `length` bytes at `offset`, fewer at the end of the file. */
export async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** Undefined as long as the first line is neither complete nor FINGERPRINT_BYTES long. */
export async function fingerprintOf(file: FileHandle): Promise<string | undefined> {
  return fingerprintOfHead(await readAt(file, 0, FINGERPRINT_BYTES));
}

/** As fingerprintOf, from the first bytes of the file. */
function fingerprintOfHead(bytes: Buffer): string | undefined {
  const head = bytes.subarray(0, FINGERPRINT_BYTES);
  const newline = head.indexOf(NEWLINE);
  if (newline < 0 && head.length < FINGERPRINT_BYTES) return undefined;
  return hash(newline < 0 ? head : head.subarray(0, newline + 1));
}

/**
 * The state behind `end`, a position in or behind `chunk`, which was read at `chunkStart`. What the chunk holds is
 * taken from it, because the file may be truncated between two reads. A file whose only line has no end gets the
 * hash of that line, which is never compared.
 */
export async function stateAt(
  file: FileHandle,
  end: number,
  chunk: Buffer,
  chunkStart: number,
  before: FileState | undefined,
): Promise<FileState> {
  const inChunk = end - chunkStart;
  const whole = inChunk <= chunk.length && (chunkStart === 0 || inChunk >= TAIL_BYTES);
  return {
    fingerprint: before?.fingerprint ?? fingerprintOfHead(chunk) ?? hash(chunk),
    offset: end,
    tail: whole ? hash(chunk.subarray(Math.max(0, inChunk - TAIL_BYTES), inChunk)) : await tailOf(file, end),
    ...(before?.heldFrom === undefined ? {} : { heldFrom: before.heldFrom }),
  };
}

/** Hash of the last bytes before `offset`. */
async function tailOf(file: FileHandle, offset: number): Promise<string> {
  const length = Math.min(TAIL_BYTES, offset);
  return hash(await readAt(file, offset - length, length));
}

/** True when the file still holds, unchanged, what was read of it: it only grew. */
export async function continues(file: FileHandle, state: FileState): Promise<boolean> {
  if ((await file.stat()).size < state.offset) return false;
  if ((await fingerprintOf(file)) !== state.fingerprint) return false;
  return (await tailOf(file, state.offset)) === state.tail;
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}
