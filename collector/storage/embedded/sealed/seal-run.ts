/** One run of raw blocks, read from the file and sealed. */
import type { DatabaseSync } from 'node:sqlite';
import type { BlockMeta } from '../block.ts';
import { messageOf } from '../file.ts';
import { ArenaKeeper } from './byte-table.ts';
import { type RawBlock, SEAL_LIMITS } from './raw-blocks.ts';
import { sealLogs } from './seal-logs.ts';
import { sealSpans } from './seal-spans.ts';
import type { SealedBlock } from './sealed-block.ts';

/** What became of a run. */
export interface SealedRun {
  /** Raw blocks whose records stand in `blocks` now; those that are gone or unreadable are not among them. */
  members: number[];
  blocks: SealedBlock[];
  /** Raw blocks that cannot be decoded, and why. */
  unreadable: { id: number; why: string }[];
}

/** Seals blocks of one kind by their signal and encoding; what has no such function stays raw. */
function sealing(meta: BlockMeta): typeof sealSpans | undefined {
  if (meta.signal === 'traces' && meta.encoding === 'otlp-protobuf') return sealSpans;
  if (meta.signal === 'logs' && meta.encoding !== 'none') return sealLogs;
  return undefined;
}

/** True for raw blocks that can be sealed at all. */
export function isSealable(meta: BlockMeta): boolean {
  return meta.stage === 'raw' && sealing(meta) !== undefined;
}

/** What blocks of one sealed block have in common. */
export function kindOf({ signal, encoding, resource }: BlockMeta): string {
  return JSON.stringify([signal, encoding, resource]);
}

/** Reads the blocks, which are of one kind and in order of arrival, and seals those that are still there. */
export function sealRun(
  db: DatabaseSync,
  metas: readonly BlockMeta[],
  keeper = new ArenaKeeper(),
): SealedRun {
  const read = db.prepare('SELECT columns, offsets, body FROM blocks WHERE id = ?');
  const blocks = metas.flatMap((meta): RawBlock[] => {
    const row = read.get(meta.id);
    if (row === undefined) return [];
    return [
      {
        meta,
        columns: row['columns'] as Uint8Array,
        offsets: row['offsets'] as Uint8Array,
        body: row['body'] as Uint8Array,
      },
    ];
  });
  return sealReadable(blocks, keeper);
}

/** Seals all, or each readable one when some are not. */
function sealReadable(blocks: readonly RawBlock[], keeper: ArenaKeeper): SealedRun {
  const [first] = blocks;
  const seal = first && sealing(first.meta);
  if (seal === undefined) return { members: [], blocks: [], unreadable: [] };
  try {
    return {
      members: blocks.map(({ meta }) => meta.id),
      blocks: seal(blocks, SEAL_LIMITS, keeper),
      unreadable: [],
    };
  } catch {
    const unreadable = blocks.flatMap((block) => {
      const why = failureOf(() => seal([block], SEAL_LIMITS, keeper));
      return why === undefined ? [] : [{ id: block.meta.id, why }];
    });
    const bad = new Set(unreadable.map(({ id }) => id));
    const readable = blocks.filter(({ meta }) => !bad.has(meta.id));
    if (unreadable.length === 0) throw new RangeError('blocks that are readable alone are not so together');
    return { ...sealReadable(readable, keeper), unreadable };
  }
}

function failureOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
