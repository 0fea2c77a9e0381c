import { ImageError } from './problem.ts';

/** Block size of tar, bytes. Source: https://www.gnu.org/software/tar/manual/html_node/Standard.html */
export const tarBlock = 512;

/** What a 512-byte header says; `type` is its flag as a character, numbers are as they are written. */
export type TarHeader = {
  name: string;
  mode: number;
  uid: number;
  gid: number;
  /** Bytes of content that follow. */
  size: number;
  type: string;
  link: string;
  /** Of a sparse file of the old GNU kind: what it unpacks to, and whether more of its map follows. */
  realSize: number;
  moreMap: boolean;
};

/** Whether a block holds nothing, as the two at the end of an archive. */
export function isEmptyBlock(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/**
 * Decodes a header: ustar, GNU or the oldest kind.
 * @throws ImageError when its checksum or a number is wrong
 */
export function decodeHeader(block: Uint8Array, at: number): TarHeader {
  const told = octal(block, 148, 8);
  let [unsigned, signed] = [0, 0];
  for (let i = 0; i < tarBlock; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : block[i]!;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte; // as some old tars sum
  }
  if (told !== unsigned && told !== signed) {
    throw new ImageError(`is damaged: the tar header at byte ${at} has a wrong checksum`);
  }
  const number = (offset: number, width: number, what: string) => {
    const value = numeric(block, offset, width);
    if (value === undefined) {
      throw new ImageError(`is damaged: the ${what} in the tar header at byte ${at} is no number`);
    }
    return value;
  };
  const ustar = text(block, 257, 5) === 'ustar';
  const gnu = ustar && block[262] === 0x20;
  const prefix = ustar && !gnu ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: number(100, 8, 'mode') & 0o7777,
    uid: number(108, 8, 'owner'),
    gid: number(116, 8, 'group'),
    size: number(124, 12, 'size'),
    type,
    link: text(block, 157, 100),
    realSize: type === 'S' && gnu ? number(483, 12, 'real size') : 0,
    moreMap: type === 'S' && block[482] === 1,
  };
}

/** A field of text, up to its first zero byte. */
function text(block: Uint8Array, offset: number, width: number): string {
  const end = block.indexOf(0, offset);
  const stop = end < 0 || end > offset + width ? offset + width : end;
  return Buffer.from(block.buffer, block.byteOffset + offset, stop - offset).toString('utf8');
}

/** Octal digits, or GNU's base 256 for what is too large for them; undefined where it is neither. */
function numeric(block: Uint8Array, offset: number, width: number): number | undefined {
  const first = block[offset]!;
  if ((first & 0x80) === 0) return octal(block, offset, width);
  let value = first & 0x7f;
  for (let i = 1; i < width; i++) {
    value = value * 256 + block[offset + i]!;
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return first & 0x40 ? undefined : value; // no negative numbers
}

function octal(block: Uint8Array, offset: number, width: number): number | undefined {
  const digits = Buffer.from(block.buffer, block.byteOffset + offset, width).toString('latin1');
  const found = /^ *([0-7]*)[ \0]*$/.exec(digits.replace(/\0.*$/s, ''));
  return found === null ? undefined : Number.parseInt(`0${found[1]}`, 8);
}
