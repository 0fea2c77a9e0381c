// Whether a sealed block may hold an attribute, by its filter alone.
import { FILTER_ROW } from '../../../../collector/storage/embedded/sealed/layout.ts';
import {
  hashesOfPair,
  mayHoldPair,
  readPairFilter,
} from '../../../../collector/storage/embedded/sealed/pair-filter.ts';
import type { SealedBlock } from '../../../../collector/storage/embedded/sealed/sealed-block.ts';

export function mayHold({ meta, columns }: SealedBlock, key: string, value: string): boolean {
  const filter = columns.find(({ number }) => number === FILTER_ROW)!;
  const pair = { key, value };
  return mayHoldPair({ ...meta, id: 1 }, readPairFilter(filter.bytes), pair, hashesOfPair(key, value));
}

/** The bytes of its columns. */
export function rowsOf({ columns }: SealedBlock): Uint8Array[] {
  return columns.filter(({ number }) => number !== FILTER_ROW).map(({ bytes }) => bytes);
}
