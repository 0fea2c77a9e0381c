import { CollectorError } from '../../telemetry/errors.ts';

/** A regular expression as a tree; `accepts` tests one code point. */
export type Pattern =
  | { kind: 'char'; accepts: (codePoint: number) => boolean }
  | { kind: 'start' }
  | { kind: 'end' }
  | { kind: 'sequence'; parts: Pattern[] }
  | { kind: 'choice'; options: Pattern[] }
  | { kind: 'repeat'; part: Pattern; min: number; max: number };

type Test = (codePoint: number) => boolean;

const MAX_LENGTH = 4096;
const MAX_DEPTH = 100;
/** RE2's own bound. */
const MAX_REPEAT = 1000;

const point = (char: string): number => char.codePointAt(0)!;
const between = (low: string, high: string): Test => {
  const [from, to] = [point(low), point(high)];
  return (p) => p >= from && p <= to;
};
const isDigit = between('0', '9');
const isLower = between('a', 'z');
const isUpper = between('A', 'Z');
const isWord: Test = (p) => isDigit(p) || isLower(p) || isUpper(p) || p === point('_');
/** RE2's \s: ASCII only, without vertical tab. */
const isSpace: Test = (p) => p === 32 || p === 9 || p === 10 || p === 12 || p === 13;
const not =
  (test: Test): Test =>
  (p) =>
    !test(p);

const CLASSES: Record<string, Test> = {
  d: isDigit,
  w: isWord,
  s: isSpace,
  D: not(isDigit),
  W: not(isWord),
  S: not(isSpace),
};
const CONTROLS: Record<string, string> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' };

/** Parses RE2's common syntax; throws `bad-request` that says at which character it could not go on. */
export function parsePattern(source: string): Pattern {
  if (source.length > MAX_LENGTH) {
    throw new CollectorError(
      'bad-request',
      `A regular expression of ${source.length} characters is too long; ${MAX_LENGTH} are read.`,
    );
  }
  return new Parser(source).parse();
}

class Parser {
  readonly #source: string;
  readonly #chars: string[];
  #at = 0;
  #depth = 0;
  #ignoreCase = false;

  constructor(source: string) {
    this.#source = source;
    this.#chars = [...source];
  }

  parse(): Pattern {
    if (this.#chars.slice(0, 4).join('') === '(?i)') {
      this.#ignoreCase = true;
      this.#at = 4;
    }
    const pattern = this.#choice();
    if (this.#at < this.#chars.length) this.#fail('an unmatched )');
    return pattern;
  }

  #choice(): Pattern {
    if (++this.#depth > MAX_DEPTH) this.#fail('groups nested too deep');
    const options = [this.#sequence()];
    while (this.#take('|')) options.push(this.#sequence());
    this.#depth--;
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  #sequence(): Pattern {
    const parts: Pattern[] = [];
    for (let char = this.#peek(); char !== undefined && char !== '|' && char !== ')'; char = this.#peek()) {
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #repeated(part: Pattern): Pattern {
    const range = this.#range();
    if (range === undefined) return part;
    // Greedy or not, the same texts match.
    this.#take('?');
    if (this.#range() !== undefined) this.#fail('a repetition of a repetition');
    return { kind: 'repeat', part, ...range };
  }

  #range(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#take('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#take('?')) return { min: 0, max: 1 };
    const counted = /^\{(\d+)(,(\d*))?\}/.exec(this.#chars.slice(this.#at, this.#at + 12).join(''));
    if (counted === null) return undefined;
    this.#at += counted[0].length;
    const min = Number(counted[1]);
    const max = counted[2] === undefined ? min : counted[3] ? Number(counted[3]) : Number.POSITIVE_INFINITY;
    if (min > MAX_REPEAT || (max !== Number.POSITIVE_INFINITY && (max > MAX_REPEAT || max < min))) {
      this.#fail(`a repetition out of range (0 to ${MAX_REPEAT})`);
    }
    return { min, max };
  }

  #atom(): Pattern {
    const char = this.#next();
    if (char === '(') return this.#group();
    if (char === '[') return { kind: 'char', accepts: this.#class() };
    if (char === '.') return { kind: 'char', accepts: () => true };
    if (char === '^') return { kind: 'start' };
    if (char === '$') return { kind: 'end' };
    if (char === '*' || char === '+' || char === '?') this.#fail('a repetition of nothing');
    if (char === '\\') return this.#escapedAtom();
    return { kind: 'char', accepts: this.#literal(char) };
  }

  #escapedAtom(): Pattern {
    const char = this.#peek();
    if (char === 'A' || char === 'z') {
      this.#at++;
      return { kind: char === 'A' ? 'start' : 'end' };
    }
    const escaped = this.#escape();
    return { kind: 'char', accepts: typeof escaped === 'string' ? this.#literal(escaped) : escaped };
  }

  #group(): Pattern {
    if (this.#take('?') && !this.#take(':')) {
      const name = /^P?<\w+>/.exec(this.#chars.slice(this.#at, this.#at + 100).join(''));
      if (name === null) this.#fail('a group that is not read here: look-around, or flags inside');
      this.#at += name[0].length;
    }
    const inner = this.#choice();
    if (!this.#take(')')) this.#fail('a group that is not closed');
    return inner;
  }

  #class(): Test {
    const negated = this.#take('^');
    const tests: Test[] = [];
    do {
      const low = this.#classItem();
      if (typeof low !== 'string') {
        tests.push(low);
        continue;
      }
      if (this.#peek() === '-' && this.#chars[this.#at + 1] !== ']') {
        this.#at++;
        const high = this.#classItem();
        if (typeof high !== 'string' || point(high) < point(low))
          this.#fail('a range in a class that is none');
        tests.push(this.#folded(between(low, high)));
      } else tests.push(this.#literal(low));
    } while (this.#peek() !== ']');
    this.#at++;
    const any: Test = (p) => tests.some((test) => test(p));
    return negated ? not(any) : any;
  }

  #classItem(): string | Test {
    const char = this.#next();
    if (char === '[' && this.#peek() === ':') this.#fail('a named class, which is not read here');
    return char === '\\' ? this.#escape() : char;
  }

  #escape(): string | Test {
    const char = this.#next();
    const known = CLASSES[char] ?? CONTROLS[char];
    if (known !== undefined) return known;
    if (char === 'x') {
      const digits = this.#chars.slice(this.#at, this.#at + 2).join('');
      if (!/^[0-9a-fA-F]{2}$/.test(digits)) this.#fail('an escape that is not \\xHH');
      this.#at += 2;
      return String.fromCodePoint(Number.parseInt(digits, 16));
    }
    if (/^[0-9a-zA-Z]$/.test(char)) this.#fail(`the escape \\${char}, which is not read here`);
    return char;
  }

  #literal(char: string): Test {
    const wanted = point(char);
    return this.#folded((p) => p === wanted);
  }

  #folded(test: Test): Test {
    if (!this.#ignoreCase) return test;
    return (p) => {
      const char = String.fromCodePoint(p);
      const [lower, upper] = [[...char.toLowerCase()], [...char.toUpperCase()]];
      return (
        test(p) ||
        (lower.length === 1 && test(point(lower[0]!))) ||
        (upper.length === 1 && test(point(upper[0]!)))
      );
    };
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #take(char: string): boolean {
    if (this.#chars[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #next(): string {
    const char = this.#chars[this.#at];
    if (char === undefined) this.#fail('an end where more is needed');
    this.#at++;
    return char;
  }

  #fail(what: string): never {
    throw new CollectorError(
      'bad-request',
      `The regular expression ${this.#source} has, at character ${this.#at}, ${what}.`,
    );
  }
}
