import { flagNames } from './flags.ts';
import type { Assignment, Connector, ShellCommand, ShellWord } from './syntax.ts';
import { ShellSyntaxError, WordReader } from './word-reader.ts';

/** Words that end a list where a command would begin. */
const closing = new Set(['then', 'do', 'done', 'fi', 'else', 'elif', 'esac', '}', 'in']);
/** Commands in front of a command, which change nothing of what it does. */
const prefixes = new Set(['command', 'builtin', 'exec', 'busybox', 'run']);
const declaring = new Set(['export', 'declare', 'local', 'readonly', 'typeset', 'let', 'eval']);
const assignmentStart = /([A-Za-z_][A-Za-z0-9_]*)(\[[^\]\n]*\])?\+?=/y;
const redirectionStart =
  /(?:\d+|\{[A-Za-z_][A-Za-z0-9_]*\})?(?:<<<|<<-?|<&|<>|<(?!\()|&>>?|>&|>>|>\||>(?!\())/y;
const keyword = /[!{}a-z[]+/y;

/** A here-document that a line announces and the lines behind it hold. */
type Pending = { name: string; quoted: boolean; chomp: boolean };

/** Reads the shell's grammar (POSIX with bash's additions) and collects its simple commands. */
export class CommandReader extends WordReader {
  readonly commands: ShellCommand[];
  pipelines = 0;
  private readonly base: number;
  private pending: Pending[] = [];
  private next: Connector = '';
  private position = 0;

  constructor(text: string, commands: ShellCommand[] = [], base = 0, depth = 0) {
    super(text, 0, depth);
    this.commands = commands;
    this.base = base;
  }

  /** Reads all of the text that is shell. @throws ShellSyntaxError */
  read(): void {
    this.script();
  }

  protected inner(text: string, index: number, depth: number): void {
    const reader = new CommandReader(text, this.commands, this.base + index, depth);
    reader.script();
    this.pipelines += reader.pipelines;
  }

  /** A list of commands, possibly none, up to where no command can begin. */
  protected script(): boolean {
    const { next, position } = this;
    this.next = '';
    this.newlines();
    const any = this.andOr();
    if (any) this.listRest();
    this.next = next;
    this.position = position;
    return any;
  }

  private listRest(): void {
    for (;;) {
      this.skipBlanks();
      const character = this.text[this.at];
      if (character === ';' || (character === '&' && this.text[this.at + 1] !== '&')) {
        if (character === ';' && this.text[this.at + 1] === ';') return;
        this.at++;
        this.next = character;
      } else if (character === '\n') this.next = '\n';
      else return;
      this.newlines();
      if (!this.andOr()) return;
    }
  }

  /** A list that must hold a command. */
  private list(where: string): void {
    if (!this.script()) this.fail(`no command in ${where}`);
  }

  private andOr(): boolean {
    if (!this.pipeline()) return false;
    for (;;) {
      this.skipBlanks();
      const two = this.text.slice(this.at, this.at + 2);
      if (two !== '&&' && two !== '||') break;
      this.at += 2;
      this.next = two;
      this.newlines();
      if (!this.pipeline()) this.fail(`no command behind ${two}`);
    }
    return true;
  }

  private pipeline(): boolean {
    this.skipBlanks();
    let negated = false;
    while (this.text[this.at] === '!' && this.text[this.at + 1] !== '(') {
      negated = true;
      this.at++;
      this.skipBlanks();
    }
    this.position = 0;
    if (!this.command()) return negated ? this.fail('no command behind !') : false;
    for (let first = true; ; first = false) {
      this.skipBlanks();
      if (this.text[this.at] !== '|' || this.text[this.at + 1] === '|') return true;
      this.at += this.text[this.at + 1] === '&' ? 2 : 1;
      if (first) this.pipelines++;
      this.next = '|';
      this.newlines();
      const place = ++this.position;
      if (!this.command()) this.fail('no command behind |');
      this.position = place;
    }
  }

  private command(): boolean {
    this.skipBlanks();
    const character = this.text[this.at];
    if (character === '(') return this.subshell();
    const word = this.keyword();
    if (closing.has(word)) return false;
    if (character === '{') return this.group();
    const compound = this.compound(word);
    if (compound) this.redirections();
    return compound || this.functionDefinition() || this.simple();
  }

  private compound(word: string): boolean {
    if (word === 'if') return this.ifClause();
    if (word === 'while' || word === 'until') return this.whileClause();
    if (word === 'for' || word === 'select') return this.forClause(word);
    if (word === 'case') return this.caseClause();
    if (word === '[[' || word === '[') return this.condition(word);
    if (word === 'function') return this.functionKeyword();
    if (word === 'coproc') return this.coprocess();
    return word === 'time' && this.time();
  }

  /** The keyword that begins here as a word of its own, or nothing. */
  private keyword(): string {
    keyword.lastIndex = this.at;
    const word = keyword.exec(this.text)?.[0] ?? '';
    const behind = this.text[this.at + word.length];
    return behind === undefined || /[\s;&|<>()]/.test(behind) ? word : '';
  }

  private expect(word: string): void {
    this.skipBlanks();
    if (this.keyword() !== word) this.fail(`no ${word}`);
    this.at += word.length;
  }

  private subshell(): boolean {
    if (this.text[this.at + 1] === '(' && this.arithmetic(this.at + 2)) {
      this.redirections();
      return true;
    }
    this.at++;
    if (!this.bracketed()) this.fail('no command in brackets');
    this.redirections();
    return true;
  }

  private group(): boolean {
    this.at++;
    this.nested(() => this.list('braces'));
    this.skipBlanks();
    if (this.text[this.at] !== '}') this.fail('a brace is left open');
    this.at++;
    this.redirections();
    return true;
  }

  private ifClause(): boolean {
    this.nested(() => {
      this.at += 2;
      this.list('if');
      this.expect('then');
      this.list('then');
      for (this.skipBlanks(); this.keyword() === 'elif'; this.skipBlanks()) {
        this.at += 4;
        this.list('elif');
        this.expect('then');
        this.list('then');
      }
      if (this.keyword() === 'else') {
        this.at += 4;
        this.list('else');
      }
      this.expect('fi');
    });
    return true;
  }

  private whileClause(): boolean {
    this.nested(() => {
      this.at += 5;
      this.list('while');
      this.doGroup();
    });
    return true;
  }

  private doGroup(): void {
    this.skipBlanks();
    if (this.text[this.at] === '{') {
      this.group();
      return;
    }
    this.expect('do');
    this.list('do');
    this.expect('done');
  }

  private forClause(word: string): boolean {
    this.nested(() => {
      this.at += word.length;
      this.skipBlanks();
      if (this.text.startsWith('((', this.at)) {
        const end = this.text.indexOf('))', this.at);
        if (end < 0) this.fail('a bracket is left open');
        this.at = end + 2;
      } else this.forWords();
      this.skipBlanks();
      if (this.text[this.at] === ';') this.at++;
      this.newlines();
      this.doGroup();
    });
    return true;
  }

  private forWords(): void {
    if (this.word() === undefined) this.fail('no name behind for');
    this.newlines();
    if (this.keyword() !== 'in') return;
    this.at += 2;
    this.skipBlanks();
    while (this.word() !== undefined) this.skipBlanks();
  }

  private caseClause(): boolean {
    this.nested(() => {
      this.at += 4;
      this.skipBlanks();
      if (this.word() === undefined) this.fail('no word behind case');
      this.newlines();
      this.expect('in');
      this.newlines();
      while (this.keyword() !== 'esac') this.caseItem();
      this.at += 4;
    });
    return true;
  }

  private caseItem(): void {
    if (this.text[this.at] === '(') this.at++;
    for (;;) {
      this.skipBlanks();
      if (this.word() === undefined) this.fail('no pattern in case');
      this.skipBlanks();
      if (this.text[this.at] !== '|') break;
      this.at++;
    }
    if (this.text[this.at] !== ')') this.fail('no bracket behind a pattern');
    this.at++;
    this.script();
    this.newlines();
    const end = /^;;?&?;?/.exec(this.text.slice(this.at, this.at + 3))?.[0] ?? '';
    if (end.length < 2 && this.keyword() !== 'esac') this.fail('a case is left open');
    this.at += end.length;
    this.newlines();
  }

  /** `[ … ]` and `[[ … ]]`: a command as any, but what stands in the second is not a list. */
  private condition(open: string): boolean {
    const index = this.at;
    this.at += open.length;
    const close = open === '[' ? ']' : ']]';
    const words: ShellWord[] = [wordAt(open, index)];
    for (;;) {
      if (open === '[[') this.newlines();
      else this.skipBlanks();
      const word = this.word();
      if (word !== undefined) words.push(word);
      if (word?.text === close) break;
      if (word === undefined) this.conditionOperator(open);
    }
    this.push(words, [], index);
    return true;
  }

  private conditionOperator(open: string): void {
    const operator = /^(?:&&|\|\||[<>()|])/.exec(this.text.slice(this.at, this.at + 2))?.[0];
    if (operator === undefined || (open === '[' && operator !== '<' && operator !== '>'))
      this.fail(`${open} is left open`);
    this.at += operator.length;
  }

  private time(): boolean {
    this.at += 4;
    this.skipBlanks();
    while (this.text[this.at] === '-' && this.word() !== undefined) this.skipBlanks();
    this.pipeline();
    return true;
  }

  private coprocess(): boolean {
    this.at += 6;
    if (!this.command()) this.fail('no command behind coproc');
    return true;
  }

  private functionKeyword(): boolean {
    this.at += 8;
    this.skipBlanks();
    if (this.word() === undefined) return true;
    this.skipBlanks();
    if (this.text.startsWith('()', this.at)) this.at += 2;
    return this.functionBody();
  }

  private functionDefinition(): boolean {
    const match = /^[^\s;&|<>()'"$`\\={}[]+[ \t]*\([ \t]*\)/.exec(this.text.slice(this.at, this.at + 512));
    if (match === null) return false;
    this.at += match[0].length;
    return this.functionBody();
  }

  private functionBody(): boolean {
    this.nested(() => {
      this.newlines();
      if (!this.command()) this.fail('no body of a function');
    });
    return true;
  }

  private simple(): boolean {
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

  private redirections(): void {
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

  private push(words: readonly ShellWord[], assignments: readonly Assignment[], index: number): void {
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
  private newlines(): void {
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
    this.nested(() => this.inner(`: ${quoted}`, from - 3, 0));
  }
}

function wordAt(text: string, index: number): ShellWord {
  return { text, literal: text, expands: false, index, end: index + text.length };
}

/** The name of what really runs: behind `exec`, `command` and their like stands another. */
function commandName(words: readonly ShellWord[]): string {
  const [first, ...rest] = words;
  if (first === undefined || first.expands) return '';
  if (!prefixes.has(first.literal)) return first.literal;
  const candidates = first.literal === 'exec' ? skipExecFlags(rest) : rest;
  const behind = candidates[0];
  if (behind === undefined || behind.literal.startsWith('-')) return first.literal;
  return behind.expands ? '' : behind.literal;
}

function skipExecFlags(words: readonly ShellWord[]): readonly ShellWord[] {
  const at = words.findIndex((word, i) => !word.literal.startsWith('-') && words[i - 1]?.literal !== '-a');
  return at < 0 ? [] : words.slice(at);
}

export { ShellSyntaxError };
