import { flagNames } from './flags.ts';
import { commandName } from './naming.ts';
import type { Assignment, Connector, ShellCommand, ShellWord } from './syntax.ts';
import { WordReader } from './word-reader.ts';

const declaring = new Set(['export', 'declare', 'local', 'readonly', 'typeset', 'let', 'eval']);
const assignmentStart = /([A-Za-z_][A-Za-z0-9_]*)(\[[^\]\n]*\])?\+?=/y;
const redirectionStart =
  /(?:\d+|\{[A-Za-z_][A-Za-z0-9_]*\})?(?:<<<|<<-?|<&|<>|<(?!\()|&>>?|>&|>>|>\||>(?!\())/y;

/** A here-document that a line announces and the lines behind it hold. */
type Pending = { name: string; quoted: boolean; chomp: boolean };

/** Reads simple commands with their assignments and redirections, and keeps them. */
export abstract class SimpleReader extends WordReader {
  readonly commands: ShellCommand[];
  protected readonly base: number;
  protected next: Connector = '';
  protected position = 0;
  private pending: Pending[] = [];

  /** @param base what is added to every index: where the text stands in a larger one */
  constructor(text: string, commands: ShellCommand[], base: number, depth: number) {
    super(text, 0, depth);
    this.commands = commands;
    this.base = base;
  }

  protected simple(): boolean {
    const index = this.at;
    const assignments: Assignment[] = [];
    const words: ShellWord[] = [];
    for (;;) {
      this.skipBlanks();
      if (this.text[this.at] === '#') this.comment();
      if (this.redirection()) continue;
      if (words.length === 0 && this.assignment(assignments)) continue;
      if (words.length > 0 && declaring.has(words[0]!.literal) && this.assignment([], true)) continue;
      const word = this.word();
      if (word === undefined) break;
      words.push(word);
    }
    if (
      this.at === index ||
      (words.length === 0 && assignments.length === 0 && this.text.slice(index, this.at).trim() === '')
    ) {
      return false;
    }
    this.push(words, assignments, index);
    return true;
  }

  /** `name=value`; of a word behind `export` only an array is read so, for its brackets. */
  private assignment(into: Assignment[], arraysOnly = false): boolean {
    assignmentStart.lastIndex = this.at;
    const match = assignmentStart.exec(this.text);
    if (match === null) return false;
    const behind = this.at + match[0].length;
    const array = this.text[behind] === '(';
    if (arraysOnly && !array) return false;
    this.at = behind;
    into.push({ name: match[1]!, value: array ? this.array() : (this.word()?.literal ?? '') });
    return true;
  }

  private array(): string {
    this.at++;
    this.nested(() => {
      for (;;) {
        this.newlines();
        if (this.text[this.at] === ')') break;
        if (this.word() === undefined) this.fail('an array is left open');
      }
      this.at++;
    });
    return '';
  }

  protected redirections(): void {
    do this.skipBlanks();
    while (this.redirection());
  }

  private redirection(): boolean {
    redirectionStart.lastIndex = this.at;
    const match = redirectionStart.exec(this.text);
    if (match === null) return false;
    this.at += match[0].length;
    this.skipBlanks();
    const target = this.word();
    if (target === undefined) this.fail('no file behind a redirection');
    const heredoc = /<<(-?)$/.exec(match[0]);
    if (heredoc !== null && !match[0].endsWith('<<<')) {
      const { literal: name, text } = target;
      this.pending.push({ name, quoted: /['"\\]/.test(text), chomp: heredoc[1] === '-' });
    }
    return true;
  }

  protected push(words: readonly ShellWord[], assignments: readonly Assignment[], index: number): void {
    const args = words.slice(1).map((word) => word.literal);
    this.commands.push({
      name: commandName(words),
      args,
      flags: flagNames(args),
      words:
        this.base === 0
          ? words
          : words.map((word) => ({ ...word, index: word.index + this.base, end: word.end + this.base })),
      assignments,
      index: this.base + index,
      end: this.base + this.at,
      connector: this.next,
      position: this.position,
    });
  }

  private comment(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  /** Skips blanks, comments, line ends and the here-documents behind them. */
  protected newlines(): void {
    for (;;) {
      this.skipBlanks();
      const character = this.text[this.at];
      if (character === '#') this.comment();
      else if (character === '\n') {
        this.at++;
        for (const pending of this.pending.splice(0)) this.heredoc(pending);
      } else return;
    }
  }

  private heredoc({ name, quoted, chomp }: Pending): void {
    const start = this.at;
    for (;;) {
      if (this.at >= this.text.length) return;
      const end = this.text.indexOf('\n', this.at);
      const line = this.text.slice(this.at, end < 0 ? undefined : end);
      const lineStart = this.at;
      this.at = end < 0 ? this.text.length : end + 1;
      if ((chomp ? line.replace(/^\t+/, '') : line) !== name) continue;
      if (end >= 0) this.at = end;
      if (!quoted) this.substitutionsIn(start, lineStart);
      return;
    }
  }

  /** Commands that the expansion of a here-document runs. */
  private substitutionsIn(from: number, to: number): void {
    const body = this.text.slice(from, to);
    if (!body.includes('$(') && !body.includes('`')) return;
    const quoted = `"${body.replace(/"/g, ' ')}"`;
    this.nested(() => this.inner(`: ${quoted}`, from - 3));
  }
}
