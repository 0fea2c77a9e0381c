/** What bounds a tree of templates. */
export interface DrainBounds {
  /** Share of its words, values not among them, that a message must have in common with a template, 0 to 1. */
  similarity: number;
  /** First words that are told apart under one number of words; others share one branch. */
  children: number;
  /** Templates; what would need one more joins the last, which stands for the rest. */
  templates: number;
}

/** He et al. use similarities of 0.3 to 0.6: the highest, since templates that are one by mistake hide a change. */
export const DRAIN_BOUNDS: DrainBounds = { similarity: 0.6, children: 100, templates: 1000 };

const VARIABLE = '<*>';

/** One template: its first message, and its words, those that differ as `<*>`. */
interface Cluster {
  number: number;
  message: string;
  words: string[];
  isOne: boolean;
}

/**
 * Templates of log messages, learnt message by message: a tree of fixed depth (number of words, first word) leads to a
 * few templates, of which the most similar takes the message and forgets the words that differ. A template of several
 * messages keeps at least the share `similarity` of its words. The order of messages can matter: a word that was
 * forgotten makes a template less similar to later ones. `templatesOf` therefore sorts what it is given.
 * Source: He, Zhu, Zheng, Lyu, Drain: An Online Log Parsing Approach with Fixed Depth Tree, ICWS 2017.
 */
export class Drain {
  readonly #bounds: DrainBounds;
  /** By number of words and first word. */
  readonly #leaves = new Map<string, Cluster[]>();
  /** First words that have a branch, by number of words. */
  readonly #children = new Map<number, Set<string>>();
  readonly #clusters: Cluster[] = [];
  #beyond = 0;

  constructor(bounds: DrainBounds = DRAIN_BOUNDS) {
    this.#bounds = bounds;
  }

  /** Messages that found the tree full. */
  get beyond(): number {
    return this.#beyond;
  }

  /** Number of the message's template, from 0; numbers never change, templates may. */
  add(message: string): number {
    const words = message.trim().split(/\s+/);
    const leaf = this.#leafOf(words);
    const best = mostSimilar(leaf, words, this.#bounds.similarity);
    if (!best) return this.#open(leaf, message, words);
    for (const [i, word] of best.words.entries()) {
      if (word === words[i]) continue;
      best.words[i] = VARIABLE;
      best.isOne = false;
    }
    return best.number;
  }

  /** A template as text: its only message, else its words with `<*>` where its messages differ. */
  template(number: number): string {
    const { isOne, message, words } = this.#clusters[number]!;
    return isOne ? message : words.join(' ');
  }

  #open(leaf: Cluster[], message: string, words: string[]): number {
    const isFull = this.#clusters.length >= this.#bounds.templates - 1;
    if (isFull) this.#beyond++;
    if (this.#clusters.length === this.#bounds.templates) return this.#clusters.length - 1;
    const number = this.#clusters.length;
    if (isFull) this.#clusters.push({ number, message: VARIABLE, words: [VARIABLE], isOne: true });
    else leaf.push(this.#clusters[this.#clusters.push({ number, message, words, isOne: true }) - 1]!);
    return number;
  }

  #leafOf(words: readonly string[]): Cluster[] {
    const branch = `${words.length} ${this.#childOf(words)}`;
    let leaf = this.#leaves.get(branch);
    if (!leaf) {
      leaf = [];
      this.#leaves.set(branch, leaf);
    }
    return leaf;
  }

  /** A first word with a value in it tells nothing, nor does one beyond the bound. */
  #childOf(words: readonly string[]): string {
    const first = words[0]!;
    if (first.includes(VARIABLE)) return VARIABLE;
    const known = this.#children.get(words.length) ?? new Set();
    this.#children.set(words.length, known);
    if (known.has(first)) return first;
    if (known.size >= this.#bounds.children) return VARIABLE;
    known.add(first);
    return first;
  }
}

/** The template with most words in common; of equals the first. */
function mostSimilar(leaf: readonly Cluster[], words: readonly string[], least: number): Cluster | undefined {
  let best: Cluster | undefined;
  let most = Math.ceil(least * words.length) - 1;
  for (const cluster of leaf) {
    let [equal, same] = [0, 0];
    for (const [i, word] of cluster.words.entries()) {
      if (word !== words[i]) continue;
      equal++;
      if (!word.includes(VARIABLE)) same++;
    }
    // The message itself, before all that is only like it.
    if (equal === words.length) return cluster;
    if (same > most) [best, most] = [cluster, same];
  }
  return best;
}

/** The template of each message, the same whatever their order: they are learnt in the order of their texts. */
export function templatesOf(messages: Iterable<string>, bounds?: DrainBounds): Map<string, string> {
  const drain = new Drain(bounds);
  const sorted = [...new Set(messages)].sort();
  const numbers = sorted.map((message) => drain.add(message));
  return new Map(sorted.map((message, i) => [message, drain.template(numbers[i]!)]));
}
