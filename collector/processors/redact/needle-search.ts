import { addressOf, kernelMemory } from '../../formats/kernel-memory.ts';
import { compileKernel, startKernel } from '../../formats/wasm-kernel.ts';
import wasm from './needles-wasm.ts';

interface Kernel {
  search(at: number, length: number): number;
  tablesAt(): number;
  textAt(): number;
  foundAt(): number;
  capacity(): number;
}

/** What a place may be: a string that was asked for, an `@`, the first of a run of digits. */
type HintKind = 'needle' | 'at' | 'digits';

/** Told of each hint; `place` counts bytes from the start of the text. */
export type OnHint = (kind: HintKind, place: number, needles: readonly Needle[]) => void;

/** A string that is searched for in either case; ASCII, three characters at least. */
export interface Needle {
  /** In lower case. */
  text: string;
  /** Which of its characters the search found it by: a hint's place is that of this character. */
  at: number;
}

/** Bytes looked at again where a long text is cut: longer than any card number. */
const OVERLAP = 64;
/** Where the tables of assembly/needles.ts stand, and their bytes in all. */
const TABLES = { halves: 0, hashes: 128, beforeAt: 128 + 4096, bytes: 128 + 4096 + 256 } as const;
const RUN = 0x80000000;
const AT = 0x40;
const GRAM = 3;
/** Groups of needles; the eighth bit of a table is for `@`. */
const GROUPS = 7;
const AT_GROUP = 1 << 7;
/** Letters from the commonest in English on; what is not among them is rarer still. */
const COMMON = 'etaoinsrhldcumfpgwybvkxjqz';

/**
 * Searches bytes for many strings, for `@` and for long runs of digits at once, at gigabytes a second: a kernel in
 * WebAssembly finds where one may stand, and only those places are looked at here.
 */
export class NeedleSearch {
  readonly #kernel: Kernel;
  /** Copied to the kernel for each text: another search may have been there. */
  readonly #tables = new Uint8Array(TABLES.bytes);
  readonly #kernelTables: Uint8Array;
  readonly #textAt: number;
  readonly #text: Uint8Array;
  readonly #found: Uint32Array;
  readonly #capacity: number;
  readonly #byGram = new Map<number, Needle[]>();

  constructor(texts: readonly string[]) {
    this.#kernel = startKernel<Kernel>(compileKernel(wasm), { memory: kernelMemory });
    const { buffer } = kernelMemory;
    this.#capacity = this.#kernel.capacity();
    this.#textAt = this.#kernel.textAt();
    this.#text = new Uint8Array(buffer, this.#textAt, this.#capacity);
    this.#found = new Uint32Array(buffer, this.#kernel.foundAt());
    const needles = [...new Set(texts.map((text) => text.toLowerCase()))].map(withRarestGram);
    for (const needle of needles) {
      const gram = gramAt(Buffer.from(needle.text, 'latin1'), needle.at);
      const others = this.#byGram.get(gram) ?? [];
      this.#byGram.set(gram, [...others, needle]);
    }
    this.#kernelTables = new Uint8Array(buffer, this.#kernel.tablesAt(), TABLES.bytes);
    this.#fillTables(this.#tables, needles);
  }

  #fillTables(tables: Uint8Array, needles: readonly Needle[]): void {
    const allow = (position: number, byte: number, group: number) => {
      tables[TABLES.halves + position * 32 + (byte & 15)]! |= group;
      tables[TABLES.halves + position * 32 + 16 + (byte >> 4)]! |= group;
    };
    const grams = needles.map(({ text, at }) => text.slice(at, at + GRAM));
    for (const [i, group] of grouped(grams).entries()) {
      for (const gram of group) eachSpelling(gram, (position, byte) => allow(position, byte, 1 << i));
    }
    allow(0, AT, AT_GROUP);
    for (let byte = 0x20; byte < 0x100; byte++)
      for (const position of [1, 2]) allow(position, byte, AT_GROUP);
    for (const gram of this.#byGram.keys()) tables[TABLES.hashes + hashOf(gram)] = 1;
    tables.fill(1, TABLES.beforeAt + 0x21, TABLES.beforeAt + 0x100);
  }

