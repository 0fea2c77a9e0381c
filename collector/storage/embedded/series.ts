/** Samples and exemplars of the series that meet label matchers. */
import { CollectorError } from '../../telemetry/errors.ts';
import { SPAN_ID_BYTES, TRACE_ID_BYTES, toHex } from '../../telemetry/ids.ts';
import type { SeriesInfo } from '../../telemetry/model.ts';
import {
  DEFAULT_LIMITS,
  type Page,
  type QueryOptions,
  type SeriesColumns,
  type SeriesQuery,
} from '../store.ts';
import type { SampleColumns } from './block.ts';
import { Budget } from './budget.ts';
import type { QueryContext } from './context.ts';
import { compileMatchers } from './label-matcher.ts';
import { compareBigints, type PageRequest, pageRequest } from './page.ts';
import { packIds } from './trace.ts';

/** All of one series that the query found, in order of time. */
interface FoundSeries {
  info: SeriesInfo;
  key: string;
  samples: { time: bigint; value: number }[];
  exemplars: Map<string, Exemplar>;
}

interface Exemplar {
  time: bigint;
  value: number;
  traceId: Uint8Array;
  spanId: Uint8Array;
}

/** Samples of one answer in memory; a query above it would be refused by any chart as well. */
const MAX_SAMPLES = 5_000_000;

export async function querySeries(
  context: QueryContext,
  query: SeriesQuery,
  options: QueryOptions = {},
): Promise<Page<SeriesColumns>> {
  const budget = new Budget(options, context.deps);
  const request = pageRequest('series', query, options, DEFAULT_LIMITS.series, context.catalog.lastId);
  const found = await findSeries(context, query, request.lastBlock, budget);
  const sorted = [...found.values()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  for (const series of sorted) {
    series.samples = inOrderOnce(series.samples);
    await budget.pause();
  }
  const { parts, more } = cutPage(sorted, request);
  const columns = seriesColumns(parts);
  const last = parts.findLast((part) => part.samples.length > 0);
  return {
    columns,
    count: columns.value.length,
    matched: sorted.reduce((sum, series) => sum + series.samples.length, 0),
    examined: budget.examined,
    ...(more && last
      ? { nextCursor: request.cursorAt([last.key, last.samples.at(-1)!.time.toString()]) }
      : {}),
  };
}

async function findSeries(
  context: QueryContext,
  query: SeriesQuery,
  lastBlock: number,
  budget: Budget,
): Promise<Map<string, FoundSeries>> {
  const matches = compileMatchers(query.matchers);
  const found = new Map<string, FoundSeries>();
  /** By set: for each of its series the found one, or nothing when the matchers refuse it. */
  const sets = new Map<number, (FoundSeries | undefined)[]>();
  let samples = 0;
  for (const meta of context.catalog.select('metrics', lastBlock, query)) {
    await budget.pause();
    let targets = sets.get(meta.seriesSet);
    if (targets === undefined) {
      targets = context.reader
        .seriesSet(meta)
        ?.map((info) => (matches(info) ? entryOf(found, info) : undefined));
      if (targets === undefined) continue;
      sets.set(meta.seriesSet, targets);
    }
    if (!targets.some((target) => target !== undefined)) continue;
    const columns = context.reader.samples(meta);
    if (columns === undefined) continue;
    budget.read(meta);
    samples += takeSamples(columns, targets, query);
    if (samples > MAX_SAMPLES) {
      throw new CollectorError(
        'bad-request',
        `The query matches more than ${MAX_SAMPLES} samples; ask for a shorter time range or add a matcher.`,
      );
    }
    if (query.exemplars) takeExemplars(columns, targets, query);
  }
  return found;
}

function entryOf(found: Map<string, FoundSeries>, info: SeriesInfo): FoundSeries {
  const key = seriesKey(info);
  let entry = found.get(key);
  if (entry === undefined) {
    entry = { info, key, samples: [], exemplars: new Map() };
    found.set(key, entry);
  }
  return entry;
}

/** Name, then labels by name: the identity of a series and the order of the answer. */
function seriesKey({ name, labels, kind, temporality }: SeriesInfo): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return [name, ...pairs.flat(), kind, temporality].join('\0');
}

