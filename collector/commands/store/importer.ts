import { createHash, hash } from 'node:crypto';
import type { Store } from '../../storage/store.ts';
import { type Batch, checkpointOnly } from '../../telemetry/batch.ts';
import { unstoredSpans } from './unstored.ts';

/** Records that share one commit. */
const COMMIT_RECORDS = 10_000;

/**
 * Puts numbered units (lines, row groups) into a store, and notes with each commit how far it came: an import that is
 * begun again goes on behind what is stored, as long as the units before are the same.
 */
export class Importer {
  readonly #store: Pick<Store, 'append' | 'trace' | 'checkpoint'>;
  #source = '';
  readonly #hash = createHash('sha256');
  #waiting: Batch[] = [];
  #waitingRecords = 0;
  readonly #pending = new Set<string>();
  #number = 0;
  #stored = { number: 0, digest: '' };
  /** Records that were appended, and that were stored before. */
  records = 0;
  skipped = 0;
  /** The last unit that is stored. */
  committed = 0;

  constructor(store: Pick<Store, 'append' | 'trace' | 'checkpoint'>) {
    this.#store = store;
  }

  /** How many units from the start are stored already, if they are still the same; `first` is the first unit's bytes. */
  async begin(first: Uint8Array): Promise<number> {
    this.#source = `import ${hash('sha256', first)}`;
    const [number, digest] = ((await this.#store.checkpoint(this.#source)) ?? '0 ').split(' ');
    this.#stored = { number: Number(number), digest: digest ?? '' };
    return this.#stored.number;
  }

  /** Passes over a unit that is stored; false when it turns out to be another one than was stored. */
  pass(unit: Uint8Array): boolean {
    this.#note(unit);
    if (this.#number < this.#stored.number) return true;
    this.committed = this.#number;
    return this.#digest() === this.#stored.digest;
  }

  /** Takes one unit in; it is stored, whole, at the next commit. */
  async add(unit: Uint8Array, batches: readonly Batch[]): Promise<void> {
    this.#note(unit);
    for (const batch of batches) {
      const left = batch.signal === 'traces' ? await unstoredSpans(this.#store, batch, this.#pending) : batch;
      this.skipped += batch.count - (left?.count ?? 0);
      if (left === undefined) continue;
      this.#waiting.push(left);
      this.#waitingRecords += left.count;
    }
    if (this.#waitingRecords >= COMMIT_RECORDS) await this.commit();
  }

  /** Stores what waits; it is there whole when this resolves. */
  async commit(): Promise<void> {
    const checkpoint = { source: this.#source, position: `${this.#number} ${this.#digest()}` };
    await this.#store.append([...this.#waiting, checkpointOnly(checkpoint)!]);
    this.records += this.#waitingRecords;
    this.committed = this.#number;
    this.#waiting = [];
    this.#waitingRecords = 0;
    this.#pending.clear();
  }

  #note(unit: Uint8Array): void {
    this.#number++;
    this.#hash.update(`${unit.length}\n`).update(unit);
  }

  #digest(): string {
    return this.#hash.copy().digest('base64');
  }
}