  /** Tells of every place in `bytes` where something may stand; in order but for places that are told twice. */
  find(bytes: Uint8Array, onHint: OnHint): void {
    const inPlace = addressOf(bytes);
    this.#kernelTables.set(this.#tables);
    for (let start = 0; start < bytes.length; start += this.#capacity - OVERLAP) {
      const length = Math.min(bytes.length - start, this.#capacity);
      if (inPlace === undefined) this.#text.set(bytes.subarray(start, start + length));
      const count = this.#kernel.search(inPlace === undefined ? this.#textAt : inPlace + start, length);
      for (let i = 0; i < count; i++) this.#tell(bytes, start, this.#found[i]!, onHint);
      if (start + length >= bytes.length) return;
    }
  }

  #tell(bytes: Uint8Array, start: number, hint: number, onHint: OnHint): void {
    const place = start + (hint & ~RUN);
    if (place >= bytes.length) return;
    if (hint >= RUN) onHint('digits', place, []);
    else if (bytes[place] === AT) onHint('at', place, []);
    else {
      const needles = this.#byGram.get(gramAt(bytes, place));
      if (needles) onHint('needle', place, needles);
    }
  }
}

/** True when the whole of `needle` stands in `bytes`, in either case, its character `at` at `place`. */
export function standsAt(bytes: Uint8Array, place: number, { text, at }: Needle): boolean {
  const start = place - at;
  if (start < 0 || start + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    const byte = bytes[start + i]!;
    // Only letters have two cases: a carriage return is no dash, although that is what its bits say.
    if (byte !== character && !(isLetter(character) && (byte | 0x20) === character)) return false;
  }
  return true;
}

function isLetter(lower: number): boolean {
  return lower >= 0x61 && lower <= 0x7a;
}

/** Three bytes as one number, letters in either case alike. */
function gramAt(bytes: Uint8Array, place: number): number {
  return (bytes[place]! | (bytes[place + 1]! << 8) | (bytes[place + 2]! << 16) | 0x202020) & 0xffffff;
}

/** The same as in assembly/needles.ts. */
function hashOf(gram: number): number {
  return Math.imul(gram, 0x9e3779b1) >>> 20;
}

/** Picks the three characters of a needle that are the rarest in texts. */
function withRarestGram(text: string): Needle {
  let best = { at: 0, rarity: -1 };
  for (let at = 0; at + GRAM <= text.length; at++) {
    const rarity = [...text.slice(at, at + GRAM)].reduce((sum, c) => {
      const rank = COMMON.indexOf(c);
      return sum + (rank < 0 ? COMMON.length : rank);
    }, 0);
    if (rarity > best.rarity) best = { at, rarity };
  }
  return { text, at: best.at };
}

/** Grams searched for as one, and which of sixteen halves each position may have: low and high half of each byte. */
interface Group {
  grams: string[];
  halves: number[];
}

/** Puts grams that are alike into one group each, so that a group lets few other grams through. */
function grouped(grams: readonly string[]): string[][] {
  let groups = [...new Set(grams)].map(groupOf);
  while (groups.length > GROUPS) {
    let best = { cost: Number.POSITIVE_INFINITY, a: groups[0]!, b: groups[1]! };
    for (const [i, a] of groups.entries()) {
      for (const b of groups.slice(i + 1)) {
        const cost = letThrough(union(a.halves, b.halves)) - letThrough(a.halves) - letThrough(b.halves);
        if (cost < best.cost) best = { cost, a, b };
      }
    }
    const { a, b } = best;
    const merged = { grams: [...a.grams, ...b.grams], halves: union(a.halves, b.halves) };
    groups = [...groups.filter((group) => group !== a && group !== b), merged];
  }
  return groups.map((group) => group.grams);
}

function groupOf(gram: string): Group {
  const halves = new Array<number>(GRAM * 2).fill(0);
  eachSpelling(gram, (position, byte) => {
    halves[position * 2]! |= 1 << (byte & 15);
    halves[position * 2 + 1]! |= 1 << (byte >> 4);
  });
  return { grams: [gram], halves };
}

function union(a: readonly number[], b: readonly number[]): number[] {
  return a.map((bits, i) => bits | b[i]!);
}

/** How many grams a group lets through: halves that fit, multiplied over the positions. */
function letThrough(halves: readonly number[]): number {
  return halves.reduce((product, bits) => product * bitCount(bits), 1);
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}

function eachSpelling(gram: string, visit: (position: number, byte: number) => void): void {
  for (let position = 0; position < GRAM; position++) {
    const character = gram[position]!;
    for (const spelled of [character.toLowerCase(), character.toUpperCase()]) {
      visit(position, spelled.charCodeAt(0));
    }
  }
}
