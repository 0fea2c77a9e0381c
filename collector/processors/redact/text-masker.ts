import { cardsIn } from './cards.ts';
import { isSecretKey } from './secret-keys.ts';
import { TOKEN_PATTERNS } from './token-patterns.ts';

/** What was masked, for counting. */
export type SecretKind = 'token' | 'key' | 'mail' | 'card' | 'pattern';

export interface TextMaskerOptions {
  tokens: boolean;
  /** Secrets by the name of their key. */
  headers: boolean;
  mails: boolean;
  cards: boolean;
  /** Own expressions: every match is masked. */
  patterns: readonly RegExp[];
  /** Own keys, in any case, whose values are masked whole. */
  keys: readonly string[];
  /** What one of them matches is left as it is: a text that was found, or a key. */
  allow: readonly RegExp[];
}

/** A mail address from its @ on; what stands before is looked at by hand, because a pattern would try every letter. */
const MAIL_DOMAIN = /@(?:[A-Za-z0-9\-\x80-\xff]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9\x80-\xff])/g;
const MAIL_LOCAL = /[\w.%+\-\x80-\xff]/;
/** The password in scheme://user:password@host; RFC 3986, section 3.2.1. */
const USERINFO = /(:\/\/[^\s/?#@:"'<>]*:)([^\s/"'<>]+)(?=@)/g;
/** =VALUE of URLs, connection strings and command lines, ": "VALUE of JSON inside a text. */
const ASSIGNED = /((?:=|%3D|\\?["']\s{0,8}:\s{0,8}\\?["']))([^\s&"'\\<>;,)\]}]+)/gi;
const KEY_CHARACTER = /[\w.-]/;
/** Keys that are remembered: more than a fleet of services has, unless ids are in them. */
const MAX_KEYS = 4096;
/** Every secret that has a form of its own has one of these; texts without are most. */
const MAYBE_TOKEN = new RegExp(
  TOKEN_PATTERNS.flatMap(({ needles }) => needles)
    .map((needle) => needle.replaceAll('.', '\\.'))
    .join('|'),
  'i',
);
const BEYOND_ASCII = /[\x80-\xff]/;
const MAYBE_ASSIGNED = /[=:]|%3d/i;
const MAYBE_CARD = /\d[\d -]{11}\d/;
/** Characters of a mail's local part (RFC 5321, section 4.5.3.1), and of a key. */
const MAX_BEFORE = 64;
/** A header as a dump of a request has it, alone on its line; and as Go prints a map of headers. */
const HEADER_LINE =
  /(?<=^(?:[<>] ?)?)((?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{0,40}(?:key|token|secret))(: ?)([^\r\n]+)/gim;
const HEADER_IN_MAP =
  /((?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{0,40}(?:key|token|secret))(:\[)([^\]\r\n]+)/gi;

/**
 * Replaces secrets in a text by asterisks, one for one, so that every place in it stays what it was. Texts come as
 * latin1, a character for each byte, because lengths are counted in bytes.
 */
export class TextMasker {
  readonly #options: TextMaskerOptions;
  readonly #keys: ReadonlySet<string>;
  /** Keys come again and again; what was said of one holds. */
  readonly #secretKeys = new Map<string, boolean>();
  readonly #found: (kind: SecretKind) => void;

  constructor(options: TextMaskerOptions, found: (kind: SecretKind) => void) {
    this.#options = options;
    this.#keys = new Set(options.keys.map((key) => key.toLowerCase()));
    this.#found = found;
  }

  /** True when every text must be looked at, because own patterns could stand anywhere. */
  get looksAtAll(): boolean {
    return this.#options.patterns.length > 0;
  }

  /** True when the value of an attribute, field or label of this key is to be masked whole. */
  isSecret(key: string): boolean {
    let secret = this.#secretKeys.get(key);
    if (secret === undefined) {
      secret =
        !this.#allowed(key) &&
        (this.#keys.has(key.toLowerCase()) || (this.#options.headers && isSecretKey(key)));
      if (this.#secretKeys.size >= MAX_KEYS) this.#secretKeys.clear();
      this.#secretKeys.set(key, secret);
    }
    return secret;
  }

  /** A secret's whole value, masked. */
  whole(text: string): string {
    if (text === '' || this.#allowed(text)) return text;
    this.#found('key');
    return '*'.repeat(text.length);
  }

  /** The text with its secrets masked; of the same length, and the same string when it has none. */
  mask(text: string): string {
    const { tokens, headers, mails, cards, patterns } = this.#options;
    let masked = text;
    if (tokens) masked = this.#tokens(masked);
    if ((headers || this.#keys.size > 0) && MAYBE_ASSIGNED.test(masked)) masked = this.#assigned(masked);
    if (mails && text.includes('@')) masked = this.#mails(masked);
    if (cards && MAYBE_CARD.test(masked)) masked = this.#cards(masked);
    for (const pattern of patterns) masked = this.#own(masked, pattern);
    return masked;
  }

  #tokens(text: string): string {
    let masked = text;
    for (const { pattern, check } of MAYBE_TOKEN.test(text) ? TOKEN_PATTERNS : []) {
      masked = masked.replace(pattern, (whole: string, group: unknown) => {
        const secret = typeof group === 'string' ? group : whole;
        if (check && !check(secret)) return whole;
        return whole.slice(0, whole.length - secret.length) + this.#hide('token', secret);
      });
    }
    return masked.includes('@')
      ? masked.replace(USERINFO, (_, user: string, secret: string) => user + this.#hide('token', secret))
      : masked;
  }

  #assigned(text: string): string {
    let masked = text;
    if (this.#options.headers && text.includes(':')) {
      const ofHeader = (whole: string, name: string, between: string, secret: string) =>
        this.#allowed(name) || isMasked(secret) ? whole : name + between + this.#hide('key', secret);
      masked = masked.replace(HEADER_LINE, ofHeader).replace(HEADER_IN_MAP, ofHeader);
    }
    return masked.replace(
      ASSIGNED,
      (whole: string, between: string, secret: string, at: number, all: string) =>
        isMasked(secret) || !this.isSecret(all.slice(runBefore(all, at, KEY_CHARACTER), at))
          ? whole
          : between + this.#hide('key', secret),
    );
  }

  #mails(text: string): string {
    let masked = '';
    let done = 0;
    for (const { 0: domain, index } of text.matchAll(MAIL_DOMAIN)) {
      const start = Math.max(done, runBefore(text, index, MAIL_LOCAL));
      const end = index + domain.length;
      if (start === index) continue;
      masked += text.slice(done, start) + this.#hide('mail', text.slice(start, end));
      done = end;
    }
    return masked + text.slice(done);
  }

  #cards(text: string): string {
    let masked = '';
    let done = 0;
    for (const [start, end] of cardsIn(text)) {
      masked += text.slice(done, start) + this.#hide('card', text.slice(start, end));
      done = end;
    }
    return masked + text.slice(done);
  }

  /** An own pattern speaks of characters, not of bytes. */
  #own(text: string, pattern: RegExp): string {
    if (!BEYOND_ASCII.test(text)) {
      return text.replace(pattern, (found) => (found === '' ? '' : this.#hide('pattern', found)));
    }
    const decoded = Buffer.from(text, 'latin1').toString('utf8');
    const masked = decoded.replace(pattern, (found) =>
      found === '' ? '' : this.#hide('pattern', Buffer.from(found, 'utf8').toString('latin1')),
    );
    if (masked === decoded) return text;
    const bytes = Buffer.from(masked, 'utf8').toString('latin1');
    return bytes.length === text.length ? bytes : text;
  }

  #hide(kind: SecretKind, secret: string): string {
    if (this.#allowed(secret)) return secret;
    this.#found(kind);
    return '*'.repeat(secret.length);
  }

  #allowed(text: string): boolean {
    return this.#options.allow.some((pattern) => pattern.test(text));
  }
}

/** Where the run of such characters that ends before `end` begins. */
function runBefore(text: string, end: number, character: RegExp): number {
  let start = end;
  while (start > 0 && end - start < MAX_BEFORE && character.test(text[start - 1]!)) start--;
  return start;
}

function isMasked(text: string): boolean {
  return !/[^*]/.test(text);
}
