/** Spans counted, and their durations, by group and time bucket. */
import { spanAttribute } from '../../../slo/index.ts';
import type { SpanIndex } from '../../telemetry/batch.ts';
import { type StringColumn, StringColumnBuilder } from '../../telemetry/columns.ts';
import { CollectorError } from '../../telemetry/errors.ts';
import { SPAN_KINDS, SPAN_STATUSES } from '../../telemetry/model.ts';
import { attributeText } from '../attribute-text.ts';
import {
  type AggregateColumns,
  type AggregateQuery,
  DEFAULT_LIMITS,
  type GroupKey,
  type Page,
  type QueryOptions,
} from '../store.ts';
import type { BlockMeta } from './block.ts';
import { Budget } from './budget.ts';
import type { QueryContext } from './context.ts';
import { MetTraces } from './met-traces.ts';
import { compareBigints, pageRequest } from './page.ts';
import { spanDetail } from './records.ts';
import { SeenSpans } from './seen-spans.ts';
import { isOtherService, matchSpans, upTo } from './span-filter.ts';
import { type Group, SpanGroups } from './span-groups.ts';

/** Spans decoded between two looks at the clock. */
const DECODED_AT_ONCE = 256;

/** A block's spans that meet the filter; without positions all of its first `count`. */
interface Matched {
  meta: BlockMeta;
  count: number;
  positions: ArrayLike<number> | undefined;
}

export async function queryAggregate(
  context: QueryContext,
  query: AggregateQuery,
  options: QueryOptions = {},
): Promise<Page<AggregateColumns>> {
  checkQuery(query);
  const budget = new Budget(options, context.deps);
  const request = pageRequest('aggregate', query, options, DEFAULT_LIMITS.aggregate, context.catalog.lastId);
  const groups = await collectGroups(context, query, request.lastBlock, budget);
  const sorted = groups.sort(compareGroups);
  const after = request.after && { bucket: BigInt(request.after[0] ?? 0), keys: request.after.slice(1) };
  const behind = after ? sorted.filter((group) => compareGroups(group, after) > 0) : sorted;
  const page = behind.slice(0, request.limit);
  const last = page.at(-1);
  return {
    columns: groupColumns(page, query),
    count: page.length,
    matched: sorted.length,
    examined: budget.examined,
    ...(last && behind.length > page.length
      ? { nextCursor: request.cursorAt([last.bucket.toString(), ...last.keys]) }
      : {}),
  };
}

function checkQuery({ quantiles, stepNano }: AggregateQuery): void {
  const wrong = quantiles.find((quantile) => !(quantile >= 0 && quantile <= 1));
  if (wrong !== undefined)
    throw new CollectorError('bad-request', `A quantile of ${wrong} is not within 0 and 1.`);
  if (stepNano !== undefined && stepNano <= 0n) {
    throw new CollectorError('bad-request', `A step of ${stepNano} ns is not positive.`);
  }
}

async function collectGroups(
  context: QueryContext,
  { filter, groupBy, stepNano, quantiles }: AggregateQuery,
  lastMember: number,
  budget: Budget,
): Promise<Group[]> {
  const { catalog, reader } = context;
  // Attributes let few blocks pass; other conditions are cheaper to ask a second time than blocks are to read twice.
  const isNarrow = (filter.attributes ?? []).length > 0;
  const all = catalog.select('traces', lastMember, filter);
  const blocks = isNarrow ? await matchingBlocks(context, all, filter, lastMember, budget) : all;
  const met = new MetTraces();
  for (const meta of blocks) {
    await budget.pause();
    const traces = isOtherService(meta, filter.service) ? undefined : reader.traces(meta);
    if (traces !== undefined) met.meet(traces);
  }
  const seen = new SeenSpans(blocks.reduce((sum, { count }) => sum + count, 0));
  const groups = new SpanGroups(filter.fromUnixNano, stepNano, quantiles.length > 0);
  for (let part = 0; part < seen.parts; part++) {
    seen.begin(part);
    const matched: Matched[] = [];
    for (const meta of blocks) {
      await budget.pause();
      const matches = await matchSpans(reader, meta, filter, lastMember, budget);
      const traces = matches && reader.traces(meta);
      if (matches === undefined || traces === undefined) continue;
      const { index, positions } = matches;
      const isWhole = positions.length === reader.recordsUpTo(meta, lastMember);
      matched.push({ meta, count: positions.length, positions: isWhole ? undefined : positions });
      const fresh = seen.first(met, traces, index, positions);
      groups.add(index, await keyColumns(context, meta, index, groupBy, fresh, budget), fresh);
    }
    if (seen.hasDoubts) await countDoubtful(context, groupBy, matched, met, seen, groups, budget);
  }
  return groups.all.map((group) => ({
    ...group,
    bucket: filter.fromUnixNano + group.bucket * (stepNano ?? 0n),
  }));
}

