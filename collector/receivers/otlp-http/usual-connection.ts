import type { Socket } from 'node:net';
import { kernelBodies } from '../../formats/kernel-bodies.ts';
import { readInto } from './direct-read.ts';
import { parseUsualHead, type UsualHead } from './usual-head.ts';

/** What a connection asks of its server. */
export interface ConnectionDeps {
  /** Where the heads of all connections are read to: nobody keeps a part of it. */
  heads: Buffer;
  /** Reserves room for a body that is about to come; false: there is none now, or never for one of this size. */
  reserve(bytes: number): boolean;
  release(bytes: number): void;
  /** Takes a request in; resolves to the whole answer, as bytes. `body` is not looked at afterwards. */
  take(head: UsualHead, body: Buffer): Promise<{ answer: Buffer | string; close: boolean }>;
  /** Has the HTTP library go on with a connection whose next bytes are `data`. */
  handOver(socket: Socket, data: Buffer): void;
}

/** Room behind a body for what columns are read from it, a fifth of usual spans. */
const COLUMNS_PART = 0.25;
const HEAD_END = Buffer.from('\r\n\r\n');
const BEGINNING = Buffer.from('POST /v1/');
/** Node's own limit of a head. */
export const MAX_HEAD_BYTES = 16 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Reads requests from a socket as senders of OTLP write them, without making an object of headers, a stream and an
 * event per piece for each: half of what a small request costs. The first one that is not of the usual form, whatever
 * it is, goes to the HTTP library, and the connection stays there.
 */
export class UsualConnection {
  readonly #socket: Socket;
  readonly #deps: ConnectionDeps;
  /** Bytes of a head that has no end yet, or of requests that came before the answer. */
  #pending: Buffer = NOTHING;
  #head: UsualHead | undefined;
  #headText = '';
  #body: Buffer = NOTHING;
  #filled = 0;
  #busy = false;
  #ended = false;
  /** The HTTP library has the connection. */
  #left = false;

  /** A request is under way: its head began to come, and it is not answered yet. */
  get underway(): boolean {
    return this.#busy || this.#filled > 0 || this.#body.length > 0 || this.#pending.length > 0;
  }

  /** Its sender owes the rest of a request. */
  get waitsForSender(): boolean {
    return !this.#busy && this.underway;
  }

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    if (!readInto(socket, this.#next, this.#onBytes)) socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  /** Where the next bytes go: to the rest of a body, or to where heads are read. */
  readonly #next = (): Uint8Array =>
    this.#body.length > 0 && !this.#busy
      ? this.#body.subarray(this.#filled, this.#head!.length)
      : this.#deps.heads;

  readonly #onBytes = (count: number, into: Uint8Array): boolean => {
    const { heads } = this.#deps;
    if (this.#left) return this.#socket.push(Buffer.from(heads.subarray(0, count)));
    if (into === heads) this.#onData(heads.subarray(0, count));
    else {
      this.#filled += count;
      this.#serveWhole();
    }
    return true;
  };

  readonly #onData = (chunk: Buffer): void => {
    if (this.#busy) {
      // A sender that does not wait for answers: its next requests are read when this one is done.
      this.#pending = Buffer.concat([this.#pending, chunk]);
      this.#socket.pause();
    } else if (this.#body.length > 0) this.#fill(chunk);
    else this.#begin(this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]));
  };

  readonly #onError = (): void => {
    this.#socket.destroy();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    if (!this.#busy) this.#socket.end();
  };

  readonly #onClose = (): void => {
    if (!this.#busy) this.#drop();
  };

  /** Reads a head, and its body as far as it is there. */
  #begin(data: Buffer): void {
    this.#pending = NOTHING;
    const end = data.indexOf(HEAD_END);
    if (end < 0) {
      if (data.length > MAX_HEAD_BYTES || !mayBegin(data)) this.#leave(data);
      else this.#pending = Buffer.from(data);
      return;
    }
    const head = this.#headOf(data, end);
    if (!head || !this.#deps.reserve(head.length)) {
      this.#leave(data);
      return;
    }
    this.#head = head;
    this.#body = kernelBodies.take(head.length, head.length * COLUMNS_PART);
    this.#filled = 0;
    this.#fill(data.subarray(end + HEAD_END.length));
  }

  /** The same sender writes the same head again as long as its bodies are equally long. */
  #headOf(data: Buffer, end: number): UsualHead | undefined {
    const text = data.toString('latin1', 0, end);
    if (this.#head !== undefined && text === this.#headText) return this.#head;
    this.#headText = text;
    return parseUsualHead(text);
  }

  #fill(chunk: Buffer): void {
    const { length } = this.#head!;
    const missing = length - this.#filled;
    const taken = Math.min(missing, chunk.length);
    chunk.copy(this.#body, this.#filled, 0, taken);
    this.#filled += taken;
    if (taken < chunk.length) this.#pending = Buffer.from(chunk.subarray(taken));
    this.#serveWhole();
  }

  /** Serves the body once all of it is there. */
  #serveWhole(): void {
    const head = this.#head!;
    if (this.#filled < head.length) return;
    const body = this.#body;
    this.#body = NOTHING;
    this.#filled = 0;
    this.#busy = true;
    const done = (result: { answer: Buffer | string; close: boolean } | undefined) => {
      this.#busy = false;
      kernelBodies.give(body);
      this.#deps.release(head.length);
      if (result) this.#answer(result);
      else this.#socket.destroy();
    };
    this.#deps.take(head, body.subarray(0, head.length)).then(done, () => done(undefined));
  }

  #answer({ answer, close }: { answer: Buffer | string; close: boolean }): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (close || this.#ended) {
      socket.end(answer, 'latin1');
      return;
    }
    socket.write(answer, 'latin1');
    if (socket.isPaused()) socket.resume();
    if (this.#pending.length > 0) this.#begin(this.#pending);
  }

  #leave(data: Buffer): void {
    const socket = this.#socket;
    this.#left = true;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    this.#deps.handOver(socket, Buffer.from(data));
  }

  /** Gives back what a request that will never be whole had taken. */
  #drop(): void {
    if (this.#body.length > 0) {
      kernelBodies.give(this.#body);
      this.#deps.release(this.#head!.length);
    }
    this.#body = NOTHING;
    this.#pending = NOTHING;
    this.#filled = 0;
  }
}

/** True while the bytes are the beginning of a usual request. */
function mayBegin(data: Buffer): boolean {
  const known = Math.min(data.length, BEGINNING.length);
  return data.compare(BEGINNING, 0, known, 0, known) === 0;
}
