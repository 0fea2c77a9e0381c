import type { ShellWord } from './syntax.ts';

/** A shell would refuse the text. */
export class ShellSyntaxError extends Error {}

/** Deeper than this nobody nests substitutions, and the stack is not endless. */
const maxDepth = 60;
const wordEnd = /[ \t\n;&|<>()]/;
/** Characters in which nothing but themselves is meant, up to the next that may mean more. */
const plainRun = /[^ \t\n;&|<>()\\'"$`{}?*+@!]+/y;
const plainInQuotes = /[^"\\$`]+/y;
const expansion = '${VAR}';
/** Two words without an operator between them are a command in two brackets, and no arithmetic. */
const twoWords = /[\w}"')\]][ \t]+[\w$"'/.]/;

/** What a piece of a word stands for. */
type Piece = { literal: string; expands: boolean };

/**
 * Reads words: quotes, escapes, expansions. What substitutions hold is read by `script`, which is the grammar's.
 * Every character is read once per level of nesting, and levels are limited.
 */
export abstract class WordReader {
  protected at: number;
  protected readonly text: string;
  protected depth: number;
  /** Whether what is read stands in double quotes, where a single quote is a letter. */
  private quoted = false;

  constructor(text: string, at: number, depth: number) {
    this.text = text;
    this.at = at;
    this.depth = depth;
  }

  /** Reads a list of commands up to where none can follow; false where there is none at all. */
  protected abstract script(): boolean;

  /** Reads a text of its own: what stands in backticks. */
  protected abstract inner(text: string, index: number): void;

  protected fail(why: string): never {
    throw new ShellSyntaxError(`${why} at character ${this.at}`);
  }

  protected nested<T>(read: () => T): T {
    if (++this.depth > maxDepth) this.fail('too many levels');
    const result = read();
    this.depth--;
    return result;
  }

  protected skipBlanks(): void {
    for (;;) {
      const character = this.text[this.at];
      if (character === ' ' || character === '\t') this.at++;
      else if (character === '\\' && this.text[this.at + 1] === '\n') this.at += 2;
      else return;
    }
  }

  /** The next word, or undefined where none stands. */
  protected word(): ShellWord | undefined {
    const index = this.at;
    let literal = '';
    let expands = false;
    while (this.at < this.text.length) {
      const piece = this.piece();
      if (piece === undefined) break;
      literal += piece.literal;
      expands ||= piece.expands;
    }
    if (this.at === index) return undefined;
    return { text: this.text.slice(index, this.at), literal, expands, index, end: this.at };
  }

  private piece(): Piece | undefined {
    plainRun.lastIndex = this.at;
    const run = plainRun.exec(this.text);
    if (run !== null) {
      this.at += run[0].length;
      return { literal: run[0], expands: false };
    }
    const character = this.text[this.at]!;
    if ((character === '<' || character === '>') && this.text[this.at + 1] === '(')
      return this.processSubstitution();
    if (wordEnd.test(character)) return undefined;
    if (character === '\\') return this.escaped();
    if (character === "'") return this.singleQuoted();
    if (character === '"') return this.doubleQuoted();
    if (character === '$') return this.dollar();
    if (character === '`') return this.backticks();
    if (character === '{') return this.braces();
    if ('?*+@!'.includes(character) && this.text[this.at + 1] === '(') return this.extendedGlob();
    this.at++;
    return { literal: character, expands: false };
  }

  private escaped(): Piece {
    const next = this.text[this.at + 1];
    if (next === undefined) this.fail('a backslash ends the text');
    this.at += 2;
    return { literal: next === '\n' ? '' : next, expands: false };
  }

  private singleQuoted(): Piece {
    const end = this.text.indexOf("'", this.at + 1);
    if (end < 0) this.fail('a single quote is left open');
    const literal = this.text.slice(this.at + 1, end);
    this.at = end + 1;
    return { literal, expands: false };
  }

  private ansiQuoted(): Piece {
    let end = this.at + 2;
    while (end < this.text.length && this.text[end] !== "'") end += this.text[end] === '\\' ? 2 : 1;
    if (end >= this.text.length) this.fail('a single quote is left open');
    const literal = this.text.slice(this.at + 2, end);
    this.at = end + 1;
    return { literal, expands: false };
  }

  private doubleQuoted(): Piece {
    return this.within(true, () => this.readDoubleQuoted());
  }

  /** Reads something in double quotes, or, in a substitution, outside them again. */
  private within<T>(quoted: boolean, read: () => T): T {
    const before = this.quoted;
    this.quoted = quoted;
    const result = read();
    this.quoted = before;
    return result;
  }

  private readDoubleQuoted(): Piece {
    this.at++;
    let literal = '';
    let expands = false;
    for (;;) {
      plainInQuotes.lastIndex = this.at;
      const run = plainInQuotes.exec(this.text)?.[0] ?? '';
      literal += run;
      this.at += run.length;
      const character = this.text[this.at];
      if (character === undefined) this.fail('a double quote is left open');
      if (character === '"') break;
      const piece = this.quotedPiece(character);
      literal += piece.literal;
      expands ||= piece.expands;
    }
    this.at++;
    return { literal, expands };
  }

  private quotedPiece(character: string): Piece {
    if (character === '`') return this.backticks();
    if (character === '$') {
      const next = this.text[this.at + 1];
      if (next !== "'" && next !== '"') return this.dollar();
      this.at++;
      return { literal: '$', expands: false };
    }
    const next = this.text[this.at + 1];
    if (next === undefined) this.fail('a double quote is left open');
    this.at += 2;
    if (next === '\n') return { literal: '', expands: false };
    return { literal: '"\\$`'.includes(next) ? next : `\\${next}`, expands: false };
  }

  private dollar(): Piece {
    const rest = this.text[this.at + 1] ?? '';
    if (rest === "'") return this.ansiQuoted();
    if (rest === '"') {
      this.at++;
      return this.doubleQuoted();
    }
    if (rest === '{') return this.parameter();
    if (rest === '(') return this.substitution();
    const name = /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])/.exec(this.text.slice(this.at + 1, this.at + 257));
    this.at += 1 + (name?.[0].length ?? 0);
    return name === null ? { literal: '$', expands: false } : { literal: expansion, expands: true };
  }

  /** `${name…}`, what stands behind the name may hold substitutions. */
  private parameter(): Piece {
    this.at += 2;
    this.nested(() => this.skipTo('}', '`${`'));
    return { literal: expansion, expands: true };
  }

  /** `$(…)`, or `$((…))` where two brackets close it. */
  private substitution(): Piece {
    this.at += 2;
    if (this.text[this.at] === '(' && this.arithmetic(this.at + 1))
      return { literal: expansion, expands: true };
    this.bracketed();
    return { literal: expansion, expands: true };
  }

  /** A script up to its closing bracket; false where it is empty. */
  protected bracketed(): boolean {
    return this.nested(() => {
      const any = this.within(false, () => this.script());
      if (this.text[this.at] !== ')') this.fail('a bracket is left open');
      this.at++;
      return any;
    });
  }

  private processSubstitution(): Piece {
    this.at += 2;
    this.bracketed();
    return { literal: '', expands: true };
  }

  /** Reads an arithmetic expression that begins at `from` and ends in `))`; false, and nothing is read, where none does. */
  protected arithmetic(from: number): boolean {
    const end = this.arithmeticEnd(from);
    if (end === undefined || twoWords.test(this.text.slice(from, end))) return false;
    this.at = from;
    this.nested(() => {
      while (this.at < end) {
        const character = this.text[this.at]!;
        if (character === '$' || character === '`') this.quotedPiece(character);
        else this.at++;
      }
    });
    this.at = Math.max(this.at, end + 2);
    return true;
  }

  private arithmeticEnd(from: number): number | undefined {
    let open = 0;
    for (let at = from; at < this.text.length; at++) {
      const character = this.text[at];
      if (character === ';' && open === 0) return undefined;
      if (character === '(') open++;
      if (character !== ')') continue;
      if (open === 0) return this.text[at + 1] === ')' ? at : undefined;
      open--;
    }
    return undefined;
  }

  /** Skips to a closing character outside quotes, reading the substitutions on the way. */
  private skipTo(close: string, what: string): void {
    for (;;) {
      const character = this.text[this.at];
      if (character === undefined) this.fail(`${what} is left open`);
      if (character === close) break;
      if (character === '\\') this.at += 2;
      else if (character === "'" && !this.quoted) this.singleQuoted();
      else if (character === '"') this.doubleQuoted();
      else if (character === '$' || character === '`') this.quotedPiece(character);
      else this.at++;
    }
    this.at++;
  }

  private backticks(): Piece {
    const index = this.at + 1;
    let end = index;
    while (end < this.text.length && this.text[end] !== '`') end += this.text[end] === '\\' ? 2 : 1;
    if (end >= this.text.length) this.fail('a backtick is left open');
    const script = this.text.slice(index, end).replace(/\\([\\`$])/g, '$1');
    this.nested(() => this.inner(script, index));
    this.at = end + 1;
    return { literal: expansion, expands: true };
  }

  /** `{a,b}` stands for several words, a brace without comma or dots for itself. */
  private braces(): Piece {
    const list = /^\{[^\s{};&|<>()'"$`\\]*(?:,|\.\.)[^\s{};&|<>()'"$`\\]*\}/.exec(
      this.text.slice(this.at, this.at + 1024),
    );
    this.at += list?.[0].length ?? 1;
    return list === null ? { literal: '{', expands: false } : { literal: '', expands: true };
  }

  private extendedGlob(): Piece {
    this.at += 2;
    this.nested(() => {
      for (;;) {
        const character = this.text[this.at];
        if (character === undefined || character === '\n') this.fail('a pattern is left open');
        if (character === ')') break;
        if (character === '|' || character === ' ') this.at++;
        else if (this.piece() === undefined) this.fail('a pattern is left open');
      }
      this.at++;
    });
    return { literal: '', expands: true };
  }
}
