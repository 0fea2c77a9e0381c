import type { Store } from '../../storage/store.ts';
import { cachedReads } from '../cached-reads.ts';
import type { EvidenceDeps } from '../incident.ts';
import type { CompareQuestion, Comparisons } from './comparison.ts';
import { type DrawnPair, drawPairs } from './drawn.ts';
import { type RoutePair, readPairs, readSpanPairs } from './pairs.ts';

/** What is stored of both sides, as all kinds of comparison read it; each part is read when it is first asked for, once. */
export interface Sides {
  /** Routes most requests first; from metrics where these tell both sides. */
  pairs(): Promise<RoutePair[]>;
  /** Routes from stored spans alone. */
  spanPairs(): Promise<RoutePair[]>;
  /** Requests with all that is below them, of the busiest routes. */
  drawn(): Promise<{ drawn: DrawnPair[]; notes: string[] }>;
  store: Store;
}

/** The sides of a question, over a view of the store that lives as long as they do. */
export function readSides(question: CompareQuestion, store: Store, deps: EvidenceDeps): Sides {
  const reads = cachedReads(store);
  const spanPairs = once(() => readSpanPairs(question, reads, deps));
  const pairs = once(async () => readPairs(question, await spanPairs(), reads, deps));
  const drawn = once(async () => drawPairs(question, await spanPairs(), reads, deps));
  return { pairs, spanPairs, drawn, store: reads };
}

function once<A>(read: () => Promise<A>): () => Promise<A> {
  let answer: Promise<A> | undefined;
  return () => (answer ??= read());
}

/** One kind of comparison: reads what it needs of both sides; missing data makes a note or an unbounded change. */
export type Comparison = (
  question: CompareQuestion,
  sides: Sides,
  deps: EvidenceDeps,
) => Promise<Comparisons>;
