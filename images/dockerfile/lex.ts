import { replacePattern, trimPattern } from './shell-pattern.ts';
import { isSpace } from './text.ts';

/** How `lex` treats what it reads. */
export type LexOptions = {
  escapeToken: '\\' | '`';
  /** The value of a variable, undefined where it has none. */
  get: (name: string) => string | undefined;
  /** Quotes stay in the result. */
  rawQuotes?: boolean;
  /** Escape characters stay in the result. */
  rawEscapes?: boolean;
  /** A variable without a value stays as it is written; otherwise nothing stands in its place. */
  keepUnset?: boolean;
};

/** A text with its variables expanded: as one, and cut into words at white space outside quotes. */
export type Lexed = { text: string; words: string[] };

/** The text cannot be read; the message says why, as BuildKit does. */
export class LexError extends Error {}

/** Deeper than this no `${a:-${b:-…}}` is meant by anybody, and the stack is not endless. */
const maxDepth = 64;
/** Values that double from line to line would fill any memory; longer ones nobody means. */
const maxExpanded = 4096;

/**
 * Expands variables and takes quotes off as BuildKit does in FROM, ENV, LABEL, COPY and the like.
 * Source: https://docs.docker.com/reference/dockerfile/#environment-replacement and BuildKit's frontend/dockerfile/shell.
 * @throws LexError
 */
export function lex(text: string, options: LexOptions): Lexed {
  return new Lexer(text, options).read(undefined, options.rawEscapes === true, false);
}

class Words {
  readonly all: string[] = [];
  private current = '';

  /** Characters that may end a word. */
  add(text: string): void {
    for (const character of text) {
      if (!isSpace(character)) this.current += character;
      else if (this.current !== '') this.end();
    }
  }

  /** Characters that belong to the word whatever they are. */
  addRaw(text: string): void {
    this.current += text;
  }

  end(): void {
    if (this.current !== '') this.all.push(this.current);
    this.current = '';
  }
}

class Lexer {
  private at = 0;
  private depth = 0;
  private expanded = 0;
  private rawEscapes = false;
  private readonly text: string;
  private readonly options: LexOptions;

  constructor(text: string, options: LexOptions) {
    this.text = text;
    this.options = { ...options, get: (name) => this.counted(options.get(name)) };
  }

  private counted(value: string | undefined): string | undefined {
    this.expanded += value?.length ?? 0;
    if (this.expanded > maxExpanded) throw new LexError('variables expand to too long a text');
    return value;
  }

  private peek(): string | undefined {
    const code = this.text.codePointAt(this.at);
    return code === undefined ? undefined : String.fromCodePoint(code);
  }

  private next(): string | undefined {
    const character = this.peek();
    this.at += character?.length ?? 0;
    return character;
  }

  /** Reads up to `stop`, or to the end. `patternEscapes`: what escapes in quotes is doubled for a shell pattern. */
  read(stop: string | undefined, rawEscapes: boolean, patternEscapes: boolean): Lexed {
    if (++this.depth > maxDepth) throw new LexError('variables are nested too deeply');
    const before = this.rawEscapes;
    this.rawEscapes = rawEscapes;
    try {
      return this.readTo(stop, patternEscapes);
    } finally {
      this.rawEscapes = before;
      this.depth--;
    }
  }

  private readTo(stop: string | undefined, patternEscapes: boolean): Lexed {
    const words = new Words();
    let text = '';
    const take = (part: string, raw: boolean) => {
      text += part;
      if (raw) words.addRaw(part);
      else words.add(part);
    };
    for (let character = this.peek(); character !== undefined; character = this.peek()) {
      if (character === stop) {
        this.next();
        words.end();
        return { text, words: words.all };
      }
      if (character === "'") take(this.singleQuoted(patternEscapes), true);
      else if (character === '"') take(this.doubleQuoted(patternEscapes), true);
      else if (character === '$') take(this.variable(), false);
      else if (character === '<') take(this.possibleHeredoc(), true);
      else if (character === this.options.escapeToken) take(this.escaped(), true);
      else take(this.next()!, false);
    }
    if (stop !== undefined)
      throw new LexError(`unexpected end of statement while looking for matching ${stop}`);
    words.end();
    return { text, words: words.all };
  }

  private escaped(): string {
    const escapeToken = this.next()!;
    const character = this.next() ?? '';
    return this.rawEscapes ? escapeToken + character : character;
  }

