import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';

/** Bytes of the beginning that stay at hand: the first lines are looked at again and again. */
const HEAD_BYTES = 128 * 1024;
/** Bytes before the newest that stay at hand. */
const BEHIND_BYTES = 64 * 1024;
const PIECE_BYTES = 64 * 1024;
/** A file that becomes longer than this is not read: nobody rotates so late, but a bomb may. */
const MAX_BYTES = 8 * 1024 ** 3;

/**
 * The text in a gzip file, which is inflated as it is read: forwards at the cost of inflating, backwards by beginning
 * again, always within some 200 KiB of memory. Rejects with the error of zlib when the file is damaged or not complete.
 */
export class GzipContent {
  readonly fixed = true;
  readonly #file: FileHandle;
  readonly #maxBytes: number;
  #inflating: { gunzip: Gunzip; chunks: AsyncIterator<Buffer> } | undefined;
  #head: Buffer[] = [];
  #headBytes = 0;
  /** The newest pieces, and where the first of them begins and the last ends. */
  #recent: Buffer[] = [];
  #from = 0;
  #to = 0;
  #size: number | undefined;

  constructor(file: FileHandle, maxBytes = MAX_BYTES) {
    this.#file = file;
    this.#maxBytes = maxBytes;
  }

  /** The size is that of the text, for which all of it is inflated once. */
  async stat(): Promise<{ size: number; mtimeMs: number }> {
    while (this.#size === undefined) await this.#next(this.#to);
    return { size: this.#size, mtimeMs: (await this.#file.stat()).mtimeMs };
  }

  async read(buffer: Buffer, at: number, length: number, position: number): Promise<{ bytesRead: number }> {
    if (position + length <= this.#headBytes) {
      return { bytesRead: copyRange(this.#head, 0, { buffer, at, length, position }) };
    }
    if (position < this.#from) this.#begin();
    let bytesRead = 0;
    while (bytesRead < length) {
      const from = position + bytesRead;
      const rest = { buffer, at: at + bytesRead, length: length - bytesRead, position: from };
      if (from < this.#to) bytesRead += copyRange(this.#recent, this.#from, rest);
      else if (!(await this.#next(from))) break;
    }
    return { bytesRead };
  }

  /** Inflates one piece more; false at the end. What lies well before `needed` is forgotten. */
  async #next(needed: number): Promise<boolean> {
    if (this.#size !== undefined && this.#to >= this.#size) return false;
    this.#inflating ??= this.#inflate();
    const { value, done } = await this.#inflating.chunks.next();
    if (done) {
      this.#size = this.#to;
      return false;
    }
    this.#recent.push(value);
    this.#to += value.length;
    if (this.#to > this.#maxBytes) throw new Error(`inflates to more than ${this.#maxBytes} bytes`);
    if (this.#headBytes < HEAD_BYTES && this.#headBytes === this.#to - value.length) {
      this.#head.push(value);
      this.#headBytes += value.length;
    }
    while (this.#recent.length > 1 && this.#from + this.#recent[0]!.length < needed - BEHIND_BYTES) {
      this.#from += this.#recent.shift()!.length;
    }
    return true;
  }

  #inflate(): { gunzip: Gunzip; chunks: AsyncIterator<Buffer> } {
    const gunzip = createGunzip();
    // A stream of the handle's own would close it with itself.
    const source = Readable.from(piecesOf(this.#file));
    source.on('error', (error) => gunzip.destroy(error));
    gunzip.on('close', () => source.destroy());
    return { gunzip: source.pipe(gunzip), chunks: gunzip[Symbol.asyncIterator]() };
  }

  #begin(): void {
    this.#inflating?.gunzip.destroy();
    this.#inflating = undefined;
    this.#recent = [];
    this.#from = 0;
    this.#to = 0;
  }

  async close(): Promise<void> {
    this.#begin();
    await this.#file.close();
  }
}

async function* piecesOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, position);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}

/** Copies what `pieces`, which begin at `from`, have of a range; tells how many bytes. */
function copyRange(
  pieces: readonly Buffer[],
  from: number,
  { buffer, at, length, position }: { buffer: Buffer; at: number; length: number; position: number },
): number {
  let copied = 0;
  for (const piece of pieces) {
    const start = position + copied - from;
    if (start >= 0 && start < piece.length && copied < length) {
      copied += piece.copy(buffer, at + copied, start, Math.min(piece.length, start + length - copied));
    }
    from += piece.length;
  }
  return copied;
}
