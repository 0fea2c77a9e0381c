/** Whether a store is whole: SQLite's own judgement, and whether every block says what is in it. */
import type { DatabaseSync } from 'node:sqlite';
import { CollectorError } from '../../telemetry/errors.ts';
import type { BlockMeta } from './block.ts';
import { messageOf } from './file.ts';
import { COLUMNS_PER_BLOCK } from './sealed/layout.ts';
import type { StoredFile } from './stored-file.ts';
import { logsOf, samplesOf, spansOf } from './stored-records.ts';

export interface CheckCounts {
  blocks: number;
  sealed: number;
  records: number;
}

/** SQLite says no more than this about one file; the first lines tell what is wrong. */
const MOST_PROBLEMS = 100;

/** Yields one sentence per problem; `counts` grows as blocks are read. */
export function* checkStore({ db, catalog, reader }: StoredFile, counts: CheckCounts): Generator<string> {
  for (const row of db.prepare(`PRAGMA integrity_check(${MOST_PROBLEMS})`).all()) {
    const said = String(row['integrity_check']);
    if (said !== 'ok') yield `SQLite: ${said}`;
  }
  yield* orphans(db);
  const raw = new Set(catalog.all().flatMap(({ id, stage }) => (stage === 'raw' ? [id] : [])));
  for (const meta of catalog.all()) {
    counts.blocks++;
    if (meta.stage === 'sealed') counts.sealed++;
    counts.records += meta.count;
    try {
      yield* blockProblems(meta, observe(meta, reader));
      for (const member of membersOf(meta, reader)) {
        if (raw.has(member)) yield `Block ${member} is there raw, and in the sealed block ${meta.id}`;
      }
    } catch (cause) {
      const about = `Block ${meta.id} (${meta.stage} ${meta.signal})`;
      yield cause instanceof CollectorError ? cause.message : `${about} cannot be read: ${messageOf(cause)}`;
    }
  }
}

/** Columns of sealed blocks that are not there, samples whose series are not. */
function* orphans(db: DatabaseSync): Generator<string> {
  const columns = db
    .prepare(
      `SELECT id / ${COLUMNS_PER_BLOCK} AS block, count(*) AS columns FROM sealed_columns
       WHERE id / ${COLUMNS_PER_BLOCK} NOT IN (SELECT id FROM blocks WHERE stage = 1) GROUP BY 1`,
    )
    .all();
  for (const row of columns)
    yield `${row['columns']} columns are left of block ${row['block']}, which is gone`;
  const blocks = db
    .prepare(
      `SELECT id, series_set FROM blocks WHERE signal = 'metrics' AND series_set NOT IN (SELECT id FROM series_sets)`,
    )
    .all();
  for (const row of blocks)
    yield `Block ${row['id']} is of the series ${row['series_set']}, which are not there`;
}

/** What the records of a block add up to. */
interface Observed {
  count: number;
  minUnixNano: bigint;
  maxUnixNano: bigint;
  services: Map<string, number>;
}

function observe(meta: BlockMeta, reader: StoredFile['reader']): Observed {
  const observed: Observed = { count: 0, minUnixNano: 2n ** 63n, maxUnixNano: -1n, services: new Map() };
  const time = (unixNano: bigint) => {
    if (unixNano < observed.minUnixNano) observed.minUnixNano = unixNano;
    if (unixNano > observed.maxUnixNano) observed.maxUnixNano = unixNano;
  };
  if (meta.signal === 'metrics') {
    observed.count = reader.samples(meta)?.value.length ?? 0;
    for (const sample of samplesOf(reader, meta)) {
      time(sample.timeUnixNano);
      for (const exemplar of sample.exemplars) time(exemplar.timeUnixNano);
    }
    return observed;
  }
  const index = meta.signal === 'traces' ? reader.spans(meta) : reader.logs(meta);
  const records = meta.signal === 'traces' ? spansOf(reader, meta) : logsOf(reader, meta);
  // Decoded one by one, to see that they can be.
  let decodable = 0;
  for (const _ of records) decodable++;
  if (decodable !== meta.count) throw new RangeError(`${decodable} of ${meta.count} records are there`);
  const times =
    index === undefined ? [] : 'startTimeUnixNano' in index ? index.startTimeUnixNano : index.timeUnixNano;
  observed.count = times.length;
  for (const unixNano of times) time(unixNano);
  for (const position of index?.service.index ?? []) {
    const service = index!.service.dictionary[position]!;
    observed.services.set(service, (observed.services.get(service) ?? 0) + 1);
  }
  return observed;
}

/** Ids of the raw blocks that a sealed one was made of. */
function membersOf(meta: BlockMeta, reader: StoredFile['reader']): Set<number> {
  if (meta.stage !== 'sealed') return new Set();
  const view = meta.signal === 'traces' ? reader.sealedSpans(meta) : reader.sealedLogs(meta);
  return new Set(view ? Array.from({ length: meta.count }, (_, i) => view.member(i)) : []);
}

function* blockProblems(meta: BlockMeta, observed: Observed): Generator<string> {
  const about = `Block ${meta.id} (${meta.stage} ${meta.signal})`;
  if (observed.count !== meta.count) {
    yield `${about} says ${meta.count} records and holds ${observed.count}`;
    return;
  }
  const { minUnixNano, maxUnixNano } = observed;
  if (observed.count > 0 && (minUnixNano < meta.minUnixNano || maxUnixNano > meta.maxUnixNano)) {
    yield `${about} holds times from ${minUnixNano} to ${maxUnixNano} and says ${meta.minUnixNano} to ${meta.maxUnixNano}`;
  }
  if (meta.firstMember > meta.lastMember) yield `${about} ends with a member before its first`;
  for (const [i, service] of meta.services.entries()) {
    const said = meta.serviceRecords[i];
    const held = observed.services.get(service) ?? 0;
    if (meta.signal === 'metrics' || said === undefined || said === held) continue;
    yield `${about} says ${said} records of ${JSON.stringify(service)} and holds ${held}`;
  }
}