  /** White space between `<<` and its word belongs to the word. */
  private possibleHeredoc(): string {
    this.next();
    if (this.peek() !== '<') return '<';
    this.next();
    let space = '';
    while (/^[\t\r ]$/.test(this.peek() ?? '')) space += this.next();
    return `<<${space}`;
  }

  private quote(character: string): string {
    return this.options.rawQuotes ? character : '';
  }

  private singleQuoted(patternEscapes: boolean): string {
    let text = this.quote(this.next()!);
    for (;;) {
      const character = this.next();
      if (character === undefined)
        throw new LexError('unexpected end of statement while looking for matching single-quote');
      if (character === "'") return text + this.quote(character);
      text += patternEscapes && character === this.options.escapeToken ? character.repeat(2) : character;
    }
  }

  private doubleQuoted(patternEscapes: boolean): string {
    let text = this.quote(this.next()!);
    for (;;) {
      const character = this.peek();
      if (character === undefined)
        throw new LexError('unexpected end of statement while looking for matching double-quote');
      if (character === '"') return text + this.quote(this.next()!);
      if (character === '$') text += this.variable();
      else if (character === this.options.escapeToken) text += this.escapedInQuotes(patternEscapes);
      else text += this.next();
    }
  }

  private escapedInQuotes(patternEscapes: boolean): string {
    const escapeToken = this.next()!;
    const character = this.peek();
    if (character === undefined) return '';
    if (character === '"' || character === '$' || character === escapeToken) {
      this.next();
      return this.rawEscapes ? escapeToken + character : character;
    }
    return this.rawEscapes && (!this.options.rawQuotes || patternEscapes)
      ? escapeToken + escape
      : escapeToken;
  }

  private variable(): string {
    this.next();
    if (this.peek() !== '{') {
      const name = this.name();
      if (name === '') return '$';
      return this.options.get(name) ?? (this.options.keepUnset ? `$${name}` : '');
    }
    this.next();
    if (this.peek() === undefined) throw new LexError("syntax error: missing '}'");
    if (/^[{}:]$/.test(this.peek()!)) throw new LexError('syntax error: bad substitution');
    const name = this.name();
    const modifier = this.next() ?? '';
    const value = this.options.get(name);
    if (modifier === '}') return value ?? (this.options.keepUnset ? `\${${name}}` : '');
    if (modifier === '/') return this.replaced(name, value);
    return this.modified(name, value, modifier === ':' ? `:${this.next() ?? ''}` : modifier);
  }

  private name(): string {
    const rest = this.text.slice(this.at, this.at + 256);
    const name = /^(?:\p{Nd}+|[@*#?$!-]|[\p{L}\p{Nd}_]+)/u.exec(rest)?.[0] ?? '';
    this.at += name.length;
    return name;
  }

  private word(rawEscapes: boolean): string {
    try {
      return this.read('}', rawEscapes, rawEscapes).text;
    } catch (error) {
      if (this.peek() === undefined && error instanceof LexError)
        throw new LexError("syntax error: missing '}'");
      throw error;
    }
  }

  private modified(name: string, value: string | undefined, modifier: string): string {
    const kind = modifier.at(-1)!;
    const pattern = kind === '#' || kind === '%';
    if (!'+-?#%'.includes(kind) || kind === ':' || (pattern && modifier.startsWith(':')))
      throw new LexError(`unsupported modifier (${modifier}) in substitution`);
    const word = this.word(pattern);
    if (this.options.keepUnset && value === undefined) return `\${${name}${modifier}${word}}`;
    const missing = value === undefined || (modifier.startsWith(':') && value === '');
    if (kind === '-') return missing ? word : value;
    if (kind === '+') return missing ? '' : word;
    if (kind === '?') {
      if (missing) throw new LexError(`${name}: ${word || 'is not allowed to be unset'}`);
      return value;
    }
    const greedy = word.startsWith(kind);
    return trimPattern(value ?? '', greedy ? word.slice(1) : word, { greedy, atEnd: kind === '%' });
  }

  private replaced(name: string, value: string | undefined): string {
    const all = this.peek() === '/';
    if (all) this.next();
    const pattern = this.read('/', true, true).text;
    const by = this.word(true);
    if (this.options.keepUnset && value === undefined) return `\${${name}/${pattern}/${by}}`;
    return replacePattern(value ?? '', pattern, by, all);
  }
}
