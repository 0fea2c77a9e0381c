/** Parts of all traces, by their ids. */

import { CollectorError } from '../../telemetry/errors.ts';
import { mixWords } from '../../telemetry/id-table.ts';
import type { ScanQuery, TracePart } from '../store.ts';

/** Tells whether record `i` is of the part, by packed trace ids as words, four a record. The zero id is in part 0. */
export function partOf({ part, parts }: TracePart, words: Uint32Array): (i: number) => boolean {
  return (i) => {
    const at = i * 4;
    const [a, b, c, d] = [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!];
    if ((a | b | c | d) === 0) return part === 0;
    return mixWords(a, b, c, d, 0, 0) % parts === part;
  };
}

/** Throws `bad-request` for a part that is none. */
export function checkPart({ traces }: ScanQuery): void {
  if (traces === undefined) return;
  const { part, parts } = traces;
  if (Number.isSafeInteger(part) && Number.isSafeInteger(parts) && part >= 0 && part < parts) return;
  throw new CollectorError('bad-request', `Part ${part} of ${parts} is none of the parts 0 to ${parts - 1}.`);
}
