import { CollectorError } from '../../telemetry/errors.ts';
import { setLabel } from '../prometheus-names.ts';

const SPACE = 0x20;
const TAB = 0x09;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Reads one line of the exposition; errors name the line's number. */
export class LineReader {
  readonly line: string;
  readonly number: number;
  pos = 0;

  constructor(line: string, number: number) {
    this.line = line;
    this.number = number;
  }

  fail(problem: string): never {
    throw new CollectorError('bad-data', `line ${this.number}: ${problem}`);
  }

  get done(): boolean {
    return this.pos >= this.line.length;
  }

  /** True, and stepped over, when `text` stands here. */
  skip(text: string): boolean {
    if (!this.line.startsWith(text, this.pos)) return false;
    this.pos += text.length;
    return true;
  }

  space(): void {
    for (let c = this.line.charCodeAt(this.pos); c === SPACE || c === TAB; )
      c = this.line.charCodeAt(++this.pos);
  }

  /** Text up to the next space or the end. */
  word(): string {
    const start = this.pos;
    while (this.pos < this.line.length) {
      const c = this.line.charCodeAt(this.pos);
      if (c === SPACE || c === TAB) break;
      this.pos++;
    }
    return this.line.slice(start, this.pos);
  }

  /** A metric name (colons allowed) or a label name; '' when none stands here. */
  name(colons: boolean): string {
    const start = this.pos;
    for (; this.pos < this.line.length; this.pos++) {
      const c = this.line.charCodeAt(this.pos);
      const letter =
        (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || c === 0x5f || (colons && c === 0x3a);
      if (!letter && !(c >= 0x30 && c <= 0x39 && this.pos > start)) break;
    }
    return this.line.slice(start, this.pos);
  }

  /** Steps behind the brace that closes the one here; braces in quotes do not count. */
  braces(): void {
    let quoted = false;
    for (; this.pos < this.line.length; this.pos++) {
      const c = this.line.charCodeAt(this.pos);
      if (c === QUOTE) quoted = !quoted;
      else if (quoted && c === BACKSLASH) this.pos++;
      else if (!quoted && c === 0x7d) {
        this.pos++;
        return;
      }
    }
    this.fail(quoted ? 'a label value without its closing quote' : 'labels without their closing brace');
  }

  /** The labels in the braces here; empty values mean "absent". */
  labels(): Record<string, string> {
    const labels: Record<string, string> = {};
    const empty: string[] = [];
    if (!this.skip('{')) this.fail('labels must begin with {');
    for (;;) {
      this.space();
      if (this.skip('}')) return labels;
      const name = this.name(false);
      if (name === '') this.fail(`a label name must stand at "${this.line.slice(this.pos, this.pos + 20)}"`);
      if (Object.hasOwn(labels, name) || empty.includes(name)) this.fail(`the label ${name} is given twice`);
      this.space();
      if (!this.skip('=')) this.fail(`= is missing behind the label name ${name}`);
      this.space();
      const value = this.#quoted(name);
      if (value === '') empty.push(name);
      else setLabel(labels, name, value);
      this.space();
      if (!this.skip(',') && this.line[this.pos] !== '}')
        this.fail(`, or } is missing behind the label ${name}`);
    }
  }

  #quoted(name: string): string {
    if (!this.skip('"')) this.fail(`the value of the label ${name} must be quoted`);
    let value = '';
    let start = this.pos;
    for (; this.pos < this.line.length; this.pos++) {
      const c = this.line.charCodeAt(this.pos);
      if (c === QUOTE) {
        value += this.line.slice(start, this.pos++);
        return value;
      }
      if (c !== BACKSLASH) continue;
      value += this.line.slice(start, this.pos) + this.#escape();
      start = this.pos + 1;
    }
    return this.fail(`the value of the label ${name} has no closing quote`);
  }

  #escape(): string {
    const escaped = this.line[++this.pos];
    if (escaped === 'n') return '\n';
    if (escaped === '\\' || escaped === '"') return escaped;
    return this.fail(`\\${escaped ?? ''} is no escape: only \\\\, \\" and \\n are`);
  }
}
