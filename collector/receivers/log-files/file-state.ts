import { createHash } from 'node:crypto';
import { type Content, readAt } from './content.ts';

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

/** Undefined as long as the first line is neither complete nor FINGERPRINT_BYTES long. */
export async function fingerprintOf(file: Content): Promise<string | undefined> {
  return fingerprintOfHead(await headOf(file));
}

function headOf(file: Content): Promise<Buffer> {
  return readAt(file, 0, FINGERPRINT_BYTES);
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
 * hash of that line, as far as it was read.
 */
export async function stateAt(
  file: Content,
  end: number,
  chunk: Buffer,
  chunkStart: number,
  before: FileState | undefined,
): Promise<FileState> {
  const inChunk = end - chunkStart;
  const whole = inChunk <= chunk.length && (chunkStart === 0 || inChunk >= TAIL_BYTES);
  const atHand = chunkStart === 0 && chunk.length >= Math.min(end, FINGERPRINT_BYTES);
  const fingerprint = before?.fingerprint ?? fingerprintWithin(atHand ? chunk : await headOf(file), end);
  return {
    fingerprint,
    offset: end,
    tail: whole ? hash(chunk.subarray(Math.max(0, inChunk - TAIL_BYTES), inChunk)) : await tailOf(file, end),
    ...(before?.heldFrom === undefined ? {} : { heldFrom: before.heldFrom }),
  };
}

/** The state of a file that counts as read to its end. */
export async function stateOfWhole(file: Content): Promise<FileState> {
  const { size } = await file.stat();
  return {
    fingerprint: fingerprintWithin(await headOf(file), size),
    offset: size,
    tail: await tailOf(file, size),
  };
}

/** Hash of the first line, as far as it lies before `end`. */
function fingerprintWithin(head: Buffer, end: number): string {
  const seen = head.subarray(0, Math.min(end, FINGERPRINT_BYTES));
  return fingerprintOfHead(seen) ?? hash(seen);
}

/** Hash of the last bytes before `offset`. */
async function tailOf(file: Content, offset: number): Promise<string> {
  const length = Math.min(TAIL_BYTES, offset);
  return hash(await readAt(file, offset - length, length));
}

/** True when the file still holds, unchanged, what was read of it: it only grew. */
export async function continues(file: Content, state: FileState): Promise<boolean> {
  return (await furthestHeld(file, [{ state }])).length > 0;
}

/** Of what was read of several files, that which `file` begins with; the longest, which may have been read of several. */
export async function furthestHeld<K extends { state: FileState }>(
  file: Content,
  known: readonly K[],
): Promise<K[]> {
  const head = await headOf(file);
  const alike = known.filter(({ state }) => fingerprintWithin(head, state.offset) === state.fingerprint);
  let held: K[] = [];
  // What is compressed is read forwards once.
  for (const one of alike.sort((a, b) => a.state.offset - b.state.offset)) {
    if ((await tailOf(file, one.state.offset)) !== one.state.tail) continue;
    held = held[0]?.state.offset === one.state.offset ? [...held, one] : [one];
  }
  return held;
}

/** True when both files begin with the same `length` bytes, as far as their first and last bytes tell. */
export async function beginAlike(a: Content, b: Content, length: number): Promise<boolean> {
  const headBytes = Math.min(length, FINGERPRINT_BYTES);
  if (!(await readAt(a, 0, headBytes)).equals(await readAt(b, 0, headBytes))) return false;
  return (await tailOf(a, length)) === (await tailOf(b, length));
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}
