import { CompoundReader } from './compound-reader.ts';
import type { ShellCommand } from './syntax.ts';

/** Words that end a list where a command would begin. */
const closing = new Set(['then', 'do', 'done', 'fi', 'else', 'elif', 'esac', '}', 'in']);

/** Reads the shell's grammar (POSIX with bash's additions) and collects its simple commands. */
export class CommandReader extends CompoundReader {
  pipelines = 0;

  constructor(text: string, commands: ShellCommand[] = [], base = 0, depth = 0) {
    super(text, commands, base, depth);
  }

  /** Reads all of the text that is shell. @throws ShellSyntaxError */
  read(): void {
    this.script();
  }

  protected inner(text: string, index: number): void {
    const reader = new CommandReader(text, this.commands, this.base + index, this.depth);
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
        // `&;` is refused by shells, but it is plain what is meant.
        if (character === '&' && this.text[this.at] === ';' && this.text[this.at + 1] !== ';') this.at++;
      } else if (character === '\n') this.next = '\n';
      else return;
      this.newlines();
      if (!this.andOr()) return;
    }
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

  protected pipeline(): boolean {
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

  protected command(): boolean {
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
}
