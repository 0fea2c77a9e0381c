import { Drain } from './drain.ts';

/** Texts of one scope that are kept one by one; a new one after them joins a template at once. */
const MAX_TEXTS = 2000;

/** A template and its texts, by their numbers. */
export interface LogTemplate {
  template: string;
  numbers: number[];
}

/** Templates of a scope: for each the numbers of its texts, and the one number of all texts that came too late for one. */
interface Learnt {
  drain: Drain;
  numbersOf: number[][];
  lateNumbers: Map<number, number>;
}

interface Scope {
  texts: Map<string, number>;
  /** Once there are too many texts. */
  learnt: Learnt | undefined;
}

/**
 * Messages of log lines that name no place in the code, numbered while they are read and joined into templates at the
 * end: within a scope (a service and a level) those that differ in a few words have one. Up to 2,000 texts of a scope
 * their order does not matter; of those beyond it may.
 */
export class LogTemplates {
  readonly #scopes = new Map<string, Scope>();
  readonly #maxTexts: number;

  constructor(maxTexts = MAX_TEXTS) {
    this.#maxTexts = maxTexts;
  }

  /** Number of a text; `next` gives the number of one that is new. */
  add(scope: string, text: string, next: () => number): number {
    const own = this.#scopes.get(scope) ?? { texts: new Map<string, number>(), learnt: undefined };
    this.#scopes.set(scope, own);
    let number = own.texts.get(text);
    if (number !== undefined) return number;
    if (own.texts.size >= this.#maxTexts) {
      own.learnt ??= learn(own.texts);
      return addLate(own.learnt, text, next);
    }
    number = next();
    own.texts.set(text, number);
    return number;
  }

  /** Every template of every scope, and how many texts came when a scope had as many templates as are kept. */
  settle(): { templates: LogTemplate[]; beyond: number } {
    const learnt = [...this.#scopes.values()].map((scope) => scope.learnt ?? learn(scope.texts));
    return {
      templates: learnt.flatMap(({ drain, numbersOf }) =>
        numbersOf.map((numbers, i) => ({ template: drain.template(i), numbers })),
      ),
      beyond: learnt.reduce((sum, { drain }) => sum + drain.beyond, 0),
    };
  }
}

/** In the order of the texts, whatever the order in which they came. */
function learn(texts: ReadonlyMap<string, number>): Learnt {
  const learnt: Learnt = { drain: new Drain(), numbersOf: [], lateNumbers: new Map() };
  for (const text of [...texts.keys()].sort()) {
    const template = learnt.drain.add(text);
    learnt.numbersOf[template] ??= [];
    learnt.numbersOf[template].push(texts.get(text)!);
  }
  return learnt;
}

function addLate({ drain, numbersOf, lateNumbers }: Learnt, text: string, next: () => number): number {
  const template = drain.add(text);
  let number = lateNumbers.get(template);
  if (number === undefined) {
    number = next();
    lateNumbers.set(template, number);
    numbersOf[template] ??= [];
    numbersOf[template].push(number);
  }
  return number;
}
