import { part, type Source } from './source.ts';

// What the gate reads of an ELF file. Source: https://gabi.xinuos.com/ and, for the version tables,
// https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html

/** A loadable stretch of the file and where it lies in memory. */
type Segment = { type: number; flags: number; offset: number; address: number; fileSize: number };

type Section = { name: string; offset: number; size: number };

/** Reads numbers as the file has them: 32 or 64 bits, either order of bytes. */
type Words = {
  wide: boolean;
  half: (bytes: Buffer, at: number) => number;
  word: (bytes: Buffer, at: number) => number;
  /** A word of the machine: 4 or 8 bytes. */
  long: (bytes: Buffer, at: number) => number;
};

/** A file as far as it was read. */
export type Elf = {
  source: Source;
  words: Words;
  /** `amd64`, `arm64`, …: Go's names, which images use; `machine-NUMBER` for others. */
  architecture: string;
  /** A program (also one that may lie anywhere), a library or something else (an object, a core). */
  type: 'program' | 'library' | 'other';
  segments: readonly Segment[];
  sections: readonly Section[];
  /** The program that loads it, such as `/lib64/ld-linux-x86-64.so.2`. */
  interpreter: string | undefined;
};

// Source: https://gabi.xinuos.com/elf/a-emachine.html
const machines: Readonly<Record<number, string>> = {
  ...{
    3: '386',
    8: 'mips',
    21: 'ppc64',
    22: 's390x',
    40: 'arm',
    62: 'amd64',
    183: 'arm64',
    243: 'riscv64',
    258: 'loong64',
  },
};

const most = { headers: 4096, table: 1 << 20, names: 1 << 20 } as const;

/** Whether bytes begin as an ELF file does. */
export function looksLikeElf(head: Uint8Array): boolean {
  return head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;
}

/** Reads the tables of a file; undefined where it is none, or so damaged that it cannot be run either. */
export async function readElf(source: Source): Promise<Elf | undefined> {
  const head = Buffer.from(await source.read(0, 64));
  if (!looksLikeElf(head) || head.length < 52) return undefined;
  const words = wordsOf(head[4] === 2, head[5] === 2);
  if (words.wide && head.length < 64) return undefined;
  const at = words.wide ? 32 : 28;
  const long = words.wide ? 8 : 4;
  const [segmentsAt, sectionsAt] = [words.long(head, at), words.long(head, at + long)];
  const counts = at + 2 * long + 6;
  const [segmentSize, segmentCount, sectionSize, sectionCount, namesIndex] = [0, 2, 4, 6, 8].map((i) =>
    words.half(head, counts + i),
  ) as [number, number, number, number, number];
  const segments = await readTable(source, segmentsAt, segmentSize, segmentCount, (row) =>
    segmentOf(row, words),
  );
  const sections = await readSections(
    source,
    { at: sectionsAt, size: sectionSize, count: sectionCount, namesIndex },
    words,
  );
  const fileType = words.half(head, 16);
  const interpreter = await interpreterOf(source, segments);
  return {
    ...{ source, words, segments, sections, interpreter },
    architecture: architectureOf(words.half(head, 18), head),
    // A program that may lie anywhere is told as a library; only its interpreter or its start tell it apart.
    type:
      fileType === 2
        ? 'program'
        : fileType !== 3
          ? 'other'
          : interpreter !== undefined
            ? 'program'
            : 'library',
  };
}

function architectureOf(machine: number, head: Buffer): string {
  const name = machines[machine] ?? `machine-${machine}`;
  const little = head[5] === 1;
  if (name === 'ppc64' && little) return 'ppc64le';
  if (name !== 'mips') return name;
  return `mips${head[4] === 2 ? '64' : ''}${little ? 'le' : ''}`;
}

function wordsOf(wide: boolean, big: boolean): Words {
  const at = (read: () => number) => {
    try {
      return read();
    } catch {
      return 0; // beyond the end: what is not there counts as nothing
    }
  };
  const word = (bytes: Buffer, i: number) => at(() => (big ? bytes.readUInt32BE(i) : bytes.readUInt32LE(i)));
  return {
    wide,
    word,
    half: (bytes, i) => at(() => (big ? bytes.readUInt16BE(i) : bytes.readUInt16LE(i))),
    long: wide
      ? (bytes, i) => at(() => Number(big ? bytes.readBigUInt64BE(i) : bytes.readBigUInt64LE(i)))
      : word,
  };
}

async function readTable<T>(
  source: Source,
  at: number,
  size: number,
  count: number,
  decode: (row: Buffer) => T,
): Promise<T[]> {
  if (size < 8 || count > most.headers || at <= 0 || at >= source.size) return [];
  const bytes = Buffer.from(await source.read(at, Math.min(size * count, most.table)));
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, i) =>
    decode(bytes.subarray(i * size, (i + 1) * size)),
  );
}

function segmentOf(row: Buffer, words: Words): Segment {
  const { wide, word, long } = words;
  return wide
    ? {
        type: word(row, 0),
        flags: word(row, 4),
        offset: long(row, 8),
        address: long(row, 16),
        fileSize: long(row, 32),
      }
    : {
        type: word(row, 0),
        flags: word(row, 24),
        offset: long(row, 4),
        address: long(row, 8),
        fileSize: long(row, 16),
      };
}

async function readSections(
  source: Source,
  table: { at: number; size: number; count: number; namesIndex: number },
  { wide, word, long }: Words,
): Promise<Section[]> {
  const rows = await readTable(source, table.at, table.size, table.count, (row) => ({
    nameAt: word(row, 0),
    offset: long(row, wide ? 24 : 16),
    size: long(row, wide ? 32 : 20),
  }));
  const names = rows[table.namesIndex];
  if (names === undefined) return [];
  const bytes = await readStretch(source, names.offset, Math.min(names.size, most.names));
  return rows.map(({ nameAt, offset, size }) => ({ name: cString(bytes, nameAt), offset, size }));
}

const loadable = 1;
const interpreted = 3;

async function interpreterOf(source: Source, segments: readonly Segment[]): Promise<string | undefined> {
  const segment = segments.find(({ type }) => type === interpreted);
  if (segment === undefined) return undefined;
  return cString(await readStretch(source, segment.offset, Math.min(segment.fileSize, 4096)), 0);
}

/** Bytes of the file where they are there; none for an offset outside of it. */
export async function readStretch(source: Source, offset: number, length: number): Promise<Buffer> {
  if (!(offset >= 0) || offset >= source.size || !(length > 0)) return Buffer.alloc(0);
  return Buffer.from(await part(source, offset, length).read(0, length));
}

/** What lies at an address in memory, from the file. */
export async function readAddress(
  { source, segments }: Elf,
  address: number,
  length: number,
): Promise<Buffer> {
  const found = segments.find(
    ({ type, address: begin, fileSize }) =>
      type === loadable && address >= begin && address < begin + fileSize,
  );
  if (found === undefined) return Buffer.alloc(0);
  const into = address - found.address;
  return readStretch(source, found.offset + into, Math.min(length, found.fileSize - into));
}

/** Text up to the next zero byte. */
export function cString(bytes: Buffer, at: number): string {
  if (at < 0 || at >= bytes.length) return '';
  const end = bytes.indexOf(0, at);
  return bytes.toString('utf8', at, end < 0 ? bytes.length : end);
}
