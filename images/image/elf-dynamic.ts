import { cString, type Elf, readAddress, readStretch } from './elf.ts';

/** What a file wants from the libraries of the system. */
export type Dynamic = {
  /** Names of libraries: `libc.so.6`. */
  needed: readonly string[];
  /** Its own name as a library. */
  soname: string | undefined;
  /** Versions of symbols that it wants, by library: `libc.so.6` → `GLIBC_2.34`. */
  wants: readonly { library: string; version: string }[];
  /** Versions of symbols that it offers. */
  offers: readonly string[];
};

// Tags of the dynamic table. Source: https://gabi.xinuos.com/elf/08-dynamic.html, and the GNU ones as elf.h has them
const tags = {
  needed: 1,
  strtab: 5,
  strsz: 10,
  soname: 14,
  verdef: 0x6ffffffc,
  verdefnum: 0x6ffffffd,
  verneed: 0x6ffffffe,
  verneednum: 0x6fffffff,
} as const;

const dynamicSegment = 2;
const most = { table: 64 * 1024, strings: 16 * 1024 * 1024, versions: 1024 * 1024, entries: 4096 } as const;

/** Reads the dynamic table; undefined for a static file. */
export async function readDynamic(elf: Elf): Promise<Dynamic | undefined> {
  const segment = elf.segments.find(({ type }) => type === dynamicSegment);
  if (segment === undefined) return undefined;
  const { long, wide } = elf.words;
  const bytes = await readStretch(elf.source, segment.offset, Math.min(segment.fileSize, most.table));
  const step = wide ? 16 : 8;
  const rows: { tag: number; value: number }[] = [];
  for (let at = 0; at + step <= bytes.length; at += step) {
    const tag = long(bytes, at);
    if (tag === 0) break;
    rows.push({ tag, value: long(bytes, at + step / 2) });
  }
  const value = (tag: number) => rows.find((row) => row.tag === tag)?.value;
  const strings = await readAddress(
    elf,
    value(tags.strtab) ?? 0,
    Math.min(value(tags.strsz) ?? 0, most.strings),
  );
  const name = (at: number) => cString(strings, at);
  const soname = value(tags.soname);
  return {
    needed: rows.flatMap((row) => (row.tag === tags.needed ? [name(row.value)] : [])),
    soname: soname === undefined ? undefined : name(soname),
    wants: wanted(elf, await table(elf, value(tags.verneed)), name),
    offers: offered(elf, await table(elf, value(tags.verdef)), name),
  };
}

async function table(elf: Elf, address: number | undefined): Promise<Buffer> {
  return address === undefined ? Buffer.alloc(0) : readAddress(elf, address, most.versions);
}

/** Verneed records (16 bytes), each with a chain of vernaux records (16 bytes): one library and the versions of it. */
function wanted({ words }: Elf, bytes: Buffer, name: (at: number) => string): Dynamic['wants'] {
  const found: { library: string; version: string }[] = [];
  for (const at of chain(bytes, 0, 12, words.word)) {
    const library = name(words.word(bytes, at + 4));
    for (const aux of chain(bytes, at + words.word(bytes, at + 8), 12, words.word)) {
      if (found.length === most.entries) return found;
      found.push({ library, version: name(words.word(bytes, aux + 8)) });
    }
  }
  return found;
}

/** Verdef records (20 bytes), each with its name in the first of its verdaux records. */
function offered({ words }: Elf, bytes: Buffer, name: (at: number) => string): string[] {
  return chain(bytes, 0, 16, words.word).map((at) => {
    const aux = at + words.word(bytes, at + 12);
    return aux + 4 > bytes.length ? '' : name(words.word(bytes, aux));
  });
}

/** Offsets of the records of a list whose word at `nextAt` says how far the next one is, 0 at the last. */
function chain(
  bytes: Buffer,
  first: number,
  nextAt: number,
  word: (bytes: Buffer, at: number) => number,
): number[] {
  const found: number[] = [];
  for (let at = first; at + nextAt + 4 <= bytes.length && found.length < most.entries; ) {
    found.push(at);
    const next = word(bytes, at + nextAt);
    if (next === 0) break;
    at += next;
  }
  return found;
}

/** Compares versions like 2.9 and 2.34, number by number. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return 0;
}

/** The highest `GLIBC_2.x` among version names, as `2.x`; undefined without one. */
export function highestGlibc(versions: readonly string[]): string | undefined {
  const numbers = versions.flatMap((name) => /^GLIBC_(\d+(?:\.\d+)+)$/.exec(name)?.[1] ?? []);
  return numbers.sort(compareVersions).at(-1);
}
