/**
 * Regular expressions that take time linear in the text, as RE2's do: a backtracking engine could be held for
 * minutes by one label matcher. The pattern becomes a nondeterministic automaton whose states advance together
 * (Thompson 1968). Read are literals, `.`, classes, `\d \w \s` and their negations, groups, `|`, `* + ? {m,n}`,
 * `^ $` and the flag `(?i)` at the beginning; back references and look-around are refused, as in RE2.
 */
import { CollectorError } from '../../telemetry/errors.ts';
import { type Pattern, parsePattern } from './regex-syntax.ts';

type State =
  | { kind: 'char'; accepts: (codePoint: number) => boolean; next: number }
  | { kind: 'split'; next: number; other: number }
  | { kind: 'start'; next: number }
  | { kind: 'end'; next: number }
  | { kind: 'match' };

/** States of the automaton of one pattern; `x{1000}{1000}` would be a million. */
const MAX_STATES = 10_000;

export class LinearRegex {
  readonly #states: State[] = [{ kind: 'match' }];
  readonly #start: number;
  readonly #source: string;

  /** Throws `bad-request` where the pattern cannot be read or is too large. */
  constructor(source: string) {
    this.#source = source;
    this.#start = this.#compile(parsePattern(source), 0);
  }

  /** True when the whole text matches (the pattern is anchored at both ends). */
  matches(text: string): boolean {
    const points = Array.from(text, (char) => char.codePointAt(0)!);
    let active = new Set<number>();
    this.#follow(this.#start, active, 0, points.length);
    for (const [position, point] of points.entries()) {
      const following = new Set<number>();
      for (const number of active) {
        const state = this.#states[number]!;
        if (state.kind === 'char' && state.accepts(point)) {
          this.#follow(state.next, following, position + 1, points.length);
        }
      }
      active = following;
      if (active.size === 0) return false;
    }
    return active.has(0);
  }

  /** Adds the state and all that are reached from it without reading. */
  #follow(from: number, reached: Set<number>, position: number, length: number): void {
    const pending = [from];
    for (let number = pending.pop(); number !== undefined; number = pending.pop()) {
      if (reached.has(number)) continue;
      reached.add(number);
      const state = this.#states[number]!;
      if (state.kind === 'split') pending.push(state.next, state.other);
      else if (state.kind === 'start' && position === 0) pending.push(state.next);
      else if (state.kind === 'end' && position === length) pending.push(state.next);
    }
  }

  #add(state: State): number {
    if (this.#states.length >= MAX_STATES) {
      throw new CollectorError(
        'bad-request',
        `The regular expression ${this.#source} is too large; repeat less.`,
      );
    }
    return this.#states.push(state) - 1;
  }

  /** Compiles back to front: `next` is where the automaton goes on; gives the state to begin at. */
  #compile(pattern: Pattern, next: number): number {
    switch (pattern.kind) {
      case 'char':
        return this.#add({ kind: 'char', accepts: pattern.accepts, next });
      case 'start':
      case 'end':
        return this.#add({ kind: pattern.kind, next });
      case 'sequence':
        return pattern.parts.reduceRight((behind, part) => this.#compile(part, behind), next);
      case 'choice':
        return pattern.options
          .map((option) => this.#compile(option, next))
          .reduce((other, one) => this.#add({ kind: 'split', next: other, other: one }));
      case 'repeat':
        return this.#compileRepeat(pattern, next);
    }
  }

  #compileRepeat({ part, min, max }: Extract<Pattern, { kind: 'repeat' }>, next: number): number {
    let start = next;
    if (max === Number.POSITIVE_INFINITY) {
      const loop: State = { kind: 'split', next: 0, other: next };
      start = this.#add(loop);
      loop.next = this.#compile(part, start);
    } else {
      for (let n = min; n < max; n++) {
        start = this.#add({ kind: 'split', next: this.#compile(part, start), other: next });
      }
    }
    for (let n = 0; n < min; n++) start = this.#compile(part, start);
    return start;
  }
}
