/** What leaves when the store is too large: max-min fair between services, so that a loud one evicts only itself. */
import type { BlockMeta } from './block.ts';

/** What the plan needs to know of a block. */
export type SharedBlock = Pick<
  BlockMeta,
  'id' | 'count' | 'bytes' | 'services' | 'serviceRecords' | 'serviceBytes'
>;

/** Beside the blobs: row, index, and the rest of the last page of every blob's chain. */
const ROW_BYTES = 256;
const CHAIN_BYTES = 4096;
/** Below this the blobs stand in the row's own page. */
const SMALL_BYTES = 4096;

/** Room that deleting the block gives back, roughly. */
export function roomOf({ bytes }: Pick<BlockMeta, 'bytes'>): number {
  return bytes + (bytes < SMALL_BYTES ? ROW_BYTES : CHAIN_BYTES);
}

/**
 * Records of each service in the block. Samples that name no service are told under ''; a block of an older store,
 * which does not say how many each has, is split evenly.
 */
export function recordsByService(block: SharedBlock): [service: string, records: number][] {
  const { services, serviceRecords, count } = block;
  if (services.length === 0) return [['', count]];
  if (serviceRecords.length === services.length) {
    return services.map((service, i) => [service, serviceRecords[i] ?? 0]);
  }
  const each = Math.floor(count / services.length);
  return services.map((service, i) => [service, i === 0 ? count - each * (services.length - 1) : each]);
}

/**
 * The share that no service may exceed, so that all together take `capacity`: who needs less than an equal part keeps
 * what it has, and the others divide what is left (max-min fairness). Infinity when everything fits.
 */
export function fairShare(usage: readonly number[], capacity: number): number {
  const ascending = usage.toSorted((a, b) => a - b);
  let left = capacity;
  for (const [i, used] of ascending.entries()) {
    const equal = left / (ascending.length - i);
    if (used > equal) return Math.max(0, equal);
    left -= used;
  }
  return Number.POSITIVE_INFINITY;
}

/** Blocks looked at before others have their turn. */
const BLOCKS_AT_ONCE = 2000;

/**
 * The blocks to delete, of `blocks` in order of arrival, so that the others take at most `capacity` bytes. The oldest of
 * the services above their fair share go first. Only where that is not enough, because blocks hold several services, go
 * those that belong by half to such services, and at the very last whatever is oldest.
 */
export async function planEviction(
  blocks: readonly SharedBlock[],
  capacity: number,
  breathe: () => Promise<void>,
): Promise<SharedBlock[]> {
  const usage = new Map<string, number>();
  let looked = 0;
  let total = 0;
  for (const block of blocks) {
    total += roomOf(block);
    addParts(usage, partsOf(block), 1);
    if (++looked % BLOCKS_AT_ONCE === 0) await breathe();
  }
  const share = fairShare([...usage.values()], capacity);
  const due = new Set<SharedBlock>();
  for (const least of [1, 0.5, 0]) {
    for (const block of blocks) {
      if (total <= capacity) return [...due];
      if (++looked % BLOCKS_AT_ONCE === 0) await breathe();
      if (due.has(block)) continue;
      const parts = partsOf(block);
      if (partAbove(parts, usage, share) < least) continue;
      due.add(block);
      addParts(usage, parts, -1);
      total -= roomOf(block);
    }
  }
  return [...due];
}

/** Bytes of the block by service: by what their records took in the body, or else by their numbers. */
function partsOf(block: SharedBlock): [service: string, bytes: number][] {
  const room = roomOf(block);
  const records = recordsByService(block);
  const sum = block.serviceBytes.reduce((all, bytes) => all + bytes, 0);
  const isTold = sum > 0 && block.serviceBytes.length === records.length;
  return records.map(([service, count], i) => [
    service,
    isTold ? (room * block.serviceBytes[i]!) / sum : (room * count) / Math.max(1, block.count),
  ]);
}

function addParts(usage: Map<string, number>, parts: readonly [string, number][], sign: 1 | -1): void {
  for (const [service, bytes] of parts) usage.set(service, (usage.get(service) ?? 0) + sign * bytes);
}

/** Which part of the block's bytes belongs to services that now have more than their share; 1 when all of it does. */
function partAbove(
  parts: readonly [string, number][],
  usage: ReadonlyMap<string, number>,
  share: number,
): number {
  let above = 0;
  let all = 0;
  let everyone = true;
  for (const [service, bytes] of parts) {
    all += bytes;
    if ((usage.get(service) ?? 0) > share) above += bytes;
    else everyone = false;
  }
  return everyone ? 1 : Math.min(above / Math.max(1, all), 0.999);
}
