/** Writes protobuf's wire format into a buffer that grows. */
export class WireWriter {
  #buffer = Buffer.allocUnsafe(1024);
  #length = 0;

  /** What was written so far; a view that the next write may change. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #room(size: number): number {
    const at = this.#length;
    if (at + size > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, at + size));
      this.#buffer.copy(grown, 0, 0, at);
      this.#buffer = grown;
    }
    this.#length = at + size;
    return at;
  }

  tag(number: number, wire: number): void {
    this.varint32(((number << 3) | wire) >>> 0);
  }

  varint32(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      const at = this.#room(1);
      this.#buffer[at] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    const at = this.#room(1);
    this.#buffer[at] = rest;
  }

  /** A signed or unsigned 64-bit number; negative ones take ten bytes, as int32, int64 and enum have it. */
  varint64(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    while (rest >= 0x80n) {
      const at = this.#room(1);
      this.#buffer[at] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    const at = this.#room(1);
    this.#buffer[at] = Number(rest);
  }

  fixed32(value: number): void {
    const at = this.#room(4);
    this.#buffer.writeUInt32LE(value >>> 0, at);
  }

  fixed64(value: bigint): void {
    const at = this.#room(8);
    this.#buffer.writeBigUInt64LE(BigInt.asUintN(64, value), at);
  }

  double(value: number): void {
    const at = this.#room(8);
    this.#buffer.writeDoubleLE(value, at);
  }

  raw(bytes: Uint8Array): void {
    this.varint32(bytes.length);
    const at = this.#room(bytes.length);
    this.#buffer.set(bytes, at);
  }

  string(text: string): void {
    const size = Buffer.byteLength(text);
    this.varint32(size);
    const at = this.#room(size);
    this.#buffer.write(text, at, 'utf8');
  }

  /** Writes what `content` writes, behind its length. */
  nested(content: () => void): void {
    const start = this.#room(1);
    content();
    const size = this.#length - start - 1;
    let bytesOfLength = 1;
    for (let rest = size >>> 7; rest > 0; rest >>>= 7) bytesOfLength++;
    if (bytesOfLength > 1) {
      this.#room(bytesOfLength - 1);
      this.#buffer.copyWithin(start + bytesOfLength, start + 1, start + 1 + size);
    }
    const end = this.#length;
    this.#length = start;
    this.varint32(size);
    this.#length = end;
  }
}
