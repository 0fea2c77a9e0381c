// ELF files of a few hundred bytes, for what no compiler on this machine makes any more.

export type ElfMaking = {
  big?: boolean;
  wide?: boolean;
  machine?: number;
  /** 2: a program; 3: a library, or a program that may lie anywhere. */
  type?: number;
  interpreter?: string;
  /** Loaded, writable, at `dataAddress`. */
  data?: Buffer;
};

export const dataAddress = 0x40_0000;

/** An ELF file with one segment of data and, where it has one, the segment of its interpreter; no sections. */
export function elfOf({
  big = false,
  wide = true,
  machine = 62,
  type = 2,
  interpreter,
  data,
}: ElfMaking): Buffer {
  const body = data ?? Buffer.alloc(16);
  const path = Buffer.from(interpreter === undefined ? '' : `${interpreter}\0`);
  const [headSize, rowSize] = wide ? [64, 56] : [52, 32];
  const count = interpreter === undefined ? 1 : 2;
  const dataAt = headSize + count * rowSize;
  const bytes = Buffer.alloc(dataAt + body.length + path.length);
  const half = (value: number, at: number) =>
    big ? bytes.writeUInt16BE(value, at) : bytes.writeUInt16LE(value, at);
  const word = (value: number, at: number) =>
    big ? bytes.writeUInt32BE(value, at) : bytes.writeUInt32LE(value, at);
  const long = (value: number, at: number) => {
    if (!wide) return word(value, at);
    return big ? bytes.writeBigUInt64BE(BigInt(value), at) : bytes.writeBigUInt64LE(BigInt(value), at);
  };
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, big ? 2 : 1, 1]);
  half(type, 16);
  half(machine, 18);
  const [tableAt, counts] = wide ? [32, 54] : [28, 42];
  long(headSize, tableAt);
  half(rowSize, counts);
  half(count, counts + 2);
  const segment = (row: number, kind: number, offset: number, address: number, size: number) => {
    const at = headSize + row * rowSize;
    word(kind, at);
    word(6, at + (wide ? 4 : 24));
    const step = wide ? 8 : 4;
    long(offset, at + (wide ? 8 : 4));
    long(address, at + (wide ? 16 : 8));
    long(size, at + (wide ? 8 : 4) + 3 * step);
  };
  segment(0, 1, dataAt, dataAddress, body.length);
  if (interpreter !== undefined) segment(1, 3, dataAt + body.length, 0, path.length);
  bytes.set(body, dataAt);
  bytes.set(path, dataAt + body.length);
  return bytes;
}

const magic = Buffer.from('\xff Go buildinf:', 'latin1');

/** The record of Go 1.18 and later, texts within it. */
export function buildInfo(version: string, module: string): Buffer {
  const head = Buffer.concat([magic, Buffer.of(8, 2), Buffer.alloc(16)]);
  return Buffer.concat([head, prefixed(Buffer.from(version)), prefixed(guarded(module))]);
}

/** The record of Go before 1.18 at `dataAddress`: it points at two strings, and they at their texts. */
export function pointedBuildInfo(version: string, module: string, big: boolean): Buffer {
  const texts = [Buffer.from(version), guarded(module)] as const;
  const bytes = Buffer.alloc(32 + 32 + texts[0].length + texts[1].length);
  const pointer = (value: number, at: number) =>
    big ? bytes.writeBigUInt64BE(BigInt(value), at) : bytes.writeBigUInt64LE(BigInt(value), at);
  magic.copy(bytes);
  bytes.set([8, big ? 1 : 0], 14);
  let textAt = 64;
  for (const [i, text] of texts.entries()) {
    pointer(dataAddress + 32 + i * 16, 16 + i * 8);
    pointer(dataAddress + textAt, 32 + i * 16);
    pointer(text.length, 40 + i * 16);
    text.copy(bytes, textAt);
    textAt += text.length;
  }
  return bytes;
}

function guarded(module: string): Buffer {
  return Buffer.concat([Buffer.alloc(16, 0x30), Buffer.from(module), Buffer.alloc(16, 0x31)]);
}

function prefixed(text: Buffer): Buffer {
  const length: number[] = [];
  let left = text.length;
  for (; left > 127; left = Math.floor(left / 128)) length.push((left % 128) | 0x80);
  return Buffer.concat([Buffer.from([...length, left]), text]);
}
