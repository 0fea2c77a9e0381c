// What was found of what was sent: pure arithmetic over numbered things.
import type { Ledger } from './sender.ts';

/** Losses: acknowledged and not there, whole or in part. Doubled: there more often than it can have been taken in. */
export class Tally {
  losses = 0;
  doubled = 0;
  readonly notes: string[] = [];

  lose(count: number, what: string): void {
    this.losses += count;
    if (count > 0 && this.notes.length < 50) this.notes.push(`lost: ${what}`);
  }

  double(count: number, what: string): void {
    this.doubled += count;
    if (count > 0 && this.notes.length < 50) this.notes.push(`doubled: ${what}`);
  }
}

/**
 * Judges parts of numbered requests: `copies(n, i)` is how often part `i` of request `n` is stored. An acknowledged
 * request is there whole; one without an answer is there whole or not at all, and at most as often as it was sent.
 */
export function judgeRequests(
  tally: Tally,
  what: string,
  { acknowledged, attempts }: Ledger,
  partsOf: (n: number) => number,
  copies: (n: number, i: number) => number,
): void {
  for (const [n, isAcknowledged] of acknowledged.entries()) {
    const parts = Array.from({ length: partsOf(n) }, (_, i) => copies(n, i));
    const missing = parts.filter((count) => count === 0).length;
    if (isAcknowledged) tally.lose(missing, `${missing} of ${parts.length} parts of ${what} ${n}`);
    else if (missing > 0 && missing < parts.length) {
      tally.lose(missing, `${missing} of ${parts.length} parts of the unanswered ${what} ${n}`);
    }
    const most = Math.max(attempts[n] ?? 0, isAcknowledged ? 1 : 0);
    const above = parts.reduce((sum, count) => sum + Math.max(0, count - most), 0);
    tally.double(above, `${above} parts of ${what} ${n}, which was sent ${most} times`);
  }
}

/** Judges things numbered from 0 to `count`, each of which must be there once. */
export function judgeOnce(
  tally: Tally,
  what: string,
  count: number,
  stored: ReadonlyMap<number, number>,
): void {
  for (let n = 0; n < count; n++) {
    const copies = stored.get(n) ?? 0;
    if (copies === 0) tally.lose(1, `${what} ${n}`);
    tally.double(Math.max(0, copies - 1), `${what} ${n} is there ${copies} times`);
  }
}

/**
 * Judges scrapes: `lives[n]` is the life in which scrape n was answered, `stored` how many of its samples are there.
 * A scrape is acknowledged by the next one of the same life, which follows only when the store has taken it. So many as
 * `failed` may be missing all the same: the answer came too late for the collector, which says so in `up`.
 */
export function judgeScrapes(
  tally: Tally,
  lives: readonly number[],
  samplesEach: number,
  stored: ReadonlyMap<number, number>,
  failed: number,
): void {
  let late = failed;
  for (const [n, life] of lives.entries()) {
    const samples = stored.get(n) ?? 0;
    const isAcknowledged = lives[n + 1] === life;
    if (samples === 0 && isAcknowledged && late > 0) late--;
    else if (samples < samplesEach && (isAcknowledged || samples > 0)) {
      tally.lose(samplesEach - samples, `${samplesEach - samples} samples of scrape ${n}`);
    }
    tally.double(Math.max(0, samples - samplesEach), `samples of scrape ${n}`);
  }
}
