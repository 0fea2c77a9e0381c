import type { IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { CollectorError } from '../../telemetry/errors.ts';

/** Chunk in which a body is inflated; larger chunks than zlib's default make half the calls. */
const INFLATE_CHUNK_BYTES = 256 * 1024;
/** Seconds after which a sender that found the receiver full tries again. */
const RETRY_AFTER_SECONDS = 1;

/** Bytes of bodies that are under way, from their arrival until they are durable; one for all requests. */
export class ByteBudget {
  readonly #limit: number;
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes `bytes`, or refuses with `overloaded`, to be tried again. */
  take(bytes: number): void {
    if (this.#used + bytes > this.#limit) {
      throw new CollectorError(
        'overloaded',
        `${this.#used} bytes of requests are under way, the limit is ${this.#limit}: send again later`,
        { retryAfterSeconds: RETRY_AFTER_SECONDS },
      );
    }
    this.#used += bytes;
  }

  /** Takes `bytes` if they are there; tells whether. */
  offer(bytes: number): boolean {
    if (this.#used + bytes > this.#limit) return false;
    this.#used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

/** The share of one request in the budget. */
export class RequestBytes {
  readonly #budget: ByteBudget;
  readonly #maxBodyBytes: number;
  #taken = 0;

  constructor(budget: ByteBudget, maxBodyBytes: number) {
    this.#budget = budget;
    this.#maxBodyBytes = maxBodyBytes;
  }

  take(bytes: number): void {
    this.#budget.take(bytes);
    this.#taken += bytes;
  }

  release(): void {
    this.#budget.give(this.#taken);
    this.#taken = 0;
  }

  /** Reads a request's body as it comes. Throws `too-large`, `overloaded`, or `cancelled` when the sender went away. */
  async read(request: IncomingMessage): Promise<Buffer> {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > this.#maxBodyBytes) throw this.#tooLarge('The body');
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > this.#maxBodyBytes) throw this.#tooLarge('The body');
        this.take(chunk.length);
        chunks.push(chunk);
      }
    } catch (error) {
      if (error instanceof CollectorError) throw error;
      throw new CollectorError('cancelled', 'the sender went away before its request ended', {
        cause: error,
      });
    }
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size);
  }

  /** Inflates a gzip body, which may become no larger than any other. */
  gunzip(body: Buffer): Buffer {
    let inflated: Buffer;
    try {
      inflated = gunzipSync(body, { maxOutputLength: this.#maxBodyBytes, chunkSize: INFLATE_CHUNK_BYTES });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
        throw this.#tooLarge('The body, inflated,');
      }
      throw new CollectorError('bad-data', `the gzip body is damaged: ${(error as Error).message}`, {
        cause: error,
      });
    }
    this.take(inflated.length);
    return inflated;
  }

  #tooLarge(what: string): CollectorError {
    return new CollectorError(
      'too-large',
      `${what} has more than ${this.#maxBodyBytes} bytes: send smaller batches or raise receivers.otlpHttp.maxBody`,
    );
  }
}
