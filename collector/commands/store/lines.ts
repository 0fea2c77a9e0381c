import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { CollectorError } from '../../telemetry/errors.ts';

const NEWLINE = 0x0a;

/** One line of a file, without its end; the first has number 1. */
export interface Line {
  number: number;
  bytes: Uint8Array;
}

/** Bytes of a file, inflated where it is a gzip file. */
export function readFile(path: string, isGzip: boolean): AsyncIterable<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  if (!isGzip) return file;
  const inflated = createGunzip();
  file.on('error', (error) => inflated.destroy(error));
  return file.pipe(inflated);
}

/** Lines of a text, one in memory at a time. Throws `too-large` for a line of more than `maxBytes`. */
export async function* linesOf(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let bytes = 0;
  let number = 1;
  for await (const chunk of source) {
    for (let start = 0; start < chunk.length; ) {
      const newline = chunk.indexOf(NEWLINE, start);
      const end = newline < 0 ? chunk.length : newline;
      parts.push(chunk.subarray(start, end));
      bytes += end - start;
      if (bytes > maxBytes) {
        throw new CollectorError('too-large', `line ${number} has more than ${maxBytes} bytes`);
      }
      start = end + 1;
      if (newline < 0) break;
      yield { number: number++, bytes: Buffer.concat(parts) };
      parts = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield { number, bytes: Buffer.concat(parts) };
}
