/** Spans counted, and their durations, by group and time bucket. */

import type { SpanIndex } from '../../telemetry/batch.ts';
import { durationMs } from '../../telemetry/clock.ts';
import { StringColumnBuilder, stringAt } from '../../telemetry/columns.ts';
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
import { IdTable, wordsOf } from './id-table.ts';
import { compareBigints, pageRequest } from './page.ts';
import { QuantileSketch } from './quantile-sketch.ts';
import { spanDetail } from './records.ts';
import { isOtherService, matchSpans } from './span-filter.ts';

const ERROR = SPAN_STATUSES.indexOf('error');
/** Groups of one answer; an attribute like a user id would otherwise make one per span. */
const MAX_GROUPS = 100_000;

interface Group {
  bucket: bigint;
  keys: string[];
  count: number;
  errors: number;
  durations: QuantileSketch;
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
  const sorted = [...groups.values()].sort(compareGroups);
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
  query: AggregateQuery,
  lastBlock: number,
  budget: Budget,
): Promise<Map<string, Group>> {
  const groups = new Map<string, Group>();
  const seen = new IdTable();
  for (const meta of context.catalog.select('traces', lastBlock, query.filter)) {
    if (isOtherService(meta, query.filter.service)) continue;
    await budget.pause();
    const index = context.reader.spans(meta);
    if (index === undefined) continue;
    budget.read(meta);
    const matched = await matchSpans(meta, index, query.filter, context.reader, budget);
    const fresh = matched.filter(unseen(index, seen));
    const keysOf = query.groupBy.map((key) => keyReader(context, meta, index, key));
    for (const [n, i] of fresh.entries()) {
      if (n % 256 === 255) await budget.pause();
      addSpan(
        groups,
        query,
        index,
        i,
        keysOf.map((read) => read(i)),
      );
    }
  }
  return groups;
}

/** True for a span whose ids were not met before: a retried request is stored twice and counted once. */
function unseen(index: SpanIndex, seen: IdTable): (i: number) => boolean {
  const trace = wordsOf(index.traceId);
  const span = wordsOf(index.spanId);
  return (i) => {
    const [at, before] = [i * 4, seen.size];
    seen.add(trace[at]!, trace[at + 1]!, trace[at + 2]!, trace[at + 3]!, span[i * 2]!, span[i * 2 + 1]!);
    return seen.size > before;
  };
}

function keyReader(
  context: QueryContext,
  meta: BlockMeta,
  index: SpanIndex,
  key: GroupKey,
): (i: number) => string {
  if (key === 'kind') return (i) => SPAN_KINDS[index.kind[i]!] ?? 'unspecified';
  if (key === 'status') return (i) => SPAN_STATUSES[index.status[i]!] ?? 'unset';
  if (key === 'service' || key === 'route' || key === 'method' || key === 'name') {
    return (i) => stringAt(index[key], i);
  }
  const name = key.slice('attribute:'.length);
  return (i) => {
    const { attributes, resource } = spanDetail(meta, context.reader.records(meta), i);
    const holder = Object.hasOwn(attributes, name) ? attributes : resource;
    return Object.hasOwn(holder, name) ? attributeText(holder[name]) : '';
  };
}

function addSpan(
  groups: Map<string, Group>,
  { filter, stepNano }: AggregateQuery,
  index: SpanIndex,
  i: number,
  keys: string[],
): void {
  const behind = index.startTimeUnixNano[i]! - filter.fromUnixNano;
  const bucket = filter.fromUnixNano + (stepNano === undefined ? 0n : behind - (behind % stepNano));
  const name = [bucket.toString(), ...keys].join('\0');
  let group = groups.get(name);
  if (group === undefined) {
    if (groups.size >= MAX_GROUPS) {
      throw new CollectorError(
        'bad-request',
        `The query makes more than ${MAX_GROUPS} groups; group by less, or widen the step.`,
      );
    }
    group = { bucket, keys, count: 0, errors: 0, durations: new QuantileSketch() };
    groups.set(name, group);
  }
  group.count++;
  if (index.status[i] === ERROR) group.errors++;
  group.durations.add(durationMs(index.durationNano[i]!));
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