/** Those of the blocks with spans that meet the filter. */
async function matchingBlocks(
  { reader }: QueryContext,
  blocks: readonly BlockMeta[],
  filter: AggregateQuery['filter'],
  lastMember: number,
  budget: Budget,
): Promise<BlockMeta[]> {
  const matching: BlockMeta[] = [];
  for (const meta of blocks) {
    await budget.pause();
    if ((await matchSpans(reader, meta, filter, lastMember, budget)) !== undefined) matching.push(meta);
  }
  return matching;
}

/** Counts the spans that might have been duplicates and are none. */
async function countDoubtful(
  context: QueryContext,
  groupBy: readonly GroupKey[],
  matched: readonly Matched[],
  met: MetTraces,
  seen: SeenSpans,
  groups: SpanGroups,
  budget: Budget,
): Promise<void> {
  seen.again();
  for (const { meta, count, positions = upTo(count) } of matched) {
    await budget.pause();
    const [index, traces] = [context.reader.spans(meta), context.reader.traces(meta)];
    if (index === undefined || traces === undefined) continue;
    const fresh = seen.second(met, traces, index, positions);
    if (fresh.length === 0) continue;
    groups.add(index, await keyColumns(context, meta, index, groupBy, fresh, budget), fresh);
  }
}

async function keyColumns(
  context: QueryContext,
  meta: BlockMeta,
  index: SpanIndex,
  groupBy: readonly GroupKey[],
  positions: ArrayLike<number>,
  budget: Budget,
): Promise<StringColumn[]> {
  const columns: StringColumn[] = [];
  for (const key of groupBy) {
    if (key === 'kind') columns.push(named(index.kind, SPAN_KINDS, 'unspecified'));
    else if (key === 'status') columns.push(named(index.status, SPAN_STATUSES, 'unset'));
    else if (key === 'service' || key === 'route' || key === 'method' || key === 'name')
      columns.push(index[key]);
    else {
      const name = key.slice('attribute:'.length);
      if (name === spanAttribute.adjustedCount && index.statesWeights === false) {
        columns.push({ dictionary: [''], index: new Uint32Array(meta.count) });
        continue;
      }
      const sealed = meta.stage === 'sealed' ? context.reader.sealedSpans(meta) : undefined;
      columns.push(sealed?.attributeTexts(name) ?? (await rawTexts(context, meta, name, positions, budget)));
    }
  }
  return columns;
}

/** Names by number; `other` for the numbers that have none. */
function named(column: Uint8Array, names: readonly string[], other: string): StringColumn {
  let most = 0;
  for (let i = 0; i < column.length; i++) if (column[i]! > most) most = column[i]!;
  return {
    dictionary: Array.from({ length: most + 1 }, (_, number) => names[number] ?? other),
    index: new Uint32Array(column),
  };
}

/** Texts of an attribute of the spans at the positions; of the others nothing. */
async function rawTexts(
  { reader }: QueryContext,
  meta: BlockMeta,
  name: string,
  positions: ArrayLike<number>,
  budget: Budget,
): Promise<StringColumn> {
  const records = reader.recordsOnce(meta);
  const texts = new StringColumnBuilder();
  const index = new Uint32Array(meta.count);
  for (let n = 0; n < positions.length; n++) {
    if (n % DECODED_AT_ONCE === DECODED_AT_ONCE - 1) await budget.pause();
    const { attributes, resource } = spanDetail(meta, records, positions[n]!);
    const holder = Object.hasOwn(attributes, name) ? attributes : resource;
    texts.push(Object.hasOwn(holder, name) ? attributeText(holder[name]) : '');
  }
  const { dictionary, index: found } = texts.build();
  for (let n = 0; n < positions.length; n++) index[positions[n]!] = found[n]!;
  return { dictionary, index };
}

/** By bucket, then by the keys as text. */
function compareGroups(a: Pick<Group, 'bucket' | 'keys'>, b: Pick<Group, 'bucket' | 'keys'>): number {
  const byBucket = compareBigints(a.bucket, b.bucket);
  if (byBucket !== 0) return byBucket;
  for (const [n, key] of a.keys.entries()) {
    const other = b.keys[n] ?? '';
    if (key !== other) return key < other ? -1 : 1;
  }
  return 0;
}

function groupColumns(page: readonly Group[], { groupBy, quantiles }: AggregateQuery): AggregateColumns {
  return {
    keys: groupBy.map((_, n) => {
      const column = new StringColumnBuilder();
      for (const group of page) column.push(group.keys[n]!);
      return column.build();
    }),
    bucketUnixNano: BigInt64Array.from(page, (group) => group.bucket),
    count: Float64Array.from(page, (group) => group.count),
    errors: Float64Array.from(page, (group) => group.errors),
    quantilesMs: quantiles.map((quantile) =>
      Float64Array.from(page, (group) => group.durations.quantile(quantile)),
    ),
  };
}