function takeSamples(
  columns: SampleColumns,
  targets: readonly (FoundSeries | undefined)[],
  { fromUnixNano, toUnixNano }: SeriesQuery,
): number {
  let taken = 0;
  for (let i = 0; i < columns.seriesIndex.length; i++) {
    const target = targets[columns.seriesIndex[i]!];
    if (target === undefined) continue;
    const time = columns.timeUnixNano[i]!;
    if (time < fromUnixNano || time >= toUnixNano) continue;
    target.samples.push({ time, value: columns.value[i]! });
    taken++;
  }
  return taken;
}

/** Every scrape tells the newest exemplar of a bucket again: the same one is taken once. */
function takeExemplars(
  { exemplars }: SampleColumns,
  targets: readonly (FoundSeries | undefined)[],
  { fromUnixNano, toUnixNano }: SeriesQuery,
): void {
  for (let i = 0; i < exemplars.seriesIndex.length; i++) {
    const target = targets[exemplars.seriesIndex[i]!];
    if (target === undefined) continue;
    const time = exemplars.timeUnixNano[i]!;
    if (time < fromUnixNano || time >= toUnixNano) continue;
    const traceId = exemplars.traceId.subarray(i * TRACE_ID_BYTES, (i + 1) * TRACE_ID_BYTES);
    const spanId = exemplars.spanId.subarray(i * SPAN_ID_BYTES, (i + 1) * SPAN_ID_BYTES);
    const value = exemplars.value[i]!;
    const key = `${time} ${value} ${toHex(traceId)} ${toHex(spanId)}`;
    if (!target.exemplars.has(key)) target.exemplars.set(key, { time, value, traceId, spanId });
  }
}

/** Samples by time; of several at one time the one stored first. */
function inOrderOnce(samples: FoundSeries['samples']): FoundSeries['samples'] {
  const inOrder = samples.every((sample, i) => i === 0 || samples[i - 1]!.time < sample.time);
  if (inOrder) return samples;
  const sorted = samples.toSorted((a, b) => compareBigints(a.time, b.time));
  return sorted.filter((sample, i) => i === 0 || sorted[i - 1]!.time !== sample.time);
}

/** The page's part of every series. All exemplars of the answer come with its first page. */
function cutPage(
  sorted: readonly FoundSeries[],
  { limit, after }: PageRequest,
): { parts: FoundSeries[]; more: boolean } {
  const [afterKey = '', afterTime = '0'] = after ?? [];
  const parts: FoundSeries[] = [];
  let room = limit;
  let more = false;
  for (const series of sorted) {
    if (after !== undefined && series.key < afterKey) continue;
    const behind =
      after !== undefined && series.key === afterKey
        ? series.samples.filter((sample) => sample.time > BigInt(afterTime))
        : series.samples;
    const samples = behind.slice(0, room);
    room -= samples.length;
    if (samples.length < behind.length) more = true;
    const exemplars = after === undefined ? series.exemplars : new Map<string, Exemplar>();
    if (samples.length > 0 || exemplars.size > 0) parts.push({ ...series, samples, exemplars });
  }
  return { parts, more };
}

function seriesColumns(parts: readonly FoundSeries[]): SeriesColumns {
  const samples = parts.flatMap((part, n) => part.samples.map((sample) => ({ n, ...sample })));
  const exemplars = parts.flatMap((part, n) =>
    [...part.exemplars.values()].sort((a, b) => compareBigints(a.time, b.time)).map((one) => ({ n, ...one })),
  );
  return {
    series: parts.map((part) => part.info),
    seriesIndex: Uint32Array.from(samples, (sample) => sample.n),
    timeUnixNano: BigInt64Array.from(samples, (sample) => sample.time),
    value: Float64Array.from(samples, (sample) => sample.value),
    exemplars: {
      seriesIndex: Uint32Array.from(exemplars, (one) => one.n),
      timeUnixNano: BigInt64Array.from(exemplars, (one) => one.time),
      value: Float64Array.from(exemplars, (one) => one.value),
      traceId: packIds(exemplars, TRACE_ID_BYTES, (one) => one.traceId),
      spanId: packIds(exemplars, SPAN_ID_BYTES, (one) => one.spanId),
    },
  };
}
