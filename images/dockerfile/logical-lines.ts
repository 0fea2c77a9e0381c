import type { Comment, Directive, SyntaxProblem } from './syntax.ts';
import { isComment, isSpace, trimEnd, trimStart } from './text.ts';

/** Physical lines of a Dockerfile, read one after the other. */
export class LineReader {
  readonly lines: readonly string[];
  /** Line feeds that the text really has: the last line may lack one. */
  private readonly ended: boolean;
  private at = 0;

  constructor(text: string) {
    const lines = text.replace(/^\uFEFF/, '').split('\n');
    this.ended = lines.at(-1) === '';
    if (this.ended) lines.pop();
    this.lines = lines.map((line) => line.replace(/\r+$/, ''));
    this.raw = lines;
  }

  private readonly raw: readonly string[];

  /** Number of the line read last, from 1. */
  get line(): number {
    return Math.min(this.at, this.lines.length);
  }

  next(): string | undefined {
    return this.lines[this.at++];
  }

  get done(): boolean {
    return this.at >= this.lines.length;
  }

  /** The line read last with its end, as a here-document holds it. */
  get whole(): string {
    const last = this.at === this.lines.length && !this.ended;
    return `${this.raw[this.at - 1]}${last ? '' : '\n'}`;
  }
}

/** An instruction's lines joined, and where each piece of it came from. */
export type LogicalLine = {
  text: string;
  startLine: number;
  endLine: number;
  /** Where the text of each physical line begins in `text`. */
  pieces: readonly { index: number; line: number }[];
};

/** The line in the file of a character of the logical line. */
export function lineOf({ pieces, startLine }: LogicalLine, index: number): number {
  let found = startLine;
  for (const piece of pieces) {
    if (piece.index > index) break;
    found = piece.line;
  }
  return found;
}

/** BuildKit reads lines into a buffer of this size. Source: Go's bufio.MaxScanTokenSize. */
const maxLineBytes = 65_535;

/** Reads directives, comments and logical lines; what BuildKit refuses is kept in `problems`, and reading goes on. */
export class LogicalLineReader {
  readonly directives: Directive[] = [];
  readonly comments: Comment[] = [];
  readonly problems: SyntaxProblem[];
  readonly reader: LineReader;
  escapeToken: '\\' | '`' = '\\';
  private directivesDone = false;

  constructor(text: string, problems: SyntaxProblem[]) {
    this.reader = new LineReader(text);
    this.problems = problems;
  }

  /** The next instruction's line, or undefined at the end of the file. */
  next(): LogicalLine | undefined {
    for (let physical = this.reader.next(); physical !== undefined; physical = this.reader.next()) {
      const startLine = this.reader.line;
      this.checkLength(physical);
      const line = this.readComment(trimStart(physical), physical);
      const { text, continues } = this.withoutContinuation(line);
      if (!continues && text === '') continue;
      return this.continued(text, continues, startLine);
    }
    return undefined;
  }

  private continued(first: string, continues: boolean, startLine: number): LogicalLine {
    const texts = [first];
    const pieces = [{ index: 0, line: startLine }];
    let length = first.length;
    while (continues && !this.reader.done) {
      const physical = this.reader.next()!;
      this.checkLength(physical);
      if (isComment(physical)) {
        this.comments.push({ line: this.reader.line, text: trimStart(physical) });
        continue;
      }
      if (trimStart(physical) === '') continue;
      const next = this.withoutContinuation(physical);
      pieces.push({ index: length, line: this.reader.line });
      texts.push(next.text);
      length += next.text.length;
      continues = next.continues;
    }
    return { text: texts.join(''), startLine, endLine: this.reader.line, pieces };
  }

  /** The line, or nothing where it is a comment or a directive, which are kept. */
  private readComment(line: string, physical: string): string {
    if (!line.startsWith('#')) {
      this.directivesDone = true;
      return line;
    }
    const [, key = '', value = ''] =
      /^([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=(.+)$/s.exec(trimStart(line.slice(1))) ?? [];
    const name = key.toLowerCase();
    if (!this.directivesDone && ['syntax', 'escape', 'check'].includes(name))
      this.readDirective(name, directiveValue(value), physical);
    else {
      this.directivesDone = true;
      this.comments.push({ line: this.reader.line, text: line });
    }
    return '';
  }

  private readDirective(name: string, value: string, physical: string): void {
    const { line } = this.reader;
    if (this.directives.some((directive) => directive.name === name)) {
      this.problems.push({ line, message: `only one ${name} parser directive can be used` });
      return;
    }
    if (name === 'escape' && value !== '\\' && value !== '`') {
      this.problems.push({ line, message: `invalid escape token '${value}', it is \` or \\` });
      return;
    }
    if (name === 'escape') this.escapeToken = value as '\\' | '`';
    // Which frontend is used is decided by reading the lines as they are: an indented one does not count.
    if (name === 'escape' || physical.startsWith('#')) this.directives.push({ name, value, line });
  }

  /** An escape character at the end, not escaped itself, joins the next line; blanks behind it go with it. */
  private withoutContinuation(line: string): { text: string; continues: boolean } {
    let end = line.length;
    while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) end--;
    if (line[end - 1] !== this.escapeToken || line[end - 2] === this.escapeToken)
      return { text: line, continues: false };
    return { text: line.slice(0, end - 1), continues: true };
  }

  private checkLength(line: string): void {
    if (line.length <= maxLineBytes / 4 || Buffer.byteLength(line) <= maxLineBytes) return;
    this.problems.push({ line: this.reader.line, message: `the line has more than ${maxLineBytes} bytes` });
  }
}

/** The value without the ASCII white space around it; the last blank of nothing else is one. */
function directiveValue(text: string): string {
  const blank = (at: number) => '\t\n\f\r '.includes(text[at] ?? 'x');
  let [start, end] = [0, text.length];
  while (end > 1 && blank(end - 1)) end--;
  while (start < end - 1 && blank(start)) start++;
  return text.slice(start, end);
}

/** The keyword of a logical line and where what follows it begins. */
export function splitKeyword(text: string): { keyword: string; rest: number } {
  let start = 0;
  while (start < text.length && isSpace(text[start]!)) start++;
  const match = /[\t\v\f\r ]+/g;
  match.lastIndex = start;
  const gap = match.exec(text);
  if (gap === null) return { keyword: trimEnd(text.slice(start)), rest: text.length };
  return { keyword: text.slice(start, gap.index), rest: gap.index + gap[0].length };
}
