/** The raw blocks that the records of a sealed block arrived in, and where they stood in them. */
import { unpackBits } from './bits.ts';
import type { Directory } from './directory.ts';
import { TYPE } from './layout.ts';
import { readVarints } from './sections.ts';

/** Identity and order of records: member, then position in the member. */
export class Members {
  readonly #ids: number[] = [];
  /** Records up to and with each member. */
  readonly #ends: number[] = [];
  readonly #positions: Uint32Array | undefined;

  constructor(directory: Directory) {
    const entry = directory.find(TYPE.members);
    if (entry === undefined) throw new RangeError('there are no members');
    const pairs = readVarints(directory.main(entry.number), entry.count);
    let [id, end] = [0, 0];
    for (let n = 0; n < pairs.length; n += 2) {
      id += pairs[n]!;
      end += pairs[n + 1]!;
      this.#ids.push(id);
      this.#ends.push(end);
    }
    if (end !== directory.records)
      throw new RangeError(`the members have ${end} records, not ${directory.records}`);
    const positions = directory.find(TYPE.positions);
    if (positions === undefined) return;
    this.#positions = unpackBits(directory.main(positions.number), positions.count);
    for (let n = 0, i = 0; n < this.#ends.length; n++) {
      // Each stands as its gap behind the record before in the same member.
      for (let before = -1; i < this.#ends[n]!; i++) {
        before += this.#positions[i]! + 1;
        this.#positions[i] = before;
      }
    }
  }

  member(i: number): number {
    return this.#ids[this.#run(i)]!;
  }

  position(i: number): number {
    if (this.#positions !== undefined) return this.#positions[i]!;
    const run = this.#run(i);
    return run === 0 ? i : i - this.#ends[run - 1]!;
  }

  /** Records whose member is `lastMember` or older: they are the first ones. */
  upTo(lastMember: number): number {
    let records = 0;
    for (const [n, id] of this.#ids.entries()) if (id <= lastMember) records = this.#ends[n]!;
    return records;
  }

  /** The first run that ends behind record `i`. */
  #run(i: number): number {
    let [low, high] = [0, this.#ends.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle]! > i) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
