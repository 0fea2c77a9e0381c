import type { MessageType } from '../protobuf/schema.ts';
import { compileKernel, type KernelModule, startKernel } from '../wasm-kernel.ts';
import { writeMessageTables } from './message-tables.ts';
import { doubleOfText, isBase64 } from './scalar-texts.ts';
import wasm from './transcode-wasm.ts';

/** Larger bodies get a memory of their own: it grows with them and never shrinks. */
const MAX_BYTES = 4 * 1024 * 1024;

/** What assembly/transcode.ts exports. */
interface Exports {
  memory: { readonly buffer: ArrayBuffer };
  tablesAt(): number;
  tableBytes(): number;
  room(size: number): number;
  transcode(size: number, root: number): number;
  written(size: number): number;
}

/**
 * Rewrites a JSON body as protobuf bytes, in one pass and without an object in between; fields stand in the order of the
 * body, which must be UTF-8. Undefined when the body is not what it should be, or so unusual (a key twice, an escape in a
 * key, an integer with an exponent, unknown values nested deeply) that only parseMessage can tell.
 */
export type Transcode = (body: Uint8Array, root: MessageType) => Uint8Array | undefined;

/** Makes the function that rewrites bodies of these messages. */
export function createTranscode(roots: readonly MessageType[]): Transcode {
  const module = compileKernel(wasm);
  const usual = new Transcoder(module, roots);
  return (body, root) => {
    const transcoder = body.length > MAX_BYTES ? new Transcoder(module, roots) : usual;
    try {
      return transcoder.run(body, root);
    } catch (error) {
      if (error instanceof GiveUp) return undefined;
      throw error;
    }
  };
}

/** Thrown through WebAssembly where a text is not what its field wants. */
class GiveUp extends Error {}

class Transcoder {
  readonly #exports: Exports;
  readonly #places: ReadonlyMap<MessageType, number>;

  constructor(module: KernelModule, roots: readonly MessageType[]) {
    const env = {
      number: (at: number, length: number) => Number(this.#text(at, length)),
      doubleText: (at: number, length: number) => this.#doubleText(at, length),
      base64: (at: number, length: number, to: number) => this.#base64(at, length, to),
    };
    this.#exports = startKernel<Exports>(module, env);
    const { bytes, places } = writeMessageTables(roots, this.#exports.tablesAt());
    if (bytes.length > this.#exports.tableBytes())
      throw new TypeError('the tables of the messages are too long');
    new Uint8Array(this.#exports.memory.buffer).set(bytes, this.#exports.tablesAt());
    this.#places = places;
  }

  run(body: Uint8Array, root: MessageType): Uint8Array | undefined {
    const { memory, room, transcode, written } = this.#exports;
    const at = room(body.length);
    new Uint8Array(memory.buffer, at, body.length).set(body);
    const size = transcode(body.length, this.#places.get(root)!);
    if (size === 0) return undefined;
    const from = written(body.length);
    return new Uint8Array(memory.buffer.slice(from, from + size - 1));
  }

  #text(at: number, length: number): string {
    return Buffer.from(this.#exports.memory.buffer, at, length).toString('latin1');
  }

  #doubleText(at: number, length: number): number {
    const value = doubleOfText(this.#text(at, length));
    if (value === undefined) throw new GiveUp();
    return value;
  }

  #base64(at: number, length: number, to: number): number {
    const text = this.#text(at, length);
    if (!isBase64(text)) throw new GiveUp();
    const value = Buffer.from(text, 'base64');
    new Uint8Array(this.#exports.memory.buffer, to, value.length).set(value);
    return value.length;
  }
}
