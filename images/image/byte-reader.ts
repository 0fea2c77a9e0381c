import type { Source } from './source.ts';

/** Takes the bytes of one file as they come. */
export type Sink = { write: (chunk: Uint8Array) => void | Promise<void> };

/** Bytes from the first to the last, asked for by their number. */
export type ByteReader = {
  /** How many have been given or passed over. */
  position: () => number;
  /** So many bytes, fewer at the end. */
  take: (length: number) => Promise<Uint8Array>;
  /** Gives so many to the sink, or passes over them; answers how many there were. */
  pass: (length: number, sink: Sink | undefined) => Promise<number>;
};

/** Reads what streams in. */
export function streamReader(chunks: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = chunks[Symbol.asyncIterator]();
  let [held, position, ended] = [new Uint8Array(0) as Uint8Array, 0, false];
  const next = async (): Promise<boolean> => {
    while (!ended && held.length === 0) {
      const { value, done } = await iterator.next();
      if (done === true) ended = true;
      else held = value;
    }
    return held.length > 0;
  };
  const pass = async (length: number, sink: Sink | undefined): Promise<number> => {
    let left = length;
    while (left > 0 && (held.length > 0 || (await next()))) {
      const piece = held.subarray(0, left);
      held = held.subarray(piece.length);
      left -= piece.length;
      position += piece.length;
      const busy = sink?.write(piece);
      if (busy !== undefined) await busy;
    }
    return length - left;
  };
  const take = async (length: number): Promise<Uint8Array> => {
    if (held.length >= length) {
      const piece = held.subarray(0, length);
      held = held.subarray(length);
      position += length;
      return piece;
    }
    const pieces: Uint8Array[] = [];
    await pass(length, { write: (piece) => void pieces.push(piece) });
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  };
  return { position: () => position, take, pass };
}

/** Reads a source, and reads nothing of what is passed over without a sink. */
export function sourceReader(source: Source): ByteReader {
  let position = 0;
  const take = async (length: number): Promise<Uint8Array> => {
    const bytes = await source.read(position, Math.min(length, Math.max(0, source.size - position)));
    position += bytes.length;
    return bytes;
  };
  const pass = async (length: number, sink: Sink | undefined): Promise<number> => {
    if (sink !== undefined) {
      const bytes = await take(length);
      await sink.write(bytes);
      return bytes.length;
    }
    const there = Math.min(length, Math.max(0, source.size - position));
    position += there;
    return there;
  };
  return { position: () => position, take, pass };
}
