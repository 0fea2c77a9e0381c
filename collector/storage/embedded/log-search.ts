/** Passing over log records by the bytes of their bodies: decoding one costs far more than looking for a few bytes. */
import { isPlainField } from '../../formats/log-line/decode-log-line.ts';
import { LineReader } from '../../formats/log-line/line-reader.ts';
import { LogBodies } from '../../formats/otlp-protobuf/log-bodies.ts';
import type { AttributeValue } from '../../telemetry/model.ts';
import { attributeText } from '../attribute-text.ts';
import type { BlockMeta } from './block.ts';
import type { Records } from './records.ts';

/** Stretches of ASCII that stand in the bytes of a string as they are, in JSON too, but for `\u` escapes. */
const PLAIN_STRETCHES = /[^\p{C}\P{ASCII}"\\/]+/gu;
/** The same for a text that may be the JSON of a list or map, which is written anew. */
const STRETCHES_OF_JSON = /[^\p{C}\P{ASCII}"\\/{}[\],:]+/gu;
/** What may be of a number, whose text is not as it was written: `1e+21`, `-Infinity`, in a list or map `null`. */
const OF_NUMBERS = /^(?:[\d.+e-]*|-?i?n?f?i?n?i?t?y?|n?u?l?l?)$/;
/**
 * What a plain stretch may hide behind in the lower-cased bytes, seen as Latin-1: an escape, and the two characters
 * outside ASCII whose lower case has an ASCII letter, U+0130 and U+212A.
 */
const HIDDEN = { escape: '\\u', i: '\u00e4\u00b0', k: '\u00e2\u0084\u00aa' };
/** A message that is no string: its text is made anew from its value. */
const OTHER_MESSAGE = /"(?:msg|message)"[ \t\n\r]*:[ \t\n\r]*[^" \t\n\r]/;

/** Texts that a number, a boolean, bytes (as base64) or a list or map could have as well as a string. */
const NOT_ONLY_STRINGS = /^(-?[\d.]+(e[+-]?\d+)?|-Infinity|[A-Za-z0-9+/]*={0,2}|[[{].*)$/s;
/** An attribute that is made when a record is decoded, of another field. */
const EVENT_NAME = 'event.name';

interface Pair {
  key: string;
  value: string;
}

/** The log records of one raw block, seen by their bytes. */
export class LogSearch {
  /** All bytes as Latin-1 in lower case: what is ASCII is found in it whatever its case, and at the same place. */
  readonly #lower: string;
  readonly #meta: BlockMeta;
  readonly #records: Records;
  readonly #lines: LineReader | undefined;
  readonly #messages: LogBodies | undefined;

  constructor(meta: BlockMeta, records: Records) {
    const { body, offsets } = records;
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    this.#meta = meta;
    this.#records = records;
    this.#lower = bytes.toString('latin1').toLowerCase();
    if (meta.encoding === 'log-lines') this.#lines = new LineReader(body);
    else this.#messages = new LogBodies(body, offsets);
  }

  /** The text of the body of record `i`. */
  text(i: number): string {
    return attributeText(this.#body(i));
  }

  #body(i: number): AttributeValue {
    if (this.#lines !== undefined) return this.#lines.body(...this.#line(i));
    return this.#messages?.decode(i) ?? null;
  }

  #line(i: number): [start: number, end: number] {
    const start = this.#records.offsets.offset[i] ?? 0;
    return [start, start + (this.#records.offsets.length[i] ?? 0)];
  }

  /**
   * Tells of records, asked for in ascending order, whether the text of their body may contain all of the texts, in
   * either case. Where it says no, it does not.
   */
  bodyFinder(texts: readonly string[]): (i: number) => boolean {
    const needle = plainNeedle(texts, STRETCHES_OF_JSON);
    if (needle === undefined || this.#mayBeMade(needle)) return () => true;
    const places = this.#placesOf(needle);
    return (i) => {
      const range = this.#messages ? this.#messages.textRange(i) : this.#line(i);
      return range === undefined || places.some((one) => one.within(...range));
    };
  }

  /** The same for attributes, those of the record or of its resource, whose text is to be equal. */
  attributesFinder(wanted: readonly Pair[]): (i: number) => boolean {
    const open = wanted.filter((pair) => !this.#holdsForAll(pair));
    const tests = open.flatMap((pair) => [this.#pairFinder(pair), ...this.#fieldTest(pair)]);
    return (i) => tests.every((holds) => holds(i));
  }

  /** Those of the attributes that a record may lack although the finder says that it has them. */
  undecided(wanted: readonly Pair[]): Pair[] {
    return wanted.filter((pair) => !this.#holdsForAll(pair) && !(this.#lines && isPlainField(pair.key)));
  }

  /** True for what the resource of a file says of all its lines. */
  #holdsForAll({ key, value }: Pair): boolean {
    const { resource } = this.#meta;
    return this.#lines !== undefined && Object.hasOwn(resource, key) && resource[key] === value;
  }

  /** The exact test of a line, where the attribute is a field of it; the resource of lines is that of their block. */
  #fieldTest({ key, value }: Pair): ((i: number) => boolean)[] {
    if (this.#lines === undefined || !isPlainField(key)) return [];
    const field = this.#lines.field(key);
    return [
      (i) => {
        const found = field(...this.#line(i));
        return found !== undefined && attributeText(found) === value;
      },
    ];
  }

  #pairFinder({ key, value }: Pair): (i: number) => boolean {
    const made = this.#lines ? !isPlainField(key) : key === EVENT_NAME;
    const asWritten = this.#lines ? !OF_NUMBERS.test(value.toLowerCase()) : !NOT_ONLY_STRINGS.test(value);
    const needle = asWritten && !/^[[{]/.test(value) ? value : made ? '' : key;
    const places = this.#placesOf(plainNeedle([needle], PLAIN_STRETCHES) ?? '');
    const ofResource = this.#messages && this.#resourceTest(places);
    return (i) => places.some((one) => one.within(...this.#line(i))) || (ofResource?.(i) ?? false);
  }

  #resourceTest(places: readonly Places[]): (i: number) => boolean {
    const { resource, resources } = this.#records.offsets;
    const known = new Map<number, boolean>();
    return (i) => {
      const entry = resource[i] ?? 0;
      const from = resources[entry * 2] ?? 0;
      const holds =
        known.get(entry) ?? places.some((one) => one.in(from, from + (resources[entry * 2 + 1] ?? 0)));
      known.set(entry, holds);
      return holds;
    };
  }

  #placesOf(needle: string): Places[] {
    const needles = [needle, ...(this.#lines ? [HIDDEN.escape] : [])];
    if (needle.includes('i')) needles.push(HIDDEN.i);
    if (needle.includes('k')) needles.push(HIDDEN.k);
    return needles.map((one) => new Places(this.#lower, one));
  }

  /** True when a text may contain the needle that the bytes of its line do not. */
  #mayBeMade(needle: string): boolean {
    return this.#lines !== undefined && OF_NUMBERS.test(needle) && OTHER_MESSAGE.test(this.#lower);
  }
}

/** The longest stretch of the texts that stands in bytes as it is; undefined without one. */
function plainNeedle(texts: readonly string[], stretch: RegExp): string | undefined {
  const stretches = texts.flatMap((text) => text.toLowerCase().match(stretch) ?? []);
  return stretches.sort((a, b) => b.length - a.length)[0];
}

/** Where a needle stands in a text, asked for from its beginning to its end. */
class Places {
  readonly #text: string;
  readonly #needle: string;
  #next: number;
  #from = 0;

  constructor(text: string, needle: string) {
    this.#text = text;
    this.#needle = needle;
    this.#next = text.indexOf(needle);
  }

  within(start: number, end: number): boolean {
    // Records of a block stand one behind the other, but nothing relies on it.
    if (start < this.#from || (this.#next !== -1 && this.#next < start)) {
      this.#next = this.#text.indexOf(this.#needle, start);
    }
    this.#from = start;
    return this.#next !== -1 && this.#next + this.#needle.length <= end;
  }

  /** The same of any part, out of order. */
  in(start: number, end: number): boolean {
    return this.#text.slice(start, end).includes(this.#needle);
  }
}
