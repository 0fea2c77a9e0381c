import type { AttributeValue } from '../../telemetry/model.ts';
import { parseJson } from '../json-parse.ts';
import { LineIndexer } from './line-index.ts';

/** The bodies of the records that lines are, without decoding what else a line says: what `decodeLogLine` has as body. */
export class LineBodies {
  readonly #bytes: Buffer;
  readonly #index: LineIndexer;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#index = new LineIndexer(bytes);
  }

  /** The message of the line in bytes[start, end), or the whole line when it is not JSON or has no message. */
  decode(start: number, end: number): AttributeValue {
    const message = this.#index.read(start, end) ? this.#index.messageRange() : undefined;
    if (message === undefined) return this.#bytes.toString('utf8', start, end);
    return parseJson(this.#bytes.toString('utf8', ...message)) as AttributeValue;
  }
}
