// What may be wrong with a reader, by kind: the figures of `npm run fuzz -- formats` count each for itself.
import { isDeepStrictEqual } from 'node:util';
import { CollectorError } from '../../../collector/telemetry/errors.ts';

/** A body was taken that its oracle refuses: cut off, or not of the format. */
export class Accepted extends Error {
  override name = 'Accepted';
}

/** A good body was refused, or was read as something else than the oracle reads. */
export class Disagreement extends Error {
  override name = 'Disagreement';
}

/** What our reader made of a body: a value, or the words in which it refused it. Anything else it throws is a crash. */
export type Ours<T> = { value: T } | { refused: string };

export function ours<T>(read: () => T): Ours<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof CollectorError && (error.code === 'bad-data' || error.code === 'too-large')) {
      return { refused: error.message };
    }
    throw error;
  }
}

/** What an oracle made of it; `either`: it is no judge of such a body. */
export type Oracle<T> = { value: T } | { refused: string } | 'either';

export function oracle<T>(read: () => T): Oracle<T> {
  try {
    return { value: read() };
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}

/** Compares both; answers the kind of outcome. `compare` is asked when both have taken the body. */
export function outcome<T, O>(mine: Ours<T>, truth: Oracle<O>, compare: (mine: T, truth: O) => void): string {
  if ('refused' in mine) {
    if (truth !== 'either' && 'value' in truth)
      throw new Disagreement(`refused a good body: ${mine.refused}`);
    return mine.refused.replaceAll(/\d+|"[^"]*"|\S*\.\S*/g, '…').slice(0, 80);
  }
  if (truth === 'either') return 'taken, unjudged';
  if ('refused' in truth) throw new Accepted(`took a body that must be refused: ${truth.refused}`);
  compare(mine.value, truth.value);
  return 'taken';
}

/** Throws a Disagreement that shows both where they differ. */
export function mustEqual(mine: unknown, truth: unknown, what: string): void {
  if (isDeepStrictEqual(mine, truth)) return;
  const shown = (value: unknown) =>
    JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? `${inner}n` : inner))?.slice(0, 1500);
  throw new Disagreement(`${what} differ\n  ours   ${shown(mine)}\n  oracle ${shown(truth)}`);
}
