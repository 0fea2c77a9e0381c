import { SimpleReader } from './simple-reader.ts';
import type { ShellWord } from './syntax.ts';

const keyword = /[!{}a-z[]+/y;

/** Reads what holds lists of commands: branches, loops, groups, functions, and tests in brackets. */
export abstract class CompoundReader extends SimpleReader {
  /** Reads one command of any kind; false where none begins. */
  protected abstract command(): boolean;

  /** Reads commands with `|` between them; false where none begins. */
  protected abstract pipeline(): boolean;

  protected compound(word: string): boolean {
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
  protected keyword(): string {
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

  /** A list that must hold a command. */
  private list(where: string): void {
    if (!this.script()) this.fail(`no command in ${where}`);
  }

  protected subshell(): boolean {
    if (this.text[this.at + 1] === '(' && this.arithmetic(this.at + 2)) {
      this.redirections();
      return true;
    }
    this.at++;
    if (!this.bracketed()) this.fail('no command in brackets');
    this.redirections();
    return true;
  }

  protected group(): boolean {
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
    const index = this.at;
    this.at += 4;
    const words = [wordAt('time', index)];
    this.skipBlanks();
    for (let word = this.flag(); word !== undefined; word = this.flag()) words.push(word);
    this.push(words, [], index);
    this.nested(() => this.pipeline());
    return true;
  }

  private flag(): ShellWord | undefined {
    const word = this.text[this.at] === '-' ? this.word() : undefined;
    this.skipBlanks();
    return word;
  }

  private coprocess(): boolean {
    this.at += 6;
    if (!this.nested(() => this.command())) this.fail('no command behind coproc');
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

  protected functionDefinition(): boolean {
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
}

function wordAt(text: string, index: number): ShellWord {
  return { text, literal: text, expands: false, index, end: index + text.length };
}
