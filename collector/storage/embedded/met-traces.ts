/** Which traces were met in one block only, by a table of 32-bit hashes of their ids: few of a million share one. */
import type { SpanIndex } from '../../telemetry/batch.ts';
import { mixWords, wordsOf } from '../../telemetry/id-table.ts';
import type { TraceIds } from './reader.ts';

/** In longer runs of one trace spans are not compared with one another. */
const MAX_COMPARED = 32;

export class MetTraces {
  /** Hashes by their place, which their upper bits tell; 0 where there is none. */
  #hashes = new Uint32Array(4096);
  /** 1 at the places of those that were met twice. */
  #again = new Uint8Array(4096);
  #shift = 20;
  #size = 0;

  /** Takes the traces of one more block. */
  meet({ ids, index }: TraceIds): void {
    const words = wordsOf(ids);
    for (let n = 0; n < words.length >>> 2; n++) {
      if (index === undefined && n > 0 && isSame(words, n, n - 1)) continue;
      const hash = hashOfTrace(words, n);
      const place = this.#placeOf(hash);
      if (this.#hashes[place] === hash) this.#again[place] = 1;
      else {
        this.#hashes[place] = hash;
        this.#size++;
        if (this.#size * 2 > this.#hashes.length) this.#grow();
      }
    }
  }

  #placeOf(hash: number): number {
    const hashes = this.#hashes;
    let place = hash >>> this.#shift;
    while (hashes[place] !== 0 && hashes[place] !== hash) place = (place + 1) & (hashes.length - 1);
    return place;
  }

  #grow(): void {
    const [hashes, again] = [this.#hashes, this.#again];
    this.#hashes = new Uint32Array(hashes.length * 2);
    this.#again = new Uint8Array(hashes.length * 2);
    this.#shift--;
    for (let n = 0; n < hashes.length; n++) {
      if (hashes[n] === 0) continue;
      const place = this.#placeOf(hashes[n]!);
      this.#hashes[place] = hashes[n]!;
      this.#again[place] = again[n]!;
    }
  }

  /** 1 at the block's spans that surely are no duplicates of others: `all`, or undefined, when all or none are so. */
  spansAlone(traces: TraceIds, index: Pick<SpanIndex, 'spanId'>): Uint8Array | 'all' | undefined {
    const words = wordsOf(traces.ids);
    if (traces.index === undefined) return this.#runsAlone(words, wordsOf(index.spanId));
    if (traces.areDistinct !== true) return undefined;
    const alone = new Uint8Array(words.length >>> 2);
    for (let n = 0; n < alone.length; n++) alone[n] = this.#isAlone(words, n) ? 1 : 0;
    if (!alone.includes(0)) return 'all';
    const spans = new Uint8Array(traces.index.length);
    for (let i = 0; i < spans.length; i++) spans[i] = alone[traces.index[i]!]!;
    return spans;
  }

  /** The same where the spans of a trace stand beside one another, and may be duplicates among themselves. */
  #runsAlone(traces: Uint32Array, spans: Uint32Array): Uint8Array {
    const alone = new Uint8Array(traces.length >>> 2);
    for (let from = 0; from < alone.length; ) {
      let to = from + 1;
      while (to < alone.length && isSame(traces, to, from)) to++;
      if (this.#isAlone(traces, from) && areDistinct(spans, from, to)) alone.fill(1, from, to);
      from = to;
    }
    return alone;
  }

  #isAlone(words: Uint32Array, n: number): boolean {
    return this.#again[this.#placeOf(hashOfTrace(words, n))] === 0;
  }
}

/** A 32-bit hash of the trace id that begins at word 4 n; never 0. */
export function hashOfTrace(words: Uint32Array, n: number): number {
  const at = n * 4;
  return mixWords(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!, 0, 0) || 1;
}

function isSame(words: Uint32Array, n: number, other: number): boolean {
  for (let word = 0; word < 4; word++) if (words[n * 4 + word] !== words[other * 4 + word]) return false;
  return true;
}

function areDistinct(spans: Uint32Array, from: number, to: number): boolean {
  if (to - from > MAX_COMPARED) return false;
  for (let i = from; i < to; i++) {
    for (let j = from; j < i; j++) {
      if (spans[i * 2] === spans[j * 2] && spans[i * 2 + 1] === spans[j * 2 + 1]) return false;
    }
  }
  return true;
}
