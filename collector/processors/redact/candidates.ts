import { eachPossibleCard } from './cards.ts';
import { type Needle, NeedleSearch, standsAt } from './needle-search.ts';
import { KEY_NEEDLES } from './secret-keys.ts';
import type { TextMasker, TextMaskerOptions } from './text-masker.ts';
import { TOKEN_PATTERNS } from './token-patterns.ts';

/** Bytes of a token's beginning that tell it from a word. */
const TOKEN_BYTES = 96;
/** Bytes of a key, and of a password before its `@`. */
const MAX_KEY_BYTES = 64;
const MAX_USERINFO_BYTES = 256;
const WORD = byteSet(/[\w.-]/);
/** The userinfo of a URL, whose slashes JSON may have escaped. */
const USERINFO = /:\\?\/\\?\/[^/]*:/;
/** Ends a URL's userinfo: what stands before it belongs to another text. */
const NO_USERINFO = byteSet(/[\s"'<>\0]/);
const LETTER = byteSet(/[A-Za-z]/);
const DOMAIN = byteSet(/[A-Za-z0-9.\-\x80-\xff]/);

/**
 * Finds where in bytes of any format a secret may stand, and tells nearly all that only look like one apart, by what is
 * around them. Whoever is told decodes the record there and decides: a length may look like a letter here.
 */
export class Candidates {
  readonly #search: NeedleSearch;
  readonly #masker: TextMasker;
  readonly #options: TextMaskerOptions;
  readonly #keys: ReadonlySet<string>;
  /** How a token begins that has this needle. */
  readonly #tokens = new Map<string, RegExp>();

  constructor(options: TextMaskerOptions, masker: TextMasker) {
    this.#options = options;
    this.#masker = masker;
    const own = options.keys.map((key) => key.toLowerCase());
    const keys = [...own, ...(options.headers ? KEY_NEEDLES : [])];
    this.#keys = new Set(keys);
    for (const { start, needles } of options.tokens ? TOKEN_PATTERNS : []) {
      for (const needle of needles) this.#tokens.set(needle.toLowerCase(), start);
    }
    this.#search = new NeedleSearch([...keys, ...this.#tokens.keys()]);
  }

  /** Places in `bytes` where a secret may stand, in order. With `mixed` the bytes are not all text. */
  in(bytes: Uint8Array, mixed: boolean): number[] {
    const places: number[] = [];
    let cardsTo = 0;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#search.find(bytes, (kind, place, needles) => {
      if (kind === 'at') {
        if (this.#mayBeMail(bytes, place) || this.#mayBeUserinfo(buffer, place)) places.push(place);
      } else if (kind === 'needle') {
        for (const needle of needles) {
          if (standsAt(bytes, place, needle) && this.#mayBe(buffer, place - needle.at, needle))
            places.push(place);
        }
      } else if (this.#options.cards) {
        if (place >= cardsTo) cardsTo = eachPossibleCard(buffer, place, mixed, (at) => places.push(at));
      }
    });
    return places.sort((a, b) => a - b);
  }

  #mayBeMail(bytes: Uint8Array, at: number): boolean {
    if (!this.#options.mails) return false;
    let point = -1;
    let p = at + 1;
    for (; p < bytes.length && DOMAIN[bytes[p]!] === 1; p++) {
      if (bytes[p] === 0x2e && LETTER[bytes[p + 1] ?? 0] === 1 && LETTER[bytes[p + 2] ?? 0] === 1) point = p;
    }
    return point > at + 1;
  }

  #mayBeUserinfo(buffer: Buffer, at: number): boolean {
    if (!this.#options.tokens) return false;
    let start = at;
    while (start > 0 && at - start < MAX_USERINFO_BYTES && NO_USERINFO[buffer[start - 1]!] === 0) start--;
    return USERINFO.test(buffer.toString('latin1', start, at));
  }

  #mayBe(buffer: Buffer, start: number, { text }: Needle): boolean {
    if (this.#keys.has(text) && this.#mayBeKey(buffer, start, text.length)) return true;
    return this.#tokens.get(text)?.test(buffer.toString('latin1', start, start + TOKEN_BYTES)) ?? false;
  }

  /** The word that the needle is in is a secret's key, and what follows it is not the rest of a sentence. */
  #mayBeKey(buffer: Buffer, start: number, length: number): boolean {
    let from = start;
    while (from > 0 && start - from < MAX_KEY_BYTES && WORD[buffer[from - 1]!] === 1) from--;
    let to = start + length;
    while (to < buffer.length && to - start < MAX_KEY_BYTES && WORD[buffer[to]!] === 1) to++;
    const next = buffer[to];
    if (next === undefined || next === 0x20) return false;
    const word = buffer.toString('latin1', from, to);
    // The first byte of the word may be the length of a key.
    return this.#masker.isSecret(word) || this.#masker.isSecret(word.slice(1));
  }
}

function byteSet(pattern: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (pattern.test(String.fromCharCode(byte)) ? 1 : 0));
}
